"""What is measured of a trained network on each side of its split, and what is said of it aloud."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeface import evaluate
from edgeface.datasets.audit.balance import FEW, UNEVEN

OVERFIT = 0.1


def side(probs: evaluate.Probs, truth: evaluate.Truth, labels: Sequence[str]) -> dict[str, Any]:
    """The figures of one side, as they stand in ``metrics.json``.

    Args:
        probs: (n, classes).
        truth: (n,) class numbers.
        labels: Of the classes.

    Returns:
        pictures, loss, accuracy with its 95 % interval, per_class, confusion; of two classes also
        auc, the area under the ROC curve of the second one. A class without a picture on this side
        has null.
    """
    hits = int((evaluate.best(probs) == truth).sum())
    low, high = evaluate.wilson(hits, len(truth))
    counts = evaluate.confusion(probs, truth)
    shares = [float(row[i] / row.sum()) if row.sum() else None for i, row in enumerate(counts)]
    told: dict[str, Any] = {
        "pictures": len(truth),
        "loss": evaluate.cross_entropy(probs, truth),
        "accuracy": hits / len(truth),
        "accuracy_low": low,
        "accuracy_high": high,
        "per_class": dict(zip(labels, shares, strict=True)),
        "confusion": counts.tolist(),
    }
    if len(labels) == 2 and len(np.unique(truth)) == 2:
        told["auc"] = evaluate.auc(probs[:, 1], truth == 1)
    return told


def warnings_before(
    per_class: Mapping[str, int], held_back: int, leaks: int, near: str
) -> tuple[str, ...]:
    """What is wrong with a data set, said before it is trained on.

    Args:
        per_class: Label → number of training pictures.
        held_back: Number of pictures held back.
        leaks: How many training pictures have a near-duplicate among those held back.
        near: Where the held-back pictures stand, in words.
    """
    told = []
    if leaks:
        told.append(
            f"{leaks} of {sum(per_class.values())} training pictures are copies or near-duplicates "
            f"of pictures in {near}: what is measured there is partly memory "
            "(--drop-leaks leaves them out)"
        )
    few = [label for label, n in per_class.items() if n < FEW]
    if few:
        names = ", ".join(few[:5]) + (", …" if len(few) > 5 else "")
        told.append(f"fewer than {FEW} training pictures of {len(few)} classes: {names}")
    most, least = max(per_class.values()), min(per_class.values())
    if most >= UNEVEN * least:
        told.append(f"uneven classes: {least} to {most} training pictures; accuracy hides the rare")
    if held_back < 30:
        told.append(f"{held_back} pictures are held back: one of them is {100 / held_back:.0f} %")
    return tuple(told)


def warnings_after(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with a training, from its metrics."""
    training, held = metrics["training"], metrics["validation"]
    gap = training["accuracy"] - held["accuracy"]
    told = []
    if gap > OVERFIT and training["accuracy"] > held["accuracy_high"]:
        told.append(
            f"it overfits: accuracy {training['accuracy']:.3f} on what it was trained on, "
            f"{held['accuracy']:.3f} on what was held back; more and more varied pictures help"
        )
    weak = [label for label, share in held["per_class"].items() if share == 0]
    if weak:
        names = ", ".join(weak[:5]) + (", …" if len(weak) > 5 else "")
        told.append(f"never right on the held-back pictures of {names}")
    return tuple(told)
