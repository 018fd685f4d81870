"""Checks of the Python, the word size and the C library: which wheels can be installed at all."""

from collections.abc import Iterator

from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding

_OLDEST, _NEWEST = (3, 11), (3, 13)
# What 32-bit boards run: the last TFLite runtime that has a wheel for them, with what it needs.
NARROW = ("numpy<2", "opencv-python-headless>=4.11,<4.12", "tflite-runtime==2.14")
FLASH = "flash the 64-bit Raspberry Pi OS"


def check_version(facts: Facts) -> Iterator[Finding]:
    """Python is one that edgeface is made for."""
    python = facts.python
    if python.version < _OLDEST:
        yield Finding(
            "python",
            "stops run",
            f"Python {python.words}; edgeface needs 3.11 to 3.13",
            "neither edgeface nor the wheels it needs are made for it",
            "Raspberry Pi OS bookworm brings Python 3.11 and trixie 3.13",
        )
    elif python.version[:2] > _NEWEST:
        yield Finding(
            "python",
            "slower or worse",
            f"Python {python.words}; edgeface is made for 3.11 to 3.13",
            "what it needs may have no wheels for it, tflite-runtime has none, and nothing was "
            "tested there",
            "install edgeface again in the environment that this line makes",
            ("python3.13 -m venv .venv",),
        )
    elif python.free_threaded:
        yield Finding(
            "python",
            "slower or worse",
            f"Python {python.words} without the global lock",
            "LiteRT and OpenCV have no wheels for it",
            "install edgeface again in the environment that this line makes",
            (f"python{python.short} -m venv .venv",),
        )


def check_bits(facts: Facts) -> Iterator[Finding]:
    """A 64-bit system, where the processor would run one; what works on 32 bits where not."""
    python = facts.python
    if python.bits != 32:
        return
    works = "what works is tflite-runtime: TFLite files, with int8 several times slower"
    if python.machine == "armv6l":
        yield Finding(
            "bits",
            "note",
            "a processor of ARMv6 (Raspberry Pi 1, Zero, Zero W)",
            "no runtime for model files has a wheel for it",
            "use a Raspberry Pi Zero 2 W, 3 or later with a 64-bit system",
        )
    elif python.machine in ("aarch64", "x86_64"):
        yield Finding(
            "bits",
            "slower or worse",
            f"32-bit Python under a 64-bit kernel ({python.machine})",
            "LiteRT and ONNX Runtime have no 32-bit wheels, and pip asks for them, since the "
            f"kernel says {python.machine}; {works}",
            f"{FLASH}; until then this line, with Python 3.11:",
            (python.install(*NARROW),),
        )
    else:
        wide = facts.has_wide_cores
        yield Finding(
            "bits",
            "slower or worse" if wide else "note",
            f"a 32-bit system ({python.machine})",
            f"LiteRT and ONNX Runtime have no 32-bit wheels; {works}",
            f"{FLASH}: this processor runs it"
            if wide
            else "this processor runs no 64-bit system: nothing to mend, short of another board",
        )


def check_libc(facts: Facts) -> Iterator[Finding]:
    """A C library that wheels are built for."""
    if not facts.python.musl:
        return
    needed = ("numpy", "cv2", "ai_edge_litert.interpreter")
    lost = [name for name in needed if not facts.imported(name).loads]
    yield Finding(
        "libc",
        "stops run" if lost else "note",
        "a system built on musl (Alpine Linux, for one)",
        "the wheels of LiteRT and ONNX Runtime are built for glibc alone",
        "use a system with glibc: Debian, or FROM python:3.13-slim in a container file",
    )
