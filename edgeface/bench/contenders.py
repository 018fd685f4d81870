"""The cells that `edgeface.bench.tune` tries: loading them, timing them, holding their answers up.

A cell is one file on one backend with one number of threads. As many stay loaded as fit into a
share of the memory; the others are loaded again for their turn.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface.bench.elimination import Clock
from edgeface.errors import BackendError, BackendMissing, UsageError
from edgeface.runtime import Backend
from edgeface.tuned import count

# A loaded file holds its weights, often a second copy in another layout, and its tensors.
_COPIES, _BESIDE_BYTES = 3, 4_000_000
_WARM_CALLS, _WARM_NS = 2, 20_000_000
# Some runtimes are slow for their first calls: nobody is let go as too slow before.
_FAIR_CALLS, _FAIR_NS = 2, 20_000_000
_SETTLE_CALLS = 1  # another cell had the caches
# (file, number of the input, answer) → what is wrong, or nothing.
Check = Callable[[str, int, NDArray[Any]], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """What may be tried.

    Attributes:
        file: Its name.
        scheme: Of the file.
        size_bytes: Of the file.
        error: What it gets wrong: a share of pictures, or the RMSE of a regression.
        backend: A name in `edgeface.runtime.BACKENDS`.
        threads: Of the computation.
        open: Loads the file on that backend.
    """

    file: str
    scheme: str
    size_bytes: int
    error: float
    backend: str
    threads: int
    open: Callable[[], Backend]

    @property
    def words(self) -> str:
        """How messages call it."""
        return f"{self.file} on {self.backend}, {count(self.threads)}"

    @property
    def needs_bytes(self) -> int:
        """Memory that it takes when it is loaded, roughly."""
        return _COPIES * self.size_bytes + _BESIDE_BYTES


@dataclass(slots=True)
class Result:
    """What a cell has shown.

    Attributes:
        runtime: Name and version of its backend; empty until it was loaded.
        samples_ns: Every call of the rounds, in order.
        first_ns: Calls of the first look, without the first of all.
        failed: Why it is out; empty while it is not.
        missing: Whether that is because its backend is not installed,
        unfit: or does not compute on the device that was asked.
        remedy: What would help.
    """

    runtime: str = ""
    samples_ns: list[int] = field(default_factory=list)
    first_ns: list[int] = field(default_factory=list)
    failed: str = ""
    missing: bool = False
    unfit: bool = False
    remedy: str = ""


class Contenders:
    """All cells, their loaded backends, and what they have shown.

    Args:
        cells: What may be tried.
        inputs: (n, *shape of one input) in the files' dtype, fed in turn; at least one.
        check: Holds an answer up against what it should be.
        memory_bytes: That may be taken by loaded files.
        clock: Nanoseconds.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        inputs: NDArray[Any],
        check: Check,
        *,
        memory_bytes: int,
        clock: Clock,
    ) -> None:
        self.cells = tuple(cells)
        self.results = [Result() for _ in cells]
        self._inputs, self._check = inputs, check
        self._memory, self._clock = memory_bytes, clock
        self._loaded: OrderedDict[int, Backend] = OrderedDict()
        self._calls = [0] * len(cells)
        self._checked: set[tuple[str, str]] = set()

    def look(self, cell: int, for_ns: int, enough: float) -> None:
        """Load a cell, call it for a while, and hold its answers up against the right ones.

        Of every file on every backend all inputs are answered once; more threads add in the same
        order, or nearly.

        Args:
            cell: Its number.
            for_ns: How long.
            enough: A latency in nanoseconds; a cell that stays above it is let go.
        """
        result, kind = self.results[cell], (self.cells[cell].file, self.cells[cell].backend)
        try:
            backend = self._open(cell)
            # The first of all is slower than the rest, and is not timed.
            if not self._right(cell, 0, backend.infer(self._inputs[0])):
                return
            began, number = self._clock(), 1
            least = 3 if kind in self._checked else max(3, len(self._inputs))
            while number < least or self._clock() < began + for_ns:
                before = self._clock()
                answer = backend.infer(self._inputs[number % len(self._inputs)])
                result.first_ns.append(self._clock() - before)
                if not self._right(cell, number, answer):
                    return
                number += 1
                fair = number > _FAIR_CALLS and self._clock() >= began + _FAIR_NS
                if fair and min(result.first_ns) > enough:
                    return
            self._checked.add(kind)
        except Exception as error:  # runtimes raise whatever they like
            self._fail(cell, error)

    def window(self, cell: int, calls: int) -> tuple[int, ...] | None:
        """Time so many calls; None where it fails."""
        try:
            backend, inputs, clock = self._open(cell), self._inputs, self._clock
            for _ in range(_SETTLE_CALLS):
                backend.infer(inputs[self._calls[cell] % len(inputs)])
            found = []
            for number in range(self._calls[cell], self._calls[cell] + calls):
                pixels = inputs[number % len(inputs)]
                before = clock()
                backend.infer(pixels)
                found.append(clock() - before)
        except Exception as error:  # runtimes raise whatever they like
            self._fail(cell, error)
            return None
        self._calls[cell] += calls
        self.results[cell].samples_ns += found
        return tuple(found)

    def close(self, cell: int) -> None:
        """Let its backend go."""
        self._loaded.pop(cell, None)

    def _open(self, cell: int) -> Backend:
        if cell in self._loaded:
            self._loaded.move_to_end(cell)
            return self._loaded[cell]
        held = sum(self.cells[c].needs_bytes for c in self._loaded)
        while self._loaded and held + self.cells[cell].needs_bytes > self._memory:
            let_go = next(iter(self._loaded))
            del self._loaded[let_go]  # nothing may hold it while the next one is loaded
            held -= self.cells[let_go].needs_bytes
        backend = self.cells[cell].open()
        self._loaded[cell] = backend
        if self.results[cell].runtime:  # it was there before, so that its look is behind it
            until, calls = self._clock() + _WARM_NS, 0
            while calls < _WARM_CALLS or self._clock() < until:
                backend.infer(self._inputs[calls % len(self._inputs)])
                calls += 1
        self.results[cell].runtime = backend.name
        return backend

    def _right(self, cell: int, number: int, answer: NDArray[Any]) -> bool:
        if number >= len(self._inputs):
            return True
        wrong = self._check(self.cells[cell].file, number, np.asarray(answer))
        if wrong:
            self.results[cell].failed = wrong
            self.close(cell)
        return not wrong

    def _fail(self, cell: int, error: Exception) -> None:
        result = self.results[cell]
        # Without the path, which the file's name ends.
        said = " ".join(str(error).split()).split(f"{self.cells[cell].file}: ", 1)[-1]
        result.failed = said[:200] or type(error).__name__
        result.missing = isinstance(error, BackendMissing)
        result.unfit = isinstance(error, UsageError)
        result.remedy = error.remedy if isinstance(error, BackendError | UsageError) else ""
        self.close(cell)
