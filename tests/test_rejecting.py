"""Choosing a score and fitting thresholds, by networks and files that are made of numbers."""

import numpy as np
import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.tf

from edgeface import rejection  # noqa: E402
from edgeface.convert.beside import check_beside, every  # noqa: E402
from edgeface.convert.rejecting import People, plan  # noqa: E402
from edgeface.convert.strangers import Strangers  # noqa: E402
from edgeface.convert.unknown import check_possible  # noqa: E402
from edgeface.convert.unknownpage import HEAD, of  # noqa: E402
from edgeface.errors import ConversionError, UsageError  # noqa: E402

CLASSES = 3


class Numbers:
    """A network whose pixels are its numbers: three of logits, then three of an embedding."""

    classes = CLASSES

    def __init__(self, parts: bool = True) -> None:
        self.has_parts = parts

    def parts(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        values = pixels.reshape(len(pixels), 6).astype(np.float32) / 16
        logits, embedding = values[:, :3], values[:, 3:] - 8
        probs = np.exp(logits - logits.max(axis=1, keepdims=True))
        found = {"probs": (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)}
        return found | ({"logits": logits, "embedding": embedding} if self.has_parts else {})

    def infer_all(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        return {name: value[0] for name, value in self.parts(pixels[None]).items()}


def pictures(logits: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    values = np.concatenate([logits, embedding + 8], axis=1) * 16
    return np.clip(values, 0, 255).astype(np.uint8).reshape(len(logits), 2, 3, 1)


def people(seed: int, n: int, *, enrolled: bool, by: str) -> tuple[np.ndarray, np.ndarray]:
    """Enrolled people and strangers that only the score ``by`` tells apart."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % CLASSES
    logits = np.full((n, 3), 2.0) + rng.uniform(0, 0.4, (n, 3))
    logits[np.arange(n), truth] += 3 + rng.uniform(0, 1, n)
    embedding = rng.normal(0, 0.2, (n, 3))
    axes = np.eye(3)[truth]
    embedding += 4 * axes if enrolled or by != "distance" else 4 * np.roll(axes, 1, axis=1)
    if not enrolled and by == "energy":  # as sure, on weaker evidence
        logits -= 1.8
    if not enrolled and by == "margin":
        logits[np.arange(n), truth] -= 2.5
    return pictures(logits, embedding), truth


def made(by: str, *, parts: bool = True, far: float = 0.05, strangers: bool = True):
    network = Numbers(parts)
    training = People(*people(0, 120, enrolled=True, by=by))
    held = People(*people(1, 60, enrolled=True, by=by))
    others = None
    if strangers:
        pixels, _ = people(2, 240, enrolled=False, by=by)
        others = Strangers(pixels, tuple(f"s{i % 24}" for i in range(240)))
    return network, held, plan(network, training, held, others, far, 0)


@pytest.mark.parametrize(("by", "needs"), [("energy", "logits"), ("distance", "embedding")])
def test_the_score_that_tells_them_apart_is_chosen(by: str, needs: str) -> None:
    _, _, found = made(by)
    assert (found.score, found.needs) == (by, needs)
    assert [one.unknown.score for one in found.considered] == [
        "maximum",
        "margin",
        "energy",
        "distance",
    ]
    best = max(one.unknown.true_accepts.accepted for one in found.considered)
    chosen = next(one for one in found.considered if one.unknown.score == by)
    assert chosen.unknown.true_accepts.accepted == best == 60
    assert (found.means is not None) == (by == "distance")


def test_of_equals_the_one_that_needs_no_second_output_is_taken() -> None:
    _, _, found = made("margin")
    assert (found.score, found.needs, found.means) == ("maximum", None, None)


def test_only_the_wanted_scores_are_considered() -> None:
    network = Numbers()
    training = People(*people(0, 120, enrolled=True, by="distance"))
    pixels, _ = people(2, 240, enrolled=False, by="distance")
    others = Strangers(pixels, tuple(f"s{i % 24}" for i in range(240)))
    found = plan(network, training, training, others, 0.05, 0, ("maximum", "margin"))
    assert [one.unknown.score for one in found.considered] == ["maximum", "margin"]
    assert found.needs is None


def test_strangers_who_are_measured_on_were_not_fitted_on() -> None:
    network, held, found = made("energy")
    assert found.fitting.count + found.reporting.count == 24
    shared = {tuple(p.ravel()) for p in found.fitting.pixels} & {
        tuple(p.ravel()) for p in found.reporting.pixels
    }
    assert not shared
    own = every(network.infer_all, held.pixels)
    rule = found.fit("x.tflite", network.infer_all)
    told = found.measure(rule, network.infer_all, own, held.truth)
    assert (told.fitted, told.fitted_people) == (len(found.fitting.truth), found.fitting.count)
    assert told.false_accepts.pictures == 240 - told.fitted
    assert told.how == "strangers"
    again = rejection.false_accepts(
        rule.of(every(network.infer_all, found.reporting.pixels)),
        [str(n) for n in found.reporting.truth],
        rule.threshold,
    )
    assert told.false_accepts == again


def test_every_file_gets_a_threshold_of_its_own() -> None:
    network, held, found = made("energy")

    def shifted(pixels: np.ndarray) -> dict[str, np.ndarray]:
        answers = network.infer_all(pixels)
        return answers | {"logits": answers["logits"] + np.float32(1.5)}

    one, other = (found.fit("x", infer) for infer in (network.infer_all, shifted))
    assert other.threshold == pytest.approx(one.threshold + 1.5, abs=1e-5)
    rates = [
        found.measure(rule, infer, every(infer, held.pixels), held.truth).true_accepts.accepted
        for rule, infer in ((one, network.infer_all), (other, shifted))
    ]
    assert rates == [60, 60]


def test_a_network_without_parts_is_told_by_its_probabilities() -> None:
    _, _, found = made("margin", parts=False)
    assert [one.unknown.score for one in found.considered] == ["maximum", "margin"]


def test_without_strangers_it_is_called_an_estimate_everywhere() -> None:
    network, held, found = made("margin", strangers=False)
    assert found.how == "left out in turn"
    assert [one.unknown.score for one in found.considered] == ["maximum", "margin"]
    own = every(network.infer_all, held.pixels)
    rule = found.fit("x", network.infer_all)
    told = found.measure(rule, network.infer_all, own, held.truth)
    assert told.false_accepts.pictures == len(held.truth)
    assert told.rate_doubt is not None
    assert "several times as many false accepts" in told.rate_doubt


def test_a_file_whose_scores_are_no_numbers_is_refused() -> None:
    network, _, found = made("energy")

    def broken(pixels: np.ndarray) -> dict[str, np.ndarray]:
        return network.infer_all(pixels) | {"logits": np.full(3, np.nan, np.float32)}

    with pytest.raises(ConversionError, match=r"x\.onnx: the score energy of 1.. is no number"):
        found.fit("x.onnx", broken)


def test_too_few_strangers_for_the_rate_are_said_with_what_can_be_had() -> None:
    with pytest.raises(UsageError, match=r"a false-accept rate of 0\.001 takes 999 at least"):
        made("energy", far=0.001)


def test_another_output_in_its_place_is_noticed() -> None:
    network, held, _ = made("distance")
    own = every(network.infer_all, held.pixels)
    check_beside("x", "embedding", own, network, held.pixels)
    right = own["embedding"]
    for wrong in (np.zeros_like(right), right[:, ::-1], right[:, :2], right * np.float32(np.nan)):
        with pytest.raises(ConversionError, match=r"its embedding .* is not the network's"):
            check_beside("x", "embedding", own | {"embedding": wrong}, network, held.pixels)


@pytest.mark.parametrize(
    ("far", "strangers", "classes", "training", "said"),
    [
        (0.0, True, 3, 100, "above 0 and below 1"),
        (2.0, False, 3, 100, "above 0 and below 1"),
        (0.01, False, 2, 500, "of 2 people, whoever is left out"),
        (0.01, False, 3, 98, "takes 99 faces at least; the run has 98"),
    ],
)
def test_what_cannot_be_had_is_said_first(
    far: float, strangers: bool, classes: int, training: int, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        check_possible(far, strangers, classes, training)
    check_possible(0.01, True, 2, 0)
    check_possible(0.01, False, 3, 99)


def test_the_table_tells_scores_files_and_doubts() -> None:
    from pathlib import Path

    from edgeface.bundle import Bundle

    assert (
        of(Bundle.load(Path(__file__).parent / "fixtures" / "bundle-schema1").manifest.files)
        is None
    )
    _, _, found = made("energy", far=0.01)
    from dataclasses import replace

    plain = Bundle.load(Path(__file__).parent / "fixtures" / "bundle-schema1").manifest.files[0]
    unknown = next(c for c in found.considered if c.unknown.score == "energy").unknown
    told = of([replace(plain, threshold=3.25, unknown=unknown)], found.considered)
    assert told is not None
    assert {len(row) for row in told.rows} == {len(HEAD)}
    assert [row[1] for row in told.rows] == ["maximum", "margin", "energy", "distance", "energy"]
    assert told.rows[-1][2] == "3.2500"
    assert "1 % on 120 faces of 12 strangers, measured on 120 faces of 12 others" in told.lead
    assert told.notes[0].startswith("chosen: energy")
    assert any("12 strangers to fit on cannot promise less than 8 %" in n for n in told.notes)
    text = "\n".join(told.markdown())
    assert text.count("\n|") == len(told.rows) + 2
    assert "<script" not in told.html()
