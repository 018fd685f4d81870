import pytest

from edgeface.bench.plan import OFFICIAL_SAMPLES, plan
from edgeface.quantiles import LEAST


@pytest.mark.parametrize(("mode", "total_s"), [("quick", 10), ("default", 60)])
@pytest.mark.parametrize("cells", [1, 4, 16])
def test_the_time_of_a_mode_is_shared_by_all_cells(mode, total_s, cells):
    method = plan(mode, cells)
    sampled, warm = method.seconds * cells, method.warmup_s * cells * method.processes
    assert 0.5 * total_s <= sampled + warm <= total_s
    assert (method.mode, method.processes) == (mode, 2)


def test_many_cells_keep_their_fewest_samples_though_it_takes_longer():
    method = plan("quick", 500)
    assert method.seconds == 0.1
    assert method.least / method.windows == 6
    assert method.warmup_s == 0.02


def test_official_is_a_minute_and_1024_samples_for_every_cell_however_many():
    for cells in (1, 100):
        method = plan("official", cells)
        assert (method.seconds, method.least, method.samples) == (60.0, OFFICIAL_SAMPLES, None)
        assert method.processes == 2


def test_a_time_of_ones_own_is_of_every_cell():
    assert [plan("seconds", n, seconds=2.5).seconds for n in (1, 9)] == [2.5, 2.5]
    assert plan("seconds", 1, seconds=5).windows == 20
    assert plan("seconds", 1, seconds=3600).windows == plan("official", 1).windows
    with pytest.raises(ValueError, match="seconds"):
        plan("seconds", 1)


@pytest.mark.parametrize("processes", [1, 2, 3, 5])
def test_every_process_has_as_many_windows(processes):
    for mode in ("quick", "default", "official"):
        assert plan(mode, 3, processes=processes).windows % processes == 0


@pytest.mark.parametrize("mode", ["quick", "default"])
def test_a_tiny_model_ends_with_enough_samples_for_the_rarest_percentile(mode):
    method = plan(mode, 1)
    assert method.samples is not None
    assert LEAST[0.999] <= method.samples <= 10_000
