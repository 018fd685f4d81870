"""Energy, where the machine counts it: Intel's and AMD's RAPL, NVIDIA's NVML, the PMIC of a Pi 5.

RAPL and NVML count joules, and reading them disturbs nothing. Other sources tell the power at the
moment, each time by a program that has to be started: they are asked beside calls that are not
timed. What a machine does not tell is absent; nothing is derived from a data sheet.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edgeface.board import sources
from edgeface.board.sources import Run

Counter = Callable[[], float | None]  # joules since some time; None where it cannot be read
Power = Callable[[], float | None]  # watts

_RAPL_NOTE = (
    "energy: {} may only be read by root; to let others: sudo chmod a+r {} (until the next start)"
)
_ADC = re.compile(r"(\w+)_([AV])\s+(?:current|volt)\(\d+\)=([0-9.]+)[AV]")
_PMIC = ("vcgencmd", "pmic_read_adc")
_SMI = ("nvidia-smi", "--query-gpu=index,name,power.draw", "--format=csv,noheader,nounits")
_EVERY_S = 0.2


class Counters:
    """Sources that count joules.

    Args:
        counters: Name → what reads it.
        clock: Seconds.
    """

    def __init__(
        self, counters: Mapping[str, Counter], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._counters, self._clock = counters, clock
        self._began: dict[str, tuple[float | None, float]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of the sources."""
        return tuple(self._counters)

    def start(self) -> None:
        """Read all of them."""
        self._began = {name: (read(), self._clock()) for name, read in self._counters.items()}

    def stop(self) -> dict[str, tuple[float, float]]:
        """Source → joules since `start`, and within how many seconds."""
        told = {}
        for name, (joules, at) in self._began.items():
            now, seconds = self._counters[name](), self._clock() - at
            if joules is not None and now is not None:
                told[name] = (now - joules, seconds)
        return told


class Samplers:
    """Sources that tell the power at the moment: asked again and again by a thread.

    Args:
        powers: Name → what reads it.
        clock: Seconds.
        every_s: From one reading to the next.
    """

    def __init__(
        self,
        powers: Mapping[str, Power],
        clock: Callable[[], float] = time.perf_counter,
        every_s: float = _EVERY_S,
    ) -> None:
        self._powers, self._clock, self._every = powers, clock, every_s
        self._watts: dict[str, list[float]] = {}
        self._stop, self._began = threading.Event(), 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._watts = {name: [] for name in self._powers}
        self._stop, self._began = threading.Event(), self._clock()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> dict[str, tuple[float, float]]:
        """Source → mean power times the seconds since `start`, and these."""
        seconds = self._clock() - self._began
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        told = {name: watts for name, watts in self._watts.items() if watts}
        return {name: (sum(w) / len(w) * seconds, seconds) for name, w in told.items()}

    def _ask(self) -> None:
        while True:
            for name, read in self._powers.items():
                if (watts := read()) is not None:
                    self._watts[name].append(watts)
            if self._stop.wait(self._every):
                return


def meters(
    root: Path = Path("/"), run: Run | None = None, *, gpu: bool = False
) -> tuple[Counters | None, Samplers | None, list[str]]:
    """Whatever this machine has.

    Args:
        root: Where ``sys`` is.
        run: Runs a command; tests pass their own.
        gpu: Whether a GPU computes, so that it is asked too.

    Returns:
        What counts joules, what tells power, None each where there is none; and what could not be
        read, in sentences.
    """
    found, notes = counters(root, gpu=gpu)
    counted = found is not None and any(name.startswith("NVML") for name in found.names)
    return found, samplers(run, gpu=gpu and not counted), notes


def counters(root: Path = Path("/"), *, gpu: bool = False) -> tuple[Counters | None, list[str]]:
    """All counters of this machine.

    Args:
        root: Where ``sys`` is.
        gpu: Whether a GPU computes, so that NVML is asked too.

    Returns:
        None where there is none; and what could not be read, in sentences.
    """
    found: dict[str, Counter] = {}
    notes = []
    for zone in sorted((root / "sys/class/powercap").glob("intel-rapl:*")):
        counted = zone / "energy_uj"
        if zone.name.count(":") > 1 or not counted.exists():
            continue  # a part of a package, which is in it already
        try:
            counted.read_bytes()
        except PermissionError:
            notes.append(_RAPL_NOTE.format(counted, counted))
            continue
        except OSError as error:
            notes.append(f"energy: {counted} cannot be read ({error.strerror})")
            continue
        found[f"RAPL {sources.text(zone / 'name') or zone.name}"] = _rapl(zone)
    if gpu:
        found |= _nvml()
    return (Counters(found) if found else None), notes


def samplers(run: Run | None = None, *, gpu: bool = False) -> Samplers | None:
    """All sources of this machine that tell power; None where there is none.

    Args:
        run: Runs a command; tests pass their own.
        gpu: Whether a GPU computes, so that ``nvidia-smi`` is asked too.
    """
    ask = run or sources.run
    powers: dict[str, Power] = {}
    if pmic_watts(ask(_PMIC)) is not None:
        powers["PMIC, sum of its rails"] = lambda: pmic_watts(ask(_PMIC))
    if gpu:
        for name in smi_watts(ask(_SMI)):
            powers[name] = lambda name=name: smi_watts(ask(_SMI)).get(name)  # type: ignore[misc]
    return Samplers(powers) if powers else None


def pmic_watts(answer: str | None) -> float | None:
    """``vcgencmd pmic_read_adc`` → the sum of current times voltage over all rails that tell both.

    What leaves the board by USB before the rails is not in it.
    """
    rails: dict[str, dict[str, float]] = {}
    for name, unit, value in _ADC.findall(answer or ""):
        rails.setdefault(name, {})[unit] = float(value)
    watts = [rail["A"] * rail["V"] for rail in rails.values() if len(rail) == 2]
    return sum(watts) if watts else None


def smi_watts(answer: str | None) -> dict[str, float]:
    """``0, NVIDIA T4, 27.41`` → name and watts of every GPU that tells its power."""
    told = {}
    for line in (answer or "").splitlines():
        index, _, rest = line.partition(", ")
        name, _, watts = rest.rpartition(", ")
        try:
            told[f"nvidia-smi {index} {name}"] = float(watts)
        except ValueError:
            pass  # "[N/A]": that one does not tell
    return told


def _rapl(zone: Path) -> Counter:
    """A counter that begins again at zero is carried on; asked at least once a turn of it."""
    last, turns = 0.0, 0

    def read() -> float | None:
        nonlocal last, turns
        now, most = sources.number(zone / "energy_uj"), sources.number(zone / "max_energy_range_uj")
        if now is None or (now < last and not most):
            return None
        turns += now < last
        last = now
        return (now + turns * ((most or 0) + 1)) / 1e6

    return read


def _nvml() -> dict[str, Counter]:
    """Millijoules since the driver was loaded, on Volta and later."""
    try:
        import pynvml

        pynvml.nvmlInit()
        found: dict[str, Counter] = {}
        for index in range(pynvml.nvmlDeviceGetCount()):
            device = pynvml.nvmlDeviceGetHandleByIndex(index)
            pynvml.nvmlDeviceGetTotalEnergyConsumption(device)
            name = pynvml.nvmlDeviceGetName(device)
            found[f"NVML {index} {name}"] = lambda d=device: (  # type: ignore[misc]
                pynvml.nvmlDeviceGetTotalEnergyConsumption(d) / 1000
            )
    except Exception:  # not installed, no driver, an older GPU: nothing is told
        return {}
    return found
