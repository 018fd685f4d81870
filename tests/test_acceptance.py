"""What a manifest says of `unknown`, and what a reader has to know."""

from dataclasses import replace

import pytest

from edgeface import records
from edgeface.acceptance import Rate, Unknown
from edgeface.errors import BundleError

RATE = Rate(1000, 3, 120, 0.001, 0.009)
GOOD = Unknown("margin", 0.01, "strangers", 1000, 120, 0, RATE, Rate(50, 45, 3, 0.78, 0.96))


def test_good_figures_leave_no_doubt() -> None:
    assert GOOD.rate_doubt is None
    assert GOOD.doubts == ()
    assert RATE.text == "0.3 % (0.1 to 0.9)"


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0.001, 0.02, "do not show that the rate stays below 1 %: it may be up to 2.0 %"),
        (0.011, 0.05, "more than the 1 % asked"),
    ],
)
def test_a_rate_that_is_not_shown_and_one_that_is_missed(
    low: float, high: float, said: str
) -> None:
    doubt = replace(GOOD, false_accepts=replace(RATE, low=low, high=high)).rate_doubt
    assert doubt is not None
    assert said in doubt


def test_what_few_people_cannot_promise() -> None:
    few = replace(GOOD, fitted_people=19, false_accepts=replace(RATE, people=8))
    measured, fitted = few.doubts
    assert "8 strangers to measure on say little" in measured
    assert "cannot promise less than 5 %" in fitted
    assert "99 could promise 1 %" in fitted
    assert not replace(GOOD, fitted_people=99).doubts


def test_a_network_that_names_nobody_is_said() -> None:
    nobody = replace(GOOD, true_accepts=Rate(50, 0, 3, 0, 0.07))
    assert "no enrolled person gets a name" in nobody.doubts[0]


def test_an_estimate_is_called_one_whatever_its_figures() -> None:
    doubt = replace(GOOD, how="left out in turn").rate_doubt
    assert doubt is not None
    assert "no strangers were given" in doubt


def test_it_is_read_as_it_was_written_and_an_unknown_score_is_not() -> None:
    data = records.plain(GOOD)
    assert records.build(Unknown, data, "x.json", BundleError) == GOOD
    with pytest.raises(BundleError, match="score"):
        records.build(Unknown, data | {"score": "hope"}, "x.json", BundleError)
