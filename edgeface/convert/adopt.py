"""Somebody's own network brought under the contract: raw pixels in, probabilities out."""

from dataclasses import dataclass
from typing import Any

from edgeface.train import toolchain  # noqa: F401 - first: it silences what is imported next

# isort: split
import keras
import numpy as np

from edgeface.convert.network import check_finite, flat
from edgeface.errors import ConversionError, UsageError
from edgeface.images import Colour
from edgeface.modelfile import SCALINGS
from edgeface.train.networks.blocks import two_classes

_SIDES = (8, 1024)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a network wants of pixels.

    Attributes:
        colour: Order of the channels.
        scaling: A name in `edgeface.modelfile.SCALINGS`; None where the network scales itself.
    """

    colour: Colour
    scaling: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Wanted":
        """``rgb``, ``bgr`` or ``gray``, and after a colon the range that the network expects.

        Raises:
            UsageError: It is none of these.
        """
        colour, _, scaling = text.partition(":")
        known = {"rgb": "rgb", "bgr": "bgr", "gray": "gray"}
        if colour not in known or (":" in text and scaling not in SCALINGS):
            msg = f"--input {text}: rgb, bgr or gray, and if need be :{', :'.join(SCALINGS)} after"
            raise UsageError(msg, remedy="for example --input rgb:0..1")
        return cls(colour, scaling or None)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Adopted:
    """A network as edgeface converts it.

    Attributes:
        model: From raw pixels to probabilities; its first layer is the scaling.
        told: What was done to it, a sentence each.
    """

    model: Any
    told: tuple[str, ...]


def adopt(model: keras.Model, wanted: Wanted, labels: int) -> Adopted:
    """Put a scaling before a network and probabilities behind it, as far as it has none.

    The weights are those of the network; what is computed is the same. The last dense layer is
    built again, with a softmax or as a sigmoid unit.

    Args:
        model: One picture in, one list of scores out.
        wanted: What it wants of pixels.
        labels: How many classes it is said to tell apart.

    Raises:
        ConversionError: It is no such network, or its weights are no numbers.
        UsageError: What is said of it does not go with it.
    """
    _check_ends(model, wanted)
    check_finite(model)
    begin, scale, offset, told = _begin(model, wanted)
    raw = keras.Input(model.input_shape[1:], name="pixels")
    scaled = keras.layers.Rescaling(scale, offset=offset, name="scaling")(raw)
    answer, dense, said = _head(model, begin, scaled)
    classes = int(answer.shape[-1])
    if classes != labels:
        msg = f"--labels names {labels} classes, {model.name} tells {classes} apart"
        raise UsageError(msg, remedy="name every class once, in the order of the output")
    made = keras.Model(raw, answer, name=model.name)
    if dense is not None:
        kernel = dense.kernel.numpy()
        bias = dense.bias.numpy() if dense.use_bias else np.zeros(kernel.shape[1], np.float32)
        made.get_layer("unit" if kernel.shape[1] == 1 else "probs").set_weights([kernel, bias])
    return Adopted(made, (*told, *said))


def _check_ends(model: Any, wanted: Wanted) -> None:
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        msg = f"{model.name} has {len(model.inputs)} inputs and {len(model.outputs)} outputs"
        raise ConversionError(msg, remedy="one picture in and one list of scores out is exported")
    taken, given = tuple(model.inputs[0].shape), tuple(model.outputs[0].shape)
    if len(taken) != 4 or None in taken[1:] or taken[3] not in (1, 3):
        msg = f"{model.name} takes {taken}: no pictures of one size, gray or of three colours"
        raise ConversionError(msg, remedy="build it with keras.Input((height, width, channels))")
    if not all(_SIDES[0] <= n <= _SIDES[1] for n in taken[1:3]):
        msg = (
            f"{model.name} takes {taken[1]}x{taken[2]} px: {_SIDES[0]} to {_SIDES[1]} are possible"
        )
        raise ConversionError(msg)
    if taken[0] is not None:
        msg = f"{model.name} takes {taken[0]} pictures at a time"
        raise ConversionError(msg, remedy="build it without a batch size, and load its weights")
    if len(given) != 2 or given[1] is None:
        msg = f"{model.name} answers {given}: no list of scores, (batch, classes)"
        raise ConversionError(msg, remedy="end it in a dense layer, behind a pooling or Flatten")
    if (wanted.colour == "gray") != (taken[3] == 1):
        msg = f"--input {wanted.colour}: {model.name} takes {taken[3]} channels"
        raise UsageError(msg, remedy="gray for one, rgb or bgr for three")
    mixed = next((la.name for la in flat(model) if la.compute_dtype != "float32"), None)
    if mixed is not None:
        msg = f"{model.name}: {mixed!r} does not compute in float32"
        raise ConversionError(msg, remedy="build it with the policy float32, load its weights")


def _begin(model: Any, wanted: Wanted) -> tuple[Any, float, float, tuple[str, ...]]:
    """Where the network begins behind its scaling, that scaling, and what is told of it."""
    first = _scaling_of(model)
    if first is not None:
        if wanted.scaling not in (None, "0..255"):
            msg = f"--input {wanted.colour}:{wanted.scaling}: {model.name} scales pixels itself"
            raise UsageError(msg, remedy=f"--input {wanted.colour}: it gets raw pixels, 0 to 255")
        return first.output, float(first.scale), float(first.offset), ()
    if wanted.scaling is None:
        msg = f"{model.name} does not begin with a Rescaling layer: what range does it expect?"
        remedy = f"--input {wanted.colour}:0..1, or :-1..1, or :0..255 where it takes raw pixels"
        raise UsageError(msg, remedy=remedy)
    scaling = SCALINGS[wanted.scaling]
    said = f"pixels are brought to {wanted.scaling} in front of {model.name}, inside its files"
    told = () if wanted.scaling == "0..255" else (said,)
    return model.inputs[0], scaling.scale[0], scaling.offset[0], told


def _scaling_of(model: Any) -> Any | None:
    """Its first layer, where that is a Rescaling of one scale that everything goes through."""
    first = next((la for la in model.layers if not isinstance(la, keras.layers.InputLayer)), None)
    if (
        not isinstance(first, keras.layers.Rescaling)
        or np.ndim(first.scale)
        or np.ndim(first.offset)
    ):
        return None
    try:
        keras.Model(first.output, model.outputs[0])
    except ValueError:  # something else looks at the pixels too
        return None
    return first


def _head(model: Any, begin: Any, scaled: Any) -> tuple[Any, Any | None, tuple[str, ...]]:
    """Probabilities; the dense layer that they are made by, to be copied; what is told of it."""
    unit = _unit_of_two(model)
    if unit is not None:
        body = keras.Model(begin, unit.input, name=f"{model.name}_body")
        return two_classes(body(scaled)), unit, ()
    dense, activation = _last(model)
    width = int(model.outputs[0].shape[-1])
    if activation == "sigmoid" and width > 1:
        msg = f"{model.name} ends in {width} sigmoid units: several names at once"
        raise ConversionError(msg, remedy="end it in a softmax: a picture has one name here")
    if dense is None and width == 1:
        msg = f"{model.name} ends in one number that no dense layer gives"
        raise ConversionError(msg, remedy="end it in a dense layer of one unit, or of two")
    if dense is None and activation == "linear" and _answers_shares(model):
        activation = "softmax"
    told = (_LOGITS[width == 1],) if activation == "linear" else ()
    end = model.outputs[0] if dense is None else dense.input
    features = keras.Model(begin, end, name=f"{model.name}_body")(scaled)
    if dense is None:
        softmax = keras.layers.Softmax(name="probs")
        return softmax(features) if told else features, None, told
    if width == 1:
        return two_classes(features), dense, told
    return keras.layers.Dense(width, activation="softmax", name="probs")(features), dense, told


_LOGITS = {
    False: "it ends in logits: its files answer their softmax",
    True: "it ends in a logit: its files answer its sigmoid, of the second label",
}


def _unit_of_two(model: Any) -> Any | None:
    """The sigmoid unit of a network whose two probabilities `blocks.two_classes` made of it."""
    layer = model.outputs[0]._keras_history.operation
    given = layer.input if isinstance(layer, keras.layers.Concatenate) else ()
    if len(given) != 2:
        return None
    other, unit = (tensor._keras_history.operation for tensor in given)
    sigmoid = isinstance(unit, keras.layers.Dense) and unit.units == 1
    sigmoid = sigmoid and getattr(unit.activation, "__name__", "") == "sigmoid"
    complement = isinstance(other, keras.layers.Rescaling) and (other.scale, other.offset) == (
        -1,
        1,
    )
    return unit if sigmoid and complement and other.input is unit.output else None


def _answers_shares(model: Any) -> bool:
    """Whether a network whose last layer does not say so answers shares that sum to 1, of noise."""
    shape = (8, *model.input_shape[1:])
    noise = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    answers = np.asarray(model(noise, training=False))
    return bool((answers >= 0).all() and np.abs(answers.sum(axis=1) - 1).max() < 1e-4)


def _last(model: Any) -> tuple[Any | None, str]:
    """The dense layer at the end, where there is one, and ``softmax``, ``sigmoid``, ``linear``."""
    layer = model.outputs[0]._keras_history.operation
    if isinstance(layer, keras.Model):  # a network in a network: its head stays inside
        return None, _last(layer)[1]
    if isinstance(layer, keras.layers.Softmax):
        return _before(layer), "softmax"
    activation = getattr(layer, "activation", None)
    name = getattr(activation, "__name__", None)
    if isinstance(layer, keras.layers.Dense) and name in ("softmax", "sigmoid", "linear"):
        return layer, name
    if isinstance(layer, keras.layers.Activation) and name in ("softmax", "sigmoid"):
        return _before(layer), name
    if name is None and not isinstance(layer, keras.layers.ReLU):
        return None, "linear"
    what = f"{type(layer).__name__} {layer.name!r}" + (f" with {name}" if name else "")
    msg = f"{model.name} ends in {what}: neither probabilities nor logits"
    raise ConversionError(msg, remedy="end it in a dense layer with a softmax, or with nothing")


def _before(layer: Any) -> Any | None:
    """The dense layer without an activation that gives a layer its input; None: another."""
    given = layer.input._keras_history.operation
    name = getattr(getattr(given, "activation", None), "__name__", None)
    return given if isinstance(given, keras.layers.Dense) and name == "linear" else None
