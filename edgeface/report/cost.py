"""What a model file costs beside its latency: cold start, memory, energy."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ColdStart:
    """From the start of a process to the first result, several times.

    Attributes:
        file: Name, without its folder.
        backend: Runtime and version.
        threads: For the computation.
        steps: What a start consists of, in order: ``interpreter``, ``imports``, ``open`` and so on.
        starts_ns: One row a start: how long each of the steps took; their sum is the whole.
        page_cache: ``warm``: the files lay in memory, from a start before that is not among these;
            ``dropped``: every start read them from the disk.
        uncompiled: How many modules Python compiled at every start, because no bytecode of them is
            kept; where a package was installed as usual it is 0.
    """

    file: str
    backend: str
    threads: int
    steps: tuple[str, ...]
    starts_ns: tuple[tuple[int, ...], ...]
    page_cache: Literal["warm", "dropped"] = "warm"
    uncompiled: int = 0

    @property
    def totals_ns(self) -> tuple[int, ...]:
        """From process start to first result, of every start."""
        return tuple(sum(row) for row in self.starts_ns)


@dataclass(frozen=True, slots=True)
class Resident:
    """Memory of a process behind one of its steps.

    Attributes:
        step: ``interpreter``, ``numpy``, ``cv2`` and so on.
        rss_bytes: Resident, pages that others have too counted in full.
        pss_bytes: Resident, a page that n processes have counted as 1/n; None where the kernel does
            not tell.
        peak_bytes: The most that was resident until then.
    """

    step: str
    rss_bytes: int
    pss_bytes: int | None
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a process that did nothing but open one file and answer.

    Attributes:
        file: Name, without its folder.
        backend: Runtime and version.
        threads: For the computation.
        base_bytes: The Python interpreter and edgeface, before the runtime was loaded.
        runtime_bytes: What loading the runtime added,
        model_bytes: and what opening the file and the first inference added to that.
        peak_bytes: The most that the process ever held, many inferences later.
        steps: The same in finer steps; empty in reports that have only the sums.
    """

    file: str
    backend: str
    threads: int
    base_bytes: int
    runtime_bytes: int
    model_bytes: int
    peak_bytes: int
    steps: tuple[Resident, ...] = ()


@dataclass(frozen=True, slots=True)
class Energy:
    """What a counter of the machine says was used while a cell was measured.

    It is of all that the counter sees: other programs and the idle machine are in it.

    Attributes:
        source: Which counter: ``RAPL package-0``, ``PMIC``, ``NVML 0 NVIDIA ...``.
        joules: Used meanwhile.
        seconds: For so long.
        cell: Index of the cell in the report; None: the whole run.
        calls: Inferences within that time; None where they were not counted.
    """

    source: str
    joules: float
    seconds: float
    cell: int | None = None
    calls: int | None = None

    @property
    def watts(self) -> float:
        """Mean power."""
        return self.joules / self.seconds if self.seconds > 0 else 0.0
