"""Which system this is, and how a package of its own is called and installed there."""

from dataclasses import dataclass
from pathlib import Path

from edgeface.board import sources

# Libraries of which the wheels of OpenCV, numpy (piwheels) and the runtimes want the system's, and
# the packages of Debian and its descendants that hold them.
_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libX11.so.6": "libx11-6",
    "libxcb.so.1": "libxcb1",
    "libatomic.so.1": "libatomic1",
    "libgomp.so.1": "libgomp1",
    "libstdc++.so.6": "libstdc++6",
    "libopenblas.so.0": "libopenblas0",
    "libgfortran.so.5": "libgfortran5",
    "libcap.so.2": "libcap2",
}
# Renamed when times became 64 bits wide, in trixie and in Ubuntu 24.04.
_T64 = {"libglib2.0-0": "libglib2.0-0t64"}
_OTHERS = {
    "fedora": ("sudo dnf install -y", {"libgl1": "mesa-libGL", "libglib2.0-0": "glib2"}),
    "arch": ("sudo pacman -S --needed", {"libgl1": "libglvnd", "libglib2.0-0": "glib2"}),
    "suse": ("sudo zypper install -y", {"libgl1": "Mesa-libGL1", "libglib2.0-0": "glib2"}),
    "alpine": ("sudo apk add", {"libgl1": "mesa-gl", "libglib2.0-0": "glib"}),
}


@dataclass(frozen=True, slots=True)
class Release:
    """The distribution.

    Attributes:
        id: ``debian``, ``raspbian``, ``ubuntu``, ``fedora``; empty where nothing says it.
        like: What it descends from.
        version: ``12``, ``24.04``; None of those that only roll on.
        codename: ``bookworm``.
        words: ``Debian GNU/Linux 12 (bookworm)``.
        container: Whether the kernel and its settings are another system's.
    """

    id: str
    like: tuple[str, ...]
    version: float | None
    codename: str
    words: str
    container: bool

    def _is(self, family: str) -> bool:
        return family == self.id or family in self.like

    @property
    def has_apt(self) -> bool:
        """Debian, Raspberry Pi OS, Ubuntu and their descendants."""
        return self._is("debian") or self.id in ("raspbian", "ubuntu")

    def install(self, *names: str) -> tuple[str, ...]:
        """The line that installs packages, given by their names in Debian bookworm.

        Returns:
            Nothing where we do not know what they are called.
        """
        if self.has_apt:
            renamed = _T64 if self._wide_times else {}
            return (f"sudo apt install -y {' '.join(renamed.get(n, n) for n in names)}",)
        for family, (command, known) in _OTHERS.items():
            if self._is(family) and all(name in known for name in names):
                return (f"{command} {' '.join(known[n] for n in names)}",)
        return ()

    @property
    def _wide_times(self) -> bool:
        if self.codename in ("trixie", "forky", "sid", "noble"):
            return True
        least = 24.04 if self._is("ubuntu") else 13.0
        return self.version is not None and self.version >= least


def package_of(library: str) -> str | None:
    """The package of a library in Debian bookworm, ``libGL.so.1`` → ``libgl1``."""
    return _LIBRARIES.get(library)


def read_release(root: Path) -> Release:
    """What ``/etc/os-release`` says, and whether this is a container."""
    pairs = (
        line.partition("=") for line in (sources.text(root / "etc/os-release") or "").splitlines()
    )
    told = {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
    try:
        version = float(told.get("VERSION_ID", ""))
    except ValueError:
        version = None
    return Release(
        id=told.get("ID", ""),
        like=tuple(told.get("ID_LIKE", "").split()),
        version=version,
        codename=told.get("VERSION_CODENAME", ""),
        words=told.get("PRETTY_NAME", ""),
        container=_is_container(root),
    )


def _is_container(root: Path) -> bool:
    if (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        return True
    started = (sources.text(root / "run/systemd/container") or "") != ""
    groups = sources.text(root / "proc/1/cgroup") or ""
    return started or any(word in groups for word in ("docker", "kubepods", "lxc", "containerd"))
