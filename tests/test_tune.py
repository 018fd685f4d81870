"""Searching for the best cell: backends whose latencies are known, on a clock that they move."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgeface.bench.contenders import Cell, Contenders
from edgeface.bench.tune import Found, tune
from edgeface.errors import BackendError, BackendMissing, UsageError

INPUTS = np.arange(4, dtype=np.uint8).reshape(4, 1)


@dataclass
class World:
    """A clock, and backends that take the time they are told."""

    now: int = 0
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    opened: list[str] = field(default_factory=list)
    loaded: int = 0
    most_loaded: int = 0

    def clock(self) -> int:
        return self.now


class Backend:
    def __init__(self, world: World, name: str, takes: Callable[[int], float]) -> None:
        self.name, self._world, self._takes, self.calls = f"{name} 1", world, takes, 0
        world.loaded += 1
        world.most_loaded = max(world.most_loaded, world.loaded)

    def __del__(self) -> None:
        self._world.loaded -= 1

    def infer(self, pixels: np.ndarray) -> np.ndarray:
        noise = math.exp(self._world.rng.normal(0, 0.01))
        self._world.now += int(self._takes(self.calls) * noise)
        self.calls += 1
        return np.array([float(pixels[0])], np.float32)


def cell(
    world: World,
    file: str,
    takes: float | Callable[[int], float],
    *,
    threads: int = 1,
    error: float = 0.1,
    size: int = 1000,
    backend: str = "fake",
    scheme: str = "int8",
) -> Cell:
    each = takes if callable(takes) else lambda call, takes=takes: takes

    def open_it() -> Any:
        world.opened.append(file)
        world.now += 5_000_000
        return Backend(world, backend, each)

    return Cell(file, scheme, size, error, backend, threads, open_it)


def search(
    world: World, cells: list[Cell], *, seconds: float = 60, memory: int = 10**9, **more: Any
) -> Found:
    contenders = Contenders(
        cells,
        INPUTS,
        more.pop("check", lambda file, number, answer: ""),
        memory_bytes=memory,
        clock=world.clock,
    )
    asked: dict[str, Any] = {"objective": "p50", "seed": 0} | more
    return tune(contenders, seconds=seconds, clock=world.clock, **asked)


def fates(found: Found) -> dict[str, str]:
    return {t.file: t.fate for t in found.tried}


def test_the_best_is_found_and_the_others_are_told_why_not() -> None:
    world = World()
    cells = [cell(world, f"f{n}", 1e6 * m) for n, m in enumerate((1.3, 1.0, 1.1, 9.0))]
    found = search(world, cells)
    assert fates(found) == {"f0": "slower", "f1": "chosen", "f2": "slower", "f3": "far slower"}
    assert (found.chosen, found.ended, found.runtime) == (1, "one left", "fake 1")
    assert found.tried[1].p50_ms == pytest.approx(1.0, rel=0.02)
    low, high = found.tried[1].p50_interval_ms or (0, 0)
    assert low <= 1.0 <= high
    assert found.tried[0].ratio == pytest.approx(1.3, rel=0.03)
    assert "slower than f1 on fake, 1 thread" in found.tried[0].reason
    assert found.tried[3].calls < 100 < found.tried[1].calls


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [
        ({"threads": 2}, {"threads": 1, "error": 0.3, "size": 9000}, "threads"),
        ({"error": 0.2}, {"error": 0.1, "size": 9000}, "error"),
        ({"size": 2000}, {"size": 1000}, "size"),
    ],
)
def test_of_two_that_are_as_fast_the_rule_takes_one(one: Any, other: Any, tie: str) -> None:
    world = World()
    cells = [cell(world, "one", 0.995e6, **one), cell(world, "other", 1.005e6, **other)]
    found = search(world, cells)
    assert (found.ended, found.chosen, found.fastest, found.tie) == ("close", 1, 0, tie)
    assert set(found.equals) == {0, 1}
    assert fates(found) == {"one": "as fast", "other": "chosen"}


def test_fewer_threads_are_not_taken_where_more_are_faster() -> None:
    world = World()
    cells = [cell(world, "a", 1e6, threads=2), cell(world, "b", 1.08e6, threads=1)]
    assert search(world, cells).chosen == 0


def test_a_board_that_slows_down_changes_nothing() -> None:
    world = World()

    def hot(m: float) -> Callable[[int], float]:
        return lambda call: m * 1e6 * (1 + world.now / 5e9)

    cells = [cell(world, f"f{n}", hot(m)) for n, m in enumerate((1.15, 1.0, 1.3))]
    found = search(world, cells)
    assert (found.chosen, found.ended) == (1, "one left")
    assert world.now < 20e9


def test_a_backend_that_fails_in_the_middle_is_out_and_named() -> None:
    world = World()

    def breaks(call: int) -> float:
        if call > 200:
            msg = "device lost"
            raise RuntimeError(msg)
        return 0.5e6

    cells = [cell(world, "a", breaks), cell(world, "b", 1.0e6), cell(world, "c", 1.2e6)]
    found = search(world, cells)
    assert fates(found) == {"a": "failed", "b": "chosen", "c": "slower"}
    assert found.tried[0].reason == "device lost"


def test_a_backend_that_is_not_installed_is_named_once_with_the_remedy() -> None:
    world, asked = World(), []

    def missing() -> Any:
        asked.append(1)
        msg = "ov is not installed"
        raise BackendMissing(msg, remedy="pip install ov")

    def unfit() -> Any:
        msg = "gpu computes on a GPU"
        raise UsageError(msg)

    cells = [
        cell(world, "a", 1e6),
        Cell("a", "int8", 1000, 0.1, "ov", 1, missing),
        Cell("b", "int8", 1000, 0.1, "ov", 2, missing),
        Cell("a", "int8", 1000, 0.1, "gpu", 1, unfit),
    ]
    found = search(world, cells)
    assert [(o.what, o.reason, o.remedy) for o in found.left_out] == [
        ("ov", "ov is not installed", "pip install ov")
    ]
    assert len(asked) == 1
    assert [t.backend for t in found.tried] == ["fake"]
    with pytest.raises(BackendMissing, match="ov is not installed") as wrong:
        search(World(), cells[1:])
    assert wrong.value.remedy == "pip install ov"


def test_a_file_that_no_backend_takes_is_out_and_all_of_them_are_an_error() -> None:
    world = World()

    def refused() -> Any:
        msg = "path/a: fake does not take this file"
        raise BackendError(msg)

    cells = [Cell("a", "int8", 1000, 0.1, "fake", 1, refused), cell(world, "b", 1e6)]
    found = search(world, cells)
    assert fates(found) == {"a": "failed", "b": "chosen"}
    assert found.tried[0].reason == "fake does not take this file"
    with pytest.raises(BackendError, match="nothing can be timed here: fake does not take"):
        search(World(), cells[:1])


def test_who_answers_otherwise_is_out_however_fast_it_is() -> None:
    world = World()

    def check(file: str, number: int, answer: np.ndarray) -> str:
        return "0.5 apart" if file == "wrong" and number == 3 else ""

    cells = [cell(world, "wrong", 0.1e6), cell(world, "right", 1e6)]
    found = search(world, cells, check=check)
    assert fates(found) == {"wrong": "failed", "right": "chosen"}
    assert found.tried[0].reason == "0.5 apart"


def test_the_time_limit_holds_and_what_was_not_tried_is_said() -> None:
    world = World()
    cells = [cell(world, f"f{n:02}", 1e8 * (1 + 0.02 * n)) for n in range(40)]
    found = search(world, cells, seconds=5)
    assert found.ended == "time"
    assert "not tried" in fates(found).values()
    # A first look, and three rounds of at least four calls, however slow: nothing more.
    looked = sum(t.fate != "not tried" for t in found.tried)
    assert found.seconds <= 5 + 1 + 3 * 4 * looked * 0.2
    assert found.tried[found.chosen].p50_ms is not None


def test_a_search_among_forty_takes_the_best_within_five_percent_in_time() -> None:
    rng = np.random.default_rng(5)
    world = World()
    takes = 1e6 * np.exp(rng.uniform(0, 2, 40))
    found = search(world, [cell(world, f"f{n}", t) for n, t in enumerate(takes)])
    assert takes[found.chosen] <= 1.05 * takes.min()
    assert found.seconds < 60


def test_a_slow_start_is_no_reason_to_let_go() -> None:
    world = World()

    def warms_up(call: int) -> float:
        return 5e6 if call < 4 else 0.5e6

    found = search(world, [cell(world, "quick", 1e6), cell(world, "warms", warms_up)])
    assert fates(found)["warms"] == "chosen"


def test_a_slow_scheme_costs_two_calls_and_no_more() -> None:
    world = World()
    cells = [
        cell(world, "slow", 1e9, scheme="int16x8"),
        cell(world, "quick", 1e6),
    ]
    found = search(world, cells)
    assert fates(found) == {"slow": "far slower", "quick": "chosen"}
    assert found.tried[0].calls == 2
    assert world.opened[0] == "quick"


def test_no_more_is_loaded_than_fits_and_the_best_is_found_all_the_same() -> None:
    world = World()
    cells = [cell(world, f"f{n}", 1e6 * (1 + 0.1 * n), size=10**7) for n in range(6)]
    found = search(world, cells, memory=2 * cells[0].needs_bytes)
    assert found.chosen == 0
    assert world.most_loaded <= 2
    assert len(world.opened) > 12
    world = World()
    cells = [cell(world, f"f{n}", 1e6 * (1 + 0.1 * n), size=10**7) for n in range(6)]
    search(world, cells, memory=10**12)
    assert len(world.opened) == 6


def test_the_tail_is_looked_at_where_it_is_asked_for() -> None:
    world = World()

    def tailed(call: int) -> float:
        return 4e6 if call % 5 == 0 else 1e6

    cells = [cell(world, "tailed", tailed), cell(world, "even", 1.3e6)]
    assert search(world, cells).chosen == 0
    world = World()
    cells = [cell(world, "tailed", tailed), cell(world, "even", 1.3e6)]
    found = search(world, cells, objective="p90")
    assert found.chosen == 1
    assert found.tried[1].p90_ms == pytest.approx(1.3, rel=0.05)


def test_it_is_told_how_it_goes_on() -> None:
    world, told = World(), []
    cells = [cell(world, f"f{n}", 1e6 * (1 + 0.2 * n)) for n in range(3)]
    search(world, cells, tell=lambda *said: told.append(said))
    assert [left for what, _, left in told if what == "looking"] == [3, 2, 1]
    assert told[-1][0] == "timing"
    assert told[-1][2] == 1
    shares = [share for _, share, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_ctrl_c_ends_it() -> None:
    world = World()

    def stops(call: int) -> float:
        if call == 50:
            raise KeyboardInterrupt
        return 1e6

    with pytest.raises(KeyboardInterrupt):
        search(world, [cell(world, "a", stops), cell(world, "b", 1e6)])


def test_reasons_say_that_float32_won_and_what_it_costs_in_accuracy() -> None:
    from edgeface.bench.tunewords import reasons

    world = World()
    cells = [
        cell(world, "n.float32.tflite", 1e6, scheme="float32", error=0.02),
        cell(world, "n.int8.tflite", 2e6, scheme="int8", error=0.05),
        cell(world, "n.dynamic.tflite", 1.5e6, scheme="dynamic", error=0.01),
    ]
    found = search(world, cells)
    measured = {c.file: 1 - c.error for c in cells}
    said = reasons(found, cells, bundle_of(measured), "p50")
    assert said[0] == "n.float32.tflite on fake, 1 thread, has the lowest median"
    assert "float32 is faster than int8 here" in said[2]
    assert "2.00 times as long" in said[2]
    assert "accuracy 0.980, int8: accuracy 0.950" in said[2]
    assert "the most accurate, n.dynamic.tflite, accuracy 0.990" in said[3]


def bundle_of(accuracy: dict[str, float]) -> Any:
    from edgeface.bundle import Measured, ModelFile, Tensor

    tensor = Tensor("t", "uint8", (1, 2, 2, 1))
    files = tuple(
        ModelFile(
            name,
            "tflite",
            "int8",
            "0" * 64,
            10,
            tensor,
            tensor,
            0.5,
            Measured(100, share, 1.0, 0.0, 1.0),
        )
        for name, share in accuracy.items()
    )
    return SimpleNamespace(manifest=SimpleNamespace(files=files))


def test_reasons_say_what_decided_between_equals_and_when_the_time_was_up() -> None:
    from edgeface.bench.tunewords import reasons

    world = World()
    cells = [cell(world, "a", 0.997e6, threads=2), cell(world, "b", 1.003e6, threads=1)]
    found = search(world, cells)
    said = reasons(found, cells, bundle_of({"a": 0.9, "b": 0.9}), "p50")
    assert said[0] == (
        "b on fake, 1 thread: of 2 that cannot be told apart within 2 % it has the fewest "
        "threads (1, where the fastest has 2)"
    )
    assert "surely within 5 %" in said[1]
    world = World()
    cells = [cell(world, f"f{n}", 1e8 * (1 + 0.01 * n)) for n in range(9)]
    found = search(world, cells, seconds=3)
    said = reasons(found, cells, bundle_of({f"f{n}": 0.9 for n in range(9)}), "p50")
    assert "the time was up" in said[1]
    assert "--seconds" in said[1]
