"""What `edgeface tune` chooses, against the best of all cells by exhaustive search, in one run.

    python benchmarks/tune_choice.py BUNDLE... [--out benchmarks/results/x86-64]

For every bundle the command itself is run and its wall time taken; then every cell that it could
have chosen, those that it let go after two calls among them, is timed in long windows in shuffled
rounds by another process. The choice is held against the cell with the lowest median of these. A
few minutes a bundle, on an idle machine: goal within 5 %, in at most 90 seconds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import board, sealed
from edgeface.bench.candidates import answers_as_exported, cells
from edgeface.bench.contenders import Cell, Contenders
from edgeface.bench.elimination import CLOSE
from edgeface.pointbundle import open_bundle
from edgeface.quantiles import ranks
from edgeface.tuned import Tuned

MOST_SECONDS = 90.0
MEMORY_BYTES = 2_000_000_000
LEAST_CALLS = 3


def tuned(bundle: Path, words: Sequence[str]) -> tuple[Tuned, float]:
    """The command's choice, and its wall time in seconds."""
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "device.json"
        command = [sys.executable, "-m", "edgeface", "tune", str(bundle), "--out", str(out)]
        began = time.perf_counter()
        subprocess.run([*command, *words], stdout=subprocess.DEVNULL, check=True)
        return Tuned.load(out), time.perf_counter() - began


def exhaustive(
    bundle: Path, choice: Tuned, windows: int, window_s: float, seed: int
) -> tuple[list[Cell], dict[int, list[list[int]]]]:
    """Every call of every cell: cell → window by window, in nanoseconds."""
    loaded = open_bundle(bundle)
    inputs, check = answers_as_exported(loaded)
    tried = {(t.file, t.backend, t.threads) for t in choice.cells if t.fate != "failed"}
    threads = sorted({number for _, _, number in tried})
    every = cells(loaded, loaded.manifest.files, threads)
    held = [c for c in every if (c.file, c.backend, c.threads) in tried]
    contenders = Contenders(
        held, inputs, check, memory_bytes=MEMORY_BYTES, clock=time.perf_counter_ns
    )
    found: dict[int, list[list[int]]] = {number: [] for number in range(len(held))}
    calls: dict[int, int] = {}
    for number in found:
        contenders.look(number, int(window_s * 1e9), float("inf"))
        middle = float(np.median(contenders.results[number].first_ns or [1]))
        calls[number] = max(LEAST_CALLS, round(window_s * 1e9 / middle))
    rng = np.random.default_rng(seed)
    for turn in range(windows):
        print(f"{bundle.name}: round {turn + 1} of {windows}", file=sys.stderr, flush=True)
        for number in map(int, rng.permutation(len(held))):
            samples = contenders.window(number, calls[number])
            if samples is None:
                wrong = contenders.results[number].failed
                sys.exit(f"{held[number].words} failed in the exhaustive search: {wrong}")
            found[number].append(list(samples))
    return held, found


def compared(one: list[list[int]], other: list[list[int]]) -> dict[str, float]:
    """How many times as long one takes, by the medians of the windows of each round.

    Returns:
        The median of the ratios, and its 95 % limits by order statistics.
    """
    pairs = zip(one, other, strict=True)
    ratios = np.sort([float(np.median(a) / np.median(b)) for a, b in pairs])
    low, high = ranks(len(ratios), 0.5)
    return {
        "ratio": float(np.median(ratios)),
        "low": float(ratios[low - 1]),
        "high": float(ratios[high - 1]),
    }


def measured(bundle: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """One bundle: the choice, all cells, and how the two compare."""
    before = board.read_state()
    choice, wall_s = tuned(bundle, ("--seconds", str(asked.seconds), "--seed", str(asked.seed)))
    held, found = exhaustive(bundle, choice, asked.windows, asked.window, asked.seed)
    p50_ms = {n: float(np.median(np.concatenate(found[n]))) / 1e6 for n in found}
    best = min(p50_ms, key=lambda n: p50_ms[n])
    chosen = next(
        n
        for n, c in enumerate(held)
        if (c.file, c.backend, c.threads) == (choice.file, choice.backend, choice.threads)
    )
    held_up = compared(found[chosen], found[best])
    wrong = {t.file for t in choice.cells if t.fate == "failed"}
    print(f"{bundle.name}: {choice.words}: {held_up['ratio']:.3f}", file=sys.stderr, flush=True)
    return {
        "bundle": bundle.name,
        "wall_s": wall_s,
        "ended": choice.ended,
        "rounds": choice.rounds,
        "chosen": choice.words,
        "chosen_ms": p50_ms[chosen],
        "best": held[best].words,
        "best_ms": p50_ms[best],
        "worst_ms": max(p50_ms.values()),
        "float32_ms": _least(held, p50_ms, "float32"),
        "int8_ms": _least(held, p50_ms, "int8"),
        **held_up,
        "met": held_up["ratio"] <= CLOSE and wall_s <= MOST_SECONDS,
        "reasons": list(choice.reasons),
        "cells": [
            {
                "file": c.file,
                "backend": c.backend,
                "threads": c.threads,
                "calls": sum(map(len, found[n])),
                "p50_ms": p50_ms[n],
                "windows_p50_ms": [float(np.median(w)) / 1e6 for w in found[n]],
            }
            for n, c in enumerate(held)
        ],
        "failed_somewhere": sorted(wrong),
        "before": asdict(before),
        "after": asdict(board.read_state()),
    }


def _least(held: list[Cell], p50_ms: dict[int, float], scheme: str) -> float | None:
    return min((p50_ms[n] for n, c in enumerate(held) if c.scheme == scheme), default=None)


def markdown(found: dict[str, Any]) -> str:
    """The table, and what it says."""
    rows = found["bundles"]
    lines = [
        "# What tune chooses, against the best of all cells",
        "",
        f"`python benchmarks/tune_choice.py BUNDLE…` on {found['board']['label']}. "
        f"{found['windows']} windows of {found['window_s']:g} s a cell in the exhaustive search, "
        "in shuffled rounds, in another process than the choice. The ratio is the median over the "
        "rounds, with its 95 % limits; within 2 % tune takes fewer threads. Goal: at most 1.05, in "
        f"at most {MOST_SECONDS:g} s.",
        "",
        "| bundle | cells | tune took | ended, rounds | chosen | ms | best of all | ms | "
        "ratio (95 %) | slowest ms | goal |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in rows:
        cells_ = (
            one["bundle"],
            str(len(one["cells"])),
            f"{one['wall_s']:.0f} s",
            f"{one['ended']}, {one['rounds']}",
            one["chosen"],
            f"{one['chosen_ms']:.3g}",
            "the same" if one["chosen"] == one["best"] else one["best"],
            f"{one['best_ms']:.3g}",
            f"{one['ratio']:.3f} ({one['low']:.3f} to {one['high']:.3f})",
            f"{one['worst_ms']:.3g}",
            "met" if one["met"] else "NOT MET",
        )
        lines.append(f"| {' | '.join(cells_)} |")
    lines += ["", "## Where float32 is the faster one", ""]
    pairs = [one for one in rows if one["float32_ms"] and one["int8_ms"]]
    faster = [one for one in pairs if one["float32_ms"] < one["int8_ms"]]
    lines += [
        f"- {one['bundle']}: the best float32 {one['float32_ms']:.3g} ms, the best int8 "
        f"{one['int8_ms']:.3g} ms"
        for one in faster
    ] or ["Nowhere among these."]
    return "\n".join([*lines, "", _longest(rows), ""])


def _longest(rows: list[dict[str, Any]]) -> str:
    """The worst of all bundles, in a sentence."""
    met = sum(one["met"] for one in rows)
    far, slow = max(rows, key=lambda one: one["ratio"]), max(rows, key=lambda one: one["wall_s"])
    return (
        f"{met} of {len(rows)} bundles meet the goal; the farthest choice is {far['ratio']:.3f} "
        f"times the best ({far['bundle']}), the longest search took {slow['wall_s']:.0f} s "
        f"({slow['bundle']})."
    )


def main() -> None:
    """Tune and search the bundles that were named; write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/x86-64"))
    parser.add_argument("--seconds", type=float, default=60.0, help="of tune")
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--window", type=float, default=0.25, help="seconds")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.windows < 6:
        parser.error("--windows: six at least, or a median has no 95 % limits")
    machine = board.read_board()
    found = {
        "board": {**asdict(machine), "label": f"{machine.label}, {machine.cores_usable} cores"},
        "windows": asked.windows,
        "window_s": asked.window,
        "seed": asked.seed,
        "bundles": [measured(bundle, asked) for bundle in asked.bundles],
    }
    sealed.write_file(asked.out / "tune-choice.json", json.dumps(found, indent=1) + "\n")
    sealed.write_file(asked.out / "tune-choice.md", markdown(found))
    print(markdown(found))


if __name__ == "__main__":
    main()
