"""``edgeface quickstart``: the whole way on drawn faces, by the commands that a user would type."""

import json as jsonlib
import shlex
import subprocess
import sys
import time
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Annotated, Any

import typer

from edgeface.cli import options, output

PEOPLE, PICTURES, STRANGERS, SECONDS, EPOCHS = 4, 60, 3, 12, 60


def quickstart(
    out: Annotated[Path, typer.Option("--out", help="Where everything goes.")] = Path("quickstart"),
    seed: options.Seed = 7,
    force: options.Force = False,
) -> None:
    """Go the whole way on drawn faces; nothing is downloaded.

    Draws them, trains, exports, compares, benches, runs and verifies: two or three minutes.
    """
    from edgeface import sealed
    from edgeface.convert.tour import tour_page

    place = _free(out, force=force)
    started = time.monotonic()
    way = Way(place, seed)
    done = way.walk()
    sealed.write_file(place / "report.html", tour_page(place, done, time.monotonic() - started))
    output.say("")
    _sum_up(done)
    output.result(f"page: {place / 'report.html'}, its picture: {place / 'report.png'}")
    output.next_command("edgeface", "train", "friends", "PHOTOS", "--out", "runs/mine")


def _free(out: Path, *, force: bool) -> Path:
    """An empty place; with --force the one of an earlier quickstart is used again."""
    from edgeface import sealed
    from edgeface.errors import UsageError

    marker = out / ".quickstart"
    if out.exists() and not (force and marker.is_file()):
        msg = f"{out} exists already"
        remedy = "add --force to replace it" if marker.is_file() else "choose another --out"
        raise UsageError(msg, remedy=remedy)
    sealed.check_writable(out)
    sealed.write_file(marker, "")
    return out


class Way:
    """The steps, each a command of its own in a process of its own.

    Args:
        place: The folder that everything goes to.
        seed: Of everything that is drawn.
    """

    def __init__(self, place: Path, seed: int) -> None:
        self.place, self.seed = place, str(seed)
        self.steps: list[dict[str, Any]] = []

    def walk(self) -> dict[str, Any]:
        """Take all of them; what each printed as JSON, by its name."""
        at, seed = self.place, self.seed
        faces, run, bundle = at / "faces", at / "runs" / "drawn", at / "bundles" / "drawn"
        clip, events, video = at / "clip.mp4", at / "events.jsonl", at / "named.mp4"
        drawn: list[str | int | Path] = ["--people", PEOPLE, "--pictures", PICTURES]
        drawn += ["--strangers", STRANGERS, "--clip", clip, "--seconds", SECONDS]
        self._take("data", "draw", faces, *drawn, "--seed", seed)
        self._take("train", "friends", faces, "--out", run, "--seed", seed, "--epochs", EPOCHS)
        self._take("export", run, "--int8", "--out", bundle)
        self._take("compare", bundle, "--strangers", f"{faces}-strangers", force=False)
        self._take("bench", bundle, "--quick", force=False)
        out = ("--events", events, "--every-frame", "--video", video)
        self._take("run", bundle, "--source", clip, *out)
        self._take("verify", bundle, force=False)
        return {"steps": self.steps, **{step["name"]: step["result"] for step in self.steps}}

    def _take(self, *words: str | int | Path, force: bool = True) -> None:
        typed = [str(w) for w in words]
        output.say(f"\n[{len(self.steps) + 1}/7] edgeface {shlex.join(typed)}")
        command = [sys.executable, "-m", "edgeface", *typed, "--json", *(["--force"] * force)]
        started = time.monotonic()
        printed, code = _finish(subprocess.Popen(command, stdout=PIPE, stdin=DEVNULL))
        if code:
            raise typer.Exit(code)
        seconds = time.monotonic() - started
        name = typed[0]
        result = jsonlib.loads(printed)
        self.steps.append({"name": name, "typed": typed, "seconds": seconds, "result": result})
        output.say(f"      {seconds:.1f} s")


def _finish(step: "subprocess.Popen[bytes]") -> tuple[bytes, int]:
    """What a step printed, and its exit code.

    A terminal gives Ctrl-C to the step as well, which tidies up: it is waited for, not killed.
    """
    with step:
        try:
            printed, _ = step.communicate()
        except KeyboardInterrupt:
            step.communicate()
            raise typer.Exit(130) from None
    return printed, step.returncode


def _sum_up(done: dict[str, Any]) -> None:
    head = ("file", "accuracy", "agreement", "size", "p50 ms", "strangers named")
    cells = {cell["file"]: cell for cell in done["bench"]["cells"]}
    rows = [
        (
            row["file"],
            f"{row['accuracy']:.3f}",
            f"{row['agreement']:.3f}",
            f"{row['size_bytes'] / 1000:,.0f} kB",
            f"{cells[row['file']]['p50_ms']:.3f}",
            f"{row['strangers_named']} of {done['compare']['strangers']}",
        )
        for row in done["compare"]["files"]
    ]
    output.table(head, rows)
