from collections.abc import Sequence

import numpy as np
import pytest

from edgeface.bench.ratio import DRAWS, Ratio, _drawn, _medians, ratio
from edgeface.quantiles import quantile
from edgeface.report import Cell, Window


def cell(levels: Sequence[float], *, processes: int = 1, n: int = 21, seed: int = 0) -> Cell:
    """A window a level, in ns, with a little noise; the processes take them in blocks."""
    rng, per = np.random.default_rng(seed), len(levels) // processes
    windows = tuple(
        Window(i // per, 1000 * i, tuple((level * rng.uniform(0.98, 1.02, n)).astype(int).tolist()))
        for i, level in enumerate(levels)
    )
    return Cell(
        "a.int8.tflite", "0" * 64, 9, "tflite", "int8", "fake 1", "cpu", 1, "infer",
        "uint8 (1, 8, 8, 1)", 5, 5, windows,
    )  # fmt: skip


def interval(found: Ratio | None) -> tuple[float, float]:
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


def test_twice_as_long_is_two_and_slower():
    found = ratio(cell([2e6] * 8), cell([1e6] * 8, seed=1), paired=True)
    low, high = interval(found)
    assert found is not None
    assert 1.9 < low <= found.value <= high < 2.1
    assert found.way == "slower"
    back = ratio(cell([1e6] * 8, seed=1), cell([2e6] * 8), paired=True)
    assert back is not None
    assert back.way == "faster"


def test_what_the_board_did_to_both_cancels_out_only_where_they_took_turns():
    drifting = [1e6, 1e6, 1.1e6, 1.2e6, 1.3e6, 1.4e6, 1.4e6, 1.4e6]
    one, other = cell([1.1 * level for level in drifting]), cell(drifting, seed=1)
    together, apart = ratio(one, other, paired=True), ratio(one, other, paired=False)
    assert together is not None
    assert apart is not None
    assert together.value == apart.value
    assert together.way == "slower"
    assert apart.way == "no change to be told"


def test_windows_that_do_not_go_together_are_drawn_apart():
    one, fewer = cell([1e6] * 8), cell([1e6] * 7, seed=1)
    assert ratio(one, fewer, paired=True) == ratio(one, fewer, paired=False)


def test_what_processes_differ_in_widens_the_interval():
    levels = [1e6] * 6 + [1.1e6] * 6
    base = cell([1e6] * 12, seed=1, processes=2)
    low_1, high_1 = interval(ratio(cell(levels), base, paired=False))
    low_2, high_2 = interval(ratio(cell(levels, processes=2), base, paired=False))
    assert high_2 - low_2 > high_1 - low_1


def test_few_windows_have_no_interval_and_few_samples_no_ratio():
    found = ratio(cell([1e6] * 3), cell([2e6] * 8), paired=False)
    assert found is not None
    assert (found.low, found.high, found.way) == (None, None, "no change to be told")
    assert found.within(0.05) == "cannot tell"
    assert ratio(cell([1e6], n=5), cell([1e6] * 8), paired=False) is None
    assert ratio(cell([]), cell([1e6] * 8), paired=False) is None


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.99, 1.02, "reproduced"),
        (0.96, 1.05, "reproduced"),
        (0.94, 1.02, "cannot tell"),
        (1.01, 1.2, "cannot tell"),
        (1.06, 1.2, "differs"),
        (0.5, 0.9, "differs"),
    ],
)
def test_the_same_up_to_a_margin_by_the_whole_interval(low, high, said):
    assert Ratio((low + high) / 2, low, high).within(0.05) == said


def test_every_draw_has_as_many_windows_of_a_process_as_that_process_took():
    counts = _drawn((3, 5), np.random.default_rng(0))
    assert counts.shape == (DRAWS, 8)
    firsts, seconds = counts[:, :3].sum(axis=1), counts[:, 3:].sum(axis=1)
    assert set(zip(firsts.tolist(), seconds.tolist(), strict=True)) == {(6, 0), (3, 5), (0, 10)}


def test_the_median_of_drawn_windows_is_that_of_their_samples():
    windows = cell([1e6, 2e6, 3e6, 4e6]).windows
    counts = np.array([[1, 1, 1, 1], [0, 3, 0, 1], [4, 0, 0, 0]])
    for row, found in zip(counts, _medians(windows, counts), strict=True):
        samples = [
            s for w, times in zip(windows, row, strict=True) for s in w.samples_ns * int(times)
        ]
        assert found == quantile(samples, 0.5)


@pytest.mark.parametrize(("windows", "processes"), [(6, 2), (12, 2), (12, 4)])
def test_the_interval_covers_where_windows_and_processes_vary(windows, processes):
    rng, covered, runs = np.random.default_rng(5), 0, 60

    def level() -> list[float]:
        own = rng.normal(0, 0.01, processes).repeat(windows // processes)
        return (1e6 * np.exp(own + rng.normal(0, 0.02, windows))).tolist()

    for run in range(runs):
        one = cell(level(), processes=processes, seed=2 * run)
        other = cell(level(), processes=processes, seed=2 * run + 1)
        low, high = interval(ratio(one, other, paired=False))
        covered += low <= 1 <= high
    assert covered >= 0.88 * runs  # 95 % less three standard errors of so few runs
