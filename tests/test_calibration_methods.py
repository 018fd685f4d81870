"""From what a tensor answered to the range that int8 gives it."""

import numpy as np
import pytest

pytest.importorskip("keras")  # the training half

# isort: split
from edgeface.calibration import METHODS
from edgeface.convert.calibration import methods
from edgeface.convert.calibration.tensors import BINS, Seen

pytestmark = pytest.mark.tf


def seen(values: np.ndarray, *, pixels: bool = False) -> Seen:
    low, high = float(values.min()), float(values.max())
    counts = np.histogram(values, BINS, (low, high if high > low else low + 1))[0]
    return Seen(low, high, counts, pixels)


def relu_with_an_outlier() -> np.ndarray:
    values = np.maximum(np.random.default_rng(0).normal(0, 1, 200_000), 0)
    values[0] = 40.0
    return values


@pytest.mark.parametrize("method", METHODS)
def test_pixels_and_what_never_moves_keep_their_ends(method) -> None:
    values = np.random.default_rng(0).normal(0, 1, 1000)
    assert methods.chosen(seen(values, pixels=True), method) == (values.min(), values.max())
    assert methods.chosen(seen(np.zeros(9)), method) == (0.0, 0.0)
    low, high = methods.chosen(seen(np.full(methods.LEAST_VALUES, 3.0)), method)
    assert (low, high) == (0.0, 3.0)
    low, high = methods.chosen(seen(np.full(9, -3.0)), method)
    assert (low, high) == (-3.0, 0.0)


def test_minmax_clips_nothing_and_the_others_the_outlier() -> None:
    own = seen(relu_with_an_outlier())
    assert methods.chosen(own, "minmax") == (0.0, 40.0)
    # One of 200,000 values weighs more by the square of what it loses than by its share.
    for method, most in (("percentile", 10.0), ("entropy", 25.0), ("mse", 35.0)):
        low, high = methods.chosen(own, method)
        assert low == 0.0
        assert 3.0 < high < most, method


@pytest.mark.parametrize("method", METHODS)
def test_a_range_holds_zero_and_is_no_wider_than_what_was_seen(method) -> None:
    rng = np.random.default_rng(1)
    n = methods.LEAST_VALUES
    for values in (rng.normal(5, 1, n), rng.normal(-5, 1, n), rng.standard_t(2, n)):
        low, high = methods.chosen(seen(values), method)
        assert min(values.min(), 0) <= low <= 0 <= high <= max(values.max(), 0)


def test_of_few_values_none_is_an_outlier() -> None:
    values = relu_with_an_outlier()
    few = values[: methods.LEAST_VALUES - 1]
    for method in ("percentile", "entropy", "mse"):
        assert methods.chosen(seen(few), method) == (0.0, 40.0)
        assert methods.chosen(seen(values), method)[1] < 40.0


def quantised(values: np.ndarray, low: float, high: float) -> np.ndarray:
    step = (high - low) / methods.LEVELS
    return np.clip(np.round((values - low) / step), 0, methods.LEVELS) * step + low


def test_the_squared_error_is_the_least_of_all_methods() -> None:
    rng = np.random.default_rng(2)
    for values in (relu_with_an_outlier(), rng.standard_t(3, 100_000), rng.laplace(0, 1, 100_000)):
        own = seen(values)
        lost = {
            method: float(((quantised(values, *methods.chosen(own, method)) - values) ** 2).mean())
            for method in METHODS
        }
        assert lost["mse"] <= 1.02 * min(lost.values()), lost
        assert lost["mse"] < lost["minmax"]


def test_a_percentile_leaves_that_share_out() -> None:
    values = np.random.default_rng(3).normal(0, 1, 500_000)
    low, high = methods.chosen(seen(values), "percentile")
    beyond = ((values < low) | (values > high)).mean()
    assert beyond == pytest.approx(1 - methods.PERCENTILE / 100, abs=1e-4)


def test_evenly_spread_values_are_not_clipped_by_entropy() -> None:
    values = np.random.default_rng(4).uniform(0, 1, 500_000)
    assert methods.chosen(seen(values), "entropy")[1] > 0.95
