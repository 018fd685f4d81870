"""Check of Picamera2: it comes with Raspberry Pi OS, outside of virtual environments."""

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from edgeface.board import sources
from edgeface.doctor.camera import is_ribbon
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding, Level
from edgeface.doctor.opencv import wants_other_numpy

_SYSTEM = Path("/usr/bin/python3")
_OUTSIDE = "usr/lib/python3/dist-packages/picamera2"
_WHY = "the camera on the ribbon is read through it"


def check_picamera2(facts: Facts) -> Iterator[Finding]:
    """Picamera2 loads in this Python, where there is a Pi camera or the system has it."""
    outside = (facts.machine.root / _OUTSIDE).is_dir()
    ribbon = facts.cameras.ribbon or ()
    asked = is_ribbon(facts.source) and facts.is_pi
    if not outside and not ribbon and not asked:
        return
    tried = facts.imported("picamera2")
    if tried.loads:
        return
    # It is what stops the loop where there is no other camera to look through.
    level: Level = "note"
    if ribbon or asked:
        level = "slower or worse" if facts.cameras.ready and not asked else "stops run"
    if tried.state != "missing":
        yield _broken(facts, level, tried.error)
    elif outside:
        yield _hidden(facts, level)
    else:
        inside = _again(facts)[1] if facts.python.in_environment and not _open(facts) else ()
        lines = ("sudo apt install -y python3-picamera2", *inside)
        found = "Picamera2 is not installed"
        yield Finding("picamera2", level, found, _WHY, "it is no wheel: apt alone has it", lines)


def _hidden(facts: Facts, level: Level) -> Finding:
    if not facts.python.in_environment:
        found = f"Picamera2 belongs to {_SYSTEM}; this is {facts.python.executable}"
        remedy = "install edgeface again in the environment that this line makes"
        line = f"{_SYSTEM} -m venv --system-site-packages .venv"
        return Finding("picamera2", level, found, _WHY, remedy, (line,))
    remedy, lines = _again(facts)
    found = f"Picamera2 is installed, and {facts.python.prefix} does not see it"
    return Finding("picamera2", level, found, _WHY, remedy, lines)


def _again(facts: Facts) -> tuple[str, tuple[str, ...]]:
    """What lets the environment see the packages of the system."""
    place = quote(str(facts.python.prefix))
    if _same_python(facts):
        remedy = "what is installed in the environment stays there:"
        return remedy, (f"{_SYSTEM} -m venv --system-site-packages {place}",)
    remedy = (
        f"it was made from another Python ({facts.python.words}), and Picamera2 is compiled for "
        "the system's: make it anew, the second line in the clone of edgeface"
    )
    return remedy, (
        f"{_SYSTEM} -m venv --clear --system-site-packages {place}",
        f"{place}/bin/pip install '.[pi]'",
    )


def _same_python(facts: Facts) -> bool:
    """Whether the environment was made from the system's Python, of the version it has now."""
    link = facts.machine.below(_SYSTEM)
    try:
        target = link.readlink().name if link.is_symlink() else ""
    except OSError:
        target = ""
    return str(facts.python.base) == "/usr" and target in ("", f"python{facts.python.short}")


def _open(facts: Facts) -> bool:
    """Whether the environment sees the packages of the system already."""
    config = sources.text(facts.machine.below(facts.python.prefix / "pyvenv.cfg")) or ""
    pairs = (line.partition("=") for line in config.splitlines())
    told = {key.strip().lower(): value.strip().lower() for key, _, value in pairs}
    return told.get("include-system-site-packages") == "true"


def _broken(facts: Facts, level: Level, error: str) -> Finding:
    if wants_other_numpy(error):
        version = facts.imported("numpy").version
        found = f"Picamera2 does not load with numpy {version}: {error}"
        # simplejpeg of bookworm is compiled for numpy 1; its wheel is not.
        remedy = "the system's simplejpeg is compiled for another numpy; its wheel is not:"
        line = facts.python.install("simplejpeg", again=True)
        return Finding("picamera2", level, found, _WHY, remedy, (line,))
    found = f"Picamera2 is installed and does not load: {error}"
    line = "sudo apt install -y --reinstall python3-picamera2 python3-libcamera"
    return Finding("picamera2", level, found, _WHY, commands=(line,))
