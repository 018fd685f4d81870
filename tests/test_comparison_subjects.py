"""What is compared: files of bundles, files alone, what they are called, and the reference."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.comparison import Cut, needs_of, read_named, subjects_of
from edgeface.comparison.naming import distinct, reference_first
from edgeface.comparison.subjects import unknown_training
from edgeface.errors import BackendError, UsageError
from edgeface.images import Preprocess


def changed_bundle(source: Path, target: Path, **keys: object) -> Path:
    """A copy of a bundle with other facts in its manifest."""
    data = json.loads((source / "manifest.json").read_text()) | keys
    with sealed.new_folder(target) as new:
        for path in source.iterdir():
            if path.name not in (sealed.SUMS, "manifest.json"):
                shutil.copy(path, new / path.name)
        (new / "manifest.json").write_text(json.dumps(data))
    return target


def test_every_file_of_a_bundle(fake_bundle: Path) -> None:
    found = subjects_of(read_named([fake_bundle], {}))
    assert [s.name for s in found] == [
        *("tiny.float32.tflite", "tiny.int8.tflite", "tiny.float32.onnx", "tiny.int8.onnx")
    ]
    first = found[0]
    assert (first.format, first.scheme, first.home) == ("tflite", "float32", fake_bundle)
    assert first.labels == ("ada", "bob", "cyd")
    assert first.cut == Cut.of(Preprocess(32, 32), "haar")
    assert first.rule is not None
    assert first.rule.threshold == 0.5
    needs = needs_of(found)
    assert (needs.who, needs.labels, needs.cuts) == (str(fake_bundle), first.labels, (first.cut,))


def test_a_file_of_a_bundle_is_taken_with_what_the_bundle_knows(fake_bundle: Path) -> None:
    path = fake_bundle / "tiny.int8.onnx"
    (found,) = subjects_of(read_named([path, path], {}))  # named twice, compared once
    assert (found.name, found.home) == ("tiny.int8.onnx", fake_bundle)
    assert found.seen == frozenset()
    both = subjects_of(read_named([path, fake_bundle], {}))
    assert len(both) == 4


def test_exports_of_two_days_are_told_apart_by_their_folders(
    fake_bundle: Path, tmp_path: Path
) -> None:
    later = changed_bundle(fake_bundle, tmp_path / "bundles" / "later", name="later")
    found = subjects_of(read_named([fake_bundle, later], {}))
    assert [s.name for s in found[3:5]] == ["tiny/tiny.int8.onnx", "later/tiny.float32.tflite"]
    assert needs_of(found).who == f"{fake_bundle} and 1 more"


def test_labels_in_another_order_are_the_same(fake_bundle: Path, tmp_path: Path) -> None:
    turned = changed_bundle(fake_bundle, tmp_path / "turned", labels=["cyd", "ada", "bob"])
    found = subjects_of(read_named([fake_bundle, turned], {}))
    assert needs_of(found).labels == ("ada", "bob", "cyd")
    assert found[-1].labels == ("cyd", "ada", "bob")


def test_other_labels_are_named(fake_bundle: Path, tmp_path: Path) -> None:
    other = changed_bundle(fake_bundle, tmp_path / "other", labels=["ada", "bob", "eve"])
    with pytest.raises(UsageError, match="do not tell the same apart") as wrong:
        subjects_of(read_named([fake_bundle, other], {}))
    assert "only tiny.float32.tflite has cyd; only tiny.float32.tflite has eve" in str(wrong.value)


def test_every_bundle_is_shown_its_own_crops(fake_bundle: Path, tmp_path: Path) -> None:
    preprocess = json.loads((fake_bundle / "manifest.json").read_text())["preprocess"]
    wide = changed_bundle(
        fake_bundle, tmp_path / "wide", preprocess=preprocess | {"margin": 0.4}, detector="yunet"
    )
    found = subjects_of(read_named([fake_bundle, wide], {}))
    assert [(cut.preprocess.margin, cut.detector) for cut in needs_of(found).cuts] == [
        *((0.1, "haar"), (0.4, "yunet"))
    ]


def test_a_file_alone_says_what_it_is(fixture_bundle: Path, tmp_path: Path) -> None:
    alone = Path(shutil.copy(fixture_bundle / "friends.int8.tflite", tmp_path / "mine.tflite"))
    (found,) = subjects_of(read_named([alone], {}))
    assert (found.name, found.scheme, found.home, found.seen) == (
        *("mine.tflite", "int8", alone, None),
    )
    assert found.cut.detector == "haar"
    assert unknown_training([found]) == ("mine.tflite",)
    both = subjects_of(read_named([fixture_bundle, alone], {}))
    assert both[-1].labels == both[0].labels
    assert unknown_training(both) == ()  # the bundle of the same weights knows it
    backend = both[-1].open(1)
    assert backend.input.shape == (1, *found.cut.preprocess.shape)


def test_names_and_numbers_are_not_compared(fake_bundle: Path, fixtures: Path) -> None:
    points = fixtures / "points-bundle-schema1"
    with pytest.raises(UsageError, match=r"answers numbers, .* names"):
        read_named([fake_bundle, points], {})
    lone = [points / "curve.int8.onnx", fake_bundle]
    with pytest.raises(UsageError, match="answers numbers"):
        read_named(lone, {})


def test_what_is_no_model_file(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_text("nothing")
    with pytest.raises(BackendError, match=r"x\.tflite"):
        read_named([tmp_path / "x.tflite"], {})
    with pytest.raises(UsageError, match="no such file"):
        read_named([tmp_path / "gone" / "x.onnx"], {})


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/x.onnx", "a/y.onnx"], ["x.onnx", "y.onnx"]),
        (["a/x.onnx", "b/x.onnx", "b/y.onnx"], ["a/x.onnx", "b/x.onnx", "y.onnx"]),
        (["a/k/x.onnx", "b/k/x.onnx"], ["a/k/x.onnx", "b/k/x.onnx"]),
        (["a/k/x.onnx", "k/x.onnx"], ["a/k/x.onnx", None]),
    ],
)
def test_the_shortest_names(paths: list[str], names: list[str | None]) -> None:
    found = distinct([Path("/r") / path for path in paths])
    assert len(set(found)) == len(paths)
    for own, expected in zip(found, names, strict=True):
        assert expected in (None, own)


@dataclass(frozen=True)
class File:
    name: str
    path: Path
    format: str
    scheme: str


FILES = [
    File("a/m.int8.tflite", Path("a/m.int8.tflite"), "tflite", "int8"),
    File("m.float32.onnx", Path("a/m.float32.onnx"), "onnx", "float32"),
    File("m.float32.tflite", Path("a/m.float32.tflite"), "tflite", "float32"),
    File("b/m.int8.tflite", Path("b/m.int8.tflite"), "tflite", "int8"),
]


def test_the_reference_is_the_float32_file_or_the_first() -> None:
    assert reference_first(FILES, None)[0].name == "m.float32.tflite"
    assert reference_first(FILES[:2], None)[0].name == "m.float32.onnx"
    foreign = [replace(FILES[3], scheme=""), FILES[0]]
    assert reference_first(foreign, None) == foreign


def test_the_reference_by_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for file in FILES:
        file.path.parent.mkdir(exist_ok=True)
        file.path.touch()
    for asked, name in (
        ("b/m.int8.tflite", "b/m.int8.tflite"),
        ("m.float32.onnx", "m.float32.onnx"),
        (str(tmp_path / "a" / "m.int8.tflite"), "a/m.int8.tflite"),
    ):
        ordered = reference_first(FILES, Path(asked))
        assert ordered[0].name == name
        assert sorted(f.name for f in ordered) == sorted(f.name for f in FILES)
    with pytest.raises(UsageError, match=r"--against x\.onnx is not among the files") as wrong:
        reference_first(FILES, Path("x.onnx"))
    assert "m.float32.onnx" in wrong.value.remedy
    with pytest.raises(UsageError, match="may be several files"):
        reference_first(FILES, Path("m.int8.tflite"))
