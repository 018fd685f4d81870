from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edgeface.bench.inputs import random_inputs
from edgeface.bench.measure import Measured, measure, schedule
from edgeface.bench.process import Died, Here
from edgeface.bench.task import Opened, Opener, Task
from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.report import Cell, Method

METHOD = Method(seconds=0.001, samples=None, least=12, windows=4, warmup_s=0, warmup_calls=2)
PIXELS = np.zeros((3, 2, 2, 1), np.uint8)
PIXELS[:] = np.arange(3).reshape(3, 1, 1, 1)


@dataclass
class Time:
    """A clock that stands still unless something takes time."""

    now: int = 0

    def __call__(self) -> int:
        return self.now


@dataclass
class Timed:
    """A backend that takes the time it is told, and writes down who was asked what."""

    name: str
    clock: Time
    takes: Callable[[int], int]
    log: list[tuple[str, int]]
    calls: int = 0
    threads: int = 1
    input: Tensor = field(default_factory=lambda: Tensor("pixels", "uint8", (1, 2, 2, 1)))

    def infer(self, pixels: np.ndarray) -> np.ndarray:
        self.clock.now += self.takes(self.calls)
        self.calls += 1
        self.log.append((self.name, int(pixels[0, 0, 0])))
        return np.zeros(3, np.float32)


def task(name: str, scheme: str | None = "int8", **changes: object) -> Task:
    return Task(f"/models/{name}.tflite", "0" * 64, 10, "tflite", scheme, **changes)


def opener(
    clock: Time, takes: dict[str, Callable[[int], int]], log: list[tuple[str, int]], load: int = 7
) -> Opener:
    def open_it(task: Task) -> Opened:
        clock.now += load
        name = task.file.removesuffix(".tflite")
        backend = Timed(name, clock, takes[name], log)
        return Opened(name, "uint8 (1, 2, 2, 1)", PIXELS, backend.infer)

    return open_it


def run(
    takes: dict[str, Callable[[int], int]], method: Method = METHOD
) -> tuple[dict[str, Cell], list[tuple[str, int]], bool]:
    clock, log = Time(), []
    launch = Here.launcher(opener(clock, takes, log), clock)
    found = measure([task(name) for name in takes], method, launch=launch)
    return {cell.backend: cell for cell in found.cells}, log, found.interrupted


def test_each_sample_is_the_time_of_one_call_and_none_is_left_out():
    times = iter([5] * 3 + [3, 3, 3] + [10, 20, 30, 40, 50, 60])
    method = replace(METHOD, windows=1, least=6, seconds=0)
    cells, _, _ = run({"a": lambda call: next(times)}, method)
    assert cells["a"].samples_ns == (10, 20, 30, 40, 50, 60)


def test_load_and_first_call_are_apart():
    cells, _, _ = run({"a": lambda call: 100 if call == 0 else 1})
    assert (cells["a"].load_ns, cells["a"].first_ns) == (7, 100)


def test_warm_up_runs_for_its_time_and_its_calls():
    method = replace(METHOD, warmup_s=1e-6, warmup_calls=2, settle_calls=0, windows=1, least=1)
    cells, log, _ = run({"a": lambda call: 100}, replace(method, seconds=0))
    assert len(log) == 1 + 10 + 1  # first call, 1000 ns of warm-up, the sample
    assert len(cells["a"].samples_ns) == 1


def test_cells_take_turns_window_by_window():
    cells, log, _ = run({"a": lambda call: 500_000, "b": lambda call: 500_000})
    order = [name for i, (name, _) in enumerate(log) if i == 0 or log[i - 1][0] != name]
    assert order.count("a") >= 2
    assert order.count("b") >= 2
    starts = sorted((w.started_ns, name) for name, c in cells.items() for w in c.windows)
    rounds = [{name for _, name in starts[i : i + 2]} for i in range(0, 8, 2)]
    assert rounds == [{"a", "b"}] * 4


def test_the_order_is_drawn_anew_in_every_round_from_the_seed():
    method = replace(METHOD, windows=20, seed=3)
    steps = schedule(5, method)
    assert steps == schedule(5, method) != schedule(5, replace(method, seed=4))
    assert [s.what for s in steps] == ["open"] * 5 + ["window"] * 100
    rounds = [[s.cell for s in steps[5 + 5 * n : 10 + 5 * n]] for n in range(20)]
    assert all(sorted(r) == [0, 1, 2, 3, 4] for r in rounds)
    assert len({tuple(r) for r in rounds}) > 10


def test_every_process_opens_every_cell_and_they_take_turns():
    steps = schedule(3, replace(METHOD, windows=8, processes=2))
    everyone = {(place, cell) for place in (0, 1) for cell in range(3)}
    assert {(s.place, s.cell) for s in steps[:6]} == everyone
    assert {s.what for s in steps[:6]} == {"open"}
    rounds = [{(s.place, s.cell) for s in steps[n : n + 6]} for n in range(6, len(steps), 6)]
    assert rounds == [everyone] * 4


def test_windows_say_which_process_took_them():
    cells, _, _ = run(
        {"a": lambda call: 500_000, "b": lambda call: 500_000}, replace(METHOD, processes=2)
    )
    for cell in cells.values():
        assert sorted(w.process for w in cell.windows) == [0, 0, 1, 1]


def test_a_cell_ends_at_its_number_of_samples():
    cells, _, _ = run({"a": lambda call: 10}, replace(METHOD, samples=40, least=8))
    assert [len(w.samples_ns) for w in cells["a"].windows] == [10] * 4


def test_time_ends_a_window_but_never_before_the_least_number_of_calls():
    cells, _, _ = run({"slow": lambda call: 10**9, "fast": lambda call: 10_000})
    assert cells["slow"].samples_ns == (10**9,) * 12
    assert len(cells["fast"].samples_ns) == 4 * 25


def test_inputs_are_fed_in_turn():
    _, log, _ = run({"a": lambda call: 10**9})
    fed = [value for _, value in log]
    assert fed == [i % 3 for i in range(len(fed))]


def test_a_cell_that_slows_down_is_unsteady_and_one_beside_it_is_not():
    cells, _, _ = run(
        {"hot": lambda call: 10_000 + 40 * call, "cool": lambda call: 10_000 + call % 7}
    )
    assert cells["hot"].verdict().word == "UNSTEADY"
    assert "slower" in cells["hot"].verdict().reason
    assert cells["cool"].verdict().word == "VALID"


def test_ctrl_c_keeps_every_sample_that_was_taken():
    def takes(call: int) -> int:
        if call == 40:
            raise KeyboardInterrupt
        return 10_000

    cells, _, interrupted = run({"a": takes, "b": lambda call: 10_000})
    assert interrupted
    assert 0 < len(cells["a"].samples_ns) < 40
    assert set(cells["a"].samples_ns) == {10_000}


def test_ctrl_c_before_the_first_sample_is_passed_on():
    def takes(call: int) -> int:
        if call == 1:
            raise KeyboardInterrupt
        return 10

    with pytest.raises(KeyboardInterrupt):
        run({"a": takes})


class Mortal:
    """A hand that dies of one cell: at its opening, or in its second window."""

    def __init__(self, here: Here, victim: int, at: str) -> None:
        self.here, self.victim, self.at = here, victim, at
        self.process, self.windows, self.ended = here.process, 0, False

    def _may_die(self, what: str, cell: int) -> None:
        if (what, cell) == (self.at, self.victim):
            self.windows += 1
            if what == "open" or self.windows == 2:
                msg = "its process was killed"
                raise Died(msg)

    def open(self, cell: int):
        self._may_die("open", cell)
        return self.here.open(cell)

    def window(self, cell: int):
        self._may_die("window", cell)
        return self.here.window(cell)

    def close(self, cell: int) -> None:
        self.here.close(cell)

    def stop(self):
        return self.here.stop()

    def end(self) -> None:
        self.ended = True


def run_mortal(at: str) -> tuple[Measured, list[Mortal]]:
    clock, hands = Time(), []
    inner = Here.launcher(opener(clock, dict.fromkeys("abc", lambda call: 10_000), []), clock)

    def launch(process: int, tasks: list[Task], method: Method) -> Mortal:
        # The first alone: whoever replaces it is not told the cell again.
        hands.append(Mortal(inner(process, tasks, method), 1, at if process == 0 else "never"))
        return hands[-1]

    method = replace(METHOD, windows=8, processes=2)
    return measure([task(name) for name in "abc"], method, launch=launch), hands


def test_a_cell_that_a_process_dies_of_at_its_opening_is_left_out_and_the_rest_goes_on():
    found, hands = run_mortal("open")
    assert [(s.file, s.reason) for s in found.skipped] == [("b.tflite", "its process was killed")]
    assert "more memory" in found.skipped[0].remedy
    assert [c.file for c in found.cells] == ["a.tflite", "c.tflite"]
    assert all(len(c.windows) == 8 for c in found.cells)
    assert len(hands) == 3
    assert all(h.ended for h in hands)
    assert {w.process for c in found.cells for w in c.windows} == {1, 2}


def test_a_cell_that_a_process_dies_of_later_keeps_its_samples_and_says_so():
    found, _ = run_mortal("window")
    by_name = {c.file: c for c in found.cells}
    assert 1 <= len(by_name["b.tflite"].windows) < 8
    assert by_name["b.tflite"].problem == "its process was killed"
    assert found.notes == ("b.tflite: its process was killed; its samples until then are kept",)
    assert all(len(by_name[f"{name}.tflite"].windows) == 8 for name in "ac")
    assert {w.process for w in by_name["a.tflite"].windows} <= {0, 1, 2}


def test_a_file_without_its_runtime_is_listed_once_with_the_remedy():
    clock, log = Time(), []
    good = opener(clock, {"a": lambda call: 10_000}, log)

    def open_it(task: Task) -> Opened:
        if task.file == "b.onnx":
            msg = "not installed"
            raise BackendMissing(msg, remedy="pip install it")
        return good(task)

    bad = replace(task("b"), path="b.onnx", format="onnx")
    tasks = [task("a"), bad, replace(bad, threads=2)]
    found = measure(tasks, METHOD, launch=Here.launcher(open_it, clock))
    assert [c.file for c in found.cells] == ["a.tflite"]
    assert [(s.file, s.reason, s.remedy) for s in found.skipped] == [
        ("b.onnx", "not installed", "pip install it")
    ]


def broken(task: Task) -> Opened:
    msg = "no model"
    raise BackendError(msg)


def test_a_broken_file_is_not_skipped():
    with pytest.raises(BackendError, match="no model"):
        measure([task("a")], METHOD, launch=Here.launcher(broken))


def test_a_file_that_another_runtime_does_not_take_is_left_out_with_the_reason():
    other = task("a", backend="openvino")
    found = measure([other], METHOD, launch=Here.launcher(broken))
    assert (found.cells, [s.reason for s in found.skipped]) == ((), ["no model"])


class Counter:
    """A meter by which every window takes two joules in half a second."""

    started = 0

    def start(self) -> None:
        self.started += 1

    def stop(self) -> dict[str, tuple[float, float]]:
        return {"RAPL package-0": (2.0, 0.5)}


def test_energy_is_counted_cell_by_cell():
    clock, meter = Time(), Counter()
    launch = Here.launcher(opener(clock, dict.fromkeys("ab", lambda call: 10**9), []), clock)
    found = measure([task("a"), task("b")], METHOD, launch=launch, meter=meter)
    assert meter.started == 8
    told = [(e.source, e.joules, e.seconds, e.cell, e.calls) for e in found.energy]
    assert told == [("RAPL package-0", 8.0, 2.0, cell, 4 * (3 + 3)) for cell in (0, 1)]


@pytest.mark.parametrize(
    ("dtype", "low", "high"), [("uint8", 0, 255), ("int8", -128, 127), ("float32", -1, 1)]
)
def test_random_inputs_have_the_dtype_and_range_of_the_file(dtype, low, high):
    backend = Timed("a", Time(), lambda call: 1, [], input=Tensor("x", dtype, (1, 32, 32, 3)))
    drawn = random_inputs(backend, seed=1)
    assert drawn.shape == (8, 32, 32, 3)
    assert drawn.dtype == dtype
    assert low <= drawn.min() < low + 0.1 * (high - low)
    assert high - 0.1 * (high - low) < drawn.max() <= high
    assert np.array_equal(drawn, random_inputs(backend, seed=1))
    assert not np.array_equal(drawn, random_inputs(backend, seed=2))


@pytest.mark.parametrize(
    ("dtype", "shape"), [("uint8", (2, 8, 8, 1)), ("uint8", (1, -1, 8, 1)), ("int64", (1, 8))]
)
def test_an_input_that_only_its_user_knows_is_an_error(dtype, shape):
    backend = Timed("a", Time(), lambda call: 1, [], input=Tensor("x", dtype, shape))
    with pytest.raises(BackendError, match="input x"):
        random_inputs(backend, seed=1)


class Asked(Counter):
    """A sampler; Ctrl-C comes while it asks for the second cell, where it is told so."""

    def __init__(self, *, interrupted: bool) -> None:
        self.interrupted = interrupted

    def start(self) -> None:
        super().start()
        if self.interrupted and self.started == 2:
            raise KeyboardInterrupt


def test_power_is_sampled_beside_calls_that_are_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edgeface.bench.measure._SAMPLED_S", 0.0)
    clock = Time()
    launch = Here.launcher(opener(clock, dict.fromkeys("ab", lambda call: 10**9), []), clock)
    sampler = Asked(interrupted=False)
    found = measure([task("a"), task("b")], METHOD, launch=launch, sampler=sampler)
    assert [len(c.samples_ns) for c in found.cells] == [12, 12]
    assert [(e.joules, e.calls, e.cell) for e in found.energy] == [(2.0, 6, 0), (2.0, 6, 1)]


def test_ctrl_c_while_power_is_sampled_spoils_no_latency(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("edgeface.bench.measure._SAMPLED_S", 0.0)
    clock = Time()
    launch = Here.launcher(opener(clock, dict.fromkeys("ab", lambda call: 10**9), []), clock)
    sampler = Asked(interrupted=True)
    found = measure([task("a"), task("b")], METHOD, launch=launch, sampler=sampler)
    assert not found.interrupted
    assert [e.cell for e in found.energy] == [0]
    assert found.notes == ("energy: from b.tflite on not measured: interrupted",)
