"""What the manifest of a bundle says: the records of ``manifest.json``, schema 1."""

from dataclasses import dataclass
from typing import Literal

from edgeface.acceptance import Score, Unknown
from edgeface.bundlefolder import Format, Scheme
from edgeface.calibration import Calibration
from edgeface.golden import Tolerance
from edgeface.images import Preprocess


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of a model file.

    Attributes:
        name: Its name.
        dtype: As numpy calls it.
        shape: Its shape.
        scale: Of a quantised tensor, whose real numbers are ``(stored - zero_point) * scale``; 0 of
            others.
        zero_point: The stored number that stands for 0.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scale: float = 0.0
    zero_point: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one file was measured to do on pictures that it was neither trained nor calibrated on.

    Attributes:
        pictures: How many.
        accuracy: Share answered with the right class, 0 to 1, without `unknown`.
        agreement: Share answered with the same class as the trained Keras network.
        parity: Largest difference of a probability to the trained network, over all pictures.
        threshold_kept: Share of the right answers whose score reaches the threshold.
    """

    pictures: int
    accuracy: float
    agreement: float
    parity: float
    threshold_kept: float


@dataclass(frozen=True, slots=True)
class Quantised:
    """How a file was quantised, beyond its scheme.

    Attributes:
        calibration: What set the ranges of its activations: ``minmax`` and the like.
        equalised: Whether the ranges of its layers were evened out first.
        corrected: Whether its biases were corrected for what rounding does to the mean.
        in_float: Layers that were left in float.
    """

    calibration: str = "minmax"
    equalised: bool = False
    corrected: bool = False
    in_float: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a bundle.

    Attributes:
        name: Its name in the folder.
        format: ``tflite`` or ``onnx``.
        scheme: ``float32``, ``float16``, ``dynamic``, ``int8`` or ``int16x8``.
        sha256: Of the file.
        size_bytes: Of the file.
        input: uint8 (1, height, width, channels), raw pixels 0 to 255; of a file with integer ends
            int8, pixels - 128.
        output: float32 (1, classes), sums to 1; or int8 with a scale and a zero point.
        threshold: A face whose score is below it is `unknown`; fitted for this very file, in the
            unit of `score`.
        measured: On the validation side of the run.
        quantised: How, where that is known.
        unknown: How `unknown` was fitted to a false-accept rate; None where none was asked, and the
            threshold keeps the names of most held-back pictures instead.
        tolerances: How far its answers may lie from the golden ones, one a runtime; none where an
            early version wrote it.
    """

    name: str
    format: Format
    scheme: Scheme
    sha256: str
    size_bytes: int
    input: Tensor
    output: Tensor
    threshold: float
    measured: Measured
    quantised: Quantised | None = None
    unknown: Unknown | None = None
    tolerances: tuple[Tolerance, ...] = ()

    @property
    def threshold_text(self) -> str:
        """The threshold with as many digits as keep it from reading 1.000.

        Of another score than the largest probability it begins with its name: ``margin 3.4190``.
        """
        if self.score in ("margin", "energy"):  # which have no end at 1
            return f"{self.score} {self.threshold:.4f}"
        digits = next(n for n in (3, 4, 5, 6) if n == 6 or self.threshold < 1 - 10.0**-n)
        by = "" if self.score == "maximum" else f"{self.score} "
        return f"{by}{self.threshold:.{digits}f}"

    @property
    def score(self) -> Score:
        """What is held against the threshold; the largest probability where nothing is said."""
        return self.unknown.score if self.unknown else "maximum"

    @property
    def key(self) -> str:
        """``tflite int8`` and the like: how tables call it."""
        return f"{self.format} {self.scheme}" + (" io" if self.integer_ends else "")

    @property
    def integer_ends(self) -> bool:
        """Whether its input and output are int8, for devices without float."""
        return self.input.dtype == "int8"


@dataclass(frozen=True, slots=True)
class WindowFile:
    """A file of the window detector, of a network that tells faces from other things.

    Attributes:
        name: Its name in the folder, ``NAME.window.SCHEME.tflite``.
        format: ``tflite``.
        scheme: ``float32`` or ``int8``.
        sha256: Of the file.
        size_bytes: Of the file.
        threshold: Score from which it takes something for a face.
        faces: Held-back faces that it was shown alone.
        found: How many of them reach the threshold.
        scenes: Pictures of 640x448 px laid out of held-back pictures without a face.
        false: Faces that it took parts of them for, at the threshold.
    """

    name: str
    format: Literal["tflite"]
    scheme: Literal["float32", "int8"]
    sha256: str
    size_bytes: int
    threshold: float
    faces: int
    found: int
    scenes: int
    false: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files came from.

    Attributes:
        run: Name of the run; of somebody's own network that of its ``.keras`` file.
        weights_sha256: Of its ``model.weights.h5``; of a ``.keras`` file as a whole.
        split_sha256: Of its ``split.json``; of a ``.keras`` file that of the checksums of its
            calibration pictures, one a line, sorted.
        versions: Package → version, of what converted it.
        kind: Which of the two it was.
    """

    run: str
    weights_sha256: str
    split_sha256: str
    versions: dict[str, str]
    kind: Literal["run", "keras"] = "run"


@dataclass(frozen=True, slots=True)
class Held:
    """A limit of the recipe that a file was held against when it was exported.

    Attributes:
        file: Name of the file.
        gate: A limit of `edgeface.gates.Gates`.
        asked: In the gate's unit.
        measured: In the same unit; None where nothing could be measured.
        met: Whether the file keeps it; without, the bundle was kept by ``--keep``.
    """

    file: str
    gate: str
    asked: float
    measured: float | None
    met: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """``manifest.json``, schema 1.

    Attributes:
        schema: 1.
        name: Of the bundle.
        created: UTC, ISO 8601.
        edgeface: Version that wrote it.
        network: ``friends`` and the like.
        labels: Class names, in the order of the output.
        preprocess: From a picture to `pixels`.
        detector: The detector whose crops it was trained on; ``none`` for whole pictures.
        files: One a format and scheme.
        calibration: None where nothing was quantised.
        origin: Where it came from.
        task: ``classify``; the manifest of a regression is another (see `edgeface.pointbundle`).
        windows: Files of the window detector; of networks that it can be made of.
        gates: What the recipe asked of the files; empty where it asked nothing, and of early
            versions.
    """

    schema: int
    name: str
    created: str
    edgeface: str
    network: str
    labels: tuple[str, ...]
    preprocess: Preprocess
    detector: str
    files: tuple[ModelFile, ...]
    calibration: Calibration | None
    origin: Origin
    task: Literal["classify"] = "classify"
    windows: tuple[WindowFile, ...] = ()
    gates: tuple[Held, ...] = ()
