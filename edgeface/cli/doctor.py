"""``edgeface doctor``: what is wrong with this machine, and the line that mends it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options, output
from edgeface.errors import EdgefaceError

if TYPE_CHECKING:
    from edgeface.doctor.findings import Examination, Finding


def doctor(
    bundle: options.BundleArgument = None,
    source: Annotated[
        str,
        typer.Option("--source", help="What run would be given: a camera (0, picamera), a clip."),
    ] = "0",
    json: options.Json = False,
) -> None:
    """Say what is wrong with this machine, and what mends it.

    It looks at Python, the packages, the bundle, the camera, the clock's governor, the power
    supply, heat, memory, disk and time. It changes nothing, and takes one picture of the camera.
    What stops run comes first, then what makes it slower or worse, then notes; each with the exact
    line that mends it. Exit 1 where something stops run.
    """
    import dataclasses

    from edgeface.doctor.checks import CHECKS, examine
    from edgeface.doctor.facts import Facts
    from edgeface.doctor.machine import this_machine

    facts = Facts(this_machine(Path()), bundle, source)
    found = examine(facts, output.track(CHECKS, "looking"))
    if json:
        output.as_json(dataclasses.asdict(found))
    else:
        _print(found)
    stopping = found.of("stops run")
    if stopping:
        first = stopping[0]
        count = "one thing stops" if len(stopping) == 1 else f"{len(stopping)} things stop"
        msg = f"{count} edgeface run here; the first: {first.found}"
        raise EdgefaceError(msg, remedy=" && ".join(first.commands) or first.remedy)
    if found.told.get("bundle", "none") != "none":
        words: list[str | Path] = ["edgeface", "run", *([bundle] if bundle else [])]
        output.next_command(*words, *(["--source", source] if source != "0" else []))
    else:
        output.next_command("edgeface", "quickstart")


def _print(found: "Examination") -> None:
    width = max(len(name) for name in found.told)
    output.result(f"edgeface {found.edgeface}")
    for name, text in found.told.items():
        output.result(f"{name.ljust(width)}  {text}")
    for finding in found.findings:
        output.result("")
        for line in _lines(finding):
            output.result(line)
    for untold in found.untold:
        output.result("")
        output.result(f"could not be told: {untold.check}: {untold.reason}")
    output.result("")
    output.result(_sum(found))


def _lines(finding: "Finding") -> list[str]:
    lines = [f"{finding.level}: {finding.found}", f"  why: {finding.why}"]
    if finding.remedy:
        lines.append(f"  do: {finding.remedy}")
    lines += [f"    {command}" for command in finding.commands]
    return [*lines, f"  or: {finding.otherwise}"] if finding.otherwise else lines


def _sum(found: "Examination") -> str:
    stops, worse, notes = (
        len(found.of(level)) for level in ("stops run", "slower or worse", "note")
    )
    if not (stops or worse or notes or found.untold):
        return "nothing found: run has all it needs"
    said = f"{stops} stop run, {worse} make it slower or worse, {notes} to know"
    return f"{said}; {len(found.untold)} could not be told" if found.untold else said
