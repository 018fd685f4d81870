"""``edgeface bench``: latency with a verdict, on this board."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface import __version__
from edgeface.cli import options, output, targets
from edgeface.errors import BackendMissing, UsageError

if TYPE_CHECKING:
    from edgeface.bench.measure import Task
    from edgeface.report import Cell, Method, Report
    from edgeface.runtime import Backend

_INTERRUPTED = 130  # what a shell reports for a program that SIGINT ended


def bench(
    subject: Annotated[
        Path | None,
        typer.Argument(
            metavar="BUNDLE|FILE", help="A bundle, by default the newest; or a model file."
        ),
    ] = None,
    threads: Annotated[
        list[int] | None,
        typer.Option("--threads", min=1, help="Threads; give it again for more. [default: 1]"),
    ] = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds", min=0.05, max=3600, help="Time every cell for so long. [default: up to 3]"
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Half a second a cell at most.")] = False,
    seed: options.Seed = 0,
    json: options.Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write a .bench.json report.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Measure latency on this board, with a verdict.

    Every file and number of threads in turns. A file that stands alone is fed random input. Ctrl-C
    ends the measurement early: what was measured until then is reported, marked as interrupted,
    with exit code 130.
    """
    from edgeface import sealed
    from edgeface.bench.summary import as_data
    from edgeface.pointbundle import PointBundle

    _check_out(out, force=force)
    method = _method(seconds, quick=quick, seed=seed)
    target = targets.resolve(subject, format, scheme)
    report = _measure(target, tuple(dict.fromkeys(threads or [1])), method)
    if out is not None:
        sealed.write_file(out, report.to_json())
        output.say(f"written: {out}")
    if json:
        output.as_json(as_data(report))
    else:
        _print(report)
    if report.interrupted:
        output.say("interrupted: these are the samples taken until then")
        raise typer.Exit(_INTERRUPTED)
    if target.bundle is None:
        output.next_command("edgeface", "show", target.path)
    elif isinstance(target.bundle, PointBundle):
        output.next_command("edgeface", "verify", target.bundle.folder)
    else:
        output.next_command("edgeface", "run", target.bundle.folder, "--source", "0")


def _check_out(out: Path | None, *, force: bool) -> None:
    """Before the measurement, not after it."""
    from edgeface.report import SUFFIX
    from edgeface.sealed import check_writable

    if out is None:
        return
    if not out.name.endswith(SUFFIX):
        msg = f"--out {out}: a latency report ends in {SUFFIX}"
        raise UsageError(msg)
    if out.is_dir() or (out.exists() and not force):
        msg = f"{out} exists already"
        raise UsageError(msg, remedy="choose another --out, or add --force to replace it")
    check_writable(out)


def _method(seconds: float | None, *, quick: bool, seed: int) -> "Method":
    from dataclasses import replace

    from edgeface.bench.measure import DEFAULT, QUICK

    if quick and seconds is not None:
        msg = "--quick and --seconds exclude each other"
        raise UsageError(msg)
    if seconds is not None:
        # Turns of a quarter of a second: what happens to the board meets every cell alike.
        windows = max(DEFAULT.windows, round(seconds * 4))
        return replace(DEFAULT, seconds=seconds, samples=None, windows=windows, seed=seed)
    return replace(QUICK if quick else DEFAULT, seed=seed)


def _measure(target: targets.Target, threads: tuple[int, ...], method: "Method") -> "Report":
    from dataclasses import replace

    from edgeface import board, report
    from edgeface.bench.inputs import random_inputs
    from edgeface.bench.measure import measure, openable

    tasks, skipped = openable(_tasks(target, threads))
    if skipped and (target.by_name or not tasks):
        msg = f"{skipped[0].file} cannot be measured: {skipped[0].reason}"
        raise BackendMissing(msg, remedy=skipped[0].remedy)
    for skip in skipped:
        output.say(f"not measured: {skip.file}: {skip.reason}; {skip.remedy}")
    golden = None if target.bundle is None else target.bundle.golden()[0]
    method = replace(method, input="random" if golden is None else "golden")

    def inputs(backend: "Backend") -> Any:
        return random_inputs(backend, method.seed) if golden is None else golden

    machine, before = board.read_board(), board.read_state()
    cells, interrupted = measure(
        tasks, inputs, method, track=lambda steps: output.track(steps, "measuring")
    )
    return report.Report(
        schema=report.SCHEMA,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        subject=target.path.resolve().name,
        board=machine,
        before=before,
        after=board.read_state(),
        method=method,
        interrupted=interrupted,
        cells=cells,
        skipped=tuple(skipped),
    )


def _tasks(target: targets.Target, threads: tuple[int, ...]) -> "list[Task]":
    from functools import partial

    from edgeface.bench.measure import Task
    from edgeface.modelfile import read_facts
    from edgeface.runtime import open_backend

    if target.bundle is None:
        facts = read_facts(target.path)
        alone = (target.path, facts.sha256, facts.size_bytes, facts.format, facts.scheme)
        files: list[tuple[Path, str, int, str, str | None]] = [alone]
    else:
        files = [
            (target.bundle.path(f), f.sha256, f.size_bytes, f.format, f.scheme)
            for f in target.files
        ]
    return [
        Task(path.name, digest, size, kind, scheme, n, partial(open_backend, path, threads=n))
        for path, digest, size, kind, scheme in files
        for n in threads
    ]


def _print(report: "Report") -> None:
    from edgeface.bench.summary import findings
    from edgeface.board import describe

    method = report.method
    pictures = report.cells[0].input.startswith("uint8")
    fed = f"its golden {'crops' if pictures else 'points'}"
    if method.input == "random":
        fed = f"random input, seed {method.seed}"
    output.result(f"board: {describe(report.board, report.before)}")
    output.result(f"{report.subject}: {fed}; {method.windows} windows in shuffled order")
    head = ("file", "size", "backend", "threads", "n", "p50 ms", "95 % of p50", "p90 ms", "verdict")
    rows = [_row(cell) for cell in report.cells]
    nothing = (output.NONE,) * (len(head) - 2)
    rows += [(s.file, *nothing, f"not measured: {s.remedy}") for s in report.skipped]
    output.table(head, rows)
    for line in findings(report):
        output.result(line)


def _row(cell: "Cell") -> tuple[str, ...]:
    p50, interval, p90 = cell.quantile_ms(0.5), cell.interval_ms(0.5), cell.quantile_ms(0.9)
    verdict = cell.verdict()
    return (
        cell.file,
        targets.size(cell.size_bytes),
        cell.backend,
        str(cell.threads),
        str(len(cell.samples_ns)),
        _ms(p50),
        output.NONE if interval is None else f"{_ms(interval[0])} to {_ms(interval[1])}",
        _ms(p90),
        f"{verdict.word}: {verdict.reason}" if verdict.reason else verdict.word,
    )


def _ms(value: float | None) -> str:
    from edgeface.bench.summary import milliseconds

    return output.NONE if value is None else milliseconds(value)
