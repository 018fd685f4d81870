"""The bundle of a regression: what is in it, and what is noticed when something is not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface import sealed
from edgeface.bundle import Bundle
from edgeface.errors import BundleError, UsageError
from edgeface.pointbundle import PointBundle, PointManifest, open_bundle


@pytest.fixture
def bundle(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fixtures / "points-bundle-schema1", tmp_path / "curve"))


def change(folder: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Rewrite the manifest and seal again, as somebody who means it would."""
    manifest = json.loads((folder / "manifest.json").read_text())
    edit(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    reseal(folder)


def reseal(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir() if p.name != sealed.SUMS)
    (folder / sealed.SUMS).write_text(
        "".join(f"{sealed.sha256(folder / name)}  {name}\n" for name in names)
    )


def test_a_bundle_of_schema_1_is_read(bundle: Path) -> None:
    loaded = open_bundle(bundle)
    assert isinstance(loaded, PointBundle)
    manifest = loaded.manifest
    assert (manifest.task, manifest.network, manifest.inputs, manifest.output) == (
        *("regress", "curve", ("x",)),
        "y",
    )
    assert [f.key for f in manifest.files] == [
        *("tflite float32", "tflite int8", "onnx float32", "onnx int8")
    ]
    assert {f.measured.points for f in manifest.files} == {12}
    assert len(loaded.trained_on()) == 28
    x, outputs = loaded.golden()
    assert x.shape == (16, 1)
    assert {o.shape for o in outputs.values()} == {(16, 1)}


def test_what_a_regression_does_not_have_is_not_in_it(bundle: Path) -> None:
    text = (bundle / "manifest.json").read_text()
    for word in ("labels", "preprocess", "detector", "threshold", "accuracy", "agreement"):
        assert f'"{word}"' not in text


def test_each_kind_is_refused_as_the_other(bundle: Path, fixture_bundle: Path) -> None:
    assert isinstance(open_bundle(fixture_bundle), Bundle)
    with pytest.raises(
        BundleError, match="the bundle of a regression: it answers numbers"
    ) as wrong:
        Bundle.load(bundle)
    assert "edgeface compare" in wrong.value.remedy
    with pytest.raises(BundleError, match="unknown key"):
        PointBundle.load(fixture_bundle)


def test_a_folder_that_is_none(tmp_path: Path, fixtures: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        open_bundle(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"is no bundle: it has no manifest\.json") as wrong:
        open_bundle(fixtures / "points-run-schema1")
    assert "edgeface export" in wrong.value.remedy
    (tmp_path / "manifest.json").write_bytes(b"\xff")
    with pytest.raises(BundleError, match="it has no SHA256SUMS"):
        open_bundle(tmp_path)


def test_a_changed_byte_is_noticed(bundle: Path) -> None:
    path = bundle / "curve.int8.tflite"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(BundleError, match=r"curve\.int8\.tflite was changed"):
        open_bundle(bundle)


def first(key: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda manifest: manifest["files"][0].__setitem__(key, value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda m: m.update(schema=2), "schema 2 is not one"),
        (lambda m: m.update(labels=["a"]), 'unknown key "labels"'),
        (lambda m: m.update(inputs=[]), "no inputs"),
        (lambda m: m.update(inputs=["x", "z"]), "does not go with the inputs"),
        (lambda m: m.update(files=[]), "no files, or one that stands twice"),
        (lambda m: m["files"].append(m["files"][0]), "one that stands twice"),
        (lambda m: m["files"][0]["input"].update(dtype="uint8"), "does not go with the inputs"),
        (lambda m: m["files"][0]["output"].update(shape=[1, 2]), "does not go with the inputs"),
        (first("name", "../curve.float32.tflite"), "a bundle holds no paths"),
        (first("sha256", "0" * 64), "the checksum of curve.float32.tflite is not"),
        (first("format", "onnx"), "curve.float32.tflite is no .onnx file"),
        (first("scheme", "int4"), "none of float32, float16, dynamic"),
        (lambda m: m["files"][0]["measured"].update(l2="small"), "l2: expected a finite number"),
        (lambda m: m.update(task="classify"), "unknown key"),
    ],
)
def test_a_manifest_that_says_something_else(bundle: Path, edit, message: str) -> None:
    change(bundle, edit)
    with pytest.raises(BundleError, match=message):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda g: g.pop("x"), "not the golden values of this bundle"),
        (lambda g: g.pop("curve.int8.onnx"), "not the golden values of this bundle"),
        (lambda g: g.update(x=g["x"].astype(np.float64)), "shapes or types"),
        (lambda g: g.update(x=g["x"][:0]), "shapes or types"),
        (lambda g: g.update(x=np.repeat(g["x"], 2, axis=1)), "shapes or types"),
        (lambda g: g.update({"curve.int8.onnx": g["x"][:3]}), "shapes or types"),
    ],
)
def test_golden_values_that_are_none(bundle: Path, edit, message: str) -> None:
    with np.load(bundle / "golden.npz") as stored:
        golden = dict(stored)
    edit(golden)
    np.savez(bundle / "golden.npz", **golden)
    reseal(bundle)
    with pytest.raises(BundleError, match=message):
        open_bundle(bundle).golden()


def test_every_field_of_a_manifest_is_written(bundle: Path) -> None:
    written = json.loads((bundle / "manifest.json").read_text())
    # The committed bundle is older than the record of what its recipe asked.
    assert written.keys() == set(PointManifest.__dataclass_fields__) - {"gates"}
