"""The file of the window detector: a network to scan with, and what it says of itself.

Its name is ``NAME.window.SCHEME.tflite``; ``edgeface export`` writes one a scheme for a run of
``facepatch``, and all that a device has to know of it stands in its metadata.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeface import records
from edgeface.bundle import Bundle
from edgeface.bundlefolder import MANIFEST
from edgeface.errors import BackendError, DetectorError
from edgeface.images import Colour
from edgeface.runtime.metadata import entry

METADATA = "edgeface"
SCHEMA = 1
MAX_BYTES = 64 * 1024 * 1024
REMEDY = (
    "name NAME.window.SCHEME.tflite, or the bundle it is in: edgeface export writes one for a run "
    "of facepatch"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a window file says of itself.

    Attributes:
        schema: 1.
        kind: ``window``.
        edgeface: Version that wrote it.
        network: That was trained.
        scheme: ``float32`` or ``int8``.
        colour: Order of the channels of its input, or ``gray``.
        side: Of the window, in pixels.
        stride: From one place of the map to the next, in pixels.
        step: From one size of the picture to the next smaller one that is searched, above 1.
        threshold: Score from which a group of hits is a face (see `edgeface.convert.windowfit`).
        face_side: Side of the square that Haar draws around a face that the window holds, as a
            share of the window's.
        face_x: Where the middle of that square is, as a share of the window's width.
        face_y: The same of its height.
        weights_sha256: Of the weights of the run that it was made from.
    """

    schema: int
    kind: Literal["window"]
    edgeface: str
    network: str
    scheme: Literal["float32", "int8"]
    colour: Colour
    side: int
    stride: int
    step: float
    threshold: float
    face_side: float
    face_x: float
    face_y: float
    weights_sha256: str

    def __post_init__(self) -> None:
        if not (8 <= self.side <= 1024 and 1 <= self.stride <= self.side and self.step >= 1.02):
            msg = f"windows of {self.side} px, {self.stride} px apart, step {self.step:g}"
            raise DetectorError(msg)
        shares = {"threshold": self.threshold, "face_side": self.face_side}
        for name, share in (shares | {"face_x": self.face_x, "face_y": self.face_y}).items():
            if not 0 < share <= 1:
                msg = f"{name} {share:g}: above 0, and at most 1"
                raise DetectorError(msg)

    @property
    def channels(self) -> int:
        """1 for gray, else 3."""
        return 1 if self.colour == "gray" else 3


def read(named: Path | None) -> tuple[Path, bytes, Facts]:
    """Find a window file and read it.

    Args:
        named: The file, or a bundle that has one; of a bundle's several the int8 one is taken.

    Returns:
        Where it is, its bytes, and what it says of itself.

    Raises:
        DetectorError: None was given, or it is missing, or not a window file.
        BundleError: The bundle is damaged.
    """
    if named is None:
        msg = "detector window needs its model file and none was given"
        raise DetectorError(msg, remedy=f"add --detector-model FILE; {REMEDY}")
    path = _in_bundle(named) if (named / MANIFEST).is_file() else named
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            msg = f"{path}: {size} bytes; a window file is far under a megabyte"
            raise DetectorError(msg, remedy=REMEDY)
        content = path.read_bytes()
    except OSError as error:
        msg = f"{path}: the detector's model file cannot be read ({error.strerror})"
        raise DetectorError(msg, remedy=REMEDY) from error
    return path, content, _facts(content, str(path))


def is_window(path: Path) -> bool:
    """Whether a file is one of the window detector, as far as its first look tells."""
    try:
        if path.suffix != ".tflite" or path.stat().st_size > MAX_BYTES:
            return False
        text = entry(path.read_bytes(), METADATA, str(path))
        return text is not None and _kind(text) == "window"
    except (OSError, BackendError):
        return False


def _kind(text: bytes) -> str:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    return str(data.get("kind", "")) if isinstance(data, dict) else ""


def _in_bundle(folder: Path) -> Path:
    """The window file of a bundle: int8 before float32."""
    bundle = Bundle.load(folder)
    ranked = sorted(bundle.manifest.windows, key=lambda file: file.scheme != "int8")
    if not ranked:
        msg = f"{folder}: a bundle of {bundle.manifest.network}, it has no window file"
        raise DetectorError(msg, remedy=REMEDY)
    return folder / ranked[0].name


def _facts(content: bytes, where: str) -> Facts:
    text = entry(content, METADATA, where)
    try:
        data = {} if text is None else records.from_json(text.decode("utf-8"), where, DetectorError)
    except UnicodeDecodeError:
        data = {}
    if not isinstance(data, dict) or data.get("kind") != "window":
        network = data.get("network", "") if isinstance(data, dict) else ""
        of = f", but one of {str(network)[:40]} for single crops" if network else ""
        msg = f"{where}: no window file{of}"
        raise DetectorError(msg, remedy=REMEDY)
    records.check_schema(data, SCHEMA, where, DetectorError)
    return records.build(Facts, data, where, DetectorError)


def as_text(facts: Facts) -> str:
    """For the metadata of the file."""
    return json.dumps(records.plain(facts))
