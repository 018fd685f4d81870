"""Every file on the same pictures, each held against the reference."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface import records
from edgeface.comparison import Pictures, Subject, compare, html, read_named, subjects_of
from edgeface.comparison import words as said
from edgeface.datasets.crops import CropStore
from edgeface.errors import BackendError, BackendMissing, UsageError
from edgeface.runtime import BACKENDS
from edgeface.vision.unknown import Rule

SHADES = (40, 50, 128, 130, 220, 230)


@pytest.fixture
def subjects(fake_bundle: Path) -> tuple[Subject, ...]:
    return subjects_of(read_named([fake_bundle], {}))


def silent(rows, doing):
    return rows


def crops(*greys: int) -> CropStore:
    return CropStore.of(np.stack([np.full((32, 32, 1), g, np.uint8) for g in greys]))


def on_greys(cut, *strangers: int, times: int = 1) -> Pictures:
    """Ada, bob and cyd, each twice or so, and strangers of one grey each."""
    truth = np.repeat(np.asarray([0, 0, 1, 1, 2, 2]), times)
    shades = np.repeat(SHADES, times)
    return Pictures(
        "greys",
        tuple(f"{i}.png" for i in range(len(truth))),
        truth,
        {cut: crops(*shades)},
        {cut: crops(*strangers)} if strangers else {},
        tuple(f"stranger {i}" for i, _ in enumerate(strangers)),
    )


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, fake_backend):
    """Lets files whose name holds a word answer by a function of pixels and plain answer."""
    kind = type(fake_backend)

    def by(**changes) -> None:
        def opened(path: Path, threads: int):
            backend = kind()
            plain = backend.infer
            for word, change in changes.items():
                if word in path.name:
                    backend.infer = lambda pixels, change=change: change(pixels, plain(pixels))
            return backend

        for format in ("tflite", "onnx"):
            monkeypatch.setitem(BACKENDS, format, {"fake": opened})

    return by


def takes_50_for_bob(pixels, probs):
    return np.roll(probs, 1) if pixels[0, 0, 0] == 50 else probs


def test_a_row_for_every_file(subjects, answering) -> None:
    answering(int8=takes_50_for_bob)
    result = compare(subjects, on_greys(subjects[0].cut, 128, 10), 1, silent)
    assert (result.reference, result.chosen) == ("tiny.float32.tflite", False)
    data = json.loads(records.to_json(result.as_data()))
    assert (data["schema"], data["n"], data["strangers"]) == (2, 6, 2)
    assert [row["file"] for row in data["files"]] == [s.name for s in subjects]
    base, int8, plain, _ = data["files"]
    assert "verdict" not in base
    assert (plain["accuracy"], plain["delta_points"], plain["flips"]) == (1, 0, 0)
    assert plain["flipped"] == plain["worst"] == []
    assert (int8["n"], int8["flips"], int8["lost"], int8["gained"]) == (6, 1, 1, 0)
    assert int8["accuracy"] == int8["agreement"] == pytest.approx(5 / 6)
    assert int8["delta_points"] == pytest.approx(-100 / 6)
    assert int8["delta_low"] < int8["delta_points"] < int8["delta_high"]
    assert (int8["mcnemar_p"], int8["verdict"]["kind"]) == (1, "cannot tell")
    (flipped,) = int8["flipped"]
    assert flipped == int8["worst"][0]
    assert [flipped[key] for key in ("name", "truth", "expected", "answered", "kind")] == [
        *("1.png", "ada", "ada", "bob", "lost"),
    ]
    assert flipped["truth_before"] == pytest.approx(0.9)
    assert flipped["truth_after"] == pytest.approx(0.05)
    assert int8["confusion"] == [[1, 1, 0], [0, 2, 0], [0, 0, 2]]
    assert [c["points"] for c in int8["per_class"]] == [-50, 0, 0]
    assert int8["drift"]["right_largest"] == pytest.approx(0.85)
    assert data["agreements"][0] == pytest.approx([1, 5 / 6, 1, 5 / 6])
    assert int8["named_right_share"] == pytest.approx(5 / 6)
    assert int8["named_wrong_share"] == pytest.approx(1 / 6)
    assert (int8["strangers_named"], int8["strangers_named_share"]) == (2, 1.0)
    assert int8["strangers_named_change"]["points"] == 0
    assert int8["size_bytes"] == subjects[1].path.stat().st_size


def test_a_loss_that_the_pictures_show(subjects, answering) -> None:
    answering(int8=takes_50_for_bob)
    pictures = on_greys(subjects[0].cut, times=20)
    result = compare(subjects, pictures, 1, silent)
    verdict = result.files[1].verdict
    assert verdict is not None
    assert verdict.kind == "loses"
    assert said.verdict(result.files[1]).endswith("; 20 lost, 0 gained, p < 0.001")
    lenient = compare(subjects, pictures, 1, silent, margin=40)
    assert lenient.files[1].verdict.within_margin
    assert lenient.files[2].verdict.kind == "no loss found"


def test_the_reference_can_be_chosen(subjects, answering) -> None:
    answering(int8=takes_50_for_bob)
    pictures = on_greys(subjects[0].cut)
    result = compare(subjects, pictures, 1, silent, against=Path("tiny.int8.onnx"))
    assert (result.reference, result.chosen) == ("tiny.int8.onnx", True)
    assert [file.against.gained for file in result.files] == [1, 0, 1, 0]
    assert result.files[0].flips[0].kind == "gained"
    assert "as asked" in said.reference(result)
    with pytest.raises(UsageError, match="is not among the files"):
        compare(subjects, pictures, 1, silent, against=Path("gone.onnx"))


def test_classes_in_another_order_are_brought_to_one(subjects, answering) -> None:
    turned = replace(subjects[1], labels=("cyd", "ada", "bob"))
    answering(int8=lambda pixels, probs: np.roll(probs, 1))
    result = compare((subjects[0], turned), on_greys(subjects[0].cut), 1, silent)
    assert result.files[1].against.accuracy == 1
    assert result.files[1].against.parity == 0


def test_a_threshold_makes_strangers_and_friends_unknown(subjects, answering) -> None:
    answering()
    strict = replace(subjects[1], rule=Rule(0.95))  # the fake backend answers 0.9
    none = replace(subjects[2], rule=None)
    result = compare((subjects[0], strict, none), on_greys(subjects[0].cut, 9), 1, silent)
    data = result.as_data()["files"]
    assert [row.get("unknown_share") for row in data] == [0, 1, None]
    assert [row.get("strangers_named") for row in data] == [1, 0, None]
    assert data[1]["named_right_change"]["points"] == -100
    assert data[1]["strangers_named_change"]["points"] == -100


def test_a_score_of_another_output(subjects, monkeypatch: pytest.MonkeyPatch, fake_backend) -> None:
    kind = type(fake_backend)

    class Two(kind):  # type: ignore[misc,valid-type]
        def infer_all(self, pixels):
            logits = np.asarray([pixels.mean() / 10, 0, 0], np.float32)
            return {"probs": self.infer(pixels), "logits": logits}

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": lambda path, threads: Two()})
    by_energy = replace(subjects[0], rule=Rule(10.0, "energy"))
    result = compare((by_energy,), on_greys(subjects[0].cut, 99, 101), 1, silent)
    (row,) = result.as_data()["files"]
    assert (row["score"], row["unknown_share"]) == ("energy", pytest.approx(2 / 6))
    assert row["strangers_named"] == 1


def test_without_strangers_nothing_is_said_of_them(subjects, answering) -> None:
    answering()
    result = compare(subjects, on_greys(subjects[0].cut), 1, silent)
    assert not [key for row in result.as_data()["files"] for key in row if "stranger" in key]


def test_files_whose_runtime_is_missing_are_skipped_and_named(
    subjects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: Path, threads: int):
        msg = "not here"
        raise BackendMissing(msg, remedy="pip install it")

    pictures = on_greys(subjects[0].cut)
    monkeypatch.setitem(BACKENDS, "tflite", {"fake": missing})
    result = compare(subjects, pictures, 1, silent)
    assert [file.subject.format for file in result.files] == ["onnx", "onnx"]
    assert result.reference == "tiny.float32.onnx"
    assert result.skipped == {
        f"tiny.{s}.tflite": "not here; pip install it" for s in ("float32", "int8")
    }
    with pytest.raises(BackendMissing, match=r"--against tiny\.int8\.tflite: not here"):
        compare(subjects, pictures, 1, silent, against=Path("tiny.int8.tflite"))
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    with pytest.raises(BackendMissing, match=r"no file can be run here.*not here"):
        compare(subjects, pictures, 1, silent)


def test_a_file_that_answers_no_numbers_is_reported_and_never_right(subjects, answering) -> None:
    answering(int8=lambda pixels, probs: np.full(3, np.nan, np.float32))
    result = compare(subjects, on_greys(subjects[0].cut, 1), 1, silent)
    row = json.loads(records.to_json(result.as_data()))["files"][1]
    assert (row["accuracy"], row["flips"], row["unknown_share"]) == (0, 6, 1)
    assert (row["strangers_named"], row["no_number"]) == (0, [2, 2, 2])
    assert row["parity"] is row["drift"]["mean"] is row["confidence"]["ece"] is None
    assert row["flipped"][0]["answered_score"] is None


def test_a_file_that_is_not_what_was_announced(subjects, answering) -> None:
    answering()
    pictures = on_greys(subjects[0].cut)
    with pytest.raises(BackendError, match="were announced"):
        compare((replace(subjects[0], labels=("ada", "bob")),), pictures, 1, silent)
    answering(int8=lambda pixels, probs: 1 / 0)
    with pytest.raises(BackendError, match=r"failed on one picture \(running tiny\.int8"):
        compare(subjects, pictures, 1, silent)


class OneByOne(CropStore):
    """Gives one crop at a time and refuses to be one array."""

    def __getitem__(self, index):
        assert np.ndim(index) == 0
        return super().__getitem__(index)

    def __array__(self, dtype=None, copy=None):
        raise AssertionError


def test_one_crop_at_a_time_is_in_memory(subjects, answering) -> None:
    answering(int8=takes_50_for_bob)
    pictures = on_greys(subjects[0].cut, 128)
    apart = replace(
        pictures,
        crops={c: OneByOne.of(store[:]) for c, store in pictures.crops.items()},
        strangers={c: OneByOne.of(store[:]) for c, store in pictures.strangers.items()},
    )
    result = compare(subjects, apart, 1, silent)
    assert html(result) == html(compare(subjects, pictures, 1, silent))


def test_two_classes_have_a_roc_and_its_area(subjects, monkeypatch, fake_backend) -> None:
    kind = type(fake_backend)

    class Binary(kind):  # type: ignore[misc,valid-type]
        def __init__(self, noise: float) -> None:
            super().__init__(classes=2)
            self.noise = noise

        def infer(self, pixels):
            grey = float(pixels[0, 0, 0])
            score = np.float32(grey / 255 + self.noise * ((grey * 7919) % 1 - 0.5 + grey % 3 - 1))
            return np.asarray([1 - score, score], np.float32)

    def opened(path: Path, threads: int):
        return Binary(0.4 if "int8" in path.name else 0.0)

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": opened})
    pair = tuple(replace(s, labels=("nonface", "face")) for s in subjects[:2])
    greys = np.arange(100, 160)
    pictures = Pictures(
        *("x", tuple(map(str, greys)), (greys >= 130).astype(np.intp)),
        {pair[0].cut: crops(*greys)},
    )
    result = compare(pair, pictures, 1, silent)
    before, after = result.as_data()["files"]
    assert (before["auc"], "auc_change" in before) == (1.0, False)
    assert after["auc"] < 1
    change = after["auc_change"]
    assert change["difference"] == pytest.approx(after["auc"] - 1)
    assert change["low"] < change["difference"] < change["high"]
