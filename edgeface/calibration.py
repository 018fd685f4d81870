"""What a manifest says of the pictures that set the ranges of int8, and of what they were worth."""

from dataclasses import dataclass
from typing import Literal

# What of the calibration sets a range: the least and the largest value; a percentile; the clipping
# that loses least by relative entropy; the one that loses least by squared error.
Method = Literal["minmax", "percentile", "entropy", "mse"]
METHODS: tuple[Method, ...] = ("minmax", "percentile", "entropy", "mse")

Kind = Literal[
    "too few",
    "duplicates",
    "near-duplicates",
    "one class",
    "missing classes",
    "wrong scaling",
    "clipped range",
    "not like the evaluation data",
    "overlap",
]


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a calibration set.

    Attributes:
        kind: What it is called.
        severity: ``error`` stops an export, ``warning`` is told and kept.
        said: With the numbers.
        remedy: What to do about it.
    """

    kind: Kind
    severity: Severity
    said: str
    remedy: str


@dataclass(frozen=True, slots=True)
class LayerRange:
    """What a layer answered to the calibration pictures, and to those held back.

    Attributes:
        layer: Its name in the network.
        low: Its least value in calibration, black and white among the pictures.
        high: Its largest value there.
        held_low: Its least value on the pictures held back.
        held_high: Its largest value there.
        clipped: Share of its values on the pictures held back that lie outside of ``low`` to
            ``high``: int8 would clip them.
    """

    layer: str
    low: float
    high: float
    held_low: float
    held_high: float
    clipped: float


@dataclass(frozen=True, slots=True)
class Halves:
    """Two files of one format, each calibrated on one half of the pictures.

    Attributes:
        format: ``tflite`` or ``onnx``.
        scheme: ``int8`` or ``int16x8``.
        pictures: In the smaller half.
        agreement: Share of the pictures held back that both answer alike, 0 to 1.
        difference_points: Accuracy of the first less that of the second, percentage points.
    """

    format: Literal["tflite", "onnx"]
    scheme: Literal["int8", "int16x8"]
    pictures: int
    agreement: float
    difference_points: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The pictures that set the ranges of the int8 files; black and white are always added.

    Attributes:
        pictures: SHA-256 of each.
        seed: Of the draw.
        method: What was asked to set the ranges; what a file got stands beside the file.
        source: Where the pictures come from, in words.
        left_out: How many could not be drawn, because they or near-duplicates of them are held
            back.
        findings: What is wrong with them.
        ranges: The layers of which most is clipped; empty where none was looked at.
        halves: How much it matters which pictures were drawn; empty where nobody asked.
    """

    pictures: tuple[str, ...]
    seed: int
    method: Method = "minmax"
    source: str = "training side"
    left_out: int = 0
    findings: tuple[Finding, ...] = ()
    ranges: tuple[LayerRange, ...] = ()
    halves: tuple[Halves, ...] = ()
