"""What an explanation says to a machine: ``explain.json`` and ``--json``, schema 1."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.train.explain.explanation import Explained, Explanation, FileExplained

SCHEMA = 1


def as_dict(found: Explanation) -> dict[str, Any]:
    """Plain values; ``docs/explain.md`` says what they mean."""
    subject = found.subject
    return {
        "schema": SCHEMA,
        "kind": "explanation",
        "picture": {"name": subject.name, "label": subject.label or None, "cut": subject.how},
        **_network(found.main),
        "bundle": found.bundle or None,
        "files": [_file(file, found.main.labels) for file in found.files],
        "beside": None
        if found.beside is None
        else {**_network(found.beside), "same_pictures": found.same_pictures},
    }


def _network(of: Explained) -> dict[str, Any]:
    whole = of.totals
    return {
        "run": of.run,
        "network": of.network,
        "answer": _probs(of.labels, of.probs),
        "parameters": whole.parameters,
        "macs": whole.macs,
        "uncounted": list(whole.uncounted),
        "layers": [
            {
                "name": layer.name,
                "kind": layer.kind,
                "shape": list(layer.shape),
                "parameters": layer.parameters,
                "macs": layer.macs,
            }
            for layer in of.layers
        ],
        "accuracy": of.accuracy,
        "pictures": of.pictures,
        "confusion": [list(row) for row in of.confusion],
    }


def _file(of: FileExplained, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "file": of.file.name,
        "format": of.file.format,
        "scheme": of.file.scheme,
        "answer": _probs(labels, of.probs),
        "disturbed": of.disturbed,
        "layers": [
            {
                "name": found.layer,
                "tensor": found.tensor or None,
                "dtype": found.dtype or None,
                "found_by": found.by,
                "reason": found.reason or None,
                "largest": None if apart is None else apart.largest,
                "mean": None if apart is None else apart.mean,
                "sqnr_db": None if apart is None else apart.sqnr_db,
            }
            for found, apart in zip(of.matches, of.differences, strict=True)
        ],
    }


def _probs(labels: Sequence[str], probs: NDArray[np.float32]) -> dict[str, float]:
    return {label: float(p) for label, p in zip(labels, probs, strict=True)}
