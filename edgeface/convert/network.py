"""A Keras network taken apart for conversion: its scaling, and everything behind it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgeface.errors import ConversionError
from edgeface.images import Pixels

INPUT, OUTPUT = "pixels", "probs"
# Pictures at a time: of 256, the tensors of a MobileNet at 128 px took 2.5 GB.
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class Network:
    """A network under the contract: raw pixels in, probabilities out.

    Attributes:
        model: The Keras network, from raw pixels 0 to 255 to probabilities.
        scale: Of its scaling, ``pixels * scale + offset``.
        offset: Of its scaling.
        shape: (height, width, channels) of the pixels.
        classes: Number of outputs.
        beside: What its files answer beside the probabilities, for `unknown`: ``logits`` or
            ``embedding``; None: nothing.
    """

    model: Any
    scale: float
    offset: float
    shape: tuple[int, int, int]
    classes: int
    beside: str | None = None

    @classmethod
    def take(cls, model: keras.Model) -> "Network":
        """Look at a network's first layer and its ends.

        Raises:
            ConversionError: It does not begin with a scaling of one scale and one offset, or its
                weights hold a NaN or an infinity.
        """
        first = _scaling(model)
        scaling = isinstance(first, keras.layers.Rescaling)
        if not scaling or np.ndim(first.scale) > 0 or np.ndim(first.offset) > 0:
            msg = (
                f"{model.name} does not begin with a Rescaling layer of one scale and one offset "
                f"but with {first.name!r}"
            )
            raise ConversionError(
                msg, remedy="put the scaling into the network, as its first layer"
            )
        check_finite(model)
        shape = tuple(int(n) for n in model.input_shape[1:])
        if len(shape) != 3:
            msg = f"{model.name}: an input of shape {shape} is no picture"
            raise ConversionError(msg)
        return cls(
            model, float(first.scale), float(first.offset), shape, int(model.output_shape[-1])
        )

    def from_pixels(self, pixels: Any) -> dict[str, Any]:
        """The whole network on uint8 pixels, as a graph."""
        return self._answers(self.model.inputs[0], tf.cast(pixels, tf.float32))

    def from_scaled(self, scaled: Any) -> dict[str, Any]:
        """The network without its scaling, on float32 ``pixels * scale + offset``, as a graph."""
        return self._answers(_scaling(self.model).output, scaled)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what its files answer, the probabilities first."""
        return (OUTPUT,) if self.beside is None else (OUTPUT, self.beside)

    def _answers(self, begin: Any, value: Any) -> dict[str, Any]:
        if self.beside is None:
            return {OUTPUT: self._answer(begin, value)}
        last, pair = self._last()
        embedding = self._between(begin, last.input, value)
        logits = tf.matmul(embedding, last.kernel) + last.bias
        logits = tf.matmul(logits, tf.constant([[-1.0, 1.0]])) if pair else logits
        probs = tf.sigmoid(logits) if pair else tf.nn.softmax(logits)
        beside = {"logits": logits, "embedding": embedding}
        return {OUTPUT: probs, self.beside: beside[self.beside]}

    def _last(self) -> tuple[Any, bool]:
        """The last dense layer, and whether two probabilities are made of its one unit.

        Raises:
            ConversionError: The network does not end in a dense layer that gives probabilities.
        """
        names = [layer.name for layer in self.model.layers]
        if "unit" in names and "complement" in names:
            return self.model.get_layer("unit"), True
        last = self.model.layers[-1]
        if isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax:
            return last, False
        msg = f"{self.model.name} does not end in a dense layer with a softmax but in {last.name!r}"
        raise ConversionError(msg, remedy="ask for the score maximum or margin")

    @property
    def has_parts(self) -> bool:
        """Whether it has logits and an embedding that can be told apart."""
        try:
            return len(self._last()[0].input.shape) == 2
        except ConversionError:
            return False

    def parts(self, pixels: Pixels) -> dict[str, NDArray[np.float32]]:
        """Probabilities, and where it `has_parts` its logits and embedding: (n, …) each."""
        found = {OUTPUT: self.infer(pixels)}
        if not self.has_parts:
            return found
        last, pair = self._last()
        width = int(last.input.shape[-1])
        body = keras.Model(self.model.inputs[0], last.input, name=self.model.name)
        embedding = np.zeros((0, width), np.float32)
        if len(pixels):
            parts = np.array_split(pixels, -(-len(pixels) // _BLOCK))
            answers = [body(p.astype(np.float32), training=False).numpy() for p in parts]
            embedding = np.concatenate(answers).astype(np.float32)
        logits = embedding @ last.kernel.numpy() + last.bias.numpy()
        logits = np.concatenate([-logits, logits], axis=1) if pair else logits
        return found | {"logits": logits.astype(np.float32), "embedding": embedding}

    def _answer(self, begin: Any, value: Any) -> Any:
        """What follows a tensor of the network, for a value of it, as a graph.

        A sigmoid unit and the two probabilities made of it (`blocks.two_classes`) become the
        sigmoid of a logit and its negative: the same numbers, and no operator behind the sigmoid
        that int8 would give its output 256 steps for.
        """
        names = [layer.name for layer in self.model.layers]
        if "unit" not in names or "complement" not in names:
            return self._between(begin, self.model.outputs[0], value)
        unit = self.model.get_layer("unit")
        features = self._between(begin, unit.input, value)
        with tf.name_scope(unit.name):  # so that its operators can be told in a file
            logit = tf.matmul(features, unit.kernel) + unit.bias
            return tf.sigmoid(tf.matmul(logit, tf.constant([[-1.0, 1.0]])))

    def _between(self, begin: Any, end: Any, value: Any) -> Any:
        # Under a name of its own, which Keras would count up: it stands in the file's bytes.
        return keras.Model(begin, end, name=self.model.name)(value, training=False)

    def scaled(self, pixels: Pixels) -> NDArray[np.float32]:
        """What the scaling makes of pixels."""
        return pixels.astype(np.float32) * np.float32(self.scale) + np.float32(self.offset)

    @property
    def folded_parameters(self) -> int:
        """Parameters without those of batch norms, which conversion folds into what is before."""
        norms = (la for la in flat(self.model) if isinstance(la, keras.layers.BatchNormalization))
        return int(self.model.count_params()) - sum(int(la.count_params()) for la in norms)

    def infer(self, pixels: Pixels) -> NDArray[np.float32]:
        """The Keras network's own answers: (n, h, w, c) uint8 → (n, classes) float32."""
        if not len(pixels):
            return np.zeros((0, self.classes), np.float32)
        parts = np.array_split(pixels, -(-len(pixels) // _BLOCK))
        answers = [self.model(p.astype(np.float32), training=False).numpy() for p in parts]
        return np.concatenate(answers).astype(np.float32)

    def saved(self, folder: Path, *, scaled_input: bool) -> Path:
        """Write a SavedModel with one named signature of batch 1.

        Args:
            folder: Where to.
            scaled_input: Without the scaling, float32 in; else with it, uint8 in.
        """
        graph = self.from_scaled if scaled_input else self.from_pixels
        dtype = tf.float32 if scaled_input else tf.uint8
        archive = keras.export.ExportArchive()
        archive.track(self.model)
        signature = [tf.TensorSpec((1, *self.shape), dtype, name=INPUT)]
        with toolchain.quiet():
            archive.add_endpoint("serve", graph, input_signature=signature)
            archive.write_out(str(folder), verbose=False)
        return folder


def check_finite(model: Any) -> None:
    """Say before anything is converted that a network is broken.

    Raises:
        ConversionError: A weight is not a finite number; it is named.
    """
    for weight in model.weights:
        if not np.isfinite(weight.numpy()).all():
            msg = f"{model.name}: the weights of {weight.path} are not all finite numbers"
            raise ConversionError(msg, remedy="train again with a lower learning rate")


def flat(model: Any) -> list[Any]:
    """The layers of a network, those of networks inside it in their place."""
    parts = (flat(la) if isinstance(la, keras.Model) else [la] for la in model.layers)
    return [layer for part in parts for layer in part]


def _scaling(model: Any) -> Any:
    """The first layer that computes something."""
    return next(la for la in model.layers if not isinstance(la, keras.layers.InputLayer))
