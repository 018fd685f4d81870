"""Any model file under the contract, whatever its tensors are: pixels in, probabilities out."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import sealed
from edgeface.bundle import Tensor
from edgeface.errors import BackendError, UsageError
from edgeface.images import Pixels
from edgeface.modelfile.facts import SCALINGS, Facts, Scaling
from edgeface.runtime import Backend, open_backend
from edgeface.runtime.graph import shape_text
from edgeface.runtime.placement import Placement

_INTEGERS = ("uint8", "int8")


class Model:
    """A foreign model file behind the seam: see `edgeface.runtime.backend.Backend`.

    Args:
        backend: The loaded file.
        facts: Complete.
    """

    def __init__(self, backend: Backend, facts: Facts) -> None:
        assert facts.preprocess is not None
        assert facts.classes is not None
        self._backend, self._planar = backend, facts.planar
        self.name, self.threads = backend.name, backend.threads
        self.device, self.precision = backend.device, backend.precision
        self.input = Tensor("pixels", "uint8", (1, *facts.preprocess.shape))
        self.output = Tensor("probs", "float32", (1, facts.classes))
        self.outputs = (self.output,)
        self._to_input = _to_input(facts)
        self._to_probs = _to_probs(facts)

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(height, width, channels) uint8 → (classes,) float32."""
        return self._to_probs(np.ravel(self._backend.infer(self._given(pixels))))

    def infer_all(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """Its probabilities alone: what else a foreign file answers is not known."""
        return {self.output.name: self.infer(pixels)}

    def bind(self, pixels: NDArray[Any]) -> Callable[[], object]:
        """The runtime alone, on pixels that were made its input already."""
        return self._backend.bind(self._given(pixels))

    def placement(self) -> Placement:
        """Of the file."""
        return self._backend.placement()

    def _given(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """What the file takes of pixels."""
        value = self._to_input(pixels)
        return np.ascontiguousarray(np.moveaxis(value, -1, 0)) if self._planar else value


def open_model(facts: Facts, threads: int = 1) -> Backend:
    """Load a model file that stands alone.

    Args:
        facts: Of the file, completed where it is foreign.
        threads: For the computation.

    Returns:
        A backend that takes uint8 (height, width, channels) raw pixels and answers float32
        (classes,) probabilities.

    Raises:
        UsageError: Something is still missing that only its user knows.
        BackendError: It does not tell classes of pictures apart, cannot be run here, or was changed
            since it was read.
    """
    check_kind(facts)
    _check_told(facts)
    backend = open_backend(facts.path, threads=threads)
    if sealed.sha256(facts.path) != facts.sha256:
        msg = f"{facts.path} was changed after it was read"
        raise BackendError(msg, remedy="start again")
    fixed = tuple(max(n, 1) for n in facts.input.shape)
    if backend.input.dtype != facts.input.dtype or fixed != tuple(
        max(n, 1) for n in backend.input.shape
    ):
        msg = f"{facts.path}: {backend.name} reads another input than its bytes describe"
        raise BackendError(msg, remedy="convert the model again")
    under_contract = facts.input.dtype == "uint8" and backend.output.dtype == "float32"
    return backend if under_contract and not facts.foreign else Model(backend, facts)


def check_kind(facts: Facts) -> None:
    """Refuse what names no pictures, whatever options say.

    Raises:
        UsageError: It answers numbers.
        BackendError: Its input is no picture, or its answer no list of scores.
    """
    path, port = facts.path, facts.input
    if facts.task == "regress":
        msg = f"{path} answers numbers, not names"
        raise UsageError(msg, remedy="edgeface bench and show work with it")
    if facts.picture_shape is None:
        many = len(facts.graph.inputs)
        takes = f"{many} inputs" if many > 1 else f"{port.dtype} {shape_text(port)}"
        msg = f"{path} takes {takes}; a picture of one fixed size, gray or of three colours, is run"
        raise BackendError(msg, remedy="export it with one input, (1, height, width, channels)")
    if port.dtype not in (*_INTEGERS, "float32"):
        msg = f"{path} takes {port.dtype}; uint8, int8 and float32 are run"
        raise BackendError(msg)
    if facts.classes is None:
        shapes = ", ".join(shape_text(p) for p in facts.graph.outputs[:4])
        more = "" if len(facts.graph.outputs) <= 4 else ", …"
        msg = f"{path} answers {shapes}{more}; one list of scores, (1, classes), is needed"
        raise BackendError(
            msg, remedy="detectors are named with --detector; edgeface bench runs it"
        )
    answer = facts.answer
    assert answer is not None
    if answer.dtype not in (*_INTEGERS, "float32") or (
        answer.dtype in _INTEGERS and not answer.scale
    ):
        msg = f"{path} answers {answer.dtype} without a scale: no probabilities can be made of it"
        raise BackendError(msg)


def missing(facts: Facts) -> dict[str, str]:
    """What only its user knows, and `open_model` needs: option → what it may be."""
    wanted = {
        "labels": (facts.labels, "FILE"),
        "colour": (facts.colour, "rgb|bgr"),
        "scaling": (facts.scaling, "|".join(SCALINGS)),
        "framing": (facts.framing, "whole|stretched|face"),
        "answers": (facts.answers, "probs|logits"),
    }
    return {f"--{name}": value for name, (known, value) in wanted.items() if known is None}


def _check_told(facts: Facts) -> None:
    """Everything that is missing at once, with what to add."""
    options = missing(facts)
    if options:
        names = ", ".join(option.removeprefix("--") for option in options)
        msg = f"{facts.path} does not say its {names}"
        raise UsageError(msg, remedy="add " + " ".join(f"{o} {v}" for o, v in options.items()))


def _to_input(facts: Facts) -> Callable[[Pixels], NDArray[Any]]:
    port, scaling = facts.input, facts.scaling
    assert scaling is not None
    if port.dtype == "float32":
        scale, offset = (np.asarray(v, np.float32) for v in (scaling.scale, scaling.offset))
        return lambda pixels: np.multiply(pixels, scale, dtype=np.float32) + offset
    table = _table(facts, port, scaling)
    if len(scaling.scale) == 1:
        one = table[:, 0]
        return lambda pixels: one[pixels]
    channels = np.arange(len(scaling.scale))
    return lambda pixels: table[pixels, channels]


def _table(facts: Facts, port: Tensor, scaling: Scaling) -> NDArray[Any]:
    """(256, 1 or channels): the integer of every grey level.

    Where the scaling maps the levels on the integers one to one, as converters mean it, they are
    taken as they are: rounding would send half a step up here and down there.
    """
    whole = np.iinfo(port.dtype)
    levels = np.arange(256)
    plain = (levels + whole.min).astype(port.dtype)[:, None]
    if not port.scale or not facts.foreign:
        return plain
    real = levels[:, None] * np.asarray(scaling.scale) + np.asarray(scaling.offset)
    exact = real / port.scale + port.zero_point
    if np.abs(exact - plain).max() <= 0.51:
        return np.repeat(plain, len(scaling.scale), axis=1)
    if exact.min() < whole.min - 1 or exact.max() > whole.max + 1:
        low, high = ((end - port.zero_point) * port.scale for end in (whole.min, whole.max))
        msg = (
            f"--scaling {scaling.name}: the input of {facts.path} holds {low:.3g} to {high:.3g}, "
            "pixels would be clipped"
        )
        raise UsageError(msg, remedy=f"one of {', '.join(SCALINGS)} may fit")
    table: NDArray[Any] = np.clip(np.rint(exact), whole.min, whole.max).astype(port.dtype)
    return table


def _to_probs(facts: Facts) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    port, logits = facts.answer, facts.answers == "logits"
    assert port is not None
    scale, zero = np.float32(port.scale), port.zero_point
    quantised, pair = port.dtype in _INTEGERS, port.shape[-1] == 1

    def probs(answer: NDArray[Any]) -> NDArray[np.float32]:
        value: NDArray[np.float32] = answer.astype(np.float32)
        if quantised:
            value = np.multiply(value - np.float32(zero), scale)
        if logits:
            value = np.exp(value - value.max())
            value /= value.sum()
        if pair and len(value) == 1:
            value = np.concatenate([1 - value, value])
        return value.astype(np.float32, copy=False)

    return probs
