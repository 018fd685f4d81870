from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import BackendMissing
from edgeface.golden import RELATIVE, Tolerance
from edgeface.modelfile import read_facts
from edgeface.pointbundle import PointBundle
from edgeface.runtime import open_backend
from edgeface.runtime.tflitefile import read_graph
from edgeface.verify import scale, tolerances_of, verify


class Shifted:
    """FakeBackend's answers, moved by a constant, under another name."""

    def __init__(self, backend, by: float, name: str) -> None:
        self.backend, self.by, self.name = backend, by, name

    def infer(self, pixels):
        return self.backend.infer(pixels) + np.float32(self.by)


def test_the_same_answers_are_the_same(fake_bundle: Path):
    done = verify(Bundle.load(fake_bundle))
    assert [v.status for v in done] == ["same"] * 4
    assert {v.largest for v in done} == {0.0}
    assert {v.crops for v in done} == {4}


@pytest.mark.parametrize(
    ("by", "name", "expected", "unit"),
    [
        (4e-7, "litert 2", ["same", "same"], "relative"),
        (5e-6, "litert 2", ["same", "different"], "relative"),
        (5e-5, "litert 2", ["different", "different"], "relative"),
        (0.02, "tflite-runtime 2.14.0", ["different", "same"], "probability"),
        (0.05, "tflite-runtime 2.14.0", ["different", "different"], "probability"),
        (float("nan"), "litert 2", ["different", "different"], "relative"),
    ],
)
def test_a_difference_counts_by_scheme_and_runtime(
    fake_bundle, fake_backend, by, name, expected, unit
):
    bundle = Bundle.load(fake_bundle)
    files = [bundle.file("tflite", "float32"), bundle.file("tflite", "int8")]
    done = verify(bundle, files, open_file=lambda path: Shifted(fake_backend, by, name))
    assert [v.status for v in done] == expected
    assert all(v.remedy for v in done if v.status == "different")
    if by != by:
        assert [v.largest for v in done] == [None, None]
    else:
        assert done[0].largest == pytest.approx(by, rel=0.1)
        assert [v.unit for v in done] == ["probability", unit]


def test_the_worst_crop_is_named(fake_bundle, fake_backend):
    class OneOff(Shifted):
        def infer(self, pixels):
            return self.backend.infer(pixels) + np.float32(0.5 * (pixels.mean() == 255))

    done = verify(Bundle.load(fake_bundle), open_file=lambda path: OneOff(fake_backend, 0, "x 1"))
    assert {v.crop for v in done} == {2}


def test_a_missing_runtime_is_said_and_the_rest_goes_on(fake_bundle, fake_backend):
    def open_file(path: Path):
        if path.suffix == ".onnx":
            msg = "no runtime"
            raise BackendMissing(msg, remedy="pip install it")
        return fake_backend

    done = verify(Bundle.load(fake_bundle), open_file=open_file)
    assert [v.status for v in done] == ["same", "same", "not verified", "not verified"]
    assert done[2].remedy == "pip install it"
    assert done[2].largest is None


def test_the_fixture_answers_here_as_it_did_where_it_was_made(fixture_bundle: Path):
    pytest.importorskip("onnxruntime", reason="the fixture holds ONNX files too")
    done = verify(Bundle.load(fixture_bundle))
    assert [v.status for v in done] == ["same"] * 4, done


def test_what_the_manifest_allows_is_what_counts(fixture_bundle: Path):
    bundle = Bundle.load(fixture_bundle)
    file = bundle.file("tflite", "float32")

    def shifted(path: Path):
        backend = open_backend(path)
        return Shifted(backend, 1e-4, backend.name)

    assert verify(bundle, [file], open_file=shifted)[0].status == "different"
    wide = replace(file, tolerances=(Tolerance("litert", "probability", 1e-3),))
    assert verify(bundle, [wide], open_file=shifted)[0].status == "same"


def test_a_bundle_without_tolerances_gets_those_of_its_files(fixture_bundle: Path):
    bundle = Bundle.load(fixture_bundle)
    int8 = bundle.file("tflite", "int8")
    assert int8.tolerances == ()
    found = tolerances_of(bundle.path(int8), "int8")
    assert found[0] == Tolerance("litert", "relative", RELATIVE)
    assert tolerances_of(bundle.path(bundle.file("onnx")), "int8")[0].runtime == "onnxruntime"


def test_answers_of_another_file_are_found(fixture_bundle: Path):
    pytest.importorskip("ai_edge_litert", reason="its predecessor may differ by more than that")
    bundle = Bundle.load(fixture_bundle)
    int8, float32 = bundle.file("tflite", "int8"), bundle.file("tflite", "float32")
    swapped = replace(int8, name=float32.name)
    done = verify(bundle, [swapped], open_file=lambda path: open_backend(bundle.path(int8)))
    assert done[0].status == "different"


@pytest.fixture
def point_bundle(fixtures: Path) -> PointBundle:
    return PointBundle.load(fixtures / "points-bundle-schema1")


def test_the_points_of_a_regression_are_replayed(point_bundle: PointBundle):
    pytest.importorskip("onnxruntime")
    done = verify(point_bundle)
    assert [v.status for v in done] == ["same"] * 4
    assert {v.crops for v in done} == {16}


@pytest.mark.parametrize(
    ("by", "expected"),
    [(1e-3, ["same", "same"]), (0.1, ["different", "different"]), (30.0, ["different"] * 2)],
)
def test_values_may_differ_by_a_share_of_their_span(point_bundle, by: float, expected):
    """The golden values span 1,000: what a probability may differ by, a thousand times."""
    pytest.importorskip("ai_edge_litert", reason="its predecessor may differ by more than that")
    files = [f for f in point_bundle.manifest.files if f.format == "tflite"]

    def shifted(path: Path):
        backend = open_backend(path)
        return Shifted(backend, by, backend.name)

    done = verify(point_bundle, files, open_file=shifted)
    assert [v.status for v in done] == expected
    assert all(v.largest == pytest.approx(by, rel=0.05) for v in done)


def test_the_scale_of_a_tolerance():
    span, steps = scale(np.asarray([[1.0], [4.0], [2.0]], np.float32))
    assert span == 3
    assert 4e-7 < steps < 4e-6
    assert scale(np.full((3, 1), 1e6, np.float32))[0] == 0
    assert scale(np.full((3, 1), 1e6, np.float32))[1] > 0.06  # the steps of float32 there


@pytest.mark.tf
def test_an_export_writes_the_tolerances_of_its_files(small_bundle: Path):
    bundle = Bundle.load(small_bundle)
    for file in bundle.manifest.files:
        assert file.tolerances == tolerances_of(bundle.path(file), file.scheme)
    int8 = bundle.file("tflite", "int8")
    step = read_graph(bundle.path(int8).read_bytes(), "x").logit_step
    assert 0 < int8.tolerances[0].limit <= step / 8
    assert int8.tolerances[0].unit == "relative"
    facts = read_facts(bundle.path(int8))
    assert facts.detector == bundle.manifest.detector
