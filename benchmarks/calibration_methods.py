"""What of the calibration pictures should set a range? Every method of ONNX int8, on trained runs.

    python benchmarks/calibration_methods.py RUN [RUN …] [--seeds 1] [--pictures 200] [--most 600]

Each method quantises the same float32 file on the same draws from the training side and answers
the same validation pictures (at most so many, evenly spread). Written are calibration-methods.json,
raw, and calibration-methods.md: accuracy, agreement with the trained network, and the mean
difference of a probability to it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import evaluate
from edgeface.calibration import METHODS
from edgeface.convert.calibration.candidates import of_training
from edgeface.convert.calibration.draw import with_black_and_white
from edgeface.convert.calibration.trials import Trials
from edgeface.convert.network import Network
from edgeface.train.run import Run


def measure(folder: Path, seeds: int, pictures: int, most: int) -> list[dict[str, Any]]:
    """A row a method and seed."""
    run = Run.load(folder)
    network = Network.take(run.model())
    offered = of_training(run.split, *run.crops("training"))
    pixels, truth = run.crops("validation")
    spread = np.linspace(0, len(pixels) - 1, min(most, len(pixels))).round().astype(int)
    pixels, truth = pixels[spread], truth[spread]
    probs = network.infer(pixels)
    rows = []
    for method in METHODS:
        trials = Trials(network, method, pixels)
        for seed in range(seeds):
            shown = with_black_and_white(offered.drawn(pictures, seed).pixels)
            own = trials.answers("onnx", shown)
            rows.append(
                {
                    "run": folder.name,
                    "method": method,
                    "seed": seed,
                    "calibrated_on": len(shown) - 2,
                    "pictures": len(truth),
                    "float_accuracy": evaluate.accuracy(probs, truth),
                    "accuracy": evaluate.accuracy(own, truth),
                    "agreement": evaluate.agreement(own, probs),
                    "mean_difference": float(np.abs(own - probs).mean()),
                }
            )
            print(rows[-1], flush=True)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """A line a run and method, means over the seeds."""
    lines = [
        "| run | method | draws | by | pictures | float | int8 | agreement | difference |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for run, method in dict.fromkeys((row["run"], row["method"]) for row in rows):
        own = [row for row in rows if (row["run"], row["method"]) == (run, method)]
        accuracy, agreement, difference = (
            np.mean([row[key] for row in own])
            for key in ("accuracy", "agreement", "mean_difference")
        )
        first = own[0]
        lines.append(
            f"| {run} | {method} | {len(own)} | {first['calibrated_on']} | {first['pictures']} | "
            f"{first['float_accuracy']:.4f} | {accuracy:.4f} | {agreement:.4f} | {difference:.5f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure every run, and write after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--most", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path())
    asked = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for run in asked.runs:
        rows += measure(run, asked.seeds, asked.pictures, asked.most)
        (asked.out / "calibration-methods.json").write_text(json.dumps(rows, indent=1) + "\n")
        (asked.out / "calibration-methods.md").write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
