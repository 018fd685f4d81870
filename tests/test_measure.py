from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from edgeface.bench.inputs import random_inputs
from edgeface.bench.measure import QUICK, Task, measure, openable, schedule
from edgeface.bench.summary import as_data, findings, milliseconds
from edgeface.bundle import Tensor
from edgeface.errors import BackendError, BackendMissing
from edgeface.report import Method, Report

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


def task(backend: Timed, clock: Time, scheme: str | None = "int8", load: int = 7) -> Task:
    def open_it() -> Timed:
        clock.now += load
        return backend

    return Task(f"{backend.name}.tflite", "0" * 64, 10, "tflite", scheme, 1, open_it)


def run(
    takes: dict[str, Callable[[int], int]], method: Method = METHOD
) -> tuple[dict[str, object], list[tuple[str, int]], bool]:
    clock, log = Time(), []
    backends = [Timed(name, clock, t, log) for name, t in takes.items()]
    tasks = [task(b, clock) for b in backends]
    cells, interrupted = measure(tasks, lambda backend: PIXELS, method, clock=clock)
    return {cell.backend: cell for cell in cells}, log, interrupted


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
    steps = schedule(5, 20, seed=3)
    assert steps == schedule(5, 20, seed=3) != schedule(5, 20, seed=4)
    rounds = [[c for w, c in steps if w == n] for n in range(20)]
    assert all(sorted(r) == [0, 1, 2, 3, 4] for r in rounds)
    assert len({tuple(r) for r in rounds}) > 10


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


def test_a_file_without_its_runtime_is_listed_once_with_the_remedy():
    def missing() -> Timed:
        msg = "not installed"
        raise BackendMissing(msg, remedy="pip install it")

    clock = Time()
    good = task(Timed("a", clock, lambda call: 1, []), clock)
    bad = replace(good, file="b.onnx", format="onnx", open=missing)
    able, skipped = openable([good, bad, replace(bad, threads=2)])
    assert able == [good]
    assert [(s.file, s.reason, s.remedy) for s in skipped] == [
        ("b.onnx", "not installed", "pip install it")
    ]


def test_a_broken_file_is_not_skipped():
    def broken() -> Timed:
        msg = "no model"
        raise BackendError(msg)

    clock = Time()
    good = task(Timed("a", clock, lambda call: 1, []), clock)
    with pytest.raises(BackendError, match="no model"):
        openable([replace(good, open=broken)])


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


def made(takes: dict[tuple[str, str], int]) -> Report:
    """(file, scheme) → nanoseconds, on one backend."""
    from edgeface.board import read_board, read_state

    clock, tasks = Time(), []
    for (name, scheme), ns in takes.items():
        backend = Timed(name, clock, lambda call, ns=ns: ns, [])
        tasks.append(task(backend, clock, scheme))
    cells, _ = measure(tasks, lambda backend: PIXELS, METHOD, clock=clock)
    cells = tuple(replace(c, backend="fake 1") for c in cells)
    board, state = read_board(), read_state()
    return Report(2, "now", "0", "tiny", board, state, state, QUICK, False, cells, ())


def test_the_last_line_names_the_fastest_and_the_ratio():
    said = findings(
        made({("a", "int8"): 10_000, ("b", "float32"): 25_000, ("c", "float32"): 50_000})
    )
    assert len(said) == 1
    assert said[0].startswith(
        "fastest here: a.tflite (fake 1, 1 thread), p50 0.0100 ms: 2.50 times"
    )
    assert "5.00 times as fast as the slowest, c.tflite" in said[0]


def test_int8_that_loses_to_float32_is_said():
    said = findings(made({("a", "int8"): 30_000, ("b", "float32"): 10_000}))
    assert said[0].startswith("int8 is slower than float32 here: a.tflite")
    assert "3.00 times as long as b.tflite" in said[0]


def test_equal_cells_are_not_ranked():
    said = findings(made({("a", "int8"): 10_000, ("b", "float32"): 10_000}))
    assert len(said) == 1
    assert "not to be told apart" in said[0]


def test_one_cell_has_nothing_to_be_compared_with():
    assert findings(made({("a", "int8"): 10_000})) == []


def test_the_json_has_statistics_and_samples_and_null_where_unsupported():
    data = as_data(made({("a", "int8"): 10_000}))
    cell = data["cells"][0]
    assert cell["file"] == "a.tflite"
    assert cell["n"] == len(cell["samples_ns"]) == 4 * 25
    assert (cell["p50_ms"], cell["p50_interval_ms"]) == (0.01, [0.01, 0.01])
    assert cell["p90_ms"] == 0.01
    assert cell["p95_ms"] is None
    assert cell["verdict"] == "VALID"


@pytest.mark.parametrize(
    ("value", "text"), [(0.01567, "0.0157"), (2.3456, "2.346"), (23.456, "23.46"), (123.4, "123.4")]
)
def test_milliseconds_keep_the_digits_that_count(value, text):
    assert milliseconds(value) == text
