"""``edgeface tune``: the fastest file, backend and number of threads on this board."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from edgeface import __version__
from edgeface.cli import options, output, targets, tuned, tuning
from edgeface.errors import GateNotMet, UsageError

if TYPE_CHECKING:
    from edgeface.bench.contenders import Cell
    from edgeface.bench.tune import Found
    from edgeface.board import Board
    from edgeface.gates import Gates
    from edgeface.pointbundle import AnyBundle, AnyFile
    from edgeface.tuned import LeftOut, Objective, Tuned

_MEMORY_SHARE = 4  # of what is available, one part may be taken by loaded files
_MEMORY_BYTES = 512_000_000  # where nothing tells what is available


def tune(
    bundle: options.BundleArgument = None,
    objective: Annotated[
        str, typer.Option("--objective", help="What is to be least: p50, p90.")
    ] = "p50",
    seconds: Annotated[
        float, typer.Option("--seconds", min=1, max=3600, help="End the search after so long.")
    ] = 60.0,
    max_threads: Annotated[
        int | None, typer.Option("--max-threads", min=1, help="Try no more threads than so many.")
    ] = None,
    leave_cores: Annotated[
        int | None,
        typer.Option(
            "--leave-cores",
            min=0,
            help="Cores for capture and detection. [default: 1 where there are more than two]",
        ),
    ] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            "--recipe",
            metavar="FILE",
            help="Hold files against the gates of this recipe. [default: those of the export]",
        ),
    ] = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    device: Annotated[str, typer.Option("--device", help="What computes: cpu, gpu.")] = "cpu",
    seed: options.Seed = 0,
    json: options.Json = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be tried; measure and write nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write the choice there. [default: BUNDLE/device.json]"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file at --out that tune did not write.")
    ] = False,
) -> None:
    """Find the fastest file, backend and number of threads for this board.

    All within the gates. The choice is written beside the bundle, where edgeface run and predict
    find it. Ctrl-C ends it without one.
    """
    from edgeface import board

    sought: Objective = options.one_of("--objective", objective, ("p50", "p90"))
    where: Literal["cpu", "gpu"] = options.one_of("--device", device, ("cpu", "gpu"))
    target = targets.resolve(bundle, format, scheme)
    held = _bundle(target)
    place = tuned.place(held, out, force=force, write=not dry_run)
    gates = _gates(recipe)
    files, left_out = _within(held, target, gates)
    machine = board.read_board()
    threads = _threads(machine, leave_cores, max_threads, where)
    from edgeface.bench.candidates import cells as all_cells

    cells = all_cells(held, files, threads, device=where)
    if dry_run:
        tuning.dry(held, cells, left_out, seconds, json=json)
        return
    for one in left_out:
        output.say(f"not tried: {one.what}: {one.reason}")
    found, reasons = _search(held, cells, machine, sought, seconds, seed, recipe)
    left_out = (*left_out, *found.left_out)
    record = _record(
        held, cells, machine, sought, found, reasons, left_out, threads, leave_cores, where, seed
    )
    if json:
        from edgeface import records

        output.as_json({"written": str(place)} | records.plain(record))
    else:
        tuning.show(record)
    _check_latency(gates, held, record)
    record.write(place)
    output.say(f"written: {place}")
    _say_next(held, place, out)


def _bundle(target: targets.Target) -> "AnyBundle":
    if target.bundle is None or target.path.is_file():
        msg = f"{target.path} is a single file: tune chooses among those of a bundle"
        raise UsageError(msg, remedy="name the folder that edgeface export wrote")
    return target.bundle


def _gates(recipe: Path | None) -> "Gates | None":
    from edgeface.recipe import Recipe

    return None if recipe is None else Recipe.load(recipe).gates


def _within(
    bundle: "AnyBundle", target: targets.Target, gates: "Gates | None"
) -> "tuple[tuple[AnyFile, ...], tuple[LeftOut, ...]]":
    from edgeface.bench.candidates import within_gates

    asked = {file.name for file in target.files}
    within, left_out = within_gates(bundle, gates)
    files = tuple(file for file in within if file.name in asked)
    left_out = tuple(one for one in left_out if one.what in asked)
    if not files:
        why = "; ".join(f"{one.what}: {one.reason}" for one in left_out)
        msg = f"{bundle.folder}: no file may be chosen: {why}"
        remedy = "export it again with another scheme, or name another --recipe"
        raise GateNotMet(msg, remedy=remedy)
    return files, left_out


def _threads(machine: "Board", leave: int | None, most: int | None, device: str) -> tuple[int, ...]:
    from edgeface.bench.candidates import thread_counts

    if device == "gpu":  # where threads of the processor have next to nothing to do
        return (1,)
    usable = machine.cores_usable or machine.cores
    if leave is not None and usable is not None and leave >= usable:
        msg = f"--leave-cores {leave}: there are {usable} cores, so that none would be left"
        raise UsageError(msg)
    return thread_counts(usable, leave, most)


def _search(
    bundle: "AnyBundle",
    cells: "list[Cell]",
    machine: "Board",
    objective: "Objective",
    seconds: float,
    seed: int,
    recipe: Path | None,
) -> "tuple[Found, tuple[str, ...]]":
    from time import perf_counter_ns

    from edgeface import board
    from edgeface.bench import tunewords
    from edgeface.bench.candidates import answers_as_exported
    from edgeface.bench.contenders import Contenders
    from edgeface.bench.tune import tune as search

    inputs, check = answers_as_exported(bundle)
    before = board.read_state()
    free = before.memory_available_bytes
    memory = _MEMORY_BYTES if free is None else free // _MEMORY_SHARE
    contenders = Contenders(cells, inputs, check, memory_bytes=memory, clock=perf_counter_ns)
    with tuning.Bar() as bar:
        found = search(
            contenders,
            objective=objective,
            seconds=seconds,
            seed=seed,
            clock=perf_counter_ns,
            tell=bar.tell,
        )
    for one in found.left_out:
        output.say(f"not tried: {one.what}: {one.reason}" + (f"; {one.remedy}" * bool(one.remedy)))
    said = (
        *tunewords.reasons(found, cells, bundle, objective),
        tunewords.gates_said(bundle, None if recipe is None else recipe.name),
        *tunewords.board_said(before, board.read_state(), machine.cores_usable),
    )
    return found, said


def _record(
    bundle: "AnyBundle",
    cells: "list[Cell]",
    machine: "Board",
    objective: "Objective",
    found: "Found",
    reasons: tuple[str, ...],
    left_out: "tuple[LeftOut, ...]",
    threads: tuple[int, ...],
    leave: int | None,
    device: Literal["cpu", "gpu"],
    seed: int,
) -> "Tuned":
    from edgeface import tuned as kept
    from edgeface.bench.candidates import left_cores

    cell = cells[found.chosen]
    result = next(t for t in found.tried if t.fate == "chosen")
    assert result.p50_ms is not None
    assert result.p50_interval_ms is not None
    return kept.Tuned(
        schema=kept.SCHEMA,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        bundle=bundle.manifest.name,
        home=kept.Home.of(machine),
        packages=kept.runtimes(machine),
        file=cell.file,
        sha256=next(f.sha256 for f in bundle.manifest.files if f.name == cell.file),
        backend=cell.backend,
        runtime=found.runtime,
        device=device,
        threads=cell.threads,
        objective=objective,
        p50_ms=result.p50_ms,
        p50_interval_ms=result.p50_interval_ms,
        p90_ms=result.p90_ms,
        reasons=reasons,
        ended=found.ended,
        seconds=round(found.seconds, 2),
        rounds=found.rounds,
        most_threads=max(threads),
        left_cores=left_cores(machine.cores_usable or machine.cores, leave),
        seed=seed,
        cells=found.tried,
        left_out=left_out,
    )


def _check_latency(gates: "Gates | None", bundle: "AnyBundle", record: "Tuned") -> None:
    """A limit of the recipe on the median, held against what was measured here."""
    limit = None if gates is None else gates.max_p50_ms
    scheme = next(f.scheme for f in bundle.manifest.files if f.name == record.file)
    if gates is None or limit is None or not gates.any_for(scheme) or record.p50_ms <= limit:
        return
    msg = f"the fastest takes {record.p50_ms:.3f} ms, max_p50_ms is {limit:g}; nothing was written"
    raise GateNotMet(msg, remedy="a smaller network or picture; or another limit")


def _say_next(bundle: "AnyBundle", place: Path, out: Path | None) -> None:
    from edgeface.pointbundle import PointBundle

    if isinstance(bundle, PointBundle):
        output.next_command("edgeface", "bench", bundle.folder)
        return
    beside = () if out is None else ("--device-file", place)
    output.next_command("edgeface", "run", bundle.folder, "--source", "0", *beside)
