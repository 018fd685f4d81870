"""Which machine this is and in what state: the facts without which no latency means anything.

Everything is read from ``/proc``, ``/sys`` and ``/etc`` below a root that tests replace. A fact
that the machine does not tell is None; nothing is guessed from another fact.
"""

import platform
import struct
from dataclasses import dataclass
from pathlib import Path

from edgeface.board import sources
from edgeface.board.sources import Run as Run

# Bits of `vcgencmd get_throttled`, from 0 on; 16 places higher: since boot. From the Raspberry Pi
# documentation, "vcgencmd".
_THROTTLE_BITS = ("under-voltage", "clock capped", "throttled", "soft temperature limit")


@dataclass(frozen=True, slots=True)
class Board:
    """What does not change while a program runs.

    Attributes:
        model: As the device tree names it, ``Raspberry Pi 4 Model B Rev 1.1``; PCs have none.
        cpu: Name of the processor.
        architecture: Of the kernel: ``x86_64``, ``aarch64``.
        python_bits: 32 or 64: of this Python, which may be narrower than the kernel.
        cores: Logical cores of the machine.
        cores_usable: Those that this process may run on.
        clock_max_mhz: The highest clock of any core.
        memory_bytes: Main memory.
        os: ``Debian GNU/Linux 12 (bookworm)``.
        kernel: Its release.
        python: Version.
        packages: Package → version, of those that take part in inference and are installed.
    """

    model: str | None
    cpu: str | None
    architecture: str
    python_bits: int
    cores: int | None
    cores_usable: int | None
    clock_max_mhz: float | None
    memory_bytes: int | None
    os: str | None
    kernel: str | None
    python: str
    packages: dict[str, str]

    @property
    def label(self) -> str:
        """The shortest name that says what it is."""
        return self.model or self.cpu or self.architecture


@dataclass(frozen=True, slots=True)
class State:
    """What changes; a benchmark reads it before and after.

    Attributes:
        governor: Of the clock; several, joined by commas, where cores differ.
        clock_mhz: The fastest core's, now.
        temperature_c: The hottest sensor of the processor, degrees Celsius.
        load_1m: Load average of the last minute.
        memory_available_bytes: As the kernel estimates it.
        throttle_bits: ``vcgencmd get_throttled`` of a Raspberry Pi.
        memory_pressure_pct: Share of the last ten seconds in which some program waited for memory,
            as the kernel's pressure stall information tells it.
        swap_used_bytes: What lies in the swap space.
    """

    governor: str | None
    clock_mhz: float | None
    temperature_c: float | None
    load_1m: float | None
    memory_available_bytes: int | None
    throttle_bits: int | None
    memory_pressure_pct: float | None = None
    swap_used_bytes: int | None = None

    @property
    def throttled_now(self) -> tuple[str, ...]:
        """What holds the processor back now; empty where nothing does or none can tell."""
        return throttle_words(self.throttle_bits or 0)

    @property
    def throttled_since_boot(self) -> tuple[str, ...]:
        """What held it back at some time since it was switched on."""
        return throttle_words((self.throttle_bits or 0) >> 16)


def read_board(root: Path = Path("/")) -> Board:
    """The machine, as the files below ``root`` describe it."""
    processors = sources.blocks(sources.text(root / "proc/cpuinfo"))
    clocks = [sources.number(p) for p in sources.cpufreq(root, "cpuinfo_max_freq")]
    return Board(
        model=sources.model(root, processors),
        cpu=sources.cpu(processors),
        architecture=platform.machine(),
        python_bits=struct.calcsize("P") * 8,
        cores=sum("processor" in p for p in processors) or None,
        cores_usable=sources.usable(sources.field(root / "proc/self/status", "Cpus_allowed_list")),
        clock_max_mhz=max((c / 1000 for c in clocks if c is not None), default=None),
        memory_bytes=sources.kib(root, "MemTotal"),
        os=sources.os_name(root),
        kernel=sources.text(root / "proc/sys/kernel/osrelease"),
        python=platform.python_version(),
        packages=sources.packages(),
    )


def read_state(root: Path = Path("/"), run: Run | None = None) -> State:
    """How the machine is now.

    Args:
        root: Where ``proc`` and ``sys`` are.
        run: Runs a command and gives its output, None where it cannot; tests pass their own.
    """
    governors = sorted(
        {g for p in sources.cpufreq(root, "scaling_governor") if (g := sources.text(p))}
    )
    load = (sources.text(root / "proc/loadavg") or "").split()
    return State(
        governor=", ".join(governors) or None,
        clock_mhz=sources.clock_mhz(root),
        temperature_c=sources.temperature_c(root),
        load_1m=float(load[0]) if load else None,
        memory_available_bytes=sources.kib(root, "MemAvailable"),
        throttle_bits=sources.throttle_bits((run or sources.run)(("vcgencmd", "get_throttled"))),
        memory_pressure_pct=sources.memory_pressure_pct(root),
        swap_used_bytes=sources.swap_used(root),
    )


def throttle_words(bits: int) -> tuple[str, ...]:
    """What the lowest four bits of `State.throttle_bits` say, or those 16 places higher."""
    return tuple(word for i, word in enumerate(_THROTTLE_BITS) if bits >> i & 1)


def describe(board: Board, state: State) -> str:
    """One line for people: the machine, its state, and what holds it back."""
    clock = f"{state.clock_mhz:.0f} MHz" if state.clock_mhz else "clock not told"
    heat = f"{state.temperature_c:.0f} °C" if state.temperature_c is not None else None
    parts = [
        board.label,
        board.cpu if board.model else None,
        f"{board.cores} cores" if board.cores else None,
        board.architecture,
        clock,
        f"governor {state.governor}" if state.governor else "governor not told",
        heat or "temperature not told",
        f"load {state.load_1m:.2f}" if state.load_1m is not None else None,
        board.os,
        *(f"{word.upper()} NOW" for word in state.throttled_now),
    ]
    return " · ".join(part for part in parts if part)
