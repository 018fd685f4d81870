"""Where frames come from: the options that say so, read the same by every command that has them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from edgeface.camera.wanted import Wanted

Source = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="picamera, a camera (0, /dev/video0), http://… (MJPEG), rtsp://…, drawn, a clip, or"
        " pictures.",
    ),
]
Live = Annotated[
    bool, typer.Option("--live", help="Play a clip in real time, as if it were a camera.")
]
FrameSize = Annotated[
    str | None,
    typer.Option("--size", metavar="WxH", help="Ask a camera for this size (640x480)."),
]
Lores = Annotated[
    str | None,
    typer.Option(
        "--lores",
        metavar="WxH",
        help="Look at picamera's low-resolution stream of this size; --size is the main one.",
    ),
]
Fps = Annotated[
    float | None, typer.Option("--fps", help="Ask a camera for so many frames a second.")
]
PixelFormat = Annotated[
    str | None,
    typer.Option(
        "--pixel-format", metavar="CODE", help="Ask a V4L2 camera for this format: MJPG, YUYV."
    ),
]
RtspTcp = Annotated[
    bool,
    typer.Option("--rtsp-tcp", help="RTSP over TCP, where no UDP comes through; about 1 s later."),
]
CameraProcess = Annotated[
    bool,
    typer.Option(
        "--camera-process",
        help="The camera in a process of its own: a crash of its libraries is a lost source.",
    ),
]
TruthFile = Annotated[
    Path | None,
    typer.Option(
        "--truth", metavar="FILE", help="Of --source drawn: write who is where, for every frame."
    ),
]


def wanted(
    live: bool,
    size: str | None,
    lores: str | None,
    fps: float | None,
    pixels: str | None,
    tcp: bool,
    apart: bool,
) -> "Wanted":
    """What is asked of a source, from the options.

    Raises:
        UsageError: A size or a rate is none.
    """
    from edgeface.camera.wanted import Wanted, read_size

    return Wanted(
        live,
        None if size is None else read_size(size, "--size"),
        None if lores is None else read_size(lores, "--lores"),
        fps,
        pixels,
        tcp,
        apart,
    )


def check_truth(path: Path, *, force: bool) -> None:
    """Say before the loop that the truth cannot be written there.

    Raises:
        UsageError: Something is there and ``force`` is off, or it is a folder.
    """
    from edgeface.errors import UsageError

    if path.is_dir() or (os.path.lexists(path) and not force):
        msg = f"{path} exists already"
        raise UsageError(msg, remedy="name another file, or add --force to replace it")
