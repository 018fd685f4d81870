"""Every file of a regression's bundle on the same points."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface import pointcomparison
from edgeface.bundle import Tensor
from edgeface.datasets.pointfile import read_sides, to_csv
from edgeface.datasets.points import Points
from edgeface.errors import BackendMissing, InputError
from edgeface.pointbundle import PointBundle
from edgeface.pointcomparison import Shown, compare_files, from_file, quantisation_cost


@pytest.fixture
def bundle(fixtures: Path) -> PointBundle:
    return PointBundle.load(fixtures / "points-bundle-schema1")


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

        monkeypatch.setattr(pointcomparison, "open_backend", opened)

    return answer


@pytest.fixture
def shown() -> Shown:
    x = np.arange(16.0)
    return Shown("here", Points(x[:, None], x + 2, ("x",), "y"))


def test_the_files_as_they_were_measured_at_the_export(bundle: PointBundle, points) -> None:
    every, held = points
    result = compare_files(bundle, Shown("held back", every.only(held)), 1, through)
    assert result.reference == "curve.float32.tflite"
    for file, row in zip(bundle.manifest.files, result.rows, strict=True):
        assert row["file"] == file.name
        assert row["l2"] == pytest.approx(file.measured.l2, rel=1e-3)
        assert row["worst"] == pytest.approx(file.measured.worst, rel=1e-3)
        assert row["n"] == 12
    assert [line.split()[0] for line in result.findings()] == ["curve.int8.tflite"]


def test_change_and_parity_against_the_float32_file(bundle, shown, answering) -> None:
    answering({"curve.int8.tflite": -2.0, "curve.float32.onnx": 2.0})
    result = compare_files(bundle, shown, 1, through)
    rows = {row["file"]: row for row in result.rows}
    assert rows["curve.float32.tflite"]["l2"] == pytest.approx(8)  # 16 errors of 2
    assert rows["curve.int8.tflite"]["l2"] == pytest.approx(16)
    assert rows["curve.int8.tflite"]["l2_change"] == pytest.approx(8)
    assert rows["curve.int8.tflite"]["parity"] == 2
    assert rows["curve.float32.onnx"]["l2"] == 0
    assert rows["curve.float32.onnx"]["l2_change_high"] == pytest.approx(-8)
    assert rows["curve.float32.tflite"]["verdict"] is None
    assert rows["curve.int8.tflite"]["verdict"]["kind"] == "loses"
    assert rows["curve.float32.onnx"]["verdict"] == {
        "kind": "gains",
        "words": "gains 100.0 % (95 %: 100.0–100.0)",
        "margin": 0.02,
        "within_margin": True,
    }
    (finding,) = result.findings()
    assert "curve.int8.tflite has an L2 error of 16, float32 has 8" in finding
    assert "take the float32 file" in finding


def test_a_file_that_answers_no_number_is_null(bundle, shown, answering) -> None:
    answering({"curve.int8.onnx": float("nan")})
    data = compare_files(bundle, shown, 1, through).as_data()
    row = next(r for r in data["files"] if r["file"] == "curve.int8.onnx")
    assert row["l2"] is row["l2_change"] is row["parity"] is None
    assert "curve.int8.onnx has no finite error" in data["findings"][0]
    json.dumps(data, allow_nan=False)


def test_files_that_cannot_be_run_are_named(bundle, shown, answering) -> None:
    answering({"curve.float32.tflite": None, "curve.int8.tflite": None})
    result = compare_files(bundle, shown, 1, through)
    assert result.reference == "curve.float32.onnx"
    assert result.skipped == dict.fromkeys(
        ("curve.float32.tflite", "curve.int8.tflite"), "not installed; install it"
    )
    answering({file.name: None for file in bundle.manifest.files})
    with pytest.raises(BackendMissing, match="no file can be run here"):
        compare_files(bundle, shown, 1, through)


def test_without_a_float32_file_nothing_is_said_of_its_cost(bundle, shown, answering) -> None:
    answering({"curve.float32.tflite": None, "curve.float32.onnx": None, "curve.int8.onnx": 9.0})
    result = compare_files(bundle, shown, 1, through)
    assert result.reference == "curve.int8.tflite"
    assert result.findings() == []


def test_what_it_was_trained_on_is_not_counted(bundle: PointBundle, points, tmp_path: Path) -> None:
    every, held = points
    shown = from_file(bundle, written(tmp_path, every))
    assert shown.points.digests() == every.only(held).digests()
    assert (shown.trained_on, shown.only_trained) == (28, False)
    shown = from_file(bundle, written(tmp_path, every.only(~held)))
    assert (len(shown.points), shown.trained_on, shown.only_trained) == (28, 28, True)
    moved = Points(every.x + 0.001, every.y, every.inputs, every.output)
    shown = from_file(bundle, written(tmp_path, moved))
    assert (len(shown.points), shown.trained_on) == (40, 0)


def test_points_with_other_inputs(bundle: PointBundle, points, tmp_path: Path) -> None:
    every, _ = points
    two = Points(np.column_stack([every.x, every.x]), every.y, ("x", "z"), "y")
    with pytest.raises(InputError, match=r"2 inputs \(x, z\)") as wrong:
        from_file(bundle, written(tmp_path, two))
    assert "takes 1: x" in wrong.value.remedy
    turned = replace(bundle, manifest=replace(bundle.manifest, inputs=("z", "x")))
    with pytest.raises(InputError, match="the inputs stand as x, z") as wrong:
        from_file(turned, written(tmp_path, two))
    assert "z, x" in wrong.value.remedy


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
