"""Reading pictures and cropping them: the one way from a photograph to the pixels of a network.

Training and the device call the same two functions, so that what a network was trained on is what
it is shown. A picture is (height, width, 3) uint8 in OpenCV's order (blue, green, red); pixels are
(height, width, channels) uint8 in the order that `Preprocess` names.
"""

import os
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

# OpenCV reads this once, when it is loaded; it backs the check of `_size` up for formats whose
# header we do not read ourselves.
MAX_PIXELS = 100_000_000
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
os.environ.setdefault("OPENCV_LOG_LEVEL", "FATAL")  # its complaints reach users as our errors

import cv2  # noqa: E402 - the limits above have to stand first
import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from edgeface.errors import InputError, UsageError  # noqa: E402

Picture = NDArray[np.uint8]
Pixels = NDArray[np.uint8]
Colour = Literal["gray", "rgb", "bgr"]
Framing = Literal["face", "whole", "stretched"]

MAX_FILE_BYTES = 256 * 1024 * 1024
LARGEST_SIDE_PX = 1024  # of a network's input
_JPEG = (".jpg", ".jpeg", ".jpe")
_PNM = (".pgm", ".ppm", ".pbm", ".pnm")
_OTHER = (".png", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".gif", ".jp2", ".avif")
SUFFIXES = frozenset(_JPEG + _PNM + _OTHER)


@dataclass(frozen=True, slots=True)
class Preprocess:
    """What happens to a picture before a network sees it; it travels in every model file.

    Attributes:
        height: Rows of the network's input, in pixels.
        width: Columns of the network's input, in pixels.
        colour: ``gray`` (one channel), ``rgb`` or ``bgr``.
        margin: How much of the box's side is added on every side before the crop.
        framing: ``face``: trained on crops around detected faces; ``whole``: on the largest centred
            square of pictures; ``stretched``: on all of each, brought to the input's shape.
    """

    height: int
    width: int
    colour: Colour = "gray"
    margin: float = 0.1
    framing: Framing = "face"

    def __post_init__(self) -> None:
        most = LARGEST_SIDE_PX
        if not (8 <= self.height <= most and 8 <= self.width <= most):
            msg = f"input of {self.height}x{self.width} px: 8 to {most} px a side are supported"
            raise UsageError(msg)
        if self.colour not in get_args(Colour) or self.framing not in get_args(Framing):
            msg = f"unknown preprocessing: colour {self.colour!r}, framing {self.framing!r}"
            raise UsageError(msg)
        if not 0 <= self.margin <= 2:
            msg = f"margin {self.margin}: 0 to 2 (shares of the box's side) are supported"
            raise UsageError(msg)

    @property
    def channels(self) -> int:
        """1 for gray, else 3."""
        return 1 if self.colour == "gray" else 3

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        return self.height, self.width, self.channels

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for a manifest."""
        return asdict(self)


def read_picture(path: Path) -> Picture:
    """Read a photograph, turned upright by its EXIF orientation.

    Args:
        path: A file in a format that OpenCV reads, or Pillow where it is installed.

    Returns:
        (height, width, 3) uint8, blue-green-red. Gray pictures get three equal channels, 16-bit
        ones are scaled to 8, transparent ones are laid on white.

    Raises:
        InputError: The file is missing, empty, broken, no picture, or over `MAX_PIXELS`.
    """
    return decode_picture(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """A picture's file as it is.

    Raises:
        InputError: It cannot be read, is no file, or is over `MAX_FILE_BYTES`.
    """
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a pipe or a device"
            msg = f"{path}: {what}, not a file"
            raise InputError(msg)
        if path.stat().st_size > MAX_FILE_BYTES:
            msg = f"{path}: larger than {MAX_FILE_BYTES // 2**20} MiB"
            raise InputError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise InputError(msg) from error


def decode_picture(data: bytes, name: str) -> Picture:
    """`read_picture` for bytes in memory; ``name`` stands in the errors."""
    if not data:
        msg = f"{name}: empty file"
        raise InputError(msg)
    size = _size(data)
    if size is not None and size[0] * size[1] > MAX_PIXELS:
        msg = (
            f"{name}: {size[1]}x{size[0]} px is over the limit of {MAX_PIXELS // 10**6} megapixels"
        )
        raise InputError(msg, remedy="scale the picture down first")
    if data[:2] == b"\xff\xd8" and data.find(b"\xff\xd9", _jpeg_frame(data)) < 0:
        # libjpeg fills the rest of a cut file with gray and says nothing. The end marker is looked
        # for behind the frame header: a thumbnail before it has an end marker of its own, and
        # telephones append clips behind it.
        msg = f"{name}: truncated JPEG"
        raise InputError(msg, remedy="copy the file again from where it came")
    raw = np.frombuffer(data, np.uint8)
    try:
        picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)
        if picture is not None and data[:2] != b"\xff\xd8":
            picture = _on_white(picture, raw)
    except cv2.error:
        picture = None
    if picture is None:
        picture = _decode_with_pillow(data)
    if picture is None or picture.size == 0:
        # Of some formats no header is read here: then too large a one ends here as well.
        or_large = "" if size else f", or one of more than {MAX_PIXELS // 10**6} megapixels"
        msg = f"{name}: not a picture, or a broken one{or_large}"
        raise InputError(msg)
    return np.asarray(picture, np.uint8)


def _on_white(picture: NDArray[Any], raw: NDArray[np.uint8]) -> NDArray[Any]:
    """Lay a picture whose file has an alpha channel on white; others come back as they are."""
    plain = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    if plain is None or plain.ndim != 3 or plain.shape[2] != 4:
        return picture
    # With its alpha channel OpenCV reads a picture as it is stored, without it upright. OpenCV
    # 4.11, the last for 32-bit boards, cannot tell the orientation.
    if hasattr(cv2, "imdecodeWithMetadata"):
        plain, kinds, metadata = cv2.imdecodeWithMetadata(raw, flags=cv2.IMREAD_UNCHANGED)
        exif = dict(zip(kinds, metadata, strict=True)).get(cv2.IMAGE_METADATA_EXIF)
        plain = _upright(plain, 1 if exif is None else _orientation(np.asarray(exif).tobytes()))
    if plain.shape[:2] != picture.shape[:2]:
        return picture
    opaque = 65535 if plain.dtype == np.uint16 else 255
    alpha = plain[..., 3:].astype(np.float32) / opaque
    return np.asarray(np.rint(picture * alpha + 255 * (1 - alpha)), np.uint8)


def _orientation(exif: bytes) -> int:
    """The orientation, 1 to 8, in an EXIF block; 1 where it gives none (EXIF 2.3, 4.6.4)."""
    order = ">" if exif[:2] == b"MM" else "<"
    try:
        (at,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, at)
        for entry in range(at + 2, at + 2 + 12 * entries, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", exif, entry)
            if tag == 0x0112:
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _upright(stored: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Undo an EXIF orientation (the table of EXIF 2.3, 4.6.4)."""
    if orientation >= 5:
        stored = stored.swapaxes(0, 1)
    rows = -1 if orientation in (3, 4, 7, 8) else 1
    columns = -1 if orientation in (2, 3, 6, 7) else 1
    return stored[::rows, ::columns]


def _decode_with_pillow(data: bytes) -> Picture | None:
    """What OpenCV could not read, if Pillow is here and can."""
    try:
        import io

        from PIL import Image, ImageOps
    except ImportError:
        return None
    try:
        with Image.open(io.BytesIO(data)) as image:
            # A conversion of floating-point or 32-bit pixels would clip them.
            if image.width * image.height > MAX_PIXELS or image.mode in ("F", "I"):
                return None
            upright = ImageOps.exif_transpose(image).convert("RGB")
            return np.ascontiguousarray(np.asarray(upright)[..., ::-1])
    except Exception:  # Pillow's decoders raise whatever they meet in a broken file
        return None


def _size(data: bytes) -> tuple[int, int] | None:
    """(height, width) from the header of a PNG, JPEG, GIF, BMP or WebP, before decoding it."""
    try:
        if data[:8] == b"\x89PNG\r\n\x1a\n":
            width, height = struct.unpack(">II", data[16:24])
            return height, width
        if data[:6] in (b"GIF87a", b"GIF89a"):
            width, height = struct.unpack("<HH", data[6:10])
            return height, width
        if data[:2] == b"BM":
            width, height = struct.unpack("<ii", data[18:26])
            return abs(height), abs(width)
        if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X":
            width = int.from_bytes(data[24:27], "little") + 1
            return int.from_bytes(data[27:30], "little") + 1, width
        if data[:2] == b"\xff\xd8":
            at = _jpeg_frame(data)
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return height, width
    except (struct.error, IndexError):
        return None
    return None


def _jpeg_frame(data: bytes) -> int:
    """Where the frame header of a JPEG begins (ITU-T T.81, B.2.2); its end where there is none."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return at
        fill = marker == 0xFF
        at += 1 if fill else 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return len(data)


def crop(picture: Picture, box: NDArray[Any] | None, to: Preprocess) -> Pixels:
    """Cut a square around a box and bring it to the size and colour of a network's input.

    The square has the box's centre and its longer side, widened by the margin; where it leaves the
    picture the edge is repeated. It is shrunk by the whole-number part of the ratio with an area
    mean and by the rest linearly: free of aliasing, and the same bytes on x86-64 and on Arm, which
    one area step at a fractional ratio does not give.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.
        box: (4,) xyxy in pixels; None takes the largest centred square of the picture, no margin,
            or with the framing ``stretched`` all of it.
        to: Size, colour and margin.

    Returns:
        (to.height, to.width, to.channels) uint8.
    """
    if box is None and to.framing == "stretched":
        return _finished(_in_colour(_thinned(picture, to), to), to)
    rows, columns = picture.shape[:2]
    if box is None:
        centre_x, centre_y, side = columns / 2, rows / 2, float(min(rows, columns))
    else:
        x0, y0, x1, y1 = (float(v) for v in box)
        centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
        side = max(x1 - x0, y1 - y0) * (1 + 2 * to.margin)
    side = min(max(side, 1.0), 4.0 * max(rows, columns))
    step = max(1, int(side / max(to.height, to.width)))
    pixels_a_side = max(1, round(side / step)) * step
    left, top = round(centre_x - pixels_a_side / 2), round(centre_y - pixels_a_side / 2)
    region = _in_colour(_region(picture, left, top, pixels_a_side), to)
    if step > 1:
        small = pixels_a_side // step
        region = cv2.resize(region, (small, small), interpolation=cv2.INTER_AREA)
    return _finished(region, to)


def _in_colour(region: NDArray[Any], to: Preprocess) -> NDArray[Any]:
    """Gray where that is asked; the channels keep their order otherwise."""
    return cv2.cvtColor(region, cv2.COLOR_BGR2GRAY) if to.colour == "gray" else region


def _thinned(picture: Picture, to: Preprocess) -> NDArray[Any]:
    """All of a picture, shrunk on each axis by the whole-number part of its ratio."""
    rows, columns = picture.shape[:2]
    down, across = max(1, rows // to.height), max(1, columns // to.width)
    if down == across == 1:
        return picture
    # What does not fill a last step is left away in equal parts on both sides.
    height, width = rows // down * down, columns // across * across
    top, left = (rows - height) // 2, (columns - width) // 2
    whole = picture[top : top + height, left : left + width]
    return cv2.resize(whole, (width // across, height // down), interpolation=cv2.INTER_AREA)


def _finished(region: NDArray[Any], to: Preprocess) -> Pixels:
    """The last, linear step to the input's size, and its order of colours."""
    if region.shape[:2] != (to.height, to.width):
        region = cv2.resize(region, (to.width, to.height), interpolation=cv2.INTER_LINEAR)
    if to.colour == "rgb":
        region = region[..., ::-1]
    return np.ascontiguousarray(region.reshape(to.shape), np.uint8)


def _region(picture: Picture, left: int, top: int, side: int) -> Picture:
    """The square at (left, top), its outside filled by repeating the picture's edge."""
    rows, columns = picture.shape[:2]
    # A box that lies wholly outside still shows the nearest edge.
    left, top = min(max(left, 1 - side), columns - 1), min(max(top, 1 - side), rows - 1)
    inside: NDArray[Any] = picture[max(top, 0) : top + side, max(left, 0) : left + side]
    above, before = max(-top, 0), max(-left, 0)
    below, after = side - inside.shape[0] - above, side - inside.shape[1] - before
    if above or below or before or after:
        inside = cv2.copyMakeBorder(inside, above, below, before, after, cv2.BORDER_REPLICATE)
    return np.asarray(inside, np.uint8)
