"""From what a tensor answered to the range that int8 gives it, other than from least to largest.

ONNX Runtime 1.31 offers a percentile and an entropy, but its quantiser does not let one say of how
many bins: entropy then has a single candidate, which is from least to largest, and the percentile
clips pixels too (decision 15). So the ranges are chosen here and handed over.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.calibration import Method
from edgeface.convert.calibration.tensors import BINS, Seen, look

# Of the values, in percent; what lies beyond at both ends together is clipped.
PERCENTILE = 99.99
LEVELS = 255  # of int8, as the quantiser uses it
# Of fewer values it cannot be told which of them are outliers: the logits, which decide, have few.
LEAST_VALUES = 10 * BINS
_CODES = 128  # of one side, in the search of the entropy (Migacz 2017)
_TRIED = np.linspace(0.3, 1.0, 71)  # shares of the range, in the search of the squared error


def kept(
    float32: bytes, name: str, pictures: NDArray[Any], method: Method, place: Path | None = None
) -> dict[str, list[dict[str, Any]]]:
    """The range of every tensor, as ONNX Runtime takes it.

    Args:
        float32: A file whose batch norms are folded already.
        name: Of its input.
        pictures: (n, …) what the input may be.
        method: What sets a range.
        place: Where they are kept for the next call with the same file, pictures and method.
    """
    ranges: dict[str, tuple[float, float]]
    if place is not None and place.is_file():
        ranges = json.loads(place.read_text("utf-8"))
    else:
        seen = look(float32, name, pictures)
        ranges = {key: chosen(one, method) for key, one in seen.items()}
        if place is not None:
            place.write_text(json.dumps(ranges), "utf-8")
    return {
        key: [{"rmin": np.float32(low), "rmax": np.float32(high)}]
        for key, (low, high) in ranges.items()
    }


def chosen(seen: Seen, method: Method) -> tuple[float, float]:
    """The range of one tensor, 0 within it.

    Args:
        seen: What it answered.
        method: What of it sets the range. Pixels always get theirs from least to largest: a grey
            level that is clipped is lost to everything behind.
    """
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)
    few = seen.counts.sum() < LEAST_VALUES
    if seen.pixels or few or method == "minmax" or seen.high <= seen.low:
        return low, high
    found = _CHOICES[method](seen)
    return max(low, min(found[0], 0.0)), min(high, max(found[1], 0.0))


def _centres(seen: Seen) -> NDArray[np.float64]:
    width = (seen.high - seen.low) / BINS
    return np.asarray(seen.low + width * (np.arange(BINS) + 0.5), np.float64)


def _percentile(seen: Seen) -> tuple[float, float]:
    reached = np.cumsum(seen.counts) / seen.counts.sum()
    tail = (1 - PERCENTILE / 100) / 2
    width = (seen.high - seen.low) / BINS
    first = int(np.searchsorted(reached, tail, "right"))
    last = int(np.searchsorted(reached, 1 - tail))
    return seen.low + width * first, seen.low + width * (min(last, BINS - 1) + 1)


def _one_sided(seen: Seen, sign: int) -> float:
    """The clipping of the values on one side of 0 that loses least by relative entropy.

    The distribution clipped at a threshold, with all beyond it in its last bin, against the same
    in `_CODES` steps (Migacz, "8-bit inference with TensorRT", 2017).
    """
    values = sign * _centres(seen)
    counts = seen.counts[values > 0]
    if sign < 0:
        counts = counts[::-1]
    if len(counts) <= _CODES:
        return max(0.0, sign * (seen.high if sign > 0 else seen.low))
    width = (seen.high - seen.low) / BINS
    # 0 itself is exact in either: behind a ReLU it would drown everything else.
    masses = np.asarray(counts, np.float64)
    if seen.low == 0.0:
        masses[0] = 0.0
    tried = range(_CODES, len(counts) + 1, max(1, (len(counts) - _CODES) // 100))
    losses = [_lost(masses, n) for n in tried]
    best = tried[int(np.argmin(losses))]
    return width * (len(counts) if best >= len(counts) - 1 else best)


def _lost(counts: NDArray[np.float64], n: int) -> float:
    clipped = counts[:n].copy()
    clipped[-1] += counts[n:].sum()
    if not clipped.any():
        return np.inf
    code = np.arange(n) * _CODES // n
    filled = counts[:n] > 0
    mass = np.bincount(code, counts[:n], _CODES)
    share = np.bincount(code, filled, _CODES)
    coarse = np.where(filled, mass[code] / np.maximum(share[code], 1), 0.0)
    if not coarse.any():
        return np.inf
    p, q = clipped / clipped.sum(), coarse / coarse.sum()
    within = p > 0
    return float((p[within] * np.log(p[within] / np.maximum(q[within], 1e-10))).sum())


def _squared(seen: Seen) -> tuple[float, float]:
    """The clipping that loses least by squared error, rounding and clipping together.

    Both ends are tried in turn, the other as it is: they hardly depend on each other.
    """
    values, counts = _centres(seen), seen.counts.astype(np.float64)
    low, high = min(seen.low, 0.0), max(seen.high, 0.0)

    def lost(low: float, high: float) -> float:
        step = (high - low) / LEVELS
        beyond = values - np.clip(values, low, high)
        return float((counts * beyond**2).sum() + counts.sum() * step**2 / 12)

    high = min((high * share for share in _TRIED), key=lambda end: lost(low, end))
    low = min((low * share for share in _TRIED), key=lambda end: lost(end, high))
    return low, high


def _entropy(seen: Seen) -> tuple[float, float]:
    return -_one_sided(seen, -1), _one_sided(seen, 1)


_CHOICES: dict[Method, Callable[[Seen], tuple[float, float]]] = {
    "percentile": _percentile,
    "entropy": _entropy,
    "mse": _squared,
}
