"""What a model file of ours says of itself: checked value by value, whoever altered it."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from edgeface import records
from edgeface.acceptance import SCORES, Score, from_text
from edgeface.bundlefolder import Task
from edgeface.errors import BackendError
from edgeface.images import Preprocess
from edgeface.modelfile.facts import RAW, Facts
from edgeface.modelfile.labels import MOST_LABELS
from edgeface.runtime.graph import Graph
from edgeface.runtime.metadata import entry

METADATA = "edgeface"
MOST_METADATA = 1 << 20  # characters
REMEDY = "its metadata was altered: copy it again from where it was made"
_KNOWN = ("edgeface", "network", "scheme", "task", "weights_sha256", "detector")
_RANGES: Mapping[Score, tuple[float, float]] = {
    "maximum": (0.0, 1.0),
    "margin": (0.0, 1e6),
    "energy": (-1e6, 1e6),
    "distance": (-1.0, 1.0),
}
_FORMS = {
    "edgeface": r"[0-9A-Za-z.+-]{1,40}",
    "network": r".{1,100}",
    "scheme": r"[0-9a-z]{1,20}",
    "task": "|".join(get_args(Task)),
    "weights_sha256": r"[0-9a-f]{64}",
    "detector": r"[a-z]{1,20}",
}


def read_tflite(path: Path, content: bytes) -> Mapping[str, Any]:
    """The metadata of a TFLite file of ours; nothing where another program wrote it."""
    where = f"{path}: metadata"
    found = entry(content, METADATA, str(path))
    if found is None:
        return {}
    if len(found) > MOST_METADATA:
        msg = f"{where} of {len(found)} bytes; at most {MOST_METADATA} are read"
        raise BackendError(msg, remedy=REMEDY)
    try:
        data = records.from_json(found.decode("utf-8"), where, BackendError)
    except UnicodeDecodeError as error:
        msg = f"{where}: not text in UTF-8"
        raise BackendError(msg, remedy=REMEDY) from error
    if not isinstance(data, dict) or not data:
        msg = f"{where}: no table of facts"
        raise BackendError(msg, remedy=REMEDY)
    return data


def read_onnx(graph: Graph) -> Mapping[str, Any]:
    """The metadata of an ONNX file of ours, or nothing."""
    return graph.entries if METADATA in graph.entries else {}


def with_own(facts: Facts, data: Mapping[str, Any]) -> Facts:
    """The facts of a file with what its metadata says.

    Raises:
        BackendError: It is not what `edgeface export` writes, or does not go with the tensors.
    """
    where = f"{facts.path}: metadata"
    texts = {key: _text(data, key, where) for key in _KNOWN}
    task: Task = "regress" if texts["task"] == "regress" else "classify"
    read = ("labels", "preprocess", "threshold", "score", "class_means")
    facts = replace(
        facts,
        task=task,
        scheme=texts["scheme"] or facts.scheme,
        network=texts["network"],
        weights_sha256=texts["weights_sha256"],
        edgeface=texts["edgeface"],
        detector=texts["detector"],
        more=tuple(
            (str(key)[:60], str(value)[:200])
            for key, value in data.items()
            if key not in _KNOWN + read and str(key).isprintable() and str(value).isprintable()
        ),
    )
    if task == "regress":
        return facts
    prepare = records.build(
        Preprocess, _json(data, "preprocess", where), f"{where}: preprocess", BackendError
    )
    labels = _labels(_json(data, "labels", where), where)
    score = _score(data, where)
    if facts.picture_shape != prepare.shape or facts.classes != len(labels):
        msg = (
            f"{where}: {len(labels)} labels and pixels of {prepare.shape} do not go with tensors "
            f"of {facts.input.shape} and {[port.shape for port in facts.graph.outputs]}"
        )
        raise BackendError(msg, remedy=REMEDY)
    return replace(
        facts,
        labels=labels,
        preprocess=prepare,
        threshold=_threshold(data, score, where),
        score=score,
        means=_means(data, len(labels), where) if score == "distance" else None,
        colour=prepare.colour,
        framing=prepare.framing,
        scaling=RAW,
        answers="probs",
    )


def _text(data: Mapping[str, Any], key: str, where: str) -> str | None:
    value = data.get(key)
    if value is None:
        return None
    right = isinstance(value, str) and value.isprintable() and re.fullmatch(_FORMS[key], value)
    if not right:
        msg = f"{where}: {key} {str(value)[:60]!r} is not what edgeface writes"
        raise BackendError(msg, remedy=REMEDY)
    return str(value)


def _json(data: Mapping[str, Any], key: str, where: str) -> Any:
    """A value that is JSON within a text, as ONNX needs it and TFLite has it too."""
    value = data.get(key)
    if not isinstance(value, str) or len(value) > MOST_METADATA:
        msg = f"{where}: {key} is missing, or is no text"
        raise BackendError(msg, remedy=REMEDY)
    return records.from_json(value, f"{where}: {key}", BackendError)


def _labels(data: Any, where: str) -> tuple[str, ...]:
    if not isinstance(data, list) or not 0 < len(data) <= MOST_LABELS:
        msg = f"{where}: labels: no list of 1 to {MOST_LABELS} names"
        raise BackendError(msg, remedy=REMEDY)
    for label in data:
        if not isinstance(label, str) or not label.isprintable() or not 0 < len(label) <= 1000:
            msg = f"{where}: labels: {json.dumps(label)[:60]} is no name"
            raise BackendError(msg, remedy=REMEDY)
    if len(set(data)) < len(data):
        msg = f"{where}: labels: one stands twice"
        raise BackendError(msg, remedy=REMEDY)
    return tuple(data)


def _score(data: Mapping[str, Any], where: str) -> Score:
    value = data.get("score", "maximum")
    for known in SCORES:
        if value == known:
            return known
    msg = f"{where}: score {str(value)[:60]!r}: one of {', '.join(SCORES)}"
    raise BackendError(msg, remedy=REMEDY)


def _means(data: Mapping[str, Any], classes: int, where: str) -> NDArray[np.float32]:
    try:
        return from_text(str(data.get("class_means", "")), classes)
    except ValueError as error:
        msg = f"{where}: class_means are not those of {classes} classes"
        raise BackendError(msg, remedy=REMEDY) from error


def _threshold(data: Mapping[str, Any], score: Score, where: str) -> float:
    value = data.get("threshold")
    try:
        number = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    # The smallest step above 1 is what nobody reaches.
    low, high = _RANGES[score]
    if isinstance(value, bool) or not (low <= number <= math.nextafter(high, math.inf)):
        msg = f"{where}: threshold {str(value)[:60]!r} is no number from {low:g} to {high:g}"
        raise BackendError(msg, remedy=REMEDY)
    return number
