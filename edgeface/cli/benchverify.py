"""``edgeface bench verify``: does a latency report reproduce on this board?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import benching, options, output, targets
from edgeface.cli.benchtelling import Leaving
from edgeface.errors import GateNotMet, ReportError, UsageError

if TYPE_CHECKING:
    from edgeface.bench.against import Difference
    from edgeface.bench.repeat import Repeated
    from edgeface.bench.task import Feed, Task
    from edgeface.report import Cell, Report

_INTERRUPTED = 130


def bench_verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .bench.json report.")],
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            metavar="BUNDLE|FOLDER|FILE",
            help="Where its model files are. [default: where the report says, its own folder, "
            "and bundles/ with its subject]",
        ),
    ] = None,
    json: options.Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the new .bench.json report.")
    ] = None,
    force: options.Force = False,
) -> None:
    """Repeat a latency report and say whether it reproduces within 5 %.

    On the very same bytes, by the same method, cell by cell: reproduced, differs, or cannot tell.
    Ends with 3 unless every cell is reproduced. A folder called verify is measured as
    edgeface bench ./verify.
    """
    from edgeface.bench.against import differences
    from edgeface.bench.repeat import judge
    from edgeface.report import Report

    leaving = Leaving(out=out, force=force)
    leaving.check()
    before = Report.load(file)
    now, reasons = _again(before, file, files)
    leaving.write(now, None)
    done, other = judge(before, now, reasons), differences(now, before)
    if json:
        output.as_json(_data(file, now, done, other))
    else:
        _tell(before, now, done, other)
    if now.interrupted:
        output.say("interrupted: these are the samples taken until then")
        raise typer.Exit(_INTERRUPTED)
    _raise_for(done)
    output.next_command("edgeface", "bench", "--against", file)


def _again(before: "Report", file: Path, given: Path | None) -> "tuple[Report, dict[str, str]]":
    """The same cells of the same files, by the same method."""
    from edgeface.bench.repeat import find_files

    if given is not None and not given.exists():
        msg = f"--files {given}: no such bundle, folder or file"
        raise UsageError(msg)
    places = [given] if given is not None else _places(before, file)
    found = find_files(before.cells, places)
    reasons = {
        cell.sha256: "no file with its bytes was found"
        for cell in before.cells
        if cell.sha256 not in found
    }
    if not found:
        looked = ", ".join(str(place) for place in places)
        msg = f"{file}: none of its files is in {looked}" if before.cells else f"{file}: no cells"
        raise ReportError(msg, remedy="--files BUNDLE says where they are")
    tasks = [_task(c, found[c.sha256], before) for c in before.cells if c.sha256 in found]
    first = next(iter(found.values()))
    target = targets.Target(first, None, (), by_name=False)
    asked = benching.Asked(mode=before.method.mode, seed=before.method.seed)
    made = benching.carried_out(tasks, before.method, target, asked, before.command)
    return replace(made, subject=before.subject), reasons


def _places(before: "Report", file: Path) -> list[Path]:
    told = [Path(word) for word in before.command[2:3] if not word.startswith("-")]
    return [*told, file.parent, options.BUNDLES / before.subject]


def _task(cell: "Cell", path: Path, before: "Report") -> "Task":
    from edgeface.bench.task import Task
    from edgeface.runtime.backend import BACKENDS

    family = cell.backend.split(" ")[0]
    known = BACKENDS.get(cell.format, {})
    return Task(
        path=str(path),
        sha256=cell.sha256,
        size_bytes=cell.size_bytes,
        format=cell.format,
        scheme=cell.scheme,
        threads=cell.threads,
        feed=_feed(cell, path, before),
        backend=family if family in known else None,
        device=cell.device,
        stage=cell.stage,
        precision=cell.precision,
        options=_photographs(before),
    )


def _photographs(before: "Report") -> dict[str, str]:
    words = before.command
    named = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "--pictures"]
    return {"photographs": "\n".join(named)} if named else {}


def _feed(cell: "Cell", path: Path, before: "Report") -> "Feed":
    """As it was fed then.

    Raises:
        ReportError: That was its bundle's own, and the file does not lie in a bundle.
    """
    from edgeface.bench.task import Feed
    from edgeface.bundlefolder import MANIFEST

    photographs = " photographs" in cell.input
    if before.method.input == "random" and not photographs:
        return Feed("random", "", before.method.seed)
    if not (path.parent / MANIFEST).is_file():
        msg = f"{path}: it was fed the golden inputs of its bundle, and lies in none"
        raise ReportError(msg, remedy="--files BUNDLE says where it is")
    return Feed("photographs" if photographs else "golden", str(path.parent), before.method.seed)


def _tell(
    before: "Report", now: "Report", done: "list[Repeated]", other: "tuple[Difference, ...]"
) -> None:
    from edgeface.bench import words
    from edgeface.bench.repeat import table
    from edgeface.board import describe

    output.result(f"board: {describe(now.board, now.before)}")
    output.result(f"{before.subject}, measured {before.created}: {words.method(now)}")
    output.table(*table(done))
    for one in other:
        output.result(f"not as then: {one}")
    if not other:
        output.result("board, versions and method are as they were then")


def _data(
    file: Path, now: "Report", done: "list[Repeated]", other: "tuple[Difference, ...]"
) -> dict[str, object]:
    from edgeface import records
    from edgeface.bench.repeat import MARGIN
    from edgeface.bench.summary import as_data, ratio_data

    return {
        "report": str(file),
        "margin": MARGIN,
        "reproduced": all(one.word == "reproduced" for one in done),
        "cells": [
            {
                "file": one.cell.file,
                "sha256": one.cell.sha256,
                "backend": one.cell.backend,
                "device": one.cell.device,
                "threads": one.cell.threads,
                "stage": one.cell.stage,
                "then_ms": one.cell.quantile_ms(0.5),
                "now_ms": one.now_ms,
                **({} if one.ratio is None else ratio_data(one.ratio)),
                "word": one.word,
                "reason": one.reason,
            }
            for one in done
        ],
        "differences": [records.plain(one) for one in other],
        "now": as_data(now),
    }


def _raise_for(done: "list[Repeated]") -> None:
    not_so = [one for one in done if one.word != "reproduced"]
    if not not_so:
        output.say(f"all {len(done)} cells are reproduced")
        return
    differ = sum(one.word == "differs" for one in not_so)
    msg = f"{differ} of {len(done)} cells differ, {len(not_so) - differ} cannot be told"
    remedy = "measure on the idle board it was measured on; what differs stands above"
    raise GateNotMet(msg, remedy=remedy)
