"""Checks of the camera that `edgeface run` would look through."""

import json
import re
from collections.abc import Iterator

from edgeface.board import sources
from edgeface.doctor.cameras import Cameras, Node
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding
from edgeface.doctor.imports import child

_RIBBON = re.compile(r"picamera(?::([0-9]))?")
_NUMBER = re.compile(r"(?:/dev/video)?([0-9]{1,3})")
_WHY = "edgeface run looks through it (a clip behind --source needs none)"
_SECONDS = 20.0
# They list cameras all the time and let go of them when somebody looks.
_WATCHERS = ("pipewire", "wireplumber")
_CONFIGS = ("boot/firmware/config.txt", "boot/config.txt")

_LOOK = """
import cv2
capture = cv2.VideoCapture(int(sys.argv[1]), cv2.CAP_V4L2)
shape = None
if capture.isOpened():
    there, picture = capture.read()
    shape = list(picture.shape[:2]) if there else []
print("\\n" + sys.argv[2] + json.dumps(shape), flush=True)
import os
os._exit(0)
"""
_SAID = "edgeface-camera:"


def is_ribbon(source: str) -> bool:
    """Whether a source is the camera on the ribbon of a Pi: ``picamera``, ``picamera:1``."""
    return _RIBBON.fullmatch(source) is not None


def number_of(source: str) -> int | None:
    """The camera that a source means; None for a Pi camera, a clip, a folder or an address."""
    found = _NUMBER.fullmatch(source)
    return int(found[1]) if found else None


def check_camera(facts: Facts) -> Iterator[Finding]:
    """There is a camera of that number, it is one, it is ours to read, and nobody else has it."""
    number = number_of(facts.source)
    if number is None:
        yield from _check_ribbon(facts)
        yield from _check_clip(facts)
        return
    node = facts.cameras.node(number)
    if node is None or node.kind != "camera":
        yield _no_camera(facts, number, node)
    elif not node.usable:
        yield _closed(facts, node)
    elif users := _users(node):
        names = ", ".join(f"{name} (process {process})" for process, name in users)
        found = f"{node.path} is in use by {names}"
        why = "a camera gives its pictures to one program at a time"
        lines = tuple(f"kill {process}" for process, _ in users)
        yield Finding("camera", "stops run", found, why, "end it there, or:", lines)


def check_picture(facts: Facts) -> Iterator[Finding]:
    """The camera gives a picture."""
    node = _to_look_through(facts)
    if node is None:
        return
    said = look(facts, node)
    if said is None:
        found = f"{node.path} ({node.name}) gave no answer within {_SECONDS:.0f} s"
    elif said == "closed":
        found = f"{node.path} ({node.name}) does not open"
    elif said == "dark":
        found = f"{node.path} ({node.name}) opens and gives no picture"
    else:
        return
    remedy = "plug it out and in again, into a port of its own; then see what the kernel says:"
    yield Finding("camera", "stops run", found, _WHY, remedy, ("sudo dmesg | tail -n 20",))


def look(facts: Facts, node: Node) -> str | None:
    """Take one picture in a child process.

    Returns:
        ``640x480``, ``closed``, ``dark``; None where it took too long or died.
    """
    ended = child(facts.machine, _LOOK, str(node.number), _SAID, seconds=_SECONDS)
    said = [line for line in ended.out.splitlines() if line.startswith(_SAID)]
    if ended.code != 0 or not said:
        return None
    shape = json.loads(said[-1].removeprefix(_SAID))
    return "closed" if shape is None else f"{shape[1]}x{shape[0]}" if shape else "dark"


def _to_look_through(facts: Facts) -> Node | None:
    """The camera, unless another check has found already why nothing can be seen through it."""
    number = number_of(facts.source)
    node = None if number is None else facts.cameras.node(number)
    if node is None or node.kind != "camera" or not node.usable or _users(node):
        return None
    return node if facts.imported("cv2").loads else None


def _users(node: Node) -> tuple[tuple[int, str], ...]:
    return tuple((p, name) for p, name in node.users if not name.startswith(_WATCHERS))


def _closed(facts: Facts, node: Node) -> Finding:
    found = f"{node.path} cannot be read by {facts.machine.user}"
    user = facts.machine.user
    group = _group(facts, "video")
    if group is None or (group[0] not in facts.machine.groups and user not in group[1]):
        line = f"sudo usermod -aG video {user}"
        why = "cameras belong to the group video"
        return Finding("camera", "stops run", found, why, "then log out and in again", (line,))
    if group[0] not in facts.machine.groups:
        why = f"{user} was put into the group video after this session began"
        return Finding("camera", "stops run", found, why, "log in again, or:", ("newgrp video",))
    why = "not even the group video may read it"
    line = f"sudo chgrp video {node.path} && sudo chmod g+rw {node.path}"
    return Finding("camera", "stops run", found, why, commands=(line,))


def _group(facts: Facts, name: str) -> tuple[int, tuple[str, ...]] | None:
    """Number and members of a group."""
    for line in (sources.text(facts.machine.root / "etc/group") or "").splitlines():
        fields = line.split(":")
        if len(fields) == 4 and fields[0] == name and fields[2].isdigit():
            return int(fields[2]), tuple(m for m in fields[3].split(",") if m)
    return None


def _no_camera(facts: Facts, number: int, node: Node | None) -> Finding:
    cameras = facts.cameras
    path = f"/dev/video{number}"
    what = {
        "codec": f"{path} is no camera but a codec of the board ({node.name})" if node else "",
        "metadata": f"{path} gives data about pictures, not pictures" if node else "",
        "sensor": f"{path} is the raw sensor of a Pi camera ({node.name})" if node else "",
    }
    found = what[node.kind] if node and node.kind in what else f"there is no {path}"
    if cameras.ready:
        others = ", ".join(f"{n.path} ({n.name})" for n in cameras.ready)
        line = f"edgeface run --source {cameras.ready[0].number}"
        return Finding("camera", "stops run", f"{found}; here is {others}", _WHY, commands=(line,))
    if cameras.ribbon:
        return _ribbon(found, cameras)
    if facts.is_pi:
        return _none_on_a_pi(facts, found)
    if facts.release.container:
        remedy = "start the container with: --device /dev/video0 --group-add video"
        return Finding("camera", "stops run", f"{found} in this container", _WHY, remedy)
    remedy = "plug a camera in, or name a clip: edgeface run --source CLIP"
    return Finding("camera", "stops run", f"{found}, and no other camera", _WHY, remedy)


def _ribbon(found: str, cameras: Cameras) -> Finding:
    """A Pi camera: OpenCV cannot make pictures of what its sensor gives."""
    names = ", ".join(cameras.ribbon or ())
    why = "what the sensor of a Pi camera gives becomes pictures in libcamera, not in OpenCV"
    line = "edgeface run --source picamera"
    found += f"; the camera on the ribbon is {names}"
    return Finding("camera", "stops run", found, why, commands=(line,))


def _check_ribbon(facts: Facts) -> Iterator[Finding]:
    asked, ribbon = _RIBBON.fullmatch(facts.source), facts.cameras.ribbon or ()
    if asked is None or int(asked[1] or 0) < len(ribbon):
        return
    if ribbon:
        found = f"--source {facts.source}: there {_are(len(ribbon))} on the ribbon"
        why = "they are numbered from 0"
        line = "edgeface run --source picamera"
        yield Finding("camera", "stops run", found, why, commands=(line,))
    else:
        yield _none_on_the_ribbon(facts)


def _check_clip(facts: Facts) -> Iterator[Finding]:
    """A file or folder of that name; what comes by an address is found out when it is opened."""
    source = facts.source
    drawn = source.partition(":")[0] == "drawn"
    if is_ribbon(source) or drawn or "://" in source or (facts.machine.here / source).exists():
        return
    found = f"--source {source}: no such camera, clip or folder"
    remedy = "0 is the first USB camera, picamera the one on the ribbon; otherwise name a clip"
    yield Finding("camera", "stops run", found, "edgeface run looks through it", remedy)


def _are(cameras: int) -> str:
    return "is one camera" if cameras == 1 else f"are {cameras} cameras"


def _none_on_the_ribbon(facts: Facts) -> Finding:
    if not facts.is_pi:
        found = "this is no Raspberry Pi: it has no camera on a ribbon"
        line = "edgeface run --source 0"
        return Finding("camera", "stops run", found, _WHY, "take a USB camera:", (line,))
    return _none_on_a_pi(facts, "no camera on the ribbon is found")


def _none_on_a_pi(facts: Facts, found: str) -> Finding:
    cameras = facts.cameras
    if cameras.lister is None:
        found += ", and nothing that would list a Pi camera"
        lines = ("sudo apt install -y rpicam-apps", "rpicam-hello --list-cameras")
        return Finding("camera", "stops run", found, _WHY, commands=lines)
    for config in _CONFIGS:
        text = sources.text(facts.machine.root / config)
        if text is None:
            continue
        settings = [line.strip() for line in text.splitlines()]
        if "start_x=1" in settings:
            found += f", and /{config} asks for the old camera stack (start_x=1)"
            line = f"sudo sed -i '/^start_x=1/d' /{config} && sudo reboot"
            return Finding("camera", "stops run", found, _WHY, commands=(line,))
        overlay = any(s.startswith(("dtoverlay=imx", "dtoverlay=ov")) for s in settings)
        if "camera_auto_detect=1" not in settings and not overlay:
            found += f", and /{config} does not look for one (camera_auto_detect)"
            line = (
                f"sudo sed -i '/^camera_auto_detect=/d' /{config} && "
                f"echo camera_auto_detect=1 | sudo tee -a /{config} && sudo reboot"
            )
            return Finding("camera", "stops run", found, _WHY, commands=(line,))
        break
    remedy = (
        "switch the board off and press the ribbon in at both ends, or plug a USB camera in; "
        "a camera of another maker needs its dtoverlay; then:"
    )
    line = f"{cameras.lister} --list-cameras"
    if not is_ribbon(facts.source):
        found += ", and no Pi camera"
    return Finding("camera", "stops run", found, _WHY, remedy, (line,))
