"""Where the facts about a machine are read: ``/proc``, ``/sys``, ``/etc``, the packages."""

import importlib.metadata
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

Run = Callable[[Sequence[str]], str | None]

# Part numbers of Arm Ltd. (implementer 0x41), from the main ID register of each core's manual.
_ARM_PARTS = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0b": "Cortex-A76",
    "0xd41": "Cortex-A78",
}
_PACKAGES = (
    "ai-edge-litert",
    "keras",
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-python",
    "opencv-python-headless",
    "openvino",
    "tflite-runtime",
)


def text(path: Path) -> str | None:
    """The stripped text of a file, None without one; the device tree ends texts with a NUL."""
    try:
        return path.read_bytes().decode("utf-8", "replace").strip("\0 \n\t") or None
    except OSError:
        return None


def number(path: Path) -> float | None:
    """The number that a file holds, None where it holds none."""
    try:
        return float(text(path) or "")
    except ValueError:
        return None


def blocks(content: str | None) -> list[dict[str, str]]:
    """``/proc/cpuinfo``: one dictionary a processor, and one for what stands behind them."""
    found = []
    for block in (content or "").split("\n\n"):
        pairs = (line.partition(":") for line in block.splitlines())
        found.append({key.strip(): value.strip() for key, _, value in pairs})
    return found


def model(root: Path, processors: list[dict[str, str]]) -> str | None:
    """What the device tree says, or the last block of cpuinfo on older kernels of the Pi."""
    told = text(root / "proc/device-tree/model")
    return told or next((p["Model"] for p in processors if p.get("Model")), None)


def cpu(processors: list[dict[str, str]]) -> str | None:
    """Arm kernels give numbers, of which the part names the core; several kinds are joined."""
    names: dict[str, None] = {}
    for processor in processors:
        part, maker = processor.get("CPU part"), processor.get("CPU implementer")
        if part:
            known = _ARM_PARTS.get(part) if maker == "0x41" else None
            names[known or f"Arm implementer {maker} part {part}"] = None
        elif name := processor.get("model name"):
            names[name] = None
    return " + ".join(names) or None


def field(path: Path, key: str) -> str | None:
    """The value behind ``key:`` in a file of such lines."""
    for line in (text(path) or "").splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return value.strip()
    return None


def usable(ranges: str | None) -> int | None:
    """``0-3,8`` → 5."""
    if not ranges:
        return None
    ends = [r.split("-") for r in ranges.split(",")]
    return sum(int(e[-1]) - int(e[0]) + 1 for e in ends)


def kib(root: Path, key: str) -> int | None:
    """A line of ``/proc/meminfo``, in bytes."""
    value = field(root / "proc/meminfo", key)
    return int(value.split()[0]) * 1024 if value else None


def swap_used(root: Path) -> int | None:
    """What lies in the swap space, in bytes; None where it is not told."""
    total, free = kib(root, "SwapTotal"), kib(root, "SwapFree")
    return None if total is None or free is None else total - free


def memory_pressure_pct(root: Path) -> float | None:
    """Share of the last ten seconds in which some program waited for memory.

    From the line ``some avg10=0.00 ...``; kernels before 4.20, and those of Raspberry Pi OS without
    ``psi=1``, have none.
    """
    found = re.search(r"^some avg10=([0-9.]+)", text(root / "proc/pressure/memory") or "")
    return float(found[1]) if found else None


def os_name(root: Path) -> str | None:
    """``PRETTY_NAME`` of ``/etc/os-release``."""
    for line in (text(root / "etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip("\"'") or None
    return None


def cpufreq(root: Path, name: str) -> list[Path]:
    """One file of the clock control for every core that has it."""
    return sorted((root / "sys/devices/system/cpu").glob(f"cpu[0-9]*/cpufreq/{name}"))


def clock_mhz(root: Path) -> float | None:
    """From cpufreq where the kernel steers the clock, else what x86 kernels measure."""
    steered = [c / 1000 for p in cpufreq(root, "scaling_cur_freq") if (c := number(p))]
    processors = blocks(text(root / "proc/cpuinfo"))
    measured = [float(p["cpu MHz"]) for p in processors if p.get("cpu MHz")]
    return max(steered or measured, default=None)


def temperature_c(root: Path) -> float | None:
    """Sensors that belong to the processor by their name; a battery's or a disk's do not count."""
    sensors = [
        *(
            number(zone / "temp")
            for zone in (root / "sys/class/thermal").glob("thermal_zone*")
            if (text(zone / "type") or "").startswith(("cpu", "soc", "x86_pkg_temp"))
        ),
        *(
            number(chip / "temp1_input")
            for chip in (root / "sys/class/hwmon").glob("hwmon*")
            if text(chip / "name") in ("coretemp", "cpu_thermal", "k10temp")
        ),
    ]
    return max((t / 1000 for t in sensors if t is not None), default=None)


def throttle_bits(answer: str | None) -> int | None:
    """``throttled=0x50005`` → the number."""
    try:
        return int((answer or "").strip().removeprefix("throttled="), 16)
    except ValueError:
        return None


def run(command: Sequence[str]) -> str | None:
    """The output of a command; None where it is not installed, fails, or takes two seconds."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=2, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def packages() -> dict[str, str]:
    """Package → version of what takes part in inference, where it is installed."""
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            pass
    return found
