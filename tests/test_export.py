"""The export job: run + recipe → bundle."""

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface import sealed
from edgeface.bundle import SEEN_DIGITS, Bundle
from edgeface.errors import BundleError, ConversionError, InputError, UsageError
from edgeface.evaluate import answers
from edgeface.gates import Gates
from edgeface.recipe import Recipe
from edgeface.runtime import open_backend
from edgeface.train.run import Run

pytestmark = pytest.mark.tf

ALL = Recipe("all", "any machine", ("tflite", "onnx"), ("float32", "int8"))
ONE = Recipe("one", "any machine", ("tflite",), ("float32",))


def export(run: Path, recipe: Recipe, out: Path, teller, **how):
    from edgeface.convert.export import export as convert

    return convert(Run.load(run), recipe, out, teller, **how)


def test_four_files_that_keep_the_contract(small_bundle: Path, small_run: Path) -> None:
    bundle, run = Bundle.load(small_bundle), Run.load(small_run)
    assert [f.name for f in bundle.manifest.files] == [
        *(f"friends.{s}.{f}" for f in ("tflite", "onnx") for s in ("float32", "int8"))
    ]
    pixels, outputs = bundle.golden()
    assert pixels.shape == (16, 32, 32, 1)
    for file in bundle.manifest.files:
        backend = open_backend(bundle.path(file))
        for tensor in (backend.input, file.input):
            assert (tensor.name, tensor.dtype, tensor.shape) == ("pixels", "uint8", (1, 32, 32, 1))
        for tensor in (backend.output, file.output):
            assert (tensor.name, tensor.dtype, tensor.shape) == ("probs", "float32", (1, 3))
        assert len(backend.outputs) == 1
        assert np.array_equal(answers(backend.infer, pixels, 3), outputs[file.name])
        np.testing.assert_allclose(outputs[file.name].sum(axis=1), 1, atol=0.02)
        assert file.size_bytes == bundle.path(file).stat().st_size
        assert file.measured.pictures == len(run.split.side("validation"))
        assert file.measured.threshold_kept >= 0.95
        assert 0 < file.threshold < 1
    sizes = {f.key: f.size_bytes for f in bundle.manifest.files}
    assert sizes["tflite int8"] * 2 < sizes["tflite float32"]
    assert sizes["onnx int8"] * 2 < sizes["onnx float32"]


def test_the_manifest_says_where_it_came_from(small_bundle: Path, small_run: Path) -> None:
    bundle, run = Bundle.load(small_bundle), Run.load(small_run)
    manifest = bundle.manifest
    assert manifest.labels == run.labels
    assert manifest.preprocess == run.config.preprocess
    assert manifest.detector == "haar"
    assert manifest.origin.run == str(small_run)
    assert manifest.origin.weights_sha256 == sealed.sha256(small_run / "model.weights.h5")
    assert manifest.origin.split_sha256 == sealed.sha256(small_run / "split.json")
    assert all(version != "unknown" for version in manifest.origin.versions.values())
    trained = {e.sha256 for e in run.split.side("training")}
    assert manifest.calibration is not None
    assert set(manifest.calibration.pictures) <= trained
    assert bundle.trained_on() == {digest[:SEEN_DIGITS] for digest in trained}
    report = (small_bundle / "report.md").read_text()
    for file in manifest.files:
        assert file.name in report
        assert file.name in (small_bundle / "report.html").read_text()


def test_every_file_says_what_it_is(small_bundle: Path) -> None:
    import onnx
    from tensorflow.lite.python import schema_py_generated as schema

    bundle = Bundle.load(small_bundle)
    for file in bundle.manifest.files:
        content = bundle.path(file).read_bytes()
        if file.format == "onnx":
            props = onnx.load_model_from_string(content).metadata_props
            facts = {p.key: p.value for p in props}
        else:
            model = schema.ModelT.InitFromPackedBuf(content, 0)
            at = next(e.buffer for e in model.metadata if e.name == b"edgeface")
            facts = json.loads(bytes(model.buffers[at].data))
        assert json.loads(facts["labels"]) == list(bundle.manifest.labels)
        assert json.loads(facts["preprocess"]) == bundle.manifest.preprocess.as_dict()
        assert float(facts["threshold"]) == file.threshold
        assert facts["scheme"] == file.scheme
        assert facts["weights_sha256"] == bundle.manifest.origin.weights_sha256


def test_the_same_run_gives_the_same_bundle(
    small_bundle: Path, small_run: Path, tmp_path: Path, teller
) -> None:
    again = export(small_run, ALL, tmp_path / "again", teller).bundle
    first = Bundle.load(small_bundle)
    assert again.manifest.calibration == first.manifest.calibration
    (pixels, outputs), (pixels_again, outputs_again) = first.golden(), again.golden()
    assert np.array_equal(pixels, pixels_again)
    for one, two in zip(first.manifest.files, again.manifest.files, strict=True):
        assert np.array_equal(outputs[one.name], outputs_again[two.name])
        assert (one.threshold, one.measured) == (two.threshold, two.measured)
        if one.format == "tflite":
            assert one.sha256 == two.sha256


def test_float32_alone_needs_no_calibration(small_run: Path, tmp_path: Path, teller) -> None:
    made = export(small_run, ONE, tmp_path / "b", teller)
    assert made.bundle.manifest.calibration is None
    assert [f.name for f in made.files] == ["friends.float32.tflite"]
    assert made.gates == ()
    recorded = Run.load(small_run).metrics()["validation"]["accuracy"]
    assert made.float_accuracy == recorded


def test_a_gate_that_is_met_is_reported(small_run: Path, tmp_path: Path, teller) -> None:
    gates = Gates(min_accuracy=0.5, min_agreement=0.9, max_size_bytes=10**6)
    made = export(small_run, replace(ONE, gates=gates), tmp_path / "b", teller)
    assert [(g.gate, g.met) for g in made.gates] == [
        *(("min_accuracy", True), ("min_agreement", True), ("max_size_bytes", True))
    ]
    assert made.bundle is not None


def test_a_gate_that_is_not_met_leaves_no_bundle_unless_it_is_to_be_kept(
    small_run: Path, tmp_path: Path, teller
) -> None:
    from edgeface.convert.export import Missed

    recipe = replace(ONE, gates=Gates(max_size_bytes=1000))
    place = tmp_path / "out" / "b"
    with pytest.raises(Missed, match="1 of 1 gates were not met; no bundle") as missed:
        export(small_run, recipe, place, teller)
    assert missed.value.exit_code == 3
    assert missed.value.made.bundle is None
    assert missed.value.made.gates[0].measured > 100_000
    assert list(place.parent.iterdir()) == []
    made = export(small_run, recipe, place, teller, keep=True)
    assert not made.gates[0].met
    manifest = Bundle.load(place).manifest
    assert manifest == made.bundle.manifest
    (held,) = manifest.gates
    assert (held.file, held.gate, held.asked, held.met) == (
        manifest.files[0].name,
        "max_size_bytes",
        1000,
        False,
    )
    assert held.measured == manifest.files[0].size_bytes


def test_latency_is_measured_where_it_is_limited(small_run: Path, tmp_path: Path, teller) -> None:
    # Nothing takes no time, and nothing here a minute: does the limit count, not how fast is it.
    for limit, met in ((60_000.0, True), (0.0, False)):
        recipe = replace(ONE, target="this machine", gates=Gates(max_p50_ms=limit))
        made = export(small_run, recipe, tmp_path / f"b{limit:.0f}", teller, keep=True)
        assert [(g.gate, g.met) for g in made.gates] == [("max_p50_ms", met)]
        assert made.gates[0].measured > 0


def test_a_taken_place_is_refused_before_any_work(small_run: Path, tmp_path: Path, teller) -> None:
    place = tmp_path / "b"
    export(small_run, ONE, place, teller)
    before = (place / "SHA256SUMS").read_bytes()

    class Broken(Run):
        def model(self):
            pytest.fail("it began to work")

    from edgeface.convert.export import export as convert

    run = Run.load(small_run)
    broken = Broken(run.folder, run.config, run.labels, run.split)
    with pytest.raises(UsageError, match="b exists already") as taken:
        convert(broken, ONE, place, teller)
    assert "--force" in taken.value.remedy
    assert (place / "SHA256SUMS").read_bytes() == before
    made = export(small_run, replace(ONE, formats=("onnx",)), place, teller, force=True)
    assert [f.name for f in made.bundle.manifest.files] == ["friends.float32.onnx"]
    assert not (place / "friends.float32.tflite").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


def with_data(run: Path, to: Path, data: Path, **changed: str) -> Path:
    """The run as if its photographs lay at ``data``."""
    kept = {p.name: p.read_bytes() for p in run.iterdir() if p.name != sealed.SUMS}
    config = kept["config.toml"].decode()
    old = json.dumps(Run.load(run).config.data)
    kept["config.toml"] = config.replace(old, json.dumps(str(data))).encode()
    kept |= {name: text.encode() for name, text in changed.items()}
    with sealed.new_folder(to) as new:
        for name, content in kept.items():
            (new / name).write_bytes(content)
    return to


def test_photographs_that_moved_or_changed_are_said(
    small_run: Path, drawn_photos: Path, tmp_path: Path, teller
) -> None:
    photos = tmp_path / "photos"
    run = with_data(small_run, tmp_path / "run", photos)
    with pytest.raises(UsageError, match=r"the photographs of .*run are gone"):
        export(run, ONE, tmp_path / "b", teller)
    shutil.copytree(drawn_photos, photos)
    entry = Run.load(run).split.side("validation")[0]
    (photos / entry.name).write_bytes((photos / entry.name).read_bytes() + b"\0")
    with pytest.raises(InputError, match=f"{entry.name} was changed"):
        export(run, ONE, tmp_path / "b", teller)
    (photos / entry.name).unlink()
    with pytest.raises(InputError, match=f"{entry.name} is missing"):
        export(run, ONE, tmp_path / "b", teller)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos", "run"]


def test_photographs_may_move_into_a_zip(
    small_run: Path, drawn_photos: Path, tmp_path: Path, teller
) -> None:
    packed = tmp_path / "photos.zip"
    with zipfile.ZipFile(packed, "w") as zipped:
        for path in drawn_photos.rglob("*.jpg"):
            zipped.write(path, path.relative_to(drawn_photos))
    run = with_data(small_run, tmp_path / "run", packed)
    made = export(run, ONE, tmp_path / "b", teller)
    assert made.float_accuracy == Run.load(small_run).metrics()["validation"]["accuracy"]


def test_a_run_that_is_no_longer_the_network_that_was_trained(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code builds the network anew; a scaling that changed there goes with all weights."""
    from edgeface.train.networks import NETWORKS

    real = NETWORKS["friends"]

    def construct(design):
        model = real.construct(design)
        model.get_layer("scaling").scale /= 2
        return model

    monkeypatch.setitem(NETWORKS, "friends", replace(real, construct=construct))
    with pytest.raises(ConversionError, match="does not build the network of"):
        export(small_run, ONE, tmp_path / "b", teller)
    assert not list(tmp_path.iterdir())


def test_a_network_that_answers_every_picture_alike_is_refused(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.convert import sides as module

    monkeypatch.setattr(module.parity, "moves", lambda probs: False)
    with pytest.raises(ConversionError, match="answers every picture alike"):
        export(small_run, ONE, tmp_path / "b", teller)


@pytest.mark.parametrize("what", ["nothing", "wrong scaling", "metadata"])
def test_a_broken_conversion_leaves_nothing(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    from edgeface.convert import files as module
    from edgeface.convert.network import Network

    real = module.tflite.to_float32
    if what == "nothing":
        monkeypatch.setattr(module.tflite, "to_float32", lambda network: b"")
        message = "bytes cannot be 44707 parameters"
    elif what == "wrong scaling":
        monkeypatch.setattr(Network, "from_pixels", lambda self, p: self.from_scaled(_float(p)))
        message = "is not the network that was trained"
    else:
        other = real(Network.take(_other(small_run)))
        monkeypatch.setattr(module.tflite, "with_metadata", lambda content, text: other)
        message = "other answers after its metadata was written"
    with pytest.raises(ConversionError, match=message):
        export(small_run, ONE, tmp_path / "b", teller)
    assert not list(tmp_path.iterdir())


def _float(pixels):
    import tensorflow as tf

    return tf.cast(pixels, tf.float32)


def _other(small_run: Path):
    model = Run.load(small_run).model()
    model.set_weights([w * 0.5 for w in model.get_weights()])
    return model


def test_ctrl_c_leaves_nothing_and_a_second_start_works(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.convert import files as module

    def stop(*_: object) -> None:
        assert list(tmp_path.iterdir())  # it is half-way
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(module.tflite, "with_metadata", stop)
        with pytest.raises(KeyboardInterrupt):
            export(small_run, ONE, tmp_path / "b", teller)
    assert not list(tmp_path.iterdir())
    assert export(small_run, ONE, tmp_path / "b", teller).bundle is not None


def test_a_changed_byte_of_what_was_exported_is_found(small_bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "b"
    shutil.copytree(small_bundle, copy)
    for path in sorted(copy.iterdir()):
        content = path.read_bytes()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 4]) + content[-1:])
        with pytest.raises(BundleError):
            Bundle.load(copy)
        path.write_bytes(content)
    Bundle.load(copy)
