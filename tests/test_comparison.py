"""Every file of a bundle on the same pictures."""

import json
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface import records, sealed
from edgeface.bundle import SEEN, SEEN_DIGITS, Bundle
from edgeface.comparison import Pictures, compare_files, from_folder, with_strangers
from edgeface.datasets.photos import Reading
from edgeface.errors import BackendMissing, InputError
from edgeface.runtime import BACKENDS
from edgeface.vision.detect import open_detector

NONE = open_detector("none")
GREYS = {"ada": 40, "bob": 128, "cyd": 220}  # what the fake backend tells apart


def photographs(root: Path, people: dict[str, int], count: int = 3) -> Path:
    for who, grey in people.items():
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((60, 50, 3), grey + number, np.uint8))
    return root


def everything(items, what=""):
    return items


@pytest.fixture
def bundle(fake_bundle: Path) -> Bundle:
    return Bundle.load(fake_bundle)


def trained_on(bundle: Bundle, *files: Path) -> None:
    digests = [sealed.sha256(f)[:SEEN_DIGITS] for f in files]
    (bundle.folder / SEEN).write_text("\n".join(digests))


def test_enrolled_people_count_and_all_others_are_strangers(bundle: Bundle, tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {**GREYS, "dan": 90})
    pictures = from_folder(bundle, root, NONE, everything)
    assert pictures.truth.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert pictures.pixels[:, 0, 0, 0].tolist() == [40, 41, 42, 128, 129, 130, 220, 221, 222]
    assert pictures.strangers[:, 0, 0, 0].tolist() == [90, 91, 92]
    assert (pictures.what, pictures.trained_on, pictures.only_trained) == (str(root), 0, False)


def test_pictures_that_were_trained_on_are_not_counted(bundle: Bundle, tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", GREYS)
    (root / "bob" / "renamed.png").write_bytes((root / "bob" / "0.png").read_bytes())
    trained_on(bundle, root / "ada" / "1.png", root / "bob" / "0.png")
    pictures = from_folder(bundle, root, NONE, everything)
    assert pictures.trained_on == 3  # a copy under another name is the same picture
    assert not pictures.only_trained
    assert pictures.pixels[:, 0, 0, 0].tolist() == [40, 42, 129, 130, 220, 221, 222]
    assert pictures.truth.tolist() == [0, 0, 1, 1, 2, 2, 2]


def test_where_there_are_no_others_they_count_and_it_is_said(
    bundle: Bundle, tmp_path: Path
) -> None:
    root = photographs(tmp_path / "photos", {**GREYS, "dan": 90}, count=2)
    trained_on(bundle, *(root / who / f"{n}.png" for who in GREYS for n in (0, 1)))
    pictures = from_folder(bundle, root, NONE, everything)
    assert pictures.only_trained
    assert pictures.trained_on == len(pictures.truth) == 6
    assert len(pictures.strangers) == 2


def test_a_folder_of_nobody_enrolled_is_an_error(bundle: Bundle, tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {"dan": 90, "eve": 91})
    with pytest.raises(InputError, match="nobody in it is enrolled") as wrong:
        from_folder(bundle, root, NONE, everything)
    assert "ada, bob, cyd" in wrong.value.remedy


def test_a_name_is_the_same_in_either_unicode_form(bundle: Bundle, tmp_path: Path) -> None:
    data = records.plain(bundle.manifest)
    data["labels"] = ["ada", "Jörg", "cyd"]
    manifest = records.build(type(bundle.manifest), data, "test", InputError)
    known = Bundle(bundle.folder, manifest)
    decomposed = unicodedata.normalize("NFD", "Jörg")
    root = photographs(tmp_path / "photos", {decomposed: 128, "dan": 90})
    pictures = from_folder(known, root, NONE, everything)
    assert pictures.truth.tolist() == [1, 1, 1]
    assert len(pictures.strangers) == 3
    with pytest.raises(InputError, match="is no stranger"):
        with_strangers(pictures, known, root, NONE, everything)


def test_strangers_from_a_folder_of_their_own(bundle: Bundle, tmp_path: Path) -> None:
    own = from_folder(
        bundle, photographs(tmp_path / "photos", {**GREYS, "dan": 90}), NONE, everything
    )
    others = photographs(tmp_path / "others", {"eve": 200})
    (others / "eve" / "x.jpg").write_text("broken")
    with pytest.raises(InputError, match=r"x\.jpg"):
        with_strangers(own, bundle, others, NONE, everything)
    both = with_strangers(own, bundle, others, NONE, everything, skip_broken=True)
    assert both.strangers[:, 0, 0, 0].tolist() == [90, 91, 92, 200, 201, 202]
    assert both.left_out == {"broken picture": 1}
    assert np.array_equal(both.pixels, own.pixels)
    with pytest.raises(InputError, match="'bob' is enrolled"):
        with_strangers(own, bundle, photographs(tmp_path / "wrong", {"bob": 9}), NONE, everything)


def test_all_sides_of_a_set_that_is_split_are_taken(bundle: Bundle, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    photographs(root / "train", {**GREYS, "dan": 90}, count=2)
    photographs(root / "test", {who: grey + 10 for who, grey in GREYS.items()}, count=1)
    trained_on(bundle, root / "train" / "ada" / "0.png")
    pictures = from_folder(bundle, root, NONE, everything)
    assert pictures.truth.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert sorted(pictures.pixels[:, 0, 0, 0].tolist()) == [41, 50, 128, 129, 138, 220, 221, 230]
    assert pictures.strangers[:, 0, 0, 0].tolist() == [90, 91]
    assert pictures.trained_on == 1


def test_arrays_are_read_as_they_are_meant(bundle: Bundle, tmp_path: Path) -> None:
    greys = np.asarray([40, 128, 220, 90, 91])
    arrays = np.tile(greys.astype(np.uint8)[:, None, None], (1, 20, 20))
    path = tmp_path / "set.npz"
    np.savez(path, pictures=arrays, who=np.asarray([0, 1, 2, 3, 3]))
    names = Reading(labels=("ada", "bob", "cyd", "dan"), pixels="pictures", targets="who")
    found = from_folder(bundle, path, NONE, everything, reading=names)
    assert found.truth.tolist() == [0, 1, 2]
    assert found.pixels[:, 0, 0, 0].tolist() == [40, 128, 220]
    assert found.strangers[:, 0, 0, 0].tolist() == [90, 91]
    others = Reading(labels=("eve", "fay", "gus", "hal"), targets="who")
    more = with_strangers(found, bundle, path, NONE, everything, reading=others)
    assert more.strangers[:, 0, 0, 0].tolist() == [90, 91, *greys.tolist()]
    with pytest.raises(InputError, match="nobody in it is enrolled"):
        from_folder(bundle, path, NONE, everything)  # the numbers themselves are the labels


def test_strangers_without_a_face_are_an_error(bundle: Bundle, tmp_path: Path) -> None:
    haar = open_detector("haar")
    own = Pictures("x", np.zeros((1, 32, 32, 1), np.uint8), np.zeros(1, int))
    with pytest.raises(InputError, match="no picture with one clear face"):
        with_strangers(own, bundle, photographs(tmp_path / "photos", {"eve": 9}), haar, everything)


def on_greys(*strangers: int) -> Pictures:
    def pixels(*greys: int) -> np.ndarray:
        return np.stack([np.full((32, 32, 1), g, np.uint8) for g in greys])

    shown = pixels(40, 50, 128, 130, 220, 230)
    truth = np.asarray([0, 0, 1, 1, 2, 2])
    if strangers:
        return Pictures("greys", shown, truth, pixels(*strangers))
    return Pictures("greys", shown, truth)


def quantised(backend_class: type) -> type:
    """Answers as the fake backend does, but takes 50 for a brighter person."""

    class Quantised(backend_class):  # type: ignore[misc]
        def infer(self, pixels):
            probs = super().infer(pixels)
            return np.roll(probs, 1) if pixels[0, 0, 0] == 50 else probs

    return Quantised


def test_a_row_for_every_file(
    bundle: Bundle, fake_backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(fake_backend)

    def opened(path: Path, threads: int):
        return quantised(kind)() if "int8" in path.name else kind()

    for format in ("tflite", "onnx"):
        monkeypatch.setitem(BACKENDS, format, {"fake": opened})
    found = compare_files(bundle, on_greys(128, 10), 1, everything)
    assert found.reference == "tiny.float32.tflite"
    assert [row["file"] for row in found.rows] == [f.name for f in bundle.manifest.files]
    rows = {row["file"]: row for row in found.rows}
    plain, int8 = rows["tiny.float32.onnx"], rows["tiny.int8.tflite"]
    assert (plain["accuracy"], plain["delta_points"], plain["flips"]) == (1, 0, 0)
    assert (int8["n"], int8["flips"], int8["lost"], int8["gained"]) == (6, 1, 1, 0)
    assert int8["accuracy"] == int8["agreement"] == pytest.approx(5 / 6)
    assert int8["delta_points"] == pytest.approx(-100 / 6)
    assert int8["size_bytes"] == bundle.file("tflite", "int8").size_bytes
    assert int8["named_right_share"] == pytest.approx(5 / 6)
    assert int8["named_wrong_share"] == pytest.approx(1 / 6)
    assert (int8["strangers_named"], int8["strangers_named_share"]) == (2, 1.0)
    assert int8["strangers_named_low"] < 1 == int8["strangers_named_high"]
    assert json.loads(records.to_json(found.as_data()))["strangers"] == 2


def test_a_threshold_makes_strangers_and_friends_unknown(bundle: Bundle) -> None:
    data = records.plain(bundle.manifest)
    data["files"][1]["threshold"] = 0.95  # the fake backend answers 0.9
    manifest = records.build(type(bundle.manifest), data, "test", InputError)
    found = compare_files(Bundle(bundle.folder, manifest), on_greys(9), 1, everything)
    shares = [(row["unknown_share"], row["strangers_named"]) for row in found.rows]
    assert shares == [(0, 1), (1, 0), (0, 1), (0, 1)]


def test_without_strangers_nothing_is_said_of_them(bundle: Bundle) -> None:
    found = compare_files(bundle, on_greys(), 1, everything)
    assert not [key for row in found.rows for key in row if "stranger" in key]
    assert found.as_data()["strangers"] == 0


def test_files_whose_runtime_is_missing_are_skipped_and_named(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(path: Path, threads: int):
        msg = "not here"
        raise BackendMissing(msg, remedy="pip install it")

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": missing})
    found = compare_files(bundle, on_greys(), 1, everything)
    assert [row["format"] for row in found.rows] == ["onnx", "onnx"]
    assert found.reference == "tiny.float32.onnx"
    assert found.skipped == {
        f"tiny.{s}.tflite": "not here; pip install it" for s in ("float32", "int8")
    }
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    with pytest.raises(BackendMissing, match=r"no file can be run here.*not here"):
        compare_files(bundle, on_greys(), 1, everything)


def test_a_file_that_answers_no_numbers_is_reported_and_never_right(
    bundle: Bundle, fake_backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_backend.infer = lambda pixels: np.full(3, np.nan, np.float32)
    kind = type(fake_backend)

    def opened(path: Path, threads: int):
        return fake_backend if "int8" in path.name else kind()

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": opened})
    found = compare_files(bundle, on_greys(1), 1, everything)
    row = next(r for r in found.rows if r["file"] == "tiny.int8.tflite")
    assert (row["accuracy"], row["flips"], row["unknown_share"]) == (0, 6, 1)
    assert row["strangers_named"] == 0
    assert json.loads(records.to_json(found.as_data()))["files"][1]["parity"] is None
