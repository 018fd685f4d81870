"""Every documented system on real data: its recorded result, as documented, and by default.

    python benchmarks/systems.py ../shared/data

Runs ``edgeface train`` for every system, as documented and by default, three seeds each; each seed
draws a split of its own, but for the Simpsons, whose split is published. What was measured is kept
in RESULTS/systems.json after every training, and what stands there is not trained again, so that it
can be stopped and started; the first seed of every system comes first. RESULTS/systems.md is the
table. The folder has to hold the data sets that the rows below name. ``--only NAME`` and
``--variants`` take some of them, ``--table`` trains nothing.
"""

import argparse
import json
import math
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIANTS = ("documented", "default")
LFW = ("lfw/lfw_dev_ids.zip",)
THREE = ("--people", "Ariel_Sharon,Colin_Powell,Donald_Rumsfeld")
YUNET = (
    "--detector",
    "yunet",
    "--detector-model",
    "@models/yunet/face_detection_yunet_2023mar.onnx",
)
WEIGHTS = "@models/mobilenet_v1/mobilenet_{}_128_from_tflite_{}_no_top.weights.h5"
SIMPSONS = ("simpsons/simpsons4_128.zip",)


@dataclass(frozen=True, slots=True)
class System:
    """A row: a network on a data set.

    Attributes:
        name: Of the row.
        network: As ``edgeface train`` calls it.
        data: Below the folder of data sets; empty: drawn points.
        options: Further words; ``@`` stands for the folder.
        about: What it is trained on, in words.
        variants: Which of `VARIANTS` are trained.
    """

    name: str
    network: str
    data: tuple[str, ...]
    options: tuple[str, ...]
    about: str
    variants: tuple[str, ...] = VARIANTS


def _pair(network: str, one: str, other: str) -> System:
    people = ("--people", f"{one},{other}")
    about = f"Olivetti, two people ({one}, {other})"
    return System(f"{network} {one}-{other}", network, ("orl/olivettifaces.mat",), people, about)


SYSTEMS = (
    *(
        _pair(network, *pair)
        for pair in (("s1", "s2"), ("s5", "s40"), ("s11", "s17"))
        for network in ("olivetti", "olivetti_dense")
    ),
    System("curve", "curve", (), (), "120 drawn points"),
    System("curve_single", "curve_single", (), (), "the same points"),
    System("friends", "friends", LFW, THREE, "LFW, three people, 60 pictures each"),
    System("convnet", "convnet", ("orl/orl_pgm.zip",), (), "ORL, 40 people, 10 pictures each"),
    System(
        "convnet128", "convnet128", LFW, (THREE[0], "Ariel_Sharon,Colin_Powell"), "LFW, two people"
    ),
    System(
        "facepatch",
        "facepatch",
        ("facenonface/facenonface64.zip",),
        (),
        "4,300 faces, 4,700 others",
    ),
    System(
        "mobilenet 0.5 lfw",
        "mobilenet",
        LFW,
        (*YUNET, "--weights", WEIGHTS.format("5_0", "quant")),
        "LFW, 42 people",
    ),
    System("simpsons published", "simpsons", SIMPSONS, (), "the published split"),
    System(
        "simpsons without leaks",
        "simpsons",
        SIMPSONS,
        ("--drop-leaks",),
        "without training pictures that leak",
    ),
    System(
        "mobilenet 0.5 simpsons without leaks",
        "mobilenet",
        SIMPSONS,
        (
            "--drop-leaks",
            *("--crop", "stretched", "--weights", WEIGHTS.format("5_0", "quant")),
            *("--epochs", "8"),
        ),
        "the same, 8 epochs of tuning",
        ("default",),
    ),
    System(
        "mobilenet 0.25 lfw",
        "mobilenet",
        LFW,
        (*YUNET, "--alpha", "0.25", "--weights", WEIGHTS.format("2_5", "float")),
        "LFW, 42 people",
        ("default",),
    ),
)


def edgeface(*words: str | Path) -> dict[str, Any]:
    """Run a command on one core; what it printed as JSON."""
    typed = [str(w) for w in words]
    print("$ edgeface", shlex.join(typed), file=sys.stderr, flush=True)
    one = dict.fromkeys(
        ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
    )
    command = [sys.executable, "-m", "edgeface", *typed, "--json"]
    done = subprocess.run(command, capture_output=True, env=os.environ | one, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr.decode()[-2000:])
        done.check_returncode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cell(
    system: System, variant: str, seed: int, data: Path, runs: Path | None = None
) -> dict[str, Any]:
    """Train once; of the first default seed also export and compare.

    Args:
        system: What to train.
        variant: As documented, or by default.
        seed: Of it.
        data: The folder of data sets.
        runs: Where the run is kept, for `benchmarks/int8.py`; None: nowhere.
    """
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        kept = (runs or place) / f"{system.name} {variant} {seed}".replace(" ", "_")
        run = kept if runs else place / "run"
        source = data / system.data[0] if system.data else kept.with_suffix(".csv")
        if not system.data:
            edgeface("data", "draw-points", source, "--force")  # the same for every seed
        words = [w.replace("@", f"{data}/") for w in system.options]
        words += ["--as-documented"] if variant == "documented" else []
        started = time.monotonic()
        trained = edgeface(
            "train", system.network, source, *words, "--seed", str(seed), "--out", run, "--force"
        )
        seconds = time.monotonic() - started
        made: dict[str, Any] = {"trained": {**trained, "run": "run"}, "seconds": round(seconds, 1)}
        if system.name == "simpsons published":
            made["apart"] = apart(run)
        if variant == "default" and seed == 0:
            bundle = place / "bundle"
            edgeface("export", run, "--int8", "--out", bundle)
            compared = edgeface("compare", bundle)
            made["compared"] = {**compared, "compared": ["bundle"], "on": system.data}
            for file in made["compared"]["files"]:
                del file["path"]  # of a temporary folder
        return made


def apart(run: Path) -> dict[str, list[int]]:
    """Test pictures with a near-duplicate among the training ones, and the others: right, of."""
    script = (
        "import json, sys; from pathlib import Path; import numpy as np\n"
        "from edgeface.train.run import Run\n"
        "run = Run.load(Path(sys.argv[1]))\n"
        "side = 'test' if run.split.side('test') else 'validation'\n"
        "pixels, truth = run.crops(side); model = run.model()\n"
        "right = model.predict(pixels.astype('float32'), verbose=0).argmax(1) == truth\n"
        "held = run.split.side(side); trained = run.split.side('training')\n"
        "groups = {e.group for e in trained if e.group is not None}\n"
        "sums = {e.sha256 for e in trained}\n"
        "twin = np.asarray([e.group in groups or e.sha256 in sums for e in held])\n"
        "print(json.dumps({'with': [int(right[twin].sum()), int(twin.sum())],"
        " 'without': [int(right[~twin].sum()), int((~twin).sum())]}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run)], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, list[int]] = json.loads(done.stdout.splitlines()[-1])
    return found


def figure(made: dict[str, Any]) -> float:
    """What a training is judged by: accuracy on what it never chose by, or its L2 error."""
    trained = made["trained"]
    if trained.get("task") == "regress":
        return float(trained["all"]["l2"])
    return float((trained.get("test") or trained["validation"])["accuracy"])


def spread(values: list[float], digits: int) -> str:
    """Mean and, of several, standard deviation."""
    if not values:
        return "–"
    text = f"{statistics.fmean(values):.{digits}f}"
    return text + (f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else "")


def row(system: System, cells: dict[str, dict[str, Any]], recorded: str) -> str:
    """A Markdown row."""
    words = [system.name, system.about, recorded or "–"]
    digits = 1 if not system.data else 3
    for variant in VARIANTS:
        made = [v for k, v in cells.items() if k.startswith(f"{system.name}|{variant}|")]
        words.append(spread([figure(m) for m in made], digits))
        areas = [side["auc"] for m in made if "auc" in (side := _side(m["trained"]))]
        if areas and system.network == "facepatch":
            words[-1] += f"; AUC {spread(areas, 4)}"
        epochs = [m["trained"]["fit_seconds"] / m["trained"]["epochs"] for m in made]
        counts = _range([m["trained"]["epochs"] for m in made])
        words.append(f"{spread(epochs, 2)} × {counts}" if made else "–")
    own = sorted((k for k in cells if k.startswith(f"{system.name}|")), key=_documented_first)
    first = cells[own[0]] if own else None
    words.insert(3, f"{first['trained']['parameters']:,}" if first else "–")
    return "| " + " | ".join(words) + " |"


def _documented_first(key: str) -> bool:
    return "|documented|" not in key


def _side(trained: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = trained.get("test") or trained.get("validation") or {}
    return found


def _range(values: list[int]) -> str:
    least, most = min(values, default=0), max(values, default=0)
    return str(most) if least == most else f"{least}–{most}"


def leaks(cells: dict[str, dict[str, Any]]) -> list[str]:
    """How much of the published Simpsons figure is memory."""
    lines = []
    for variant in VARIANTS:
        made = [v for k, v in cells.items() if k.startswith(f"simpsons published|{variant}|")]
        told = []
        for key, words in (("with", "have one"), ("without", "have none")):
            right = sum(m["apart"][key][0] for m in made)
            of = sum(m["apart"][key][1] for m in made)
            if of:
                told.append(f"{right / of:.3f} of the {of // len(made)} that {words}")
        if told:
            lines.append(f"- {variant}: {', '.join(told)}")
    if not lines:
        return []
    return [
        "Simpsons, trained on the published split: share of the test pictures answered rightly, "
        "by whether they have a copy or near-duplicate among the training pictures.",
        "",
        *lines,
    ]


def int8(cells: dict[str, dict[str, Any]]) -> list[str]:
    """What int8 cost in the first seed, by default."""
    lines = [
        "| system | file | pictures | accuracy or L2 | against float32 |",
        "|---|---|---|---|---|",
    ]
    for key, made in cells.items():
        for file in made.get("compared", {}).get("files", []):
            if file["scheme"] != "int8":
                continue
            if "accuracy" in file:
                told = f"{file['accuracy']:.3f}", f"{file['delta_points']:+.1f} points"
            else:
                told = f"{file['l2']:.1f}", "see the JSON"
            lines.append(
                f"| {key.split('|')[0]} | {file['format']} | {file.get('n', '–')} | {told[0]} "
                f"| {told[1]} |"
            )
    return lines


def page(cells: dict[str, dict[str, Any]], recorded: dict[str, str]) -> str:
    """The table and what has to stand beside it."""
    head = (
        "system | trained on | recorded | parameters | as documented | s an epoch × epochs "
        "| by default | s an epoch × epochs"
    )
    lines = [
        "# Every documented system",
        "",
        f"| {head} |",
        "|" + "---|" * (head.count("|") + 1),
        *(row(s, cells, recorded.get(s.network, "")) for s in SYSTEMS),
        "",
        "Accuracy on held-back pictures (of `curve` the L2 error over all points), mean ± standard "
        "deviation over the seeds. Where a set has a test side (the Simpsons, by default) it is "
        "that side, which no epoch was chosen on; else the best epoch was chosen on the same "
        "pictures by default, and the last one taken as documented (of `mobilenet` the best). "
        "Without a deviation it is one seed. Trained on one core each, two at a time, the machine "
        "busy besides: seconds are no measurement.",
        "",
        *leaks(cells),
        "",
        "Exported to int8 (first seed, by default):",
        "",
        *int8(cells),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Train what is missing and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--runs", type=Path, help="keep what was trained here")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    kept = asked.out / "systems.json"
    cells: dict[str, Any] = json.loads(kept.read_text("utf-8"))["cells"] if kept.exists() else {}
    listed = json.loads(
        subprocess.run(
            [sys.executable, "-m", "edgeface", "train", "--list", "--json"],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
    )
    recorded = {net["name"]: net["recorded"] for net in listed["networks"]}
    writing = threading.Lock()

    def write() -> None:
        ordered = dict(sorted(cells.items(), key=lambda item: _place(item[0])))
        lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in ordered.items())
        text = f'{{"schema": 1, "cells": {{\n{lines}\n}}}}'
        beside = kept.with_suffix(".new")
        beside.write_text(text + "\n", "utf-8")
        beside.replace(kept)
        kept.with_suffix(".md").write_text(page(ordered, recorded), "utf-8")

    def one(wanted: tuple[System, str, int]) -> None:
        system, variant, seed = wanted
        made = cell(system, variant, seed, asked.data.absolute(), asked.runs)
        with writing:
            cells[f"{system.name}|{variant}|{seed}"] = made
            write()
            print(f"{system.name} {variant} {seed}: {figure(made):.4f}", flush=True)

    missing = [
        (system, variant, seed)
        for seed in asked.seeds
        for system in SYSTEMS
        for variant in system.variants
        if variant in asked.variants
        and (not asked.only or system.name in asked.only)
        and f"{system.name}|{variant}|{seed}" not in cells
    ]
    if not asked.table:
        with ThreadPoolExecutor(asked.jobs) as pool:
            list(pool.map(one, missing))
    write()
    print(page(cells, recorded))


def _place(key: str) -> tuple[float, str, str]:
    name, variant, seed = key.split("|")
    names = [s.name for s in SYSTEMS]
    return names.index(name) if name in names else math.inf, variant, seed


if __name__ == "__main__":
    main()
