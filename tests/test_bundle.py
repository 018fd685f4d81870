"""Bundles: what loading one accepts, and everything that it does not."""

import dataclasses
import itertools
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import records, sealed
from edgeface.bundle import Bundle, Manifest
from edgeface.errors import BundleError, EdgefaceError, UsageError

Change = Callable[[dict[str, Any]], object]


def _seal_again(folder: Path) -> None:
    """Checksums that fit whatever lies there now: what somebody would do who means harm."""
    names = sorted(p.name for p in folder.iterdir() if p.name != sealed.SUMS)
    lines = (f"{sealed.sha256(folder / n)}  {n}\n" for n in names)
    (folder / sealed.SUMS).write_text("".join(lines))


def _rewrite(folder: Path, change: Change) -> None:
    path = folder / "manifest.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    _seal_again(folder)


def _file(**values: Any) -> Change:
    return lambda data: data["files"][0].update(values)


def test_a_bundle_is_loaded_and_says_what_it_holds(fake_bundle: Path) -> None:
    bundle = Bundle.load(fake_bundle)
    assert bundle.manifest.labels == ("ada", "bob", "cyd")
    assert bundle.file().key == "tflite int8"
    assert bundle.file("onnx").key == "onnx int8"
    assert bundle.file(scheme="float32").key == "tflite float32"
    assert bundle.path(bundle.file()) == fake_bundle / "tiny.int8.tflite"
    pixels, outputs = bundle.golden()
    assert pixels.shape == (4, 32, 32, 1)
    assert {o.shape for o in outputs.values()} == {(4, 3)}
    with pytest.raises(UsageError, match="holds no onnx float16 file; it holds tflite float32"):
        bundle.file("onnx", "float16")


def test_a_manifest_comes_back_from_its_own_json(fake_bundle: Path) -> None:
    manifest = Bundle.load(fake_bundle).manifest
    data = json.loads(records.to_json(records.plain(manifest)))
    assert records.build(Manifest, data, "x", BundleError) == manifest


def test_every_changed_byte_stops_the_loading_and_is_named(fake_bundle: Path) -> None:
    for path in sorted(fake_bundle.iterdir()):
        if path.name == sealed.SUMS:
            continue  # tests/test_sealed.py
        whole = path.read_bytes()
        step = max(1, len(whole) // 40)
        for at in itertools.chain(range(0, len(whole), step), (len(whole) - 1,)):
            changed = bytearray(whole)
            changed[at] ^= 1
            path.write_bytes(changed)
            with pytest.raises(BundleError, match=f"{path.name} was changed"):
                Bundle.load(fake_bundle)
        path.write_bytes(whole)
    Bundle.load(fake_bundle)


def test_a_missing_file_is_named(fake_bundle: Path) -> None:
    for name in ("golden.npz", "tiny.int8.onnx"):
        (fake_bundle / name).rename(fake_bundle / "away")
        with pytest.raises(BundleError, match=f"{name} is missing"):
            Bundle.load(fake_bundle)
        (fake_bundle / "away").rename(fake_bundle / name)
    (fake_bundle / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"is no bundle: it has no manifest\.json"):
        Bundle.load(fake_bundle)
    with pytest.raises(UsageError, match="no such folder"):
        Bundle.load(fake_bundle / "tiny.int8.onnx")


def test_what_the_sums_do_not_cover_is_not_believed(fake_bundle: Path) -> None:
    sums = fake_bundle / sealed.SUMS
    whole = sums.read_text()
    for name in ("manifest.json", "golden.npz", "tiny.int8.tflite"):
        lines = [
            line for line in whole.splitlines(keepends=True) if not line.endswith(f" {name}\n")
        ]
        sums.write_text("".join(lines))
        with pytest.raises(BundleError, match=name):
            Bundle.load(fake_bundle)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema=2), "schema 2 is not one that this edgeface reads"),
        (lambda d: d.pop("schema"), "schema None is not one that this edgeface reads"),
        (lambda d: d.update(extra=1), 'unknown key "extra"'),
        (lambda d: d.pop("labels"), 'key "labels" is missing'),
        (lambda d: d.update(labels="ada"), "labels: expected a list"),
        (lambda d: d.update(labels=["ada", "ada", "bob"]), "no labels, or one that stands twice"),
        (lambda d: d.update(labels=[]), "no labels, or one that stands twice"),
        (
            lambda d: d.update(labels=["ada", "bob"]),
            "does not go with the preprocessing and the labels",
        ),
        (lambda d: d.update(files=[]), "no files, or one that stands twice"),
        (lambda d: d["files"].append(d["files"][0]), "no files, or one that stands twice"),
        (lambda d: d["preprocess"].update(height=48), "does not go with the preprocessing"),
        (lambda d: d["preprocess"].update(height=4), "8 to 1024 px a side are supported"),
        (lambda d: d["preprocess"].update(colour="yuv"), "'yuv' is none of gray, rgb, bgr"),
        (_file(name="../x.tflite"), "'../x.tflite' is not a plain file name"),
        (_file(name="/etc/passwd"), "'/etc/passwd' is not a plain file name"),
        (_file(name="a\\b.tflite"), "is not a plain file name"),
        (_file(name=".."), "is not a plain file name"),
        (_file(name=""), "is not a plain file name"),
        (_file(name="golden.npz"), "the checksum of golden.npz is not the one in SHA256SUMS"),
        (_file(sha256="0" * 64), "the checksum of tiny.float32.tflite is not the one"),
        (_file(format="onnx"), "tiny.float32.tflite is no .onnx file"),
        (_file(format="pickle"), "'pickle' is none of tflite, onnx"),
        (_file(threshold="0.5"), "threshold: expected a finite number"),
        (
            _file(input={"name": "x", "dtype": "float32", "shape": [1, 32, 32, 1]}),
            "does not go with",
        ),
        (_file(output={"name": "x", "dtype": "int8", "shape": [1, 3]}), "does not go with"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused_even_with_right_checksums(
    fake_bundle: Path, change: Change, said: str
) -> None:
    _rewrite(fake_bundle, change)
    with pytest.raises(BundleError) as found:
        Bundle.load(fake_bundle)
    assert said in str(found.value)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"schema": NaN}', "NaN is no number"),
        (b'{"schema": 1, "schema": 1}', "a key stands twice"),
        (b"{", "not valid JSON"),
        (b"", "not valid JSON"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"[]", "schema None"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_a_manifest_that_is_no_json_is_refused(
    fake_bundle: Path, content: bytes, said: str
) -> None:
    (fake_bundle / "manifest.json").write_bytes(content)
    _seal_again(fake_bundle)
    with pytest.raises(BundleError, match=said):
        Bundle.load(fake_bundle)


@given(st.data())
def test_any_manifest_is_a_manifest_or_our_error(data: st.DataObject) -> None:
    good = {"name": "x", "schema": 1, "labels": ["a"], "files": [], "calibration": None}
    junk = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
    changed = good | data.draw(st.dictionaries(st.sampled_from([*good, "preprocess", "z"]), junk))
    with pytest.raises(EdgefaceError):
        records.build(Manifest, changed, "x", BundleError)


def _golden(folder: Path, **arrays: Any) -> None:
    with np.load(folder / "golden.npz") as stored:
        content = {name: stored[name] for name in stored.files} | arrays
    np.savez(folder / "golden.npz", **content)
    _seal_again(folder)


def test_golden_values_of_another_bundle_are_refused(fake_bundle: Path) -> None:
    pixels = np.zeros((4, 32, 32, 1), np.uint8)
    name = "tiny.int8.onnx"
    for arrays in (
        {"pixels": pixels.astype(np.float32)},
        {"pixels": pixels[:, :16]},
        {"pixels": pixels[:2]},
        {name: np.zeros((4, 2), np.float32)},
        {name: np.zeros((4, 3), np.int64)},
    ):
        _golden(fake_bundle, **({"pixels": pixels, name: np.zeros((4, 3), np.float32)} | arrays))
        with pytest.raises(BundleError, match="shapes or types do not go with the manifest"):
            Bundle.load(fake_bundle).golden()


def test_a_golden_file_is_never_unpickled(fake_bundle: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return pytest.fail, ("it was unpickled",)

    _golden(fake_bundle, pixels=np.asarray([Trap()], dtype=object))
    with pytest.raises(BundleError, match="not the golden values"):
        Bundle.load(fake_bundle).golden()


def _zip(name: str, content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)

    return write


def _npy_of(shape: str) -> bytes:
    head = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode()


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 no archive"),
        lambda path: path.write_bytes(path.read_bytes()[:300]),
        lambda path: path.write_bytes(_npy_of("(3,)") + b"abc"),
        _zip("other.npy", b""),
        _zip("pixels.npy", b""),
        _zip("pixels.npy", b"text"),
        _zip("pixels.npy", _npy_of("(1000000, 1000000, 1000)")),
    ],
)
def test_a_golden_file_that_is_none_is_our_error(
    fake_bundle: Path, write: Callable[[Path], None]
) -> None:
    write(fake_bundle / "golden.npz")
    _seal_again(fake_bundle)
    with pytest.raises(BundleError, match="not the golden values of this bundle"):
        Bundle.load(fake_bundle).golden()


@pytest.mark.parametrize(
    ("threshold", "text"),
    [
        (0.5, "0.500"),
        (0.9876, "0.988"),
        (0.99951, "0.9995"),
        (0.999991, "0.999991"),
        (1.0, "1.000000"),
    ],
)
def test_a_threshold_below_one_does_not_read_as_one(
    fixture_bundle: Path, threshold: float, text: str
) -> None:
    file = Bundle.load(fixture_bundle).file()
    assert dataclasses.replace(file, threshold=threshold).threshold_text == text
