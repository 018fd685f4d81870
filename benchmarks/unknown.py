"""Which score tells strangers from enrolled people, float and int8, and what an estimate is worth.

    python benchmarks/unknown.py RUN STRANGERS [--detector-model FILE]

STRANGERS is a folder per person, or a zip of it; whoever the run was trained on is left out of it.
For every score of `edgeface.vision.unknown`, on the trained network and on its int8 TFLite file:
the threshold is fitted on half of the strangers, by person, and measured on the other half, twenty
times with another draw. Beside it what `edgeface export --far` does without strangers, when each
enrolled person is left out in turn: the rate it promises, and the rate that all strangers show.
Results are kept by the run's name in RESULTS/unknown.json; RESULTS/unknown.md is the table of all.
"""

import argparse
import json
import platform
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import rejection
from edgeface.convert import tflite
from edgeface.convert.beside import every
from edgeface.convert.network import Network
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import open_photos
from edgeface.evaluate import auc
from edgeface.runtime import open_backend
from edgeface.train.run import Run
from edgeface.vision.detect import open_detector
from edgeface.vision.unknown import NEEDS, SCORES, class_means, scores

DRAWS = 20
CALIBRATION = 200
Answers = dict[str, dict[str, np.ndarray]]


def strangers(run: Run, photos: Path, model: Path | None) -> tuple[np.ndarray, list[str]]:
    """Crops of everybody in a folder whom the run does not know, and who they are."""
    with open_photos(photos) as folder:
        others = {p: names for p, names in folder.people.items() if p not in run.labels}
        detector = open_detector(run.config.detector, model)
        faces = cut_faces(folder, others, run.config.preprocess, detector)
    return faces.pixels[:], [entry.label for entry in faces.used]


def int8_answers(network: Network, pixels: dict[str, np.ndarray], seed: int) -> Answers:
    """What the int8 TFLite file answers, its logits and its embedding from a file each."""
    drawn = np.random.default_rng(seed).permutation(len(pixels["training"]))[:CALIBRATION]
    shown = pixels["training"][np.sort(drawn)]
    ends = np.stack([np.zeros_like(shown[0]), np.full_like(shown[0], 255)])
    found: Answers = {side: {} for side in pixels}
    with tempfile.TemporaryDirectory() as folder:
        for beside in ("logits", "embedding"):
            path = Path(folder, f"{beside}.tflite")
            one = replace(network, beside=beside)
            path.write_bytes(tflite.to_int8(one, np.concatenate([shown, ends])))
            backend = open_backend(path)
            for side, own in pixels.items():
                found[side] |= every(backend.infer_all, own)
    return found


def measure(
    answers: Answers,
    truth: dict[str, np.ndarray],
    people: list[str],
    means: np.ndarray,
    far: float,
) -> dict[str, Any]:
    """Every score on one network or file."""
    right = answers["validation"]["probs"].argmax(axis=1) == truth["validation"]
    rows = {}
    for score in SCORES:
        own = scores(score, answers["validation"], means)
        others = scores(score, answers["strangers"], means)
        false, true = [], []
        for seed in range(DRAWS):
            fitting = rejection.halves(people, seed)
            threshold = rejection.fit(others[fitting], far)
            false.append(float((others[~fitting] >= threshold).mean()))
            true.append(float(((own >= threshold) & right).mean()))
        which = np.r_[np.ones(len(own), bool), np.zeros(len(others), bool)]
        rows[score] = {
            "auc": auc(np.r_[own, others], which),
            "false_accepts": statistics.mean(false),
            "false_accepts_deviation": statistics.stdev(false),
            "true_accepts": statistics.mean(true),
            "true_accepts_deviation": statistics.stdev(true),
            "in_turn": in_turn(score, answers, truth, means, others, own, right, far),
        }
    return rows


def in_turn(
    score: Any,
    answers: Answers,
    truth: dict[str, np.ndarray],
    means: np.ndarray,
    others: np.ndarray,
    own: np.ndarray,
    right: np.ndarray,
    far: float,
) -> dict[str, float]:
    """What leaving enrolled people out in turn promises, and what strangers show."""
    told = {
        side: rejection.left_out_in_turn(score, answers[side], truth[side], means)
        for side in ("training", "validation")
    }
    threshold = rejection.fit(told["training"], far)
    return {
        "promised": float((told["validation"] >= threshold).mean()),
        "strangers": float((others >= threshold).mean()),
        "true_accepts": float(((own >= threshold) & right).mean()),
    }


def percent(value: float, deviation: float | None = None) -> str:
    """A share in per cent, without the sign."""
    text = f"{100 * value:.1f}"
    return text if deviation is None else f"{text} ± {100 * deviation:.1f}"


def table(results: dict[str, Any]) -> str:
    """The Markdown of everything that was measured."""
    lines = [
        "# Unknown at a stated false-accept rate",
        "",
        "What `benchmarks/unknown.py` measured; shares in per cent, mean and standard deviation "
        f"over {DRAWS} halvings of the strangers by person. *in turn*: without strangers, each "
        "enrolled person left out once; *promised* is what the held-back pictures show then, "
        "*strangers* what all strangers do at that threshold, *named* the enrolled people then.",
    ]
    for name, found in results.items():
        lines += [
            "",
            f"## {name}: asked {percent(found['far'])} %",
            "",
            f"{found['enrolled']} people enrolled, {found['validation']} pictures held back, "
            f"accuracy {found['accuracy']:.3f}; {found['strangers']} faces of {found['people']} "
            f"strangers from {found['from']}. {found['machine']}",
            "",
            "| network | score | AUC | false accepts | true accepts | in turn: promised "
            "| strangers | named |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for kind in ("float", "int8"):
            for score, row in found[kind].items():
                turn = row["in_turn"]
                lines.append(
                    f"| {kind} | {score} | {row['auc']:.3f} "
                    f"| {percent(row['false_accepts'], row['false_accepts_deviation'])} "
                    f"| {percent(row['true_accepts'], row['true_accepts_deviation'])} "
                    f"| {percent(turn['promised'])} | {percent(turn['strangers'])} "
                    f"| {percent(turn['true_accepts'])} |"
                )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure one run, and write the table of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("strangers", type=Path)
    parser.add_argument("--detector-model", type=Path)
    parser.add_argument("--far", type=float, default=0.01)
    parser.add_argument("--name", help="of the row; by default the run's")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    asked = parser.parse_args()
    rejection.check_rate(asked.far)
    run = Run.load(asked.run)
    pixels, truth = {}, {}
    for side in ("training", "validation"):
        pixels[side], truth[side] = run.crops(side)
    pixels["strangers"], people = strangers(run, asked.strangers, asked.detector_model)
    network = Network.take(run.model())
    assert network.has_parts
    assert set(NEEDS.values()) == {"logits", "embedding"}
    float32 = {side: network.parts(own) for side, own in pixels.items()}
    means = class_means(float32["training"]["embedding"], truth["training"], network.classes)
    right = float32["validation"]["probs"].argmax(axis=1) == truth["validation"]
    int8 = int8_answers(network, pixels, run.config.seed)
    found = {
        "far": asked.far,
        "enrolled": network.classes,
        "validation": len(right),
        "accuracy": float(right.mean()),
        "strangers": len(people),
        "people": len(set(people)),
        "from": asked.strangers.name,
        "machine": platform.machine(),
        "float": measure(float32, truth, people, means, asked.far),
        "int8": measure(int8, truth, people, means, asked.far),
    }
    folder = asked.results / platform.machine().replace("_", "-")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "unknown.json"
    kept = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    kept[asked.name or asked.run.name] = found
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    (folder / "unknown.md").write_text(table(kept), "utf-8")
    print(table({asked.name or asked.run.name: found}))


if __name__ == "__main__":
    main()
