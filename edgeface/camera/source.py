"""Opening a source by what was written on the command line."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from edgeface.camera.apart import ApartReader
from edgeface.camera.clip import ClipReader, PacedReader
from edgeface.camera.drawn import DrawnReader, read_script
from edgeface.camera.every import EveryFrame
from edgeface.camera.folder import STILLS, Pictures
from edgeface.camera.frame import FrameSource
from edgeface.camera.mjpeg import MjpegReader
from edgeface.camera.newest import NewestFrames
from edgeface.camera.picamera import MAIN_SIZE, PicameraReader
from edgeface.camera.reader import Reader
from edgeface.camera.reopen import Reopening
from edgeface.camera.rtsp import RtspReader
from edgeface.camera.url import parse_address
from edgeface.camera.v4l2 import CAMERA_SIZE, CameraReader
from edgeface.camera.wanted import Wanted
from edgeface.errors import UsageError

Kind = Literal["picamera", "v4l2", "mjpeg", "rtsp", "drawn", "pictures", "clip"]
Say = Callable[[str], None]

_V4L2 = re.compile(r"(?:/dev/video)?([0-9]{1,3})")
_PICAMERA = re.compile(r"picamera(?::([0-9]))?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_STREAMS: dict[str, Kind] = {"http": "mjpeg", "https": "mjpeg", "rtsp": "rtsp", "rtsps": "rtsp"}

# What may be asked of each kind, and how it is called there.
_OPTIONS = {
    "live": "--live",
    "size": "--size",
    "lores": "--lores",
    "fps": "--fps",
    "pixels": "--pixel-format",
    "tcp": "--rtsp-tcp",
    "apart": "--camera-process",
}
_TAKES: dict[Kind, frozenset[str]] = {
    "picamera": frozenset({"live", "size", "lores", "fps", "apart"}),
    "v4l2": frozenset({"live", "size", "fps", "pixels", "apart"}),
    "mjpeg": frozenset({"live", "apart"}),
    "rtsp": frozenset({"live", "tcp", "apart"}),
    "drawn": frozenset({"live", "apart"}),
    "pictures": frozenset(),
    "clip": frozenset({"live", "apart"}),
}
_LIVE: frozenset[Kind] = frozenset({"picamera", "v4l2", "mjpeg", "rtsp"})


def _quiet(text: str) -> None:
    """Where nobody listens."""


def open_source(
    spec: str,
    wanted: Wanted | None = None,
    *,
    truth: Path | None = None,
    say: Say = _quiet,
) -> FrameSource:
    """Find out what a source is; it is opened when its context is entered.

    Args:
        spec: ``picamera`` (or ``picamera:1``), a camera (``0`` or ``/dev/video0``), an address
            (``http://`` with MJPEG, ``rtsp://``), ``drawn``, a clip, a folder of pictures or one
            picture.
        wanted: What is asked of it.
        truth: Where the truth about a drawn clip goes.
        say: Takes a line for a person: a source that is lost, and back.

    Raises:
        UsageError: There is nothing of that name, or something is asked of it that it cannot give.
    """
    wanted = wanted or Wanted()
    kind = kind_of(spec)
    name = _check(kind, spec, wanted, truth)
    if kind == "pictures":
        return Pictures(Path(spec))
    if kind in _LIVE:
        return NewestFrames(lambda: Reopening(lambda: _live(spec, wanted, say), say), name)
    if wanted.live:
        return NewestFrames(lambda: _live(spec, wanted, say, truth), name)
    if kind == "drawn":
        return EveryFrame(lambda: DrawnReader(read_script(spec), truth), name)
    return EveryFrame(lambda: ClipReader(Path(spec)), name)


def open_live_reader(spec: str, wanted: Wanted, say: Say, truth: Path | None = None) -> Reader:
    """Open a live source in this process.

    Raises:
        SourceError: It does not open.
        UsageError: It is no source.
    """
    kind = kind_of(spec)
    if kind == "picamera":
        number = _PICAMERA.fullmatch(spec)
        which = int(number[1] or 0) if number else 0
        size = wanted.size or MAIN_SIZE
        return PicameraReader(which, size=size, lores=wanted.lores, fps=wanted.fps)
    if kind == "v4l2":
        size = wanted.size or CAMERA_SIZE
        device = int(spec.removeprefix("/dev/video"))
        return CameraReader(device, size=size, fps=wanted.fps, pixels=wanted.pixels, say=say)
    if kind == "mjpeg":
        return MjpegReader(spec)
    if kind == "rtsp":
        return RtspReader(spec, tcp=wanted.tcp)
    if kind == "drawn":
        return PacedReader(DrawnReader(read_script(spec), truth))
    return PacedReader(ClipReader(Path(spec)))


def _live(spec: str, wanted: Wanted, say: Say, truth: Path | None = None) -> Reader:
    if wanted.apart:
        return ApartReader(spec, wanted)
    return open_live_reader(spec, wanted, say, truth)


def kind_of(spec: str) -> Kind:
    """What a source is.

    Raises:
        UsageError: There is nothing of that name.
    """
    if _PICAMERA.fullmatch(spec):
        return "picamera"
    if _V4L2.fullmatch(spec):
        return "v4l2"
    if spec == "drawn" or spec.startswith("drawn:"):
        return "drawn"
    if scheme := _SCHEME.match(spec):
        found = _STREAMS.get(scheme[1].lower())
        if found is None:
            msg = f"--source {scheme[1]}://…: streams are read from http, https, rtsp and rtsps"
            raise UsageError(msg)
        return found
    path = Path(spec)
    if not spec or not path.exists():
        msg = f"--source {spec}: no such camera, clip or folder"
        remedy = (
            "0 is the first USB camera, picamera the one on the ribbon cable; otherwise name a"
            " clip, a folder, or an address with http:// or rtsp://"
        )
        raise UsageError(msg, remedy=remedy)
    return "pictures" if path.is_dir() or path.suffix.lower() in STILLS else "clip"


def _check(kind: Kind, spec: str, wanted: Wanted, truth: Path | None) -> str:
    """Say what cannot be asked of it; what it is called."""
    name = spec
    if kind in ("mjpeg", "rtsp"):
        name = parse_address(spec).shown
    elif kind == "v4l2":
        name = f"/dev/video{spec.removeprefix('/dev/video')}"
    elif kind == "drawn":
        read_script(spec)
    if kind == "pictures" and wanted.live:
        msg = f"--source {spec}: pictures have no frames per second to be played live at"
        raise UsageError(msg, remedy="leave --live out")
    usual = Wanted()
    for field, option in _OPTIONS.items():
        if getattr(wanted, field) != getattr(usual, field) and field not in _TAKES[kind]:
            kinds = ", ".join(k for k, takes in _TAKES.items() if field in takes)
            msg = f"{option} cannot be asked of --source {name}; it is for {kinds}"
            raise UsageError(msg, remedy=f"leave {option} out")
    if wanted.apart and kind not in _LIVE and not wanted.live:
        msg = f"--camera-process: --source {name} is no camera that could take the loop down"
        raise UsageError(msg, remedy="leave --camera-process out, or add --live to rehearse one")
    if truth is not None and (kind != "drawn" or wanted.apart):
        msg = "--truth: only of --source drawn, without --camera-process, is the truth known"
        raise UsageError(msg, remedy="leave --truth out")
    return name
