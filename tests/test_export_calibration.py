"""A wrong calibration set does not become a bundle: the export job names each fault."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("keras")  # the training half

# isort: split
from edgeface.bundle import Bundle
from edgeface.convert.calibration.study import Wishes
from edgeface.errors import EdgefaceError, InputError
from edgeface.recipe import Recipe
from edgeface.train.run import Run

pytestmark = pytest.mark.tf

INT8 = Recipe("int8", "any machine", ("tflite",), ("float32", "int8"), calibration=30)


def export(run: Run, recipe: Recipe, out: Path, teller, **how):
    from edgeface.convert.export import export as convert

    return convert(run, recipe, out, teller, **how)


@pytest.fixture(scope="module")
def run(small_run: Path) -> Run:
    return Run.load(small_run)


@pytest.fixture
def own(run: Run, drawn_photos: Path, tmp_path: Path):
    """Writes training photographs into a folder of their own, changed."""

    def write(change=lambda picture: picture, people=None, copies=0) -> Path:
        folder = tmp_path / "own"
        for entry in run.split.side("training"):
            if people is not None and entry.label not in people:
                continue
            place = folder / entry.label
            place.mkdir(parents=True, exist_ok=True)
            if copies:
                if not list(place.iterdir()):
                    for number in range(copies):
                        shutil.copy(drawn_photos / entry.name, place / f"{number}.jpg")
                continue
            picture = change(cv2.imread(str(drawn_photos / entry.name)).astype(float))
            changed = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
            cv2.imwrite(str(place / Path(entry.name).with_suffix(".png").name), changed)
        return folder

    return write


def refused(run: Run, out: Path, teller, photos: Path | None = None) -> EdgefaceError:
    with pytest.raises(EdgefaceError) as wrong:
        export(run, INT8, out, teller, wishes=Wishes(photos))
    assert wrong.value.exit_code == 1
    assert wrong.value.remedy
    assert not out.exists()
    assert not list(out.parent.glob(".b*"))
    return wrong.value


def test_a_set_of_one_class_is_refused(run: Run, own, tmp_path: Path, teller) -> None:
    photos = own(people=run.labels[:1])
    wrong = refused(run, tmp_path / "b", teller, photos)
    assert f"one class: all {len(list(photos.rglob('*.png')))} pictures are of" in str(wrong)
    assert run.labels[0] in str(wrong)
    assert run.labels[2] in wrong.remedy
    # Without folders nobody says whose they are, but the network sees that they are alike.
    plain = refused(run, tmp_path / "b", teller, photos / run.labels[0])
    assert "one class" in str(plain)
    assert "look to the network like" in str(plain)


def test_a_set_of_duplicates_is_refused(run: Run, own, tmp_path: Path, teller) -> None:
    wrong = refused(run, tmp_path / "b", teller, own(copies=10))
    assert "duplicates: 27 of 30 files are copies; 3 are different" in str(wrong)
    assert "too few" in str(wrong)
    assert "take the copies out" in wrong.remedy


def test_wrongly_scaled_pictures_are_refused(run: Run, own, tmp_path: Path, teller) -> None:
    wrong = refused(run, tmp_path / "b", teller, own(lambda picture: 0.4 * picture))
    assert "wrong scaling: pixels of" in str(wrong)
    assert "0 to 255" in wrong.remedy


class _BadTraining(Run):
    """A run whose training pictures come out otherwise than they went in."""

    def crops(self, side, track=iter):
        pixels, truth = super().crops(side, track)
        scaled = np.rint(pixels / 255).astype(np.uint8)
        return (scaled if side == "training" else pixels), truth


def test_a_training_side_that_was_divided_by_255_is_refused(
    run: Run, tmp_path: Path, teller
) -> None:
    bad = _BadTraining(run.folder, run.config, run.labels, run.split)
    wrong = refused(bad, tmp_path / "b", teller)
    assert "wrong scaling: no pixel is above 1" in str(wrong)
    # Without anything to calibrate there is nothing to refuse.
    made = export(bad, replace(INT8, schemes=("float32",)), tmp_path / "b", teller)
    assert made.bundle.manifest.calibration is None


def test_the_validation_side_is_refused(
    run: Run, drawn_photos: Path, tmp_path: Path, teller
) -> None:
    photos = tmp_path / "held"
    for entry in run.split.side("validation"):
        (photos / entry.label).mkdir(parents=True, exist_ok=True)
        shutil.copy(drawn_photos / entry.name, photos / entry.label)
    wrong = refused(run, tmp_path / "b", teller, photos)
    assert "overlap: all" in str(wrong)
    assert "held back" in str(wrong)


def test_a_sound_set_of_ones_own_is_taken_and_recorded(
    run: Run, drawn_photos: Path, tmp_path: Path, teller
) -> None:
    """All photographs, those held back among them: the latter are left out and told."""
    made = export(run, INT8, tmp_path / "b", teller, wishes=Wishes(drawn_photos, stability=True))
    record = Bundle.load(tmp_path / "b").manifest.calibration
    assert record is not None
    assert record.source == str(drawn_photos)
    assert record.left_out >= len(run.split.side("validation"))
    held = {e.sha256 for e in run.split.side("validation")}
    assert len(record.pictures) == 30
    assert not held & set(record.pictures)
    kinds = {one.kind: one.severity for one in record.findings}
    assert kinds["overlap"] == kinds["too few"] == "warning"
    assert any(said.startswith("calibration: overlap: ") for said in teller.said)
    (two,) = record.halves
    assert (two.format, two.scheme, two.pictures) == ("tflite", "int8", 15)
    assert two.agreement > 0.8
    assert abs(two.difference_points) < 20
    report = (made.bundle.folder / "report.md").read_text()
    assert "overlap (warning)" in report
    assert "| tflite int8 | 15 pictures |" in report
    assert "agreement of the halves" in (made.bundle.folder / "report.html").read_text()


def test_the_curve_lies_in_the_bundle_and_the_method_beside_its_file(
    run: Run, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface import records
    from edgeface.convert.calibration import curve

    monkeypatch.setattr(curve, "SIZES", (2, 20))
    monkeypatch.setattr(curve, "SEEDS", 1)
    both = replace(INT8, formats=("tflite", "onnx"), schemes=("int8",), method="mse")
    made = export(run, both, tmp_path / "b", teller, wishes=Wishes(curve=True))
    bundle = Bundle.load(tmp_path / "b")  # its checksums hold the picture too
    assert bundle.manifest.calibration.method == "mse"
    assert {f.format: f.quantised.calibration for f in made.files} == {
        "tflite": "minmax",
        "onnx": "mse",
    }
    data = records.from_json((bundle.folder / curve.JSON).read_text(), "x", InputError)
    found = records.build(curve.Curve, data, "x", InputError)
    assert found.float_accuracy == made.float_accuracy
    assert [(p.format, p.size) for p in found.points] == [
        *((format, size) for format in ("tflite", "onnx") for size in (2, 20))
    ]
    assert all(0 <= p.accuracy <= 1 and 0 <= p.agreement <= 1 for p in found.points)
    assert len(found.rows()) == 4
    assert (bundle.folder / curve.PNG).read_bytes().startswith(b"\x89PNG")
    assert "data:image/png" in (bundle.folder / "report.html").read_text()
