"""How sure a name is: four scores."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.acceptance import as_text, from_text
from edgeface.vision.decide import UNKNOWN, decide, decide_by
from edgeface.vision.unknown import NEEDS, SCORES, Rule, class_means, one, scores

MEANS = np.float32([[1, 0], [0, 1], [-1, 0]])
LABELS = ("ada", "bob", "cyd")


def answers(logits: list[list[float]], embedding: list[list[float]]) -> dict[str, np.ndarray]:
    values = np.float64(logits)
    probs = np.exp(values - values.max(axis=1, keepdims=True))
    probs /= probs.sum(axis=1, keepdims=True)
    return {
        "probs": probs.astype(np.float32),
        "logits": np.float32(logits),
        "embedding": np.float32(embedding),
    }


def test_what_each_score_is() -> None:
    outputs = answers([[3, 1, 0]], [[3, 4]])
    assert scores("maximum", outputs)[0] == pytest.approx(outputs["probs"].max())
    assert scores("margin", outputs)[0] == pytest.approx(2, abs=1e-5)
    total = math.log(math.exp(3) + math.exp(1) + 1)
    assert scores("energy", outputs)[0] == pytest.approx(total, abs=1e-6)
    assert scores("distance", outputs, MEANS)[0] == pytest.approx(0.6)


def test_the_distance_is_to_the_class_that_is_named_not_to_the_nearest_mean() -> None:
    outputs = answers([[0, 0, 3]], [[5, 0]])  # cyd is named, and lies opposite
    assert scores("distance", outputs, MEANS)[0] == pytest.approx(-1)


def test_the_margin_tells_apart_what_the_maximum_rounds_to_one() -> None:
    outputs = answers([[20, 0, 0], [60, 0, 0]], [[1, 0], [1, 0]])
    sure, surer = scores("maximum", outputs)
    assert sure == surer == 1.0
    sure, surer = scores("margin", outputs)
    assert (sure, surer) == (pytest.approx(20, abs=1e-4), pytest.approx(60, abs=1e-4))


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_score_and_no_name(score: str, bad: float) -> None:
    for name in {"probs", NEEDS.get(score, "probs")}:
        outputs = answers([[3, 1, 0], [3, 1, 0]], [[3, 4], [3, 4]])
        outputs[name][0, -1] = bad
        found = scores(score, outputs, MEANS)
        assert math.isnan(found[0])
        assert math.isfinite(found[1])
        rule = Rule(-1e9, score, MEANS)
        assert rule.named(outputs).tolist() == [False, True]
        first = {key: value[0] for key, value in outputs.items()}
        assert decide_by(rule, first, LABELS).name == UNKNOWN


def test_an_embedding_of_zeros_is_like_nobody() -> None:
    assert scores("distance", answers([[3, 1, 0]], [[0, 0]]), MEANS)[0] == 0


def test_a_distance_without_means_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="mean embedding"):
        scores("distance", answers([[3, 1, 0]], [[1, 0]]))


@given(st.sampled_from(SCORES), st.integers(0, 2**32 - 1))
def test_one_picture_scores_as_it_does_among_many(score: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, embedding = rng.normal(0, 4, (5, 3)), rng.normal(0, 1, (5, 2))
    outputs = answers(logits.tolist(), embedding.tolist())
    rule = Rule(0.5, score, MEANS)
    many = rule.of(outputs)
    for row in range(5):
        single = {name: value[row] for name, value in outputs.items()}
        decision = decide_by(rule, single, LABELS)
        assert decision.score == pytest.approx(many[row], abs=1e-6)
        assert (decision.name != UNKNOWN) == bool(rule.named(one(single))[0])
        assert decision.by == score
        assert decision.nearest == LABELS[int(np.argmax(outputs["probs"][row]))]


def test_a_rule_of_the_maximum_is_what_it_always_was() -> None:
    probs = np.float32([0.2, 0.7, 0.1])
    for threshold in (0.6, 0.7, 0.8):
        rule = Rule(threshold)
        assert decide_by(rule, {"probs": probs}, LABELS) == decide(probs, LABELS, threshold)
        assert rule.needs is None


def test_class_means_weigh_pictures_alike_whatever_their_length() -> None:
    embedding = np.float32([[10, 0], [0, 1], [0, 3], [0, 0]])
    means = class_means(embedding, np.array([0, 0, 1, 1]), 2)
    assert means == pytest.approx(np.float32([[0.5, 0.5], [0, 0.5]]))


def test_class_means_travel_as_text() -> None:
    means = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
    assert np.array_equal(from_text(as_text(means), 3), means)
    for text, classes in ((as_text(means), 5), ("no base 64", 3), ("", 3)):
        with pytest.raises(ValueError, match=r"."):
            from_text(text, classes)
    broken = as_text(np.full((3, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="no numbers"):
        from_text(broken, 3)
