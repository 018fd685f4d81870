"""Every documented system in every scheme and both formats: what each file loses to float32.

    python benchmarks/systems.py DATA --runs runs                   # trains three seeds of each
    python benchmarks/schemes.py runs --bundles bundles             # exports and compares
    python benchmarks/int8_latency.py bundles --reports reports     # on an idle machine
    python benchmarks/schemes.py runs --bundles bundles --reports reports   # with latency

Every run whose name ends in ``_default_SEED`` is exported in all schemes by ``edgeface export``,
and every file answers every picture that was held back (validation and test side; of a regression
the validation points). ``--search NAME`` exports the runs of a system a second time with
``--max-drop 0.5``. int16x8 is made of the first seed alone, and of no network of more than 3 MB of
parameters, because every answer takes so long. What was counted is kept in schemes.json after every
run and not counted again; schemes.md is the table. Latencies are those of ``int8_latency.py``.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import evaluate, residuals
from edgeface.bundle import Bundle
from edgeface.evaluate import paired
from edgeface.pointbundle import PointBundle, open_bundle
from edgeface.report import SUFFIX, Report
from edgeface.runtime import open_backend
from edgeface.train.pointrun import PointRun
from edgeface.train.run import Run

SCHEMES = "float32,float16,dynamic,int8"
# LiteRT has reference kernels alone for it: a picture takes a second where int8 takes a thousandth.
SLOW, ONLY_SMALL = ",int16x8", 3_000_000
SEARCHED = " searched"


def edgeface(*words: str | Path, gate: bool = False) -> dict[str, Any]:
    """A command of edgeface; what it printed as JSON. ``gate``: exit code 3 is an answer too."""
    typed = [str(w) for w in words]
    print("$ edgeface", shlex.join(typed), file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "edgeface", *typed, "--json"]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode and not (gate and done.returncode == 3):
        sys.stderr.write(done.stderr.decode()[-3000:])
        done.check_returncode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def counted(run: Path, bundle: Path) -> dict[str, Any]:
    """What every file of a bundle answers on the pictures that its run held back."""
    opened = open_bundle(bundle)
    if isinstance(opened, PointBundle):
        return _points(PointRun.load(run), opened)
    return _pictures(Run.load(run), opened)


def _pictures(run: Run, bundle: Bundle) -> dict[str, Any]:
    sides = [run.crops(side) for side in ("validation", "test") if run.split.side(side)]
    pixels = np.concatenate([pixels for pixels, _ in sides])
    truth = np.concatenate([truth for _, truth in sides])
    answers = {
        file.name: evaluate.answers(open_backend(bundle.path(file)).infer, pixels, len(run.labels))
        for file in bundle.manifest.files
    }
    first = bundle.file("tflite", "float32").name
    right = evaluate.best(answers[first]) == truth
    files = {}
    for file in bundle.manifest.files:
        probs = answers[file.name]
        found = evaluate.pair(evaluate.best(probs) == truth, right)
        files[f"{file.format} {file.scheme}"] = {
            **_about(file),
            **{k: getattr(found, k) for k in ("both_right", "lost", "gained", "both_wrong")},
            "agree": int((evaluate.best(probs) == evaluate.best(answers[first])).sum()),
        }
    made: dict[str, Any] = {"pictures": len(truth), "files": files}
    int8 = [answers[f.name] for f in bundle.manifest.files if f.scheme == "int8"]
    if len(int8) == 2:
        made["int8_agree"] = int((evaluate.best(int8[0]) == evaluate.best(int8[1])).sum())
    return made


def _points(run: PointRun, bundle: PointBundle) -> dict[str, Any]:
    shown = run.validation
    files = {}
    for file in bundle.manifest.files:
        values = residuals.answers(open_backend(bundle.path(file)).infer, shown.x)
        files[f"{file.format} {file.scheme}"] = {
            **_about(file),
            "l2": float(residuals.l2(values, shown.y)),
        }
    return {"points": len(shown), "files": files}


def _about(file: Any) -> dict[str, Any]:
    how = getattr(file, "quantised", None)
    told = {"size_bytes": file.size_bytes, "file": file.name}
    if how is None:
        return told
    return told | {
        "calibration": how.calibration,
        "equalised": how.equalised,
        "corrected": how.corrected,
        "in_float": list(how.in_float),
    }


def systems(runs: Path, searched: Sequence[str]) -> list[tuple[str, int, Path, bool]]:
    """System, seed, run, and whether the search is asked."""
    found = []
    for run in sorted(runs.glob("*_default_[0-9]*")):
        name, _, seed = run.name.rpartition("_default_")
        if run.is_dir() and seed.isdigit():
            found.append((name.replace("_", " "), int(seed), run, False))
            if name.replace("_", " ") in searched:
                found.append((name.replace("_", " "), int(seed), run, True))
    return found


def make(run: Path, bundle: Path, *, search: bool, slow: bool) -> dict[str, Any]:
    """Export where it is not there yet, and count; ``slow``: int16x8 too."""
    made: dict[str, Any] = {}
    if not bundle.exists():
        slow = slow and (run / "model.weights.h5").stat().st_size < ONLY_SMALL
        schemes = SCHEMES + SLOW if slow else SCHEMES
        how = ("--int8", "--max-drop", "0.5", "--keep") if search else ("--schemes", schemes)
        exported = edgeface("export", run, *how, "--out", bundle, gate=search)
        made = {"gates": exported.get("gates", [])}
    return made | counted(run, bundle)


def medians(path: Path) -> dict[str, float]:
    """Milliseconds of every file of a bundle, each on its format's own runtime."""
    cells = [c for c in Report.load(path).cells if "openvino" not in c.backend]
    found = {f"{c.format} {c.scheme}": c.quantile_ms(0.5) for c in cells}
    return {file: ms for file, ms in found.items() if ms is not None}


def rows(cells: dict[str, Any], benched: dict[str, Any]) -> Iterable[list[str]]:
    """A row a system and file, over its seeds."""
    names = dict.fromkeys(key.rpartition("|")[0] for key in cells)
    for name in names:
        seeds = [v for k, v in cells.items() if k.rpartition("|")[0] == name]
        times = [v for k, v in benched.items() if k.rpartition("|")[0] == name]
        for file in dict.fromkeys(f for s in seeds for f in s["files"]):
            own = [s for s in seeds if file in s["files"]]
            first = f"{file.split()[0]} float32"
            sizes = [_size(s, file) / _size(s, first) for s in own]
            told = _l2(own, file) if "points" in own[0] else _accuracy(own, file)
            size = f"{statistics.fmean(sizes):.2f}"
            yield [name, f"{file} ({len(own)})", *told, size, _times(times, file)]


def _size(made: dict[str, Any], file: str) -> int:
    return int(made["files"][file]["size_bytes"])


def _accuracy(seeds: list[dict[str, Any]], file: str) -> list[str]:
    made = [s["files"][file] for s in seeds]
    sums = {k: sum(m[k] for m in made) for k in ("both_right", "lost", "gained", "both_wrong")}
    found = paired.counted(**sums)
    apart = [m["gained"] - m["lost"] for m in made]
    each = [100 * a / s["pictures"] for a, s in zip(apart, seeds, strict=True)]
    return [
        f"{(found.both_right + found.lost) / found.n:.3f}",
        f"{found.difference:+.2f} ({found.low:+.2f} to {found.high:+.2f})",
        f"{min(each):+.2f} to {max(each):+.2f}",
        f"{100 * sum(m['agree'] for m in made) / found.n:.2f}",
    ]


def _l2(seeds: list[dict[str, Any]], file: str) -> list[str]:
    first = [float(s["files"]["tflite float32"]["l2"]) for s in seeds]
    apart = [float(s["files"][file]["l2"]) - f for s, f in zip(seeds, first, strict=True)]
    return [
        f"L2 {statistics.fmean(first):.1f}",
        f"{statistics.fmean(apart):+.2f}",
        f"{min(apart):+.2f} to {max(apart):+.2f}",
        "–",
    ]


def _times(times: list[dict[str, float]], file: str) -> str:
    ratios = [t[file] / t[f"{file.split()[0]} float32"] for t in times if file in t]
    return f"{statistics.median(ratios):.2f}" if ratios else "–"


def page(cells: dict[str, Any], benched: dict[str, Any]) -> str:
    """The table and what has to stand beside it."""
    head = (
        "system",
        "file (seeds)",
        "float accuracy",
        "difference, points (95 %)",
        "of a seed",
        "agreement %",
        "size ×",
        "latency ×",
    )
    lines = [
        "# Every system in every scheme",
        "",
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *("| " + " | ".join(row) + " |" for row in rows(cells, benched)),
        "",
        "Against the float32 `.tflite` file of the same run, on all pictures that were held back; "
        "size and latency against the float32 file of the same format. The difference is that of "
        "all seeds together, with Tango's paired interval: seeds share pictures, so it is somewhat "
        "too narrow. Latency: ratio of p50 on one thread, first seed.",
        "",
        "TFLite int8 against ONNX int8, same best class:",
        "",
        *(f"- {name}: {told}" for name, told in _between(cells)),
        "",
        *_searched(cells),
    ]
    return "\n".join(lines)


def _between(cells: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for name in dict.fromkeys(key.rpartition("|")[0] for key in cells):
        made = [v for k, v in cells.items() if k.rpartition("|")[0] == name and "int8_agree" in v]
        if made:
            agree, of = (sum(m[k] for m in made) for k in ("int8_agree", "pictures"))
            yield name, f"{100 * agree / of:.2f} % of {of:,} ({len(made)} seeds)"


def _searched(cells: dict[str, Any]) -> list[str]:
    lines = []
    for key, made in cells.items():
        if SEARCHED not in key:
            continue
        for file in made["files"].values():
            if "in_float" in file:
                done = [w for w in ("equalised", "corrected") if file[w]]
                done += [f"in float: {', '.join(file['in_float']) or 'no layer'}"]
                lines.append(f"- {key}: {file['file']}: {file['calibration']}, {', '.join(done)}")
    return ["What the search did:", "", *lines, ""] if lines else []


def main() -> None:
    """Make what is missing and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--bundles", type=Path, required=True)
    parser.add_argument("--search", nargs="+", default=["mobilenet 0.5 lfw"])
    parser.add_argument("--reports", type=Path, help="where int8_latency.py kept its own")
    parser.add_argument("--table", action="store_true", help="make nothing")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = asked.out / "schemes.json"
    stored = json.loads(kept.read_text("utf-8")) if kept.exists() else {"cells": {}, "p50_ms": {}}
    cells, benched = stored["cells"], stored["p50_ms"]

    def write() -> None:
        content = {"schema": 1, "cells": cells, "p50_ms": benched}
        beside = kept.with_suffix(".new")
        beside.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
        beside.replace(kept)
        kept.with_suffix(".md").write_text(page(cells, benched), "utf-8")

    known = systems(asked.runs, asked.search)
    for name, seed, run, search in known if not asked.table else []:
        key = f"{name}{SEARCHED if search else ''}|{seed}"
        bundle = asked.bundles / (run.name + ("_searched" if search else ""))
        if key not in cells:
            cells[key] = make(run, bundle, search=search, slow=seed == 0)
            write()
    for report in sorted(asked.reports.glob(f"*{SUFFIX}")) if asked.reports else ():
        benched[report.name.removesuffix(SUFFIX).replace("_", " ") + "|0"] = medians(report)
    write()
    print(page(cells, benched))


if __name__ == "__main__":
    main()
