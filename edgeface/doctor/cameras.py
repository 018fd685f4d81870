"""What could be looked through: Video4Linux devices, and what libcamera lists on a Pi."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgeface.board import sources
from edgeface.doctor.machine import Machine

Kind = Literal["camera", "sensor", "codec", "metadata"]
# Devices of a Pi that are no cameras: decoders, encoders and the image pipeline.
_CODECS = ("bcm2835-codec", "bcm2835-isp", "rpivid", "rpi-hevc", "pispbe", "hevc")
# Raw pictures of a camera on the ribbon, which only libcamera makes into colours.
_SENSORS = ("unicam", "rp1-cfe")
# `rpicam-hello --list-cameras`: "0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/…)"
_LISTED = re.compile(r"^\s*\d+ : (\S+) \[", re.MULTILINE)
_LISTERS = ("rpicam-hello", "libcamera-hello")
_LIST_S = 15.0


@dataclass(frozen=True, slots=True)
class Node:
    """A Video4Linux device.

    Attributes:
        number: As in ``/dev/video0``.
        name: As its driver says.
        kind: A ``camera``; a ``sensor`` on the ribbon; a ``codec``; ``metadata`` beside a camera.
        usable: Whether we may read it.
        users: Other processes that hold it open: (number, name).
    """

    number: int
    name: str
    kind: Kind
    usable: bool
    users: tuple[tuple[int, str], ...]

    @property
    def path(self) -> str:
        """``/dev/video0``."""
        return f"/dev/video{self.number}"


@dataclass(frozen=True, slots=True)
class Cameras:
    """All of them.

    Attributes:
        nodes: In the order of their numbers.
        ribbon: Cameras that libcamera lists, by their sensors; None where nothing can list them.
        lister: The command that lists them; None without one.
    """

    nodes: tuple[Node, ...]
    ribbon: tuple[str, ...] | None
    lister: str | None

    @property
    def ready(self) -> tuple[Node, ...]:
        """Those that OpenCV can read."""
        return tuple(node for node in self.nodes if node.kind == "camera")

    def node(self, number: int) -> Node | None:
        """The device of a number."""
        return next((node for node in self.nodes if node.number == number), None)


def read_cameras(machine: Machine, *, pi: bool) -> Cameras:
    """Find them.

    Args:
        machine: Where.
        pi: Whether it is a Raspberry Pi: others are not asked for cameras on a ribbon.
    """
    held = _held_open(machine.root)
    numbers = sorted(
        int(path.name.removeprefix("video"))
        for path in (machine.root / "dev").glob("video*")
        if path.name.removeprefix("video").isdigit()
    )
    lister, ribbon = _listed(machine) if pi else (None, None)
    return Cameras(tuple(_node(machine, n, held) for n in numbers), ribbon, lister)


def _node(machine: Machine, number: int, held: dict[str, tuple[tuple[int, str], ...]]) -> Node:
    about = machine.root / f"sys/class/video4linux/video{number}"
    name = sources.text(about / "name") or "unnamed"
    path = f"/dev/video{number}"
    return Node(
        number,
        name,
        _kind(name, sources.text(about / "index")),
        machine.may_use(machine.below(Path(path))),
        held.get(path, ()),
    )


def _kind(name: str, index: str | None) -> Kind:
    if name.startswith(_CODECS):
        return "codec"
    if name.startswith(_SENSORS):
        return "sensor"
    return "camera" if index in (None, "0") else "metadata"


def _held_open(root: Path) -> dict[str, tuple[tuple[int, str], ...]]:
    """Device → processes that have it open, as far as we may look; not our own."""
    found: dict[str, tuple[tuple[int, str], ...]] = {}
    own = sources.field(root / "proc/self/status", "Pid")
    for process in (root / "proc").glob("[0-9]*"):
        if process.name == own:
            continue
        try:
            targets = {str(link.readlink()) for link in (process / "fd").iterdir()}
        except OSError:  # somebody else's, or it has ended
            continue
        for target in targets:
            if target.startswith("/dev/video"):
                name = sources.text(process / "comm") or "?"
                found[target] = (*found.get(target, ()), (int(process.name), name))
    return found


def _listed(machine: Machine) -> tuple[str | None, tuple[str, ...] | None]:
    for lister in _LISTERS:
        ended = machine.run((lister, "--list-cameras"), _LIST_S)
        if ended.missing:
            continue
        if ended.code is None:
            return lister, None
        return lister, tuple(_LISTED.findall(ended.out + ended.err))
    return None, None
