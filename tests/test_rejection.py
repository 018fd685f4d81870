"""Thresholds by a false-accept rate, and the rates that are told."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import rejection
from edgeface.errors import UsageError


def people(count: int, each: int) -> list[str]:
    return [f"p{i // each}" for i in range(count * each)]


@given(
    st.lists(st.floats(-5, 5) | st.sampled_from([0.0, 1.0]), min_size=19, max_size=300),
    st.sampled_from([0.05, 0.1, 0.3, 0.9]),
)
def test_the_next_stranger_passes_as_rarely_as_asked(found: list[float], far: float) -> None:
    values = np.asarray(found)
    threshold = rejection.fit(values, far)
    passing = int((values >= threshold).sum())
    assert (passing + 1) / (len(values) + 1) <= far + 1e-9
    # And none lower would do: at the score that is just kept out, too many pass.
    kept_out = np.nextafter(threshold, -np.inf)
    assert (int((values >= kept_out).sum()) + 1) / (len(values) + 1) > far - 1e-9


def test_on_strangers_who_were_not_seen_the_rate_holds_on_the_mean() -> None:
    rng = np.random.default_rng(0)
    for n in (99, 150, 400):
        rates = []
        for _ in range(400):
            threshold = rejection.fit(rng.normal(size=n), 0.01)
            rates.append((rng.normal(size=2000) >= threshold).mean())
        assert np.mean(rates) < 0.011


@pytest.mark.parametrize(("far", "n"), [(0.01, 99), (0.1, 9), (0.5, 1), (0.001, 999), (0.03, 33)])
def test_how_many_strangers_a_rate_takes(far: float, n: int) -> None:
    assert rejection.least(far) == n
    values = np.linspace(0, 1, n)
    threshold = rejection.fit(values, far)
    assert threshold > values.max()
    with pytest.raises(UsageError, match=f"{n - 1} faces of strangers .* takes {n} at least"):
        rejection.fit(values[1:], far)


def test_the_remedy_names_a_rate_that_can_be_had() -> None:
    with pytest.raises(UsageError) as error:
        rejection.fit(np.zeros(60), 0.01)
    asked = float(error.value.remedy.split("--far ")[1])
    assert rejection.fit(np.zeros(60), asked) > 0
    assert asked == pytest.approx(1 / 61, abs=0.002)


def test_the_rule_of_three() -> None:
    assert rejection.to_state(0.01) == 300
    assert 0.99**300 < 0.05 < 0.99**297


@pytest.mark.parametrize("far", [0.0, 1.0, 2.0, -0.1, math.nan])
def test_what_is_no_rate_is_refused(far: float) -> None:
    with pytest.raises(UsageError, match="above 0 and below 1"):
        rejection.check_rate(far)


def test_a_nan_never_passes_and_counts() -> None:
    values = np.array([math.nan] * 5 + [0.1, 0.2, 0.3, 0.4])
    threshold = rejection.fit(values, 0.2)  # one of nine may pass
    assert (values >= threshold).sum() == 1
    rate = rejection.false_accepts(values, people(9, 1), threshold)
    assert (rate.accepted, rate.pictures) == (1, 9)
    assert rejection.fit(np.full(9, math.nan), 0.1) < -1e300  # whatever is a number may pass


@given(st.integers(2, 40), st.integers(0, 2**32 - 1), st.integers(0, 100))
def test_halves_never_split_a_person(count: int, draw: int, seed: int) -> None:
    sizes = np.random.default_rng(draw).integers(1, 12, count)
    who = [f"p{i}" for i, n in enumerate(sizes) for _ in range(n)]
    fitting = rejection.halves(who, seed)
    one = {p for p, f in zip(who, fitting, strict=True) if f}
    other = {p for p, f in zip(who, fitting, strict=True) if not f}
    assert one
    assert other
    assert not one & other
    assert abs(2 * fitting.sum() - len(who)) <= sizes.max()
    assert np.array_equal(fitting, rejection.halves(who, seed))


def test_another_seed_draws_others() -> None:
    drawn = {tuple(rejection.halves(people(8, 3), seed)) for seed in range(10)}
    assert len(drawn) > 3


def test_one_person_cannot_be_halved() -> None:
    with pytest.raises(UsageError, match="all 7 faces of strangers are of one person, 'p0'"):
        rejection.halves(people(1, 7), 0)


def test_pictures_of_one_person_count_for_less() -> None:
    passed = np.zeros(200)
    passed[:10] = 1.0
    alike = rejection.false_accepts(passed, people(20, 10), 0.5)  # all ten are of one person
    spread = rejection.false_accepts(
        np.roll(passed.reshape(10, 20).T, 0).ravel(), people(20, 10), 0.5
    )
    apart = rejection.false_accepts(passed, people(200, 1), 0.5)
    assert alike.share == spread.share == apart.share == 0.05
    assert alike.high > 1.5 * apart.high
    assert alike.high > spread.high
    assert apart.high == pytest.approx(0.09, abs=0.003)  # Wilson's, of 10 in 200


def test_nobody_passing_is_not_a_rate_of_zero() -> None:
    rng = np.random.default_rng(1)
    rate = rejection.false_accepts(rng.normal(size=200), people(200, 1), 99.0)
    assert (rate.accepted, rate.low) == (0, 0)
    assert 3 / 200 < rate.high < 4.5 / 200
    # Of the same number of pictures, few people whose scores differ say less.
    own = np.repeat(rng.normal(0, 3, 10), 20)
    few = rejection.false_accepts(own + rng.normal(0, 0.1, 200), people(10, 20), 99.0)
    assert few.high > 3 * rate.high


def test_all_passing_and_a_single_person() -> None:
    rate = rejection.false_accepts(np.ones(50), people(5, 10), 0.5)
    assert rate.share == rate.high == 1
    assert 0 < rate.low < 1
    single = rejection.false_accepts(np.r_[np.ones(5), np.zeros(45)], people(1, 50), 0.5)
    assert single.high > 0.7  # one person is one stranger, however many pictures


@pytest.mark.parametrize("alike", [0.02, 0.1])
def test_the_interval_covers_the_rate_of_all_people(alike: float) -> None:
    """Beta-binomial people: strangers who are let in often, and others who never are."""
    rng = np.random.default_rng(2)
    truth, covered, tries = 0.05, 0, 300
    for _ in range(tries):
        own = rng.beta(truth * (1 / alike - 1), (1 - truth) * (1 / alike - 1), 30)
        values = (own[:, None] - rng.random((30, 20))).ravel()
        rate = rejection.false_accepts(values, people(30, 20), 0.0)
        covered += rate.low <= truth <= rate.high
    assert covered / tries > 0.9


def test_true_accepts_need_the_right_name_and_the_score() -> None:
    found = np.array([0.9, 0.9, 0.1, math.nan])
    right = np.array([True, False, True, True])
    rate = rejection.true_accepts(found, right, 2, 0.5)
    assert (rate.accepted, rate.pictures, rate.people) == (1, 4, 2)
    assert rate.text == "25.0 % (4.6 to 69.9)"


def test_the_design_effect_of_people_who_differ_and_of_people_who_do_not() -> None:
    number = np.repeat(np.arange(20), 10)
    hits = np.repeat(np.arange(20) < 10, 10)  # each person always or never
    assert rejection.design_effect(hits, number) == pytest.approx(10 * 20 / 19)
    even = np.tile(np.arange(10) < 5, 20)
    assert rejection.design_effect(even, number) == 1


def test_left_out_in_turn_nobody_is_their_own_nearest() -> None:
    probs = np.float32([[0.8, 0.15, 0.05], [0.1, 0.6, 0.3], [0.0, 0.0, 1.0]])
    truth = np.array([0, 1, 2])
    found = rejection.left_out_in_turn("maximum", {"probs": probs}, truth)
    assert found == pytest.approx([0.75, 0.75, 0.5], abs=1e-6)
    margins = rejection.left_out_in_turn("margin", {"probs": probs}, truth)
    assert margins == pytest.approx([math.log(3), math.log(3), 0], abs=1e-5)


def test_left_out_in_turn_takes_logits_and_means_away_too() -> None:
    outputs = {
        "probs": np.float32([[0.8, 0.15, 0.05]]),
        "logits": np.float32([[9, 1, 0]]),
        "embedding": np.float32([[1, 1]]),
    }
    truth = np.array([0])
    energy = rejection.left_out_in_turn("energy", outputs, truth)
    assert energy[0] == pytest.approx(math.log(math.e + 1))
    means = np.float32([[1, 1], [0, 1], [1, 0]])
    distance = rejection.left_out_in_turn("distance", outputs, truth, means)
    assert distance[0] == pytest.approx(math.sqrt(0.5))


def test_with_two_people_nobody_can_be_left_out() -> None:
    probs = np.float32([[0.8, 0.2]])
    with pytest.raises(UsageError, match="2 people: with one left out") as error:
        rejection.left_out_in_turn("maximum", {"probs": probs}, np.array([0]))
    assert "--strangers" in error.value.remedy
