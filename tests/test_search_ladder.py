"""The ladder: which try is the result, how few layers stay in float, what is got back."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tf


def tried(rung: str, size: int, missed: tuple[str, ...] = (), accuracy: float = 0.9, scheme="int8"):
    from edgeface.convert.search.tries import Try

    return Try(rung, "tflite", scheme, None, accuracy, 0.9, 0.0, 0.01, size, 1.0, missed)


def test_of_what_keeps_the_gates_the_smallest_is_taken() -> None:
    from edgeface.convert.search.choosing import choose

    missed = ("max_drop_points",)
    plain = tried("plain", 100, missed)
    layers = tried("layers in float", 190), tried("layers in float", 180)
    float16 = tried("float16", 150, scheme="float16")
    assert choose([plain, *layers, float16]) == 3
    # Within a tenth of the smallest, the lower rung, and there the smallest.
    assert choose([plain, *layers, replace(float16, size_bytes=170)]) == 2
    assert choose([plain, tried("equalised", 101), float16]) == 1
    # A machine's clock decides nothing.
    slow = [replace(one, p50_ms=1000.0) for one in (plain, *layers, float16)]
    assert choose(slow) == 3


def test_float16_takes_the_place_of_a_larger_file_that_gained_answers_by_luck() -> None:
    from edgeface.convert.search.choosing import choose

    lucky = replace(tried("layers in float", 190), agreement=0.91, divergence=0.02)
    float16 = replace(tried("float16", 100, scheme="float16"), sure=False)
    near = replace(float16, agreement=0.99, divergence=0.001)
    assert choose([lucky, near]) == 1
    for worse in (
        replace(near, agreement=0.9),
        replace(near, divergence=0.03),
        replace(near, size_bytes=200),
        replace(near, missed=("max_drop_points",)),
    ):
        assert choose([lucky, worse]) == 0


def test_what_was_done_is_said_in_words() -> None:
    from edgeface.bundle import Quantised

    assert tried("plain", 1).changes == "nothing"
    how = Quantised("entropy", True, True, tuple("abcdef"))
    told = replace(tried("layers in float", 1), quantised=how).changes
    assert told == "ranges by entropy; equalised; biases corrected; in float: a, b, c, d and 2 more"


def test_what_keeps_them_by_luck_comes_after_what_is_sure_to() -> None:
    from edgeface.convert.search.choosing import choose

    lucky = replace(tried("plain", 100), sure=False)
    assert choose([lucky, tried("layers in float", 300)]) == 1
    assert choose([lucky, tried("layers in float", 300, ("max_drop_points",))]) == 0
    assert "luck" in lucky.word


def test_few_pictures_are_sure_of_what_did_not_change_alone(blended, tmp_path: Path) -> None:
    """Of 120 pictures one lost and one gained is no loss, and says little."""
    from edgeface.convert.search.tries import Judge
    from edgeface.gates import Gates

    _, sides = blended
    changed = sides.probs.copy()
    for i in (3, 50):
        changed[i] = np.roll(changed[i], 1)
    truth = sides.truth.copy()
    truth[50] = changed[50].argmax()
    judge = Judge(replace(sides, truth=truth), Gates(max_drop_points=0.5), tmp_path)
    assert not judge._sure(changed, 118 / 120)
    assert judge._sure(sides.probs, 1.0)
    assert Judge(sides, Gates(min_accuracy=0.5), tmp_path)._sure(changed, 118 / 120)
    many = replace(
        sides, truth=np.tile(truth, 100), probs=np.tile(sides.probs, (100, 1)), pixels=sides.pixels
    )
    enough = np.tile(sides.probs, (100, 1))
    enough[:70] = np.roll(enough[:70], 1, axis=1)
    judge = Judge(many, Gates(max_drop_points=0.8), tmp_path)
    assert judge._sure(enough, 1 - 70 / 12000 - 0.01)


def test_where_nothing_keeps_them_the_nearest_to_the_network_is_taken() -> None:
    from edgeface.convert.search.choosing import choose

    missed = ("max_drop_points",)
    tries = [tried("plain", 100, missed, 0.5), tried("equalised", 100, missed, 0.7)]
    assert choose([*tries, tried("corrected", 90, missed, 0.7)]) == 1
    better = replace(tried("corrected", 90, missed, 0.7), divergence=0.001)
    assert choose([*tries, better]) == 2


@pytest.mark.parametrize(
    ("needed", "found"),
    [
        ({"a"}, ("a",)),
        ({"c"}, ("c",)),
        ({"a", "d"}, ("a", "d")),
        ({"b", "c", "f"}, ("b", "c", "f")),
        ({"a", "b", "c", "d", "e", "f", "g"}, ()),  # all of them: nothing would be left in int8
    ],
)
def test_the_fewest_layers_in_float_are_found(needed: set[str], found: tuple[str, ...]) -> None:
    from edgeface.convert.search.choosing import fewest

    asked: list[tuple[str, ...]] = []

    def keeps(layers) -> bool:
        asked.append(tuple(layers))
        return needed <= set(layers)

    order = "abcdefg"
    assert fewest(order, keeps) == found
    assert len(asked) == len(set(asked)), "a set of layers was tried twice"
    assert len(asked) <= len(order) + 6


def hard_network(checkout: Path):
    """The benchmark, as a module."""
    path = checkout / "benchmarks" / "hard_network.py"
    spec = importlib.util.spec_from_file_location("hard_network", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def hard(checkout: Path, blended):
    """The blended network with channels of very unequal ranges, and its pictures in two halves."""
    from edgeface.convert.network import Network
    from edgeface.convert.search.halves import divided

    network, sides = blended
    unequal = Network.take(hard_network(checkout).unbalanced(network.model, 2.0, 4))
    np.testing.assert_allclose(unequal.infer(sides.pixels), sides.probs, atol=1e-5)
    return unequal, divided(sides, np.arange(len(sides.truth)), 0)


def recipe_of(formats=("tflite", "onnx"), **gates):
    from edgeface.gates import Gates
    from edgeface.recipe import Recipe

    limits = Gates(**(gates or {"max_drop_points": 0.5}))
    return Recipe("hard", "any machine", formats, ("int8",), gates=limits, search=True)


def test_five_points_and_more_that_plain_int8_loses_are_got_back(
    hard, teller, tmp_path: Path
) -> None:
    """On a network with very unequal channels; and the same again from the same seed."""
    from edgeface.convert.search.job import search
    from edgeface.convert.search.tries import Judge

    network, apart = hard
    recipe = recipe_of()
    found = search(recipe, network, apart, teller)
    judge = Judge(apart.final, recipe.gates, tmp_path)
    for one in found.climbed:
        plain, best = one.tries[0], one.best
        assert plain.rung == "plain"
        assert plain.delta_points <= -5
        assert best.kept
        assert best.delta_points >= -0.5
        assert best.quantised.equalised
        assert best.size_bytes < 1.02 * plain.size_bytes
        unseen = judge.judge(best.rung, one.format, "int8", one.content, best.quantised)
        assert unseen.delta_points >= -0.5
        assert not one.sensitivity  # the ladder ended below
    assert found.kept
    assert [line for line in teller.said if "equalised" in line and "keeps the gates" in line]

    again = search(recipe, network, apart, teller)
    for one, two in zip(found.climbed, again.climbed, strict=True):
        assert one.chosen == two.chosen
        if one.format == "tflite":
            assert one.content == two.content
        for first, second in zip(one.tries, two.tries, strict=True):
            assert replace(first, p50_ms=0, size_bytes=0) == replace(second, p50_ms=0, size_bytes=0)


def test_where_evening_out_is_no_way_layers_stay_in_float(hard, teller, tmp_path: Path) -> None:
    """TFLite, so that the first layer in float is tried too, and pixels go in all the same."""
    from edgeface.convert.search.job import search
    from edgeface.convert.search.record import PICTURE, SENSITIVITY

    network, apart = hard
    rungs = ("plain", "layers in float", "float16")
    found = search(recipe_of(("tflite",), min_agreement=0.98), network, apart, teller, rungs)
    (one,) = found.climbed
    layers = [each.layer for each in one.sensitivity]
    assert layers == ["conv1", "conv2", "conv3", "dense", "probs"]
    worst = max(one.sensitivity, key=lambda each: each.divergence)
    assert worst.divergence > 10 * min(each.divergence for each in one.sensitivity)
    assert worst.agreement < 1
    partly = [each for each in one.tries if each.rung == "layers in float"]
    assert partly
    assert all(0 < len(each.quantised.in_float) < 5 for each in partly)
    assert one.best.kept
    assert one.best.rung in ("layers in float", "float16")
    assert one.best.size_bytes == min(each.size_bytes for each in one.tries if each.kept)

    picture = found.write(tmp_path)
    assert picture[:4] == b"\x89PNG"
    assert (tmp_path / PICTURE).read_bytes() == picture
    assert '"conv1"' in (tmp_path / SENSITIVITY).read_text()
    for text in (found.markdown(), found.html(picture)):
        assert "layers in float" in text
        assert "which the search never saw" in text


def test_layers_in_float_are_not_given_what_makes_up_for_rounded_weights(
    hard, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or every layer would seem to suffer alike: a network corrected for int8 is off in float."""
    from edgeface.bundle import Quantised
    from edgeface.convert.search import ladder
    from edgeface.convert.search.job import search

    network, apart = hard
    recipe, rungs = recipe_of(("tflite",), min_agreement=1.0), ("plain", "layers in float")
    (usual,) = search(recipe, network, apart, teller, rungs).climbed
    best = property(lambda self: Quantised(corrected=True))  # as if that had helped most so far
    monkeypatch.setattr(ladder._Climber, "_best", best)
    (one,) = search(recipe, network, apart, teller, rungs).climbed
    partly = [each.quantised for each in one.tries if each.rung == "layers in float"]
    assert partly
    assert not any(how.corrected for how in partly)
    assert one.sensitivity == usual.sensitivity


def test_a_gate_that_nothing_keeps_is_not_met(hard, teller) -> None:
    from edgeface.convert.search.job import search

    network, apart = hard
    recipe = recipe_of(("onnx",), max_size_bytes=1000)
    found = search(recipe, network, apart, teller, ("plain", "float16"))
    assert not found.kept
    (unmet,) = found.unmet(recipe.gates)
    assert (unmet.gate, unmet.met, unmet.asked) == ("max_size_bytes", False, 1000)
    assert unmet.measured > 1000
    assert "no file kept the gates" in found.markdown()
