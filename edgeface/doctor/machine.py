"""The machine as the checks see it: everything that they read goes through one of these fields."""

import getpass
import importlib.metadata
import importlib.util
import os
import platform
import shlex
import signal
import struct
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Distributions whose versions matter, or that get into each other's way.
DISTRIBUTIONS = (
    "ai-edge-litert",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
    "opencv-python",
    "opencv-python-headless",
    "tflite-runtime",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: What it returned; None where it was not there or took too long.
        out: What it wrote to stdout.
        err: What it wrote to stderr; where `code` is None, the reason in our words.
        missing: It is not installed.
    """

    code: int | None
    out: str = ""
    err: str = ""
    missing: bool = False

    @property
    def signal(self) -> str | None:
        """``SIGILL`` and the like, where one ended it."""
        if self.code is None or self.code >= 0:
            return None
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"

    @property
    def last_line(self) -> str:
        """The last line that it said to stderr: of a traceback that is the error."""
        lines = [line.strip() for line in self.err.splitlines() if line.strip()]
        return lines[-1][:300] if lines else ""


Runner = Callable[[Sequence[str], float], Ended]


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter that runs edgeface.

    Attributes:
        version: (3, 11, 2).
        bits: 32 or 64, of its pointers; the kernel may be wider.
        machine: What the kernel says it is: ``aarch64``, ``armv7l``.
        musl: Built for the C library of Alpine Linux.
        free_threaded: Built without the global lock.
        executable: Its path.
        prefix: Of the virtual environment, where it is one.
        base: The prefix of the Python that the environment was made from.
        path: What it searches for modules, in order.
        has_pip: Whether pip is installed in it; environments that uv makes have none.
    """

    version: tuple[int, int, int]
    bits: int
    machine: str
    musl: bool
    free_threaded: bool
    executable: str
    prefix: Path
    base: Path
    path: tuple[str, ...]
    has_pip: bool = True

    @property
    def in_environment(self) -> bool:
        """Whether it is a virtual environment."""
        return self.prefix != self.base

    @property
    def short(self) -> str:
        """``3.11``."""
        return f"{self.version[0]}.{self.version[1]}"

    @property
    def words(self) -> str:
        """``3.11.2``."""
        return ".".join(map(str, self.version))

    def install(self, *wanted: str, again: bool = False) -> str:
        """The line that installs packages for this very Python, wherever it is typed.

        Args:
            wanted: Requirements, such as ``numpy<2``.
            again: Put the files there again, though it may be installed; nothing else is touched.
        """
        words = " ".join(shlex.quote(one) for one in wanted)
        if self.has_pip:
            how = "--force-reinstall --no-deps " if again else ""
            return f"{shlex.quote(self.executable)} -m pip install {how}{words}"
        how = "--reinstall --no-deps " if again else ""
        return f"uv pip install --python {shlex.quote(self.executable)} {how}{words}"

    def uninstall(self, *names: str) -> str:
        """The line that removes packages from this very Python."""
        if self.has_pip:
            return f"{shlex.quote(self.executable)} -m pip uninstall -y {' '.join(names)}"
        return f"uv pip uninstall --python {shlex.quote(self.executable)} {' '.join(names)}"


@dataclass(frozen=True, slots=True)
class Room:
    """A file system: free bytes for us, free files, and whether it is mounted read-only."""

    free_bytes: int
    free_files: int | None
    read_only: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """Where facts come from.

    Attributes:
        root: Where ``proc``, ``sys``, ``etc``, ``dev`` and ``usr`` are.
        here: The folder that edgeface was called in: bundles and runs lie below it.
        run: Runs a command for at most so many seconds.
        python: The interpreter.
        packages: Distribution → version, of those in `DISTRIBUTIONS` that are installed.
        user: Whose process it is.
        groups: Numbers of the groups of this process.
        may_use: Whether a file can be read and written.
        room: The file system of a folder that exists.
        now: Seconds since 1970, as this machine believes.
        made: The same, of edgeface's own files: now cannot lie before it.
    """

    root: Path
    here: Path
    run: Runner
    python: Python
    packages: Mapping[str, str]
    user: str
    groups: frozenset[int]
    may_use: Callable[[Path], bool]
    room: Callable[[Path], Room]
    now: float
    made: float

    def below(self, path: Path) -> Path:
        """Where an absolute path lies below the root."""
        return self.root / str(path).lstrip("/")

    def answer(self, *command: str) -> str | None:
        """The output of a command that is quick; None where it is missing, or fails."""
        ended = self.run(command, 5.0)
        return ended.out if ended.code == 0 else None


def this_machine(here: Path) -> Machine:
    """The machine that this process runs on."""
    return Machine(
        root=Path("/"),
        here=here,
        run=run_command,
        python=this_python(),
        packages=_installed(),
        user=_user(),
        groups=frozenset({*os.getgroups(), os.getegid()}),
        may_use=lambda path: os.access(path, os.R_OK | os.W_OK),
        room=_room,
        now=time.time(),
        made=Path(__file__).stat().st_mtime,
    )


def this_python() -> Python:
    """The interpreter of this process."""
    built_for = str(sysconfig.get_config_var("SOABI")) + str(sysconfig.get_config_var("MULTIARCH"))
    return Python(
        version=(sys.version_info[0], sys.version_info[1], sys.version_info[2]),
        bits=struct.calcsize("P") * 8,
        machine=platform.machine(),
        musl="musl" in built_for,
        free_threaded=bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        executable=sys.executable,
        prefix=Path(sys.prefix),
        base=Path(sys.base_prefix),
        path=tuple(sys.path),
        has_pip=importlib.util.find_spec("pip") is not None,
    )


def run_command(command: Sequence[str], seconds: float) -> Ended:
    """Run a command and wait for it; whatever becomes of it is an `Ended`, never an exception."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
        )
    except (FileNotFoundError, NotADirectoryError):
        return Ended(None, err=f"{command[0]} is not installed", missing=True)
    except subprocess.TimeoutExpired:
        return Ended(None, err=f"{Path(command[0]).name} did not end within {seconds:.0f} s")
    except OSError as error:
        return Ended(None, err=f"{command[0]} could not be started ({error.strerror})")
    return Ended(done.returncode, done.stdout, done.stderr)


def _installed() -> dict[str, str]:
    found = {}
    for name in DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except Exception:  # a broken installation is what is looked for
            continue
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container may run under a number that has no name
        return str(os.getuid())


def _room(folder: Path) -> Room:
    stat = os.statvfs(folder)
    files = stat.f_favail if stat.f_files else None  # some file systems count none
    return Room(stat.f_bavail * stat.f_frsize, files, bool(stat.f_flag & os.ST_RDONLY))
