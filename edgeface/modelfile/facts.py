"""What is known of a model file without its bundle."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.acceptance import Score
from edgeface.bundle import Tensor
from edgeface.bundlefolder import Format, Task
from edgeface.errors import UsageError
from edgeface.images import Colour, Framing, Preprocess
from edgeface.runtime.graph import PROBS, Graph

Answers = Literal["probs", "logits"]


@dataclass(frozen=True, slots=True)
class Scaling:
    """What is made of pixels before a network: ``pixels * scale + offset``.

    Attributes:
        name: How users write it.
        scale: One number, or one a channel.
        offset: As many.
    """

    name: str
    scale: tuple[float, ...]
    offset: tuple[float, ...]

    def __post_init__(self) -> None:
        numbers = (*self.scale, *self.offset)
        usable = all(math.isfinite(n) for n in numbers) and 0 not in self.scale
        if not usable or len(self.scale) != len(self.offset) or len(self.scale) not in (1, 3):
            msg = f"scaling {self.name}: {self.scale} and {self.offset} scale no pixels"
            raise UsageError(msg)


RAW = Scaling("0..255", (1.0,), (0.0,))
SCALINGS: Mapping[str, Scaling] = {
    "-1..1": Scaling("-1..1", (1 / 127.5,), (-1.0,)),
    "0..1": Scaling("0..1", (1 / 255,), (0.0,)),
    "0..255": RAW,
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a model file: read from it, or completed by options.

    Attributes:
        path: Where it is.
        format: ``tflite`` or ``onnx``.
        foreign: Whether another program wrote it, so that it has no metadata of ours.
        task: ``classify``, ``regress``; None where nothing tells.
        scheme: As our metadata says, or as its tensors are (see `edgeface.runtime.graph.Graph`).
        network: ``friends`` and the like.
        labels: Class names in the order of the output; all different.
        preprocess: From a picture to its pixels.
        threshold: The least score that earns a name.
        score: Which score that is.
        means: (classes, d) float32, mean embeddings; of the score ``distance`` only.
        weights_sha256: Of the weights of the run that it was made from.
        edgeface: Version that wrote it.
        sha256: Of the file.
        size_bytes: Of the file.
        graph: Its tensors and operators.
        colour: Order of the channels, as far as told; `preprocess` has it too.
        framing: What of a picture it wants, as far as told; `preprocess` has it too.
        detector: Whose crops it was trained on.
        scaling: What its input wants of pixels; `RAW` where the scaling is in the file.
        answers: Whether its output holds probabilities or logits.
        more: (key, value) that its metadata holds and this version does not read.
    """

    path: Path
    format: Format
    foreign: bool
    task: Task | None
    scheme: str | None
    network: str | None
    labels: tuple[str, ...] | None
    preprocess: Preprocess | None
    threshold: float | None
    weights_sha256: str | None
    edgeface: str | None
    sha256: str
    size_bytes: int
    graph: Graph
    colour: Colour | None = None
    framing: Framing | None = None
    detector: str | None = None
    scaling: Scaling | None = None
    answers: Answers | None = None
    more: tuple[tuple[str, str], ...] = ()
    score: Score = "maximum"
    means: NDArray[np.float32] | None = None

    @property
    def input(self) -> Tensor:
        """Its input, the first of several."""
        return self.graph.inputs[0]

    @property
    def threshold_text(self) -> str | None:
        """Its threshold as users read it, with the score that it is of."""
        if self.threshold is None:
            return None
        by = "" if self.score == "maximum" else f"{self.score} "
        return f"{by}{self.threshold:.6g}"

    @property
    def planar(self) -> bool:
        """Whether the channels stand before height and width (NCHW)."""
        shape = self.input.shape
        return len(shape) == 4 and shape[3] not in (1, 3) and shape[1] in (1, 3)

    @property
    def picture_shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of its input; None where it takes no picture of a fixed size.

        A free batch is one.
        """
        shape = self.input.shape
        if len(self.graph.inputs) != 1 or len(shape) != 4 or shape[0] not in (1, -1):
            return None
        _, *rest = shape
        height, width, channels = (*rest[1:], rest[0]) if self.planar else rest
        return (height, width, channels) if min(rest) > 0 and channels in (1, 3) else None

    @property
    def answer(self) -> Tensor | None:
        """The output that names; None of a foreign file with several."""
        named = [port for port in self.graph.outputs if port.name == PROBS]
        if self.foreign or not named:
            return self.graph.outputs[0] if len(self.graph.outputs) == 1 else None
        return named[0]

    @property
    def classes(self) -> int | None:
        """How many names it tells apart; None where its answer is no list of scores.

        One sigmoid unit tells two.
        """
        if self.answer is None or not self.answer.shape:
            return None
        first, *rest = self.answer.shape
        if first not in (1, -1) or not rest or sum(n != 1 for n in rest) > 1 or min(rest) < 1:
            return None
        count = math.prod(rest)
        return 2 if count == 1 and self.graph.heads[0] == "sigmoid" else count

    @property
    def notes(self) -> tuple[str, ...]:
        """What was concluded of a foreign file, a sentence each."""
        said = []
        if self.foreign and self.scaling is not None and self.input.scale:
            said.append(f"scaling {self.scaling.name}: the range of its quantised input")
        twice = [
            n for i, n in enumerate(self.labels or ()) if self.foreign and n.endswith(f" ({i})")
        ]
        if twice:
            said.append(f"labels that stand twice have their place added: {', '.join(twice[:6])}")
        if self.answers == "logits":
            said.append("it answers logits; a softmax makes probabilities of them")
        return tuple(said)
