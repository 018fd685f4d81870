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


@dataclass(frozen=True, slots=True)
class Network:
    """A network under the contract: raw pixels in, probabilities out.

    Attributes:
        model: The Keras network, from raw pixels 0 to 255 to probabilities.
        scale: Of its scaling, ``pixels * scale + offset``.
        offset: Of its scaling.
        shape: (height, width, channels) of the pixels.
        classes: Number of outputs.
    """

    model: Any
    scale: float
    offset: float
    shape: tuple[int, int, int]
    classes: int

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
        for weight in model.weights:
            if not np.isfinite(weight.numpy()).all():
                msg = f"{model.name}: the weights of {weight.path} are not all finite numbers"
                raise ConversionError(msg, remedy="train again with a lower learning rate")
        shape = tuple(int(n) for n in model.input_shape[1:])
        if len(shape) != 3:
            msg = f"{model.name}: an input of shape {shape} is no picture"
            raise ConversionError(msg)
        return cls(
            model, float(first.scale), float(first.offset), shape, int(model.output_shape[-1])
        )

    def from_pixels(self, pixels: Any) -> dict[str, Any]:
        """The whole network on uint8 pixels, as a graph."""
        return {OUTPUT: self._answer(self.model.inputs[0], tf.cast(pixels, tf.float32))}

    def from_scaled(self, scaled: Any) -> dict[str, Any]:
        """The network without its scaling, on float32 ``pixels * scale + offset``, as a graph."""
        return {OUTPUT: self._answer(_scaling(self.model).output, scaled)}

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
        norms = (la for la in self.model.layers if isinstance(la, keras.layers.BatchNormalization))
        return int(self.model.count_params()) - sum(int(la.count_params()) for la in norms)

    def infer(self, pixels: Pixels) -> NDArray[np.float32]:
        """The Keras network's own answers: (n, h, w, c) uint8 → (n, classes) float32."""
        if not len(pixels):
            return np.zeros((0, self.classes), np.float32)
        parts = np.array_split(pixels, -(-len(pixels) // 256))
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


def _scaling(model: Any) -> Any:
    """The first layer that computes something."""
    return next(la for la in model.layers if not isinstance(la, keras.layers.InputLayer))
