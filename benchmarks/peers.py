"""edgeface's timing beside raw loops, litert-benchmark, benchmark_app and Keras, in one run.

    python benchmarks/peers.py BUNDLES [--runs RUNS] [--models FILE ...] [--rounds 5]

BUNDLES holds a bundle for every system, as ``schemes.py`` makes them; of each the first seed's
float32 and int8 files are taken. RUNS holds the runs of the same names, for Keras. Every file has a
window in every round, in an order drawn anew: in one process, call by call in turns, a raw loop as
tutorials write it and our `infer`; then the runtime alone; then the tools, in processes of their
own. All on one thread, on the same random input. Every sample of the loops is kept, in nanoseconds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from peer_loops import Call, Keras, benchmark_app, groups, litert_benchmark

from edgeface import board, records
from edgeface.pointbundle import open_bundle

SYSTEMS = (
    *("olivetti_s1-s2", "olivetti_dense_s1-s2", "curve", "friends", "convnet", "convnet128"),
    *("facepatch", "mobilenet_0.5_lfw", "simpsons_without_leaks"),
)
WARM_UP = 20
MOST_CALLS = 256  # of a window; every one of them is kept
HUNDREDTHS_TELL_MS = 0.1  # of which half a hundredth is 5 %
Samples = dict[str, list[list[int]]]  # contestant → rounds → nanoseconds


def files_of(bundles: Path) -> list[tuple[str, Path]]:
    """System and file."""
    found = []
    for system in SYSTEMS:
        bundle = open_bundle(bundles / f"{system}_default_0")
        kept = [f for f in bundle.manifest.files if f.scheme in ("float32", "int8")]
        found += [(system, bundle.path(file)) for file in kept]
    return found


def window(group: dict[str, Call], seconds: float, turn: int) -> dict[str, list[int]]:
    """All contestants of a group call by call; who begins changes with every call."""
    names = list(group)
    samples: dict[str, list[int]] = {name: [] for name in names}
    for call in group.values():
        for _ in range(WARM_UP):
            call()
    until, first = time.perf_counter() + seconds, turn
    while time.perf_counter() < until and turn < first + MOST_CALLS:
        turn += 1
        for place in range(len(names)):
            name = names[(place + turn) % len(names)]
            call = group[name]
            before = time.perf_counter_ns()
            call()
            samples[name].append(time.perf_counter_ns() - before)
    return samples


def measure(
    files: list[tuple[str, Path]], runs: list[Path], rounds: int, seconds: float
) -> dict[str, Any]:
    """Every round of everything."""
    opened, refused = [], []
    for _, path in files:
        held, why = groups(path, 0)
        opened.append((path.name, path, held))
        refused += [why] if why else []
    loops: dict[str, Samples] = defaultdict(lambda: defaultdict(list))
    tools: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    keras = Keras(runs, 40) if runs else None
    rng = np.random.default_rng(0)
    for number in range(rounds):
        for at in rng.permutation(len(opened)):
            name, path, held = opened[int(at)]
            print(f"round {number + 1} of {rounds}: {name}", file=sys.stderr)
            for runtime, group in held.items():
                turns = {who: group[who] for who in ("raw", "edgeface")}
                # The tools run nothing else in between, so their counterpart does not either.
                alone = {"invoke": group["invoke"]}
                for one in (turns, alone):
                    for who, samples in window(one, seconds, number).items():
                        loops[f"{name} {runtime}"][who].append(samples)
            if path.suffix == ".tflite":
                middle = statistics.median(loops[f"{name} litert"]["invoke"][-1]) / 1e9
                calls = int(min(max(seconds / middle, 50), 5000))
                tools[name]["litert-benchmark"].append(litert_benchmark(path, calls))
            if "openvino" in held and f"benchmark_app fails on {name}" not in refused:
                try:
                    told = benchmark_app(path, 1)
                    tools[name]["benchmark_app"].append(told)
                except subprocess.CalledProcessError:
                    refused.append(f"benchmark_app fails on {name}")
        for place, run in enumerate(runs):
            assert keras is not None
            for way, samples in keras.window(place).items():
                loops[f"{run.name} keras"][way].append(samples)
    if keras is not None:
        keras.end()
    return {"loops": loops, "tools_ms": tools, "refused": refused}


def p50_us(rounds: list[list[int]]) -> list[float]:
    """The median of every round, in microseconds."""
    return [statistics.median(samples) / 1e3 for samples in rounds]


def across(values: list[float], digits: int) -> str:
    """Median and range over the rounds."""
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({low}–{high})"


def loop_rows(loops: dict[str, Samples]) -> list[list[str]]:
    """What our call costs beside a raw loop."""
    rows = []
    for name, held in loops.items():
        if "raw" not in held:
            continue
        raw, ours = p50_us(held["raw"]), p50_us(held["edgeface"])
        apart = [o - r for o, r in zip(ours, raw, strict=True)]
        ratio = [o / r for o, r in zip(ours, raw, strict=True)]
        middle, times = statistics.median(apart), statistics.median(ratio)
        kept = "yes" if times <= 1.05 or middle <= 15 else "NO"
        file, _, runtime = name.rpartition(" ")
        cells = [across(raw, 1), across(ours, 1), across(ratio, 3), f"{middle:+.1f}", kept]
        rows.append([file, runtime, *cells])
    return rows


def tool_rows(measured: dict[str, Any]) -> list[list[str]]:
    """What the tools say of the runtime alone, beside ours."""
    rows = []
    for name, tools in measured["tools_ms"].items():
        for tool, told in tools.items():
            if not told:
                continue
            runtime = "litert" if tool == "litert-benchmark" else "openvino"
            ours = [us / 1e3 for us in p50_us(measured["loops"][f"{name} {runtime}"]["invoke"])]
            coarse = tool == "litert-benchmark" and statistics.median(told) < HUNDREDTHS_TELL_MS
            ratio = "–" if coarse else across([o / t for o, t in zip(ours, told, strict=True)], 3)
            rows.append([name, tool, across(told, 3), across(ours, 3), ratio])
    return rows


def keras_rows(loops: dict[str, Samples]) -> list[list[str]]:
    """The trained network itself."""
    return [
        [name.removesuffix("_default_0 keras"), *(across(p50_us(held[w]), 0) for w in held)]
        for name, held in loops.items()
        if "predict" in held
    ]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def page(stored: dict[str, Any]) -> str:
    """The tables."""
    measured = stored["measured"]
    rounds = stored["rounds"]
    return "\n".join(
        [
            "# edgeface beside its peers",
            "",
            stored["board_line"] + ".",
            "",
            f"{rounds} rounds in one run, one thread; median of the rounds' medians, and their "
            "range. The goal for our call: at most 1.05 times the raw loop, or 15 µs more.",
            "",
            "## Our call beside a raw loop, in turns call by call, in µs",
            "",
            table(
                ["file", "runtime", "raw p50", "edgeface p50", "ratio", "µs more", "goal kept"],
                loop_rows(measured["loops"]),
            ),
            "",
            "## The runtime alone, beside the tools, in ms",
            "",
            "litert-benchmark prints hundredths of a millisecond, so that what takes less than "
            "0.1 ms cannot be compared to 5 %; it runs LiteRT's newer CompiledModel.",
            "",
            table(["file", "tool", "tool", "edgeface", "ratio"], tool_rows(measured)),
            "",
            "## The trained network in Keras, in µs",
            "",
            table(["run", "predict", "call"], keras_rows(measured["loops"])),
            "",
            *(f"- not run: {why}" for why in measured["refused"]),
            "",
        ]
    )


def main() -> None:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", type=Path)
    parser.add_argument("--runs", type=Path)
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4, help="of a group's window, at most")
    parser.add_argument("--table", action="store_true", help="measure nothing")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = asked.out / "peers.json"
    if not asked.table:
        before = board.read_state()
        machine = board.read_board()
        files = files_of(asked.bundles) + [(p.stem, p) for p in asked.models]
        runs = [asked.runs / f"{s}_default_0" for s in SYSTEMS] if asked.runs else []
        content = {
            "schema": 1,
            "board": records.plain(machine),
            "board_line": board.describe(machine, before),
            "before": records.plain(before),
            "rounds": asked.rounds,
            "measured": measure(files, runs, asked.rounds, asked.seconds),
            "after": records.plain(board.read_state()),
        }
        kept.write_text(json.dumps(content, separators=(",", ":")) + "\n", "utf-8")
    text = page(json.loads(kept.read_text("utf-8")))
    kept.with_suffix(".md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
