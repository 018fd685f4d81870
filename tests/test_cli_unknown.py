"""``edgeface export --far``: thresholds by strangers, from the command line to the camera."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import BundleError
from edgeface.modelfile import read_facts
from edgeface.runtime import open_backend
from edgeface.vision.classify import open_classifier, rule_of
from edgeface.vision.unknown import NEEDS

pytestmark = [pytest.mark.tf, pytest.mark.slow]


class Silent:
    def say(self, text: str) -> None:
        pass

    def track(self, items: Sequence[Any], doing: str) -> Sequence[Any]:
        return items


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six drawn people with eight photographs each, whom nobody trained on."""
    from edgeface.datasets.drawn.folders import write_dataset

    folder = tmp_path_factory.mktemp("others") / "photos"
    write_dataset(folder, people=6, pictures=8, seed=41)
    for number, person in enumerate(sorted(p for p in folder.iterdir() if p.is_dir())):
        person.rename(folder / f"stranger{number}")
    return folder


@pytest.fixture(scope="module", params=["margin", "energy", "distance"])
def fitted(
    request: pytest.FixtureRequest,
    small_run: Path,
    strangers: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A bundle whose score is the one that the test asks for."""
    from edgeface.convert import unknown
    from edgeface.convert.export import export
    from edgeface.convert.unknown import Asked
    from edgeface.recipe import Recipe
    from edgeface.train.run import Run

    folder = tmp_path_factory.mktemp("fitted") / request.param
    both = ("float32", "int8")
    recipe = Recipe("far", "any machine", ("tflite", "onnx"), both, 30, far=0.1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unknown, "SCORES", (request.param,))
        export(Run.load(small_run), recipe, folder, Silent(), strangers=Asked(strangers))
    return folder


def test_files_answer_what_their_score_needs_and_no_more(fitted: Path) -> None:
    bundle = Bundle.load(fitted)
    for file in bundle.manifest.files:
        assert file.unknown is not None
        assert (file.unknown.how, file.unknown.far, file.score) == ("strangers", 0.1, fitted.name)
        backend = open_backend(bundle.path(file))
        beside = NEEDS.get(file.score)
        assert [t.name for t in backend.outputs] == ["probs", *([beside] if beside else [])]
        assert file.output.shape == (1, 3)
    assert (fitted / "class-means.npz").is_file() == (fitted.name == "distance")


def test_a_classifier_names_by_the_score_of_its_file(fitted: Path) -> None:
    bundle = Bundle.load(fitted)
    crops, golden = bundle.golden()
    for file in bundle.manifest.files:
        classifier = open_classifier(bundle, file)
        rule, backend = rule_of(bundle, file), open_backend(bundle.path(file))
        for crop, expected in zip(crops, golden[file.name], strict=True):
            outputs = classifier.infer(crop)
            decision = classifier.decide(outputs)
            assert np.allclose(outputs["probs"], expected, atol=1e-5)
            score = rule.of({k: v[None] for k, v in backend.infer_all(crop).items()})[0]
            assert decision.score == pytest.approx(score, abs=1e-5)
            assert (decision.name != "unknown") == (decision.score >= file.threshold)
            assert (decision.by, decision.threshold) == (file.score, file.threshold)


def test_a_file_alone_says_the_same_of_itself(fitted: Path) -> None:
    bundle = Bundle.load(fitted)
    for file in bundle.manifest.files:
        facts = read_facts(bundle.path(file))
        assert (facts.score, facts.threshold) == (file.score, file.threshold)
        if file.score == "distance":
            assert facts.means is not None
            assert np.array_equal(facts.means, bundle.means())
        assert "class_means" not in dict(facts.more)


def test_the_report_tells_it(fitted: Path) -> None:
    for name in ("report.md", "report.html"):
        text = (fitted / name).read_text("utf-8")
        assert "Strangers" in text
        assert "measured on 24 faces of 3 others" in text
        assert "cannot promise less than 25 %" in text
        assert "is not in here" not in text


@pytest.mark.parametrize("fitted", ["distance"], indirect=True)
def test_means_that_are_gone_or_of_others_are_noticed(fitted: Path, tmp_path: Path) -> None:
    bundle = Bundle.load(fitted)
    file = bundle.manifest.files[0]
    for means, said in (
        (None, "class means"),
        (np.zeros((2, 64), np.float32), "3 classes"),
        (np.full((3, 64), np.nan, np.float32), "3 classes"),
        (np.zeros((3, 5), np.float32), r"needs embedding \(1, 5\)"),
    ):
        copy = tmp_path / str(said.encode().hex()[:20]) / str(means is None)
        shutil.copytree(fitted, copy, dirs_exist_ok=True)
        (copy / "class-means.npz").unlink()
        if means is not None:
            np.savez(copy / "class-means.npz", means=means)
        with pytest.raises(BundleError, match=said):
            open_classifier(Bundle(copy, bundle.manifest), file)


def test_export_by_the_command_line(
    cli: Any, small_run: Path, strangers: Path, tmp_path: Path
) -> None:
    ran = cli(
        "export", small_run, "--int8", "--far", "0.1", "--strangers", strangers,
        "--out", tmp_path / "mine",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "fitted to a false-accept rate of 10 % on 24 faces of 3 strangers" in ran.out
    assert ran.out.count("trained network  ") == 4
    assert "chosen: " in ran.out
    assert "to state a rate of 0.1 with 95 % takes 30" in ran.err
    again = cli(
        "export", small_run, "--int8", "--far", "0.1", "--strangers", strangers,
        "--out", tmp_path / "again", "--json",
    )  # fmt: skip
    data = json.loads(again.out)
    first = Bundle.load(tmp_path / "mine").manifest.files
    assert [f["threshold"] for f in data["files"]] == [f.threshold for f in first]
    assert [one["unknown"]["score"] for one in data["considered"]] == [
        "maximum",
        "margin",
        "energy",
        "distance",
    ]
    compared = cli("compare", tmp_path / "mine", "--run", small_run, "--strangers", strangers,
                   "--json")  # fmt: skip
    assert compared.code == 0, compared.err
    rows = {row["file"]: row for row in json.loads(compared.out)["files"]}
    for file in first:
        assert file.unknown is not None
        row = rows[file.name]
        # Both halves of the strangers: those that it was fitted on, and those that it was not.
        assert row["strangers_people"] == 6
        assert row["strangers_named"] >= file.unknown.false_accepts.accepted
        share = file.unknown.true_accepts.share
        assert row["named_right_share"] == pytest.approx(share)


def test_what_is_wrong_is_said_before_anything_is_converted(
    cli: Any, small_run: Path, strangers: Path, drawn_photos: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    single = tmp_path / "single"
    shutil.copytree(strangers / "stranger0", single / "stranger0")
    renamed = tmp_path / "renamed"
    one_enrolled = min(p for p in drawn_photos.iterdir() if p.is_dir())
    shutil.copytree(one_enrolled, renamed / "somebody")
    out = ("--out", tmp_path / "mine")
    for words, code, said in (
        (("--far", "0", "--strangers", strangers), 2, "above 0 and below 1"),
        (("--far", "2", "--strangers", strangers), 2, "above 0 and below 1"),
        (("--strangers", strangers), 2, "no false-accept rate to fit a threshold to"),
        (("--far", "0.1", "--strangers", tmp_path / "nowhere"), 2, "no such folder or zip"),
        (("--far", "0.1", "--strangers", empty), 1, "no folder with photographs in it"),
        (("--far", "0.1", "--strangers", drawn_photos), 1, "is enrolled and is no stranger"),
        (("--far", "0.1", "--strangers", renamed), 1, "somebody enrolled, under another name"),
        (("--far", "0.1", "--strangers", single), 2, "are of one person, 'stranger0'"),
        (("--far", "0.01", "--strangers", strangers), 2, "takes 99 at least"),
        (("--far", "0.001"), 2, "takes 999 faces at least; the run has"),
    ):
        ran = cli("export", small_run, *words, *out)
        assert (ran.code, said in ran.err) == (code, True), (words, ran.err)
        assert not (tmp_path / "mine").exists()


def test_without_strangers_the_command_calls_it_an_estimate(
    cli: Any, small_run: Path, tmp_path: Path
) -> None:
    ran = cli("export", small_run, "--far", "0.1", "--out", tmp_path / "mine")
    assert ran.code == 0, ran.err
    assert "each taken for a stranger once: an estimate" in ran.out
    assert "expect several times as many false accepts" in ran.out
    assert "expect several times as many" in (tmp_path / "mine" / "report.md").read_text("utf-8")
    for file in Bundle.load(tmp_path / "mine").manifest.files:
        assert file.unknown is not None
        assert file.unknown.how == "left out in turn"
        assert file.score in ("maximum", "margin")
