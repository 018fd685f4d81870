"""What a model file is made of, as its bytes say it: tensors, operators, kinds of numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeface.bundle import Tensor

Head = Literal["softmax", "sigmoid", "linear"]

PROBS = "probs"  # as the output that names is called in files of ours
MOST_BYTES = 1 << 30  # of a model file; larger ones do not belong on a small board


@dataclass(frozen=True, slots=True)
class Graph:
    """A model file as its bytes describe it; nothing of it was run.

    Attributes:
        inputs: In the order of the file; free dimensions are -1.
        outputs: The same.
        operators: Kind → how many, the most frequent first.
        scheme: ``float32``, ``float16``, ``dynamic``, ``int8``, ``uint8`` (TFLite's first kind),
            ``int16x8``, or ``mixed`` where layers differ; None where no layer tells.
        heads: What computes each output: a softmax or a sigmoid, so that it is a probability; a
            layer, so that it is a logit; None where it is something else.
        producer: The program that wrote it, as far as told.
        logit_step: Scale of the integers that the first output's softmax or sigmoid, in float, is
            computed from; 0 where there are none.
        entries: Text that the file carries about itself: name → value (ONNX).
        kinds: Kinds of numbers of all its tensors (TFLite).
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    operators: Mapping[str, int]
    scheme: str | None
    heads: tuple[Head | None, ...]
    producer: str
    entries: Mapping[str, str]
    logit_step: float = 0.0
    kinds: frozenset[str] = frozenset()


def shape_text(tensor: Tensor) -> str:
    """``(any, 96, 96, 3)``: a shape as users read it."""
    return f"({', '.join('any' if n < 0 else str(n) for n in tensor.shape)})"


def common_scheme(kinds: Sequence[str | None]) -> str | None:
    """One word for the schemes of all layers."""
    found = set(kinds)
    if not found or None in found:
        return None
    if found == {"dynamic", "float32"}:  # the converter leaves small layers as they are
        return "dynamic"
    return str(found.pop()) if len(found) == 1 else "mixed"


def by_count(kinds: Sequence[str]) -> dict[str, int]:
    """Kind → how many, the most frequent first."""
    counts = dict.fromkeys(kinds, 0)
    for kind in kinds:
        counts[kind] += 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
