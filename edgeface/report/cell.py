"""What was measured: one file on one backend, with one number of threads, one stage."""

from dataclasses import dataclass

from edgeface.quantiles import quantile, window_interval
from edgeface.report.verdict import Verdict, judge
from edgeface.report.window import Window


@dataclass(frozen=True, slots=True)
class Cell:
    """One file on one backend and device, with one number of threads, one stage.

    Attributes:
        file: Name, without its folder.
        sha256: Of the file.
        size_bytes: Of the file.
        format: ``tflite`` or ``onnx``, of a run ``keras``.
        scheme: ``int8`` and the like; None where nothing tells.
        backend: Runtime and version.
        device: What computed: ``cpu``, ``gpu`` or ``npu``.
        threads: For the computation.
        stage: What was timed: ``infer``, from pixels in memory to probabilities in memory;
            ``invoke``, the runtime alone; ``decode``, ``detect``, ``crop``, ``decide``;
            ``end to end``.
        input: dtype and shape of the input, ``uint8 (1, 64, 64, 1)``.
        load_ns: Opening the file, in a process in which the runtime was loaded already; of the
            first process.
        first_ns: The first inference after it.
        windows: The samples.
        placed: What took the nodes: ``XNNPACK 9 of 11 nodes``; empty where the runtime does not
            tell.
        precision: ``f32`` or ``bf16`` where a backend may choose, else empty.
        problem: Why there are fewer windows than asked for, such as a process that died.
    """

    file: str
    sha256: str
    size_bytes: int
    format: str
    scheme: str | None
    backend: str
    device: str
    threads: int
    stage: str
    input: str
    load_ns: int
    first_ns: int
    windows: tuple[Window, ...]
    placed: str = ""
    precision: str = ""
    problem: str = ""

    @property
    def label(self) -> str:
        """Name, runtime and threads, for people."""
        return f"{self.file} ({self.backend}, {self.threads} thread{'s'[: self.threads != 1]})"

    @property
    def samples_ns(self) -> tuple[int, ...]:
        """All samples in the order in which they were taken."""
        return tuple(s for w in self.windows for s in w.samples_ns)

    def quantile_ms(self, share: float) -> float | None:
        """An order statistic; None below the number of samples that supports it (`LEAST`)."""
        value = quantile(self.samples_ns, share)
        return None if value is None else value / 1e6

    def interval_ms(self, share: float) -> tuple[float, float] | None:
        """95 % interval of that quantile, counted by windows; None where it is not supported."""
        found = window_interval([w.samples_ns for w in self.windows], share)
        return None if found is None else (found[0] / 1e6, found[1] / 1e6)

    def verdict(self) -> Verdict:
        """What the windows alone say; `Report.verdict` knows the state of the board too."""
        return judge(self.windows)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not measured, why, and what would make it run."""

    file: str
    format: str
    scheme: str | None
    reason: str
    remedy: str
