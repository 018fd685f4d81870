"""Files of regressions on the same points."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Tensor
from edgeface.comparison import read_named
from edgeface.datasets.pointfile import read_sides, to_csv
from edgeface.datasets.points import Points
from edgeface.errors import BackendMissing, InputError, UsageError
from edgeface.pointbundle import PointBundle
from edgeface.pointcomparison import (
    PointSubject,
    Shown,
    compare,
    from_file,
    html,
    markdown,
    quantisation_cost,
    subjects_of,
    words,
)
from edgeface.runtime import BACKENDS


@pytest.fixture
def bundle(fixtures: Path) -> Path:
    return fixtures / "points-bundle-schema1"


@pytest.fixture
def subjects(bundle: Path) -> tuple[PointSubject, ...]:
    return subjects_of(read_named([bundle], {}))


@pytest.fixture
def points(fixtures: Path) -> tuple[Points, np.ndarray]:
    """The points of the run that the bundle was made from, and which were held back."""
    return read_sides(fixtures / "points-run-schema1" / "points.csv")


def through(files, doing):
    return files


def written(folder: Path, points: Points) -> Path:
    path = folder / "points.csv"
    path.write_text(to_csv(points))
    return path


class Answering:
    """A backend that answers x plus a constant."""

    def __init__(self, by: float) -> None:
        self.name, self.threads, self.by = "fake 1", 1, by
        self.input, self.output = Tensor("x", "float32", (1, 1)), Tensor("value", "float32", (1, 1))
        self.outputs = (self.output,)

    def infer(self, x):
        return (x + np.float32(self.by)).astype(np.float32)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch):
    """What every file of the bundle answers: x plus a constant by its name, or nothing runs it."""

    def answer(by: dict[str, float | None]) -> None:
        def opened(path: Path, threads: int):
            constant = by.get(path.name, 0.0)
            if constant is None:
                msg = "not installed"
                raise BackendMissing(msg, remedy="install it")
            return Answering(constant)

        for format in ("tflite", "onnx"):
            monkeypatch.setitem(BACKENDS, format, {"fake": opened})

    return answer


@pytest.fixture
def shown() -> Shown:
    x = np.arange(16.0)
    return Shown("here", Points(x[:, None], x + 2, ("x",), "y"))


def test_the_files_as_they_were_measured_at_the_export(bundle: Path, subjects, points) -> None:
    every, held = points
    result = compare(subjects, Shown("held back", every.only(held)), 1, through)
    assert result.reference == "curve.float32.tflite"
    listed = PointBundle.load(bundle).manifest.files
    for file, row in zip(listed, result.as_data()["files"], strict=True):
        assert row["file"] == file.name
        assert row["l2"] == pytest.approx(file.measured.l2, rel=1e-3)
        assert row["worst"] == pytest.approx(file.measured.worst, rel=1e-3)
        assert row["n"] == 12
    assert [line.split()[0] for line in result.findings()] == ["curve.int8.tflite"]


def test_change_and_parity_against_the_float32_file(subjects, shown, answering) -> None:
    answering({"curve.int8.tflite": -2.0, "curve.float32.onnx": 2.0})
    result = compare(subjects, shown, 1, through)
    data = result.as_data()
    assert (data["schema"], data["reference"], data["n"]) == (2, "curve.float32.tflite", 16)
    rows = {row["file"]: row for row in data["files"]}
    assert rows["curve.float32.tflite"]["l2"] == pytest.approx(8)  # 16 errors of 2
    assert rows["curve.float32.tflite"]["verdict"] is None
    assert rows["curve.int8.tflite"]["l2"] == pytest.approx(16)
    assert rows["curve.int8.tflite"]["l2_change"] == pytest.approx(8)
    assert rows["curve.int8.tflite"]["parity"] == 2
    assert rows["curve.int8.tflite"]["verdict"]["kind"] == "loses"
    assert rows["curve.float32.onnx"]["l2"] == 0
    assert rows["curve.float32.onnx"]["l2_change_high"] == pytest.approx(-8)
    assert rows["curve.float32.onnx"]["verdict"]["kind"] == "gains"
    (finding,) = result.findings()
    assert "curve.int8.tflite has an L2 error of 16, float32 has 8" in finding
    assert "take the float32 file" in finding
    worst = {row["file"]: row["points"] for row in data["worst"]}
    assert len(worst["curve.int8.tflite"]) == 10
    assert worst["curve.int8.tflite"][0] == {"x": [0], "y": 2, "expected": 0, "answered": -2}
    assert worst["curve.float32.onnx"] == []


def test_the_reference_can_be_chosen(subjects, shown, answering) -> None:
    answering({"curve.int8.tflite": -2.0})
    result = compare(subjects, shown, 1, through, against=Path("curve.int8.tflite"))
    assert (result.reference, result.chosen) == ("curve.int8.tflite", True)
    assert [f.verdict.kind for f in result.others if f.verdict] == ["gains"] * 3
    answering({"curve.int8.tflite": None})
    with pytest.raises(BackendMissing, match=r"--against curve\.int8\.tflite: not installed"):
        compare(subjects, shown, 1, through, against=Path("curve.int8.tflite"))


def test_a_margin_is_a_share_of_the_error(subjects, shown, answering) -> None:
    answering({"curve.int8.tflite": -0.02})
    for margin, within in ((0.001, False), (0.05, True)):
        result = compare(subjects, shown, 1, through, margin=margin)
        (int8,) = [f for f in result.others if f.subject.name == "curve.int8.tflite"]
        assert int8.verdict is not None
        assert int8.verdict.within_margin is within


def test_a_file_that_answers_no_number_is_null(subjects, shown, answering) -> None:
    answering({"curve.int8.onnx": float("nan")})
    result = compare(subjects, shown, 1, through)
    data = result.as_data()
    row = next(r for r in data["files"] if r["file"] == "curve.int8.onnx")
    assert row["l2"] is row["l2_change"] is row["parity"] is None
    assert "curve.int8.onnx has no finite error" in data["findings"][0]
    json.dumps(data, allow_nan=False)
    assert "no number" in html(result)


def test_files_that_cannot_be_run_are_named(subjects, shown, answering) -> None:
    answering({"curve.float32.tflite": None, "curve.int8.tflite": None})
    result = compare(subjects, shown, 1, through)
    assert result.reference == "curve.float32.onnx"
    assert result.skipped == dict.fromkeys(
        ("curve.float32.tflite", "curve.int8.tflite"), "not installed; install it"
    )
    answering({subject.name: None for subject in subjects})
    with pytest.raises(BackendMissing, match="no file can be run here"):
        compare(subjects, shown, 1, through)


def test_without_a_float32_file_nothing_is_said_of_its_cost(subjects, shown, answering) -> None:
    answering({"curve.float32.tflite": None, "curve.float32.onnx": None, "curve.int8.onnx": 9.0})
    result = compare(subjects, shown, 1, through)
    assert result.reference == "curve.int8.tflite"
    assert result.findings() == []


def test_what_it_was_trained_on_is_not_counted(subjects, points, tmp_path: Path) -> None:
    every, held = points
    shown = from_file(subjects, written(tmp_path, every))
    assert shown.points.digests() == every.only(held).digests()
    assert (shown.trained_on, shown.only_trained) == (28, False)
    shown = from_file(subjects, written(tmp_path, every.only(~held)))
    assert (len(shown.points), shown.trained_on, shown.only_trained) == (28, 28, True)
    moved = Points(every.x + 0.001, every.y, every.inputs, every.output)
    shown = from_file(subjects, written(tmp_path, moved))
    assert (len(shown.points), shown.trained_on) == (40, 0)


def test_points_with_other_inputs(subjects, points, tmp_path: Path) -> None:
    every, _ = points
    two = Points(np.column_stack([every.x, every.x]), every.y, ("x", "z"), "y")
    with pytest.raises(InputError, match=r"2 inputs \(x, z\)") as wrong:
        from_file(subjects, written(tmp_path, two))
    assert "takes 1: x" in wrong.value.remedy
    turned = [replace(subjects[0], inputs=("z", "x"))]
    with pytest.raises(InputError, match="the inputs stand as x, z") as wrong:
        from_file(turned, written(tmp_path, two))
    assert "z, x" in wrong.value.remedy


def test_a_file_alone_beside_its_bundle(bundle: Path, points, tmp_path: Path) -> None:
    alone = Path(shutil.copy(bundle / "curve.int8.tflite", tmp_path / "mine.tflite"))
    both = subjects_of(read_named([bundle / "curve.float32.onnx", alone], {}))
    assert [s.name for s in both] == ["curve.float32.onnx", "mine.tflite"]
    assert both[1].inputs == ("x",)
    every, held = points
    result = compare(both, Shown("held back", every.only(held)), 1, through)
    assert result.files[1].compared.l2 == pytest.approx(38.83, rel=1e-3)


def test_other_inputs_are_not_compared(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = read_named([bundle], {})
    (loaded, names), *_ = named.bundles
    other = replace(loaded, manifest=replace(loaded.manifest, inputs=("height",)))
    mixed = replace(named, bundles=((loaded, names), (other, names)))
    with pytest.raises(UsageError, match=r"takes x, .* takes height"):
        subjects_of(mixed)


def test_the_page_and_the_markdown(subjects, shown, answering) -> None:
    answering({"curve.int8.tflite": -2.0})
    result = compare(subjects, shown, 1, through)
    page, text = html(result), markdown(result)
    assert page.count("class=dot ") == 4 * 16
    assert "<script" not in page
    for said in ("On here: 16 points", "curve.int8.tflite: where the error grew most"):
        assert said in page
    assert "- **curve.int8.tflite**: loses 100" in text
    assert "| curve.int8.tflite | 16 | +8 |" in text
    assert words.verdicts(result)[0][0].subject.name == "curve.int8.tflite"


@pytest.mark.parametrize(
    ("scheme", "l2", "reference", "said"),
    [
        ("float32", 99.0, 1.0, False),
        ("int8", 1.01, 1.0, False),
        ("int8", 0.5, 1.0, False),
        ("int8", 1.1, 1.0, True),
        ("int8", None, 1.0, True),
        ("int8", None, None, False),
    ],
)
def test_a_cost_is_said_where_there_is_one(scheme, l2, reference, said: bool) -> None:
    assert bool(quantisation_cost("f", scheme, l2, reference)) is said
