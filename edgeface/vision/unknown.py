"""How sure is a name? Four scores; each is higher the more likely a face is of somebody enrolled.

| score | of | unit |
|---|---|---|
| ``maximum`` | the largest probability | 0 to 1 |
| ``margin`` | the largest over the second largest probability, its logarithm | nats, from 0 |
| ``energy`` | the logits: the logarithm of the sum of their exponentials | nats |
| ``distance`` | the embedding: its cosine to the mean of the class that it is named | -1 to 1 |

The maximum is the baseline of Hendrycks & Gimpel 2017 (arXiv:1610.02136), the energy that of Liu et
al. 2020 (arXiv:2010.03759) with its sign turned. The margin is the difference of the two largest
logits: where a network is so sure that the largest probability is 1 in float32, the margin still
tells such answers apart. The embedding is what the last dense layer is given; cosine to class means
is the rule of many face recognisers. ``distance`` is the name of the method; it is told as a
likeness, so that for it too higher is surer.

A score is no probability of being enrolled, and a threshold on it is only worth what was measured
with it (see `edgeface.rejection`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.acceptance import SCORES as SCORES
from edgeface.acceptance import Score as Score

PROBS, LOGITS, EMBEDDING = "probs", "logits", "embedding"
# The output that a score needs beside the probabilities.
NEEDS: dict[Score, str] = {"energy": LOGITS, "distance": EMBEDDING}

Outputs = Mapping[str, NDArray[np.float32]]
# Below it float32 loses digits, and some processors answer 0.
_LEAST = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """What earns a name in one model file.

    Attributes:
        threshold: The least score that does.
        score: Which one.
        means: (classes, d) float32, the mean embedding of every class; of ``distance`` only.
    """

    threshold: float
    score: Score = "maximum"
    means: NDArray[np.float32] | None = None

    @property
    def needs(self) -> str | None:
        """The output that is needed beside the probabilities."""
        return NEEDS.get(self.score)

    def of(self, outputs: Outputs) -> NDArray[np.float64]:
        """`scores` of many answers by this rule."""
        return scores(self.score, outputs, self.means)

    def named(self, outputs: Outputs) -> NDArray[np.bool_]:
        """Which faces get a name: (n,). A NaN never does."""
        return np.asarray(self.of(outputs) >= self.threshold)


def scores(
    score: Score, outputs: Outputs, means: NDArray[np.float32] | None = None
) -> NDArray[np.float64]:
    """A score of many answers.

    Args:
        score: Which one.
        outputs: Output name → (n, …) float32: ``probs`` always, and what the score `NEEDS`.
        means: (classes, d); for ``distance`` only.

    Returns:
        (n,) float64; NaN where anything that was answered is no number.
    """
    sound: NDArray[np.bool_] = np.asarray(np.isfinite(outputs[PROBS]).all(axis=1))
    needed = NEEDS.get(score)
    if needed is not None:
        sound &= np.isfinite(outputs[needed]).all(axis=1)
    found = np.full(len(sound), np.nan)
    if sound.any():
        found[sound] = _scores(score, {n: v[sound] for n, v in outputs.items()}, means)
    return found


def _scores(
    score: Score, outputs: Outputs, means: NDArray[np.float32] | None
) -> NDArray[np.float64]:
    probs = outputs[PROBS].astype(np.float64)
    match score:
        case "maximum":
            return np.asarray(probs.max(axis=1))
        case "margin":
            return _margin(probs)
        case "energy":
            return _energy(outputs[LOGITS].astype(np.float64))
        case "distance":
            if means is None:
                msg = "the score distance needs the mean embedding of every class"
                raise ValueError(msg)
            nearest = means[probs.argmax(axis=1)].astype(np.float64)
            return _cosine(outputs[EMBEDDING].astype(np.float64), nearest)


def _margin(probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """The logarithm of the largest over the second largest; of a single class its own logarithm."""
    logs = np.log(np.maximum(probs, _LEAST))
    if probs.shape[1] < 2:
        return logs[:, 0]
    top = np.partition(logs, -2, axis=1)
    return np.asarray(top[:, -1] - top[:, -2])


def _energy(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    most = logits.max(axis=1)
    rest = np.exp(logits - most[:, None]).sum(axis=1)  # less the largest: nothing overflows
    return np.asarray(most + np.log(rest))


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row by row; 0 where one of the two is all zeros, as behind a ReLU that nothing passes."""
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    products = np.einsum("ij,ij->i", one, other)
    found: NDArray[np.float64] = np.zeros_like(products)
    np.divide(products, lengths, out=found, where=lengths > 0)
    return found


def class_means(
    embedding: NDArray[np.float32], truth: NDArray[np.intp], classes: int
) -> NDArray[np.float32]:
    """The mean of every class, each picture brought to length 1 first, as the cosine sees it.

    Args:
        embedding: (n, d) of pictures that the network was trained on.
        truth: (n,) class numbers.
        classes: How many there are; each has a picture.

    Returns:
        (classes, d) float32.
    """
    lengths = np.linalg.norm(embedding, axis=1, keepdims=True).astype(np.float64)
    unit = np.divide(embedding, lengths, out=np.zeros(embedding.shape), where=lengths > 0)
    return np.stack([unit[truth == c].mean(axis=0) for c in range(classes)]).astype(np.float32)


def one(outputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The answers to one picture, (…,) each, as `scores` takes them: (1, …)."""
    return {name: np.asarray(value)[None] for name, value in outputs.items()}
