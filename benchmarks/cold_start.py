"""Cold start and memory of ``edgeface run``: from the start of the process to its first event.

    python benchmarks/cold_start.py BUNDLE --clip CLIP [--runs 10] [--frames 60] [--out DIR]

Goals, for friends in int8: at most 0.8 s to the first event, and at most 130 MB.

Every run is the command itself, in a process of its own, with the files in the page cache. Its
first event carries the time at which its decision was there, and the parent takes the time before
it starts the process, on the same clock, to the millisecond. Memory is the largest resident size
that the kernel accounts to the ended process. Three kinds of runs take turns: with bytecode, as pip
and a first start leave it; without, as where packages lie on a read-only disk or in an image that
was built with PYTHONDONTWRITEBYTECODE; and with bytecode again, but with the vote over a track that
`run` takes by default, whose first event waits for several looks at the face. The others have
--no-track, so that the first look is an event.

Where the time and the memory go is told by further processes that look at one frame of the clip and
mark every step (`edgeface.bench.cold`). Written are cold-start.json, raw, and cold-start.md.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2

from edgeface.bench.cold import cold_starts, looking
from edgeface.bench.fresh import start
from edgeface.bench.memory import memory_of
from edgeface.bench.once import Asked
from edgeface.bench.photographs import Photograph
from edgeface.board import describe, read_board, read_state
from edgeface.bundle import Bundle
from edgeface.records import plain
from edgeface.report import ColdStart

GOAL_S, GOAL_MB = 0.8, 130
KINDS = ("with bytecode", "without bytecode")
FOLLOWED = "with bytecode, named by a vote"


@contextmanager
def bytecode(kind: str, folder: Path) -> Iterator[None]:
    """Within it new processes keep their bytecode in ``folder``, or keep none."""
    before = dict(os.environ)
    kept = folder / "none" if kind == KINDS[1] else folder
    os.environ["PYTHONPYCACHEPREFIX"] = str(kept)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if kind == KINDS[1]:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def run_once(words: list[str | Path]) -> dict[str, Any]:
    """One ``edgeface run``: seconds to its first event and its first name, and its peak memory."""
    with tempfile.TemporaryDirectory() as name:
        events, said = Path(name, "events.jsonl"), Path(name, "said.txt")
        command = [sys.executable, "-m", "edgeface", "run", *words, "--events", events]
        with said.open("wb") as stream:
            began = time.time_ns()
            child = subprocess.Popen([str(w) for w in command], stdout=stream, stderr=stream)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode or not events.read_bytes():
            sys.exit(f"edgeface run decided on nothing:\n{said.read_text('utf-8', 'replace')}")
        lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    named = [line for line in lines if line["name"] not in ("unknown", "nobody")]
    return {
        "first_event_s": _seconds(lines[0], began),
        "first_name_s": _seconds(named[0], began) if named else None,
        "peak_mb": used.ru_maxrss * 1024 / 1e6,
        "cpu_s": used.ru_utime + used.ru_stime,
        "load_1m": os.getloadavg()[0],
    }


def _seconds(event: dict[str, Any], began_ns: int) -> float:
    return round(datetime.fromisoformat(event["time"]).timestamp() - began_ns / 1e9, 3)


def frames(clip: Path, most: int) -> list[Photograph]:
    """The first frames of a clip, as pictures."""
    capture = cv2.VideoCapture(str(clip))
    found = []
    while len(found) < most:
        there, picture = capture.read()
        if not there:
            break
        data = cv2.imencode(".png", picture)[1].tobytes()
        found.append(Photograph(f"frame {len(found)} of {clip}", data))
    return found


def told(values: list[float], digits: int) -> str:
    """Median and range."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def page(result: dict[str, Any], colds: dict[str, ColdStart]) -> str:
    """The tables."""
    runs = result["runs"]
    lines = [
        "# Cold start and memory of `edgeface run`",
        "",
        f"{result['board']}. {result['file']}, {result['frames']} frames of {result['clip']}; "
        f"{len(runs[KINDS[0]])} runs of each kind, in turns; median and range, files in the page "
        f"cache. Goals: at most {GOAL_S} s to the first event, at most {GOAL_MB} MB.",
        "",
        "| run | s to the first event | s to the first name | CPU s | peak MB |",
        "|---|---|---|---|---|",
    ]
    for kind in runs:
        names = [r["first_name_s"] for r in runs[kind] if r["first_name_s"] is not None]
        cells = (
            told([r["first_event_s"] for r in runs[kind]], 2),
            told(names, 2) if names else "–",
            told([r["cpu_s"] for r in runs[kind]], 2),
            told([r["peak_mb"] for r in runs[kind]], 0),
        )
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Where it goes, in a process that looks at one frame: milliseconds of every step, and the "
        "resident memory behind it.",
        "",
        f"| step | ms {KINDS[0]} | ms {KINDS[1]} | MB, resident | MB, its share |",
        "|---|---|---|---|---|",
    ]
    for number, step in enumerate(colds[KINDS[0]].steps):
        cells = [told([row[number] / 1e6 for row in colds[kind].starts_ns], 1) for kind in KINDS]
        held = result["memory"][step]
        share = "–" if held["pss_bytes"] is None else f"{held['pss_bytes'] / 1e6:.1f}"
        cells += [f"{held['rss_bytes'] / 1e6:.1f}", share]
        lines.append(f"| {step} | " + " | ".join(cells) + " |")
    totals = [told([t / 1e6 for t in colds[kind].totals_ns], 0) for kind in KINDS]
    compiled = colds[KINDS[1]].uncompiled
    alone = result["alone"]
    lines += [
        f"| all | {' | '.join(totals)} | | |",
        "",
        f"Without bytecode Python compiles {compiled} modules at every start. The file alone, with "
        f"neither detector nor picture: base {alone['base_bytes'] / 1e6:.1f} MB, "
        f"{result['backend']} {alone['runtime_bytes'] / 1e6:.1f}, "
        f"the model {alone['model_bytes'] / 1e6:.1f}, peak {alone['peak_bytes'] / 1e6:.1f}.",
    ]
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--scheme", default="int8")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/x86-64"))
    args = parser.parse_args()
    if args.runs < 1 or args.frames < 1:
        parser.error("--runs and --frames: at least 1")
    bundle = Bundle.load(args.bundle)
    file = bundle.file("tflite", args.scheme)
    words: list[str | Path] = [args.bundle, "--source", args.clip, "--format", "tflite"]
    words += ["--scheme", args.scheme, "--max-frames", str(args.frames)]
    before = read_state()
    runs: dict[str, list[dict[str, Any]]] = {kind: [] for kind in (*KINDS, FOLLOWED)}
    colds: dict[str, ColdStart] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(args.runs + 1):
            for kind in runs:
                with bytecode(kind, folder):
                    one = run_once([*words, "--track" if kind == FOLLOWED else "--no-track"])
                print(number, kind, one, file=sys.stderr)
                if number:  # the first brings files into the page cache, and writes the bytecode
                    runs[kind].append(one)
        asked = looking(
            Asked(str(bundle.path(file)), "litert"),
            frames(args.clip, args.frames),
            folder,
            front="edgeface.cli.app",
        )
        for kind in KINDS:
            with bytecode(kind, folder):
                ((colds[kind],), _) = cold_starts([asked], args.runs)
        with bytecode(KINDS[0], folder):
            held = start(replace(asked, again=100), "memory")
            alone = memory_of(asked)
    board = read_board()
    result = {
        "schema": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "board": describe(board, before),
        "packages": board.packages,
        "state_before": plain(before),
        "state_after": plain(read_state()),
        "file": file.name,
        "backend": held.backend,
        "clip": args.clip.name,
        "frames": args.frames,
        "goals": {"first_event_s": GOAL_S, "peak_mb": GOAL_MB},
        "runs": runs,
        "steps": {kind: plain(cold) for kind, cold in colds.items()},
        "memory": held.marks,
        "alone": plain(alone),
    }
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "cold-start.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    (args.out / "cold-start.md").write_text(page(result, colds), "utf-8")
    print(page(result, colds))


if __name__ == "__main__":
    main()
