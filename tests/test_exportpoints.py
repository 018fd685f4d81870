"""The export job of a regression: run + recipe → bundle."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface import residuals, sealed
from edgeface.errors import ConversionError, GateNotMet, RecipeError, UsageError
from edgeface.gates import Gates
from edgeface.pointbundle import PointBundle
from edgeface.recipe import THIS_MACHINE, Recipe
from edgeface.runtime import open_backend
from edgeface.train.pointrun import PointRun

pytestmark = pytest.mark.tf

ALL = Recipe("all", "any machine", ("tflite", "onnx"), ("float32", "int8"))
ONE = Recipe("one", "any machine", ("tflite",), ("float32",))


@pytest.fixture(scope="module")
def run() -> PointRun:
    here = Path(__file__).resolve().parent
    return PointRun.load(here / "fixtures" / "points-run-schema1")


class Quiet:
    def say(self, text: str) -> None:
        pass

    def track(self, items, doing: str):
        return items


def export(run: PointRun, recipe: Recipe, out: Path, **how):
    from edgeface.convert.exportpoints import export_points

    return export_points(run, recipe, out, Quiet(), **how)


@pytest.fixture(scope="module")
def made(run: PointRun, tmp_path_factory: pytest.TempPathFactory):
    return export(run, ALL, tmp_path_factory.mktemp("bundles") / "curve")


def test_four_files_that_keep_the_contract(made, run: PointRun) -> None:
    bundle = made.bundle
    assert [f.name for f in bundle.manifest.files] == [
        *(f"curve.{s}.{f}" for f in ("tflite", "onnx") for s in ("float32", "int8"))
    ]
    x, outputs = bundle.golden()
    assert x.shape == (16, 1)
    assert {x.min(), x.max()} == {np.float32(run.points.x.min()), np.float32(run.points.x.max())}
    for file in bundle.manifest.files:
        backend = open_backend(bundle.path(file))
        for tensor in (backend.input, file.input):
            assert (tensor.name, tensor.dtype, tensor.shape) == ("x", "float32", (1, 1))
        for tensor in (backend.output, file.output):
            assert (tensor.name, tensor.dtype, tensor.shape) == ("value", "float32", (1, 1))
        assert np.array_equal(residuals.answers(backend.infer, x), outputs[file.name][:, 0])
        assert file.size_bytes == bundle.path(file).stat().st_size
    sizes = {f.key: f.size_bytes for f in bundle.manifest.files}
    assert sizes["tflite int8"] * 2 < sizes["tflite float32"]


def test_what_was_measured_can_be_measured_again(made, run: PointRun) -> None:
    held, y = run.validation, run.validation.y
    for file in made.files:
        values = residuals.answers(open_backend(made.bundle.path(file)).infer, held.x)
        assert file.measured.points == len(held) == 12
        assert file.measured.l2 == residuals.l2(values, y)
        assert file.measured.rmse == residuals.rmse(values, y)
        assert file.measured.worst == residuals.worst(values, y)
    by_key = {f.key: f.measured for f in made.files}
    assert made.float_l2 == pytest.approx(run.metrics()["validation"]["l2"], rel=1e-5)
    for format in ("tflite", "onnx"):
        assert by_key[f"{format} float32"].l2 == pytest.approx(made.float_l2, rel=1e-4)
        assert by_key[f"{format} float32"].parity < 0.01 < by_key[f"{format} int8"].parity


def test_the_manifest_says_where_it_came_from(made, run: PointRun) -> None:
    manifest, trained = made.bundle.manifest, set(run.training.digests())
    assert (manifest.network, manifest.inputs, manifest.output) == ("curve", ("x",), "y")
    assert manifest.origin.weights_sha256 == sealed.sha256(run.folder / "model.weights.h5")
    assert manifest.origin.points_sha256 == sealed.sha256(run.folder / "points.csv")
    assert all(version != "unknown" for version in manifest.origin.versions.values())
    assert set(manifest.calibration.points) <= trained
    assert made.bundle.trained_on() == {digest[:16] for digest in trained}


def test_every_file_says_what_it_is(made, run: PointRun) -> None:
    import onnx
    from tensorflow.lite.python import schema_py_generated as schema

    for file in made.files:
        content = made.bundle.path(file).read_bytes()
        if file.format == "onnx":
            props = onnx.load_model_from_string(content).metadata_props
            facts = {p.key: p.value for p in props}
        else:
            model = schema.ModelT.InitFromPackedBuf(content, 0)
            at = next(e.buffer for e in model.metadata if e.name == b"edgeface")
            facts = json.loads(bytes(model.buffers[at].data))
        assert (facts["task"], facts["scheme"]) == ("regress", file.scheme)
        assert (json.loads(facts["inputs"]), facts["output"]) == (["x"], "y")
        assert facts["weights_sha256"] == run.weights_sha256


def test_the_report_tells_the_cost_of_int8(made) -> None:
    page = (made.bundle.folder / "report.html").read_text()
    text = (made.bundle.folder / "report.md").read_text()
    for file in made.files:
        assert file.name in page
        assert f"| {file.name} | {file.measured.l2:.4g} |" in text
    assert "curve.int8.tflite has an L2 error of" in text
    assert "take the float32 file where that is too much" in page
    assert re.search(r'src="data:image/png;base64,iVBOR', page)
    assert "<script" not in page
    assert "accuracy" not in text


def test_names_of_columns_are_no_markup(made, run: PointRun) -> None:
    from edgeface.convert import pointpage

    manifest = replace(made.bundle.manifest, inputs=("<b>x</b>",), output="$y$ | `z`")
    page = pointpage.html(manifest, 1.0, b"\x89PNG")
    assert "<b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    text = pointpage.markdown(manifest, 1.0)
    assert r"\<b\>x" in text
    assert r"$y$ \| \`z\`" in text
    odd = replace(run.points, inputs=("$x_{1$",), output="$\\frac{")
    assert pointpage.picture(made.bundle.folder, manifest, replace(run, points=odd))


def test_float32_alone_needs_no_calibration(run: PointRun, tmp_path: Path) -> None:
    made = export(run, ONE, tmp_path / "b")
    assert made.bundle.manifest.calibration is None
    assert [f.name for f in made.files] == ["curve.float32.tflite"]
    assert made.gates == ()
    assert "calibration: none" in (tmp_path / "b" / "report.md").read_text()


def test_gates_on_size_and_latency(run: PointRun, tmp_path: Path) -> None:
    gates = Gates(max_size_bytes=100_000, max_p50_ms=1000.0)
    made = export(run, replace(ONE, target=THIS_MACHINE, gates=gates), tmp_path / "b")
    assert [(g.gate, g.met, g.pictures) for g in made.gates] == [
        ("max_size_bytes", True, None),
        ("max_p50_ms", True, None),
    ]
    strict = replace(ONE, gates=Gates(max_size_bytes=1000))
    with pytest.raises(GateNotMet, match="1 of 1 gates were not met") as missed:
        export(run, strict, tmp_path / "c")
    assert missed.value.made.files[0].size_bytes > 1000
    assert not (tmp_path / "c").exists()
    kept = export(run, strict, tmp_path / "c", keep=True)
    assert isinstance(kept.bundle, PointBundle)
    assert not kept.gates[0].met
    assert [gate.met for gate in kept.bundle.manifest.gates] == [False]


@pytest.mark.parametrize("gate", ["min_accuracy", "max_drop_points", "min_agreement"])
def test_gates_about_names_are_refused(run: PointRun, tmp_path: Path, gate: str) -> None:
    recipe = replace(ONE, gates=Gates(**{gate: 0.5}))
    with pytest.raises(RecipeError, match=f"one: {gate} is a limit on names") as wrong:
        export(run, recipe, tmp_path / "b")
    assert "max_size_bytes" in wrong.value.remedy
    assert not (tmp_path / "b").exists()


def test_a_taken_place(run: PointRun, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine.txt").write_text("mine")
    for force in (False, True):
        with pytest.raises(UsageError):
            export(run, ONE, tmp_path / "b", force=force)
    assert (tmp_path / "b" / "mine.txt").read_text() == "mine"


def altered(run: PointRun, folder: Path, **metrics) -> PointRun:
    shutil.copytree(run.folder, folder)
    told = run.metrics()
    told["validation"] |= metrics
    (folder / "metrics.json").write_text(json.dumps(told))
    return replace(run, folder=folder)


def test_a_network_that_is_not_the_one_that_was_measured(run: PointRun, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match=r"does not build the network of 0\.1\.0"):
        export(altered(run, tmp_path / "run", l2=50.0), ONE, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_network_that_always_answers_the_same(
    run: PointRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = run.model()
    model.set_weights([w * 0 for w in model.get_weights()])
    monkeypatch.setattr(PointRun, "model", lambda self: model)
    flat = residuals.l2(np.full(12, run.config.standard.y_mean), run.validation.y)
    same = altered(run, tmp_path / "run", l2=flat)
    with pytest.raises(ConversionError, match="answers every point alike"):
        export(same, ONE, tmp_path / "b")


def test_a_file_without_its_weights_is_noticed(
    run: PointRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.convert import pointtflite

    monkeypatch.setattr(pointtflite, "to_float32", lambda model: b"TFL3" * 100)
    with pytest.raises(ConversionError, match="400 bytes cannot be 8513 parameters"):
        export(run, ONE, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_every_scheme_keeps_its_scaling_in_float(run: PointRun, tmp_path: Path) -> None:
    """int16x8 is nearer than int8, and float16 nearer still."""
    asked = Recipe("s", "any", ("tflite", "onnx"), ("float16", "dynamic", "int8", "int16x8"))
    told: list[str] = []

    class Told(Quiet):
        def say(self, text: str) -> None:
            told.append(text)

    from edgeface.convert.exportpoints import export_points

    made = export_points(run, asked, tmp_path / "b", Told())
    assert told == ["left out: onnx has no dynamic, int16x8"]
    apart = {f.key: f.measured.parity for f in made.files}
    assert list(apart) == [*(f"tflite {s}" for s in asked.schemes), "onnx float16", "onnx int8"]
    assert apart["tflite int16x8"] < apart["tflite int8"]
    assert apart["tflite float16"] < apart["tflite int8"]
    assert apart["onnx float16"] < apart["onnx int8"]
    assert made.bundle is not None
    assert made.bundle.manifest.calibration is not None
