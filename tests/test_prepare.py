"""From pictures to the sides of a split."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgeface.errors import InputError, UsageError
from edgeface.train.prepare import Prepared, prepare
from edgeface.train.request import Request
from edgeface.vision.detect import open_detector

Write = Callable[..., Path]


def ready(asked: Request, teller: Any) -> Prepared:
    return prepare(asked, lambda: open_detector("none"), teller)


def asked_for(data: Path, network: str = "friends", **more: Any) -> Request:
    return Request(network, str(data), **({"size": 24} | more))


def test_small_pictures_are_crops_already(tmp_path: Path, teller, small_pictures: Write) -> None:
    made = ready(asked_for(small_pictures(tmp_path / "p")), teller)
    assert made.faces.preprocess.framing == "whole"
    assert made.faces.preprocess.shape == (24, 24, 1)
    assert any(line.startswith("crops: whole pictures, their largest") for line in teller.said)
    assert made.labels == ("ada", "bob")
    assert (len(made.training), len(made.validation), len(made.test)) == (8, 4, 0)
    assert made.validation.truth.tolist() == [0, 0, 1, 1]
    assert [e.name for e in made.split.files] == sorted(e.name for e in made.split.files)
    used = [e.name for e in made.split.files if e.side == "validation"]
    held = [made.faces.used[i].name for i in made.validation.indices]
    assert used == held


def test_a_part_gives_its_pictures_in_order_and_in_batches(
    tmp_path: Path, teller, small_pictures: Write
) -> None:
    part = ready(asked_for(small_pictures(tmp_path / "p")), teller).training
    batches = list(part.batches(3))
    assert [len(truth) for _, truth in batches] == [3, 3, 2]
    assert all(pixels.dtype == np.float32 for pixels, _ in batches)
    assert np.array_equal(np.concatenate([pixels for pixels, _ in batches]), part.pixels)
    assert np.array_equal(np.concatenate([truth for _, truth in batches]), part.truth)


def test_size_and_colour_are_the_documented_ones_unless_asked(
    tmp_path: Path, teller, small_pictures: Write
) -> None:
    root = small_pictures(tmp_path / "p", count=2)
    for network, shape in (("friends", (64, 64, 1)), ("facepatch", (64, 64, 3))):
        made = ready(Request(network, str(root)), teller)
        assert made.faces.preprocess.shape == shape
    assert made.faces.preprocess.colour == "bgr"
    coloured = ready(asked_for(root, colour="rgb"), teller)
    assert coloured.faces.preprocess.shape == (24, 24, 3)
    blue_first = ready(asked_for(root, colour="bgr"), teller)
    assert np.array_equal(coloured.training.pixels, blue_first.training.pixels[..., ::-1])


def test_faces_are_found_in_photographs(prepared) -> None:
    _, made = prepared
    assert made.faces.preprocess.framing == "face"
    assert len(made.faces.used) + len(made.faces.left_out) == 72
    assert len(made.faces.used) > 60
    assert all(e.box is not None for e in made.faces.used)
    assert len(made.split.files) == 72


def test_only_some_people(tmp_path: Path, teller, small_pictures: Write) -> None:
    root = small_pictures(tmp_path / "p", ("ada", "bob", "cyd"))
    made = ready(asked_for(root, people=("cyd", "ada")), teller)
    assert made.labels == ("ada", "cyd")
    assert {e.label for e in made.split.files} == {"ada", "cyd"}


def test_simpsons_stretches_what_the_others_cut(tmp_path: Path, teller) -> None:
    root = tmp_path / "p"
    rng = np.random.default_rng(1)
    for who in ("ada", "bob"):
        (root / who).mkdir(parents=True)
        for number in range(4):
            wide = rng.integers(0, 256, (20, 60, 3), np.uint8)
            wide[:, 10:50] //= 4  # dark in the middle: the largest square never sees the edges
            cv2.imwrite(str(root / who / f"{number}.png"), wide)
    square = ready(asked_for(root, "convnet", colour="rgb"), teller)
    whole = ready(asked_for(root, "simpsons"), teller)
    assert square.faces.preprocess.framing == "whole"
    assert whole.faces.preprocess.framing == "stretched"
    assert any(line.startswith("crops: whole pictures, stretched") for line in teller.said)
    assert square.training.pixels.max() < 90
    assert (whole.training.pixels[:, :, :2] > 90).any()
    asked = ready(asked_for(root, "simpsons", crop="never"), teller)
    assert asked.faces.preprocess.framing == "whole"


def test_of_a_binary_network_the_positive_class_is_last(
    tmp_path: Path, teller, small_pictures: Write
) -> None:
    root = small_pictures(tmp_path / "p", ("face", "nonface"))
    named = ready(asked_for(root, "facepatch", size=40), teller)
    assert named.labels == ("nonface", "face")  # its unit answers for faces
    assert ready(asked_for(root, "olivetti"), teller).labels == ("face", "nonface")
    turned = ready(asked_for(root, "olivetti", positive="face"), teller)
    assert turned.labels == ("nonface", "face")
    assert {made.label for made in turned.faces.used if made.label} == {"face", "nonface"}
    ones = [turned.faces.used[i].label for i in turned.training.indices[turned.training.truth == 1]]
    assert set(ones) == {"face"}
    with pytest.raises(UsageError, match="--positive eve: the classes are face, nonface"):
        ready(asked_for(root, "olivetti", positive="eve"), teller)
    with pytest.raises(UsageError, match="friends has no class of that kind"):
        ready(asked_for(root, positive="face"), teller)


def test_a_binary_network_takes_two_classes(tmp_path: Path, teller, small_pictures: Write) -> None:
    root = small_pictures(tmp_path / "p", ("ada", "bob", "cyd"))
    with pytest.raises(UsageError, match=r"olivetti tells two classes apart, .* has 3") as wrong:
        ready(asked_for(root, "olivetti"), teller)
    assert "--people A,B" in wrong.value.remedy
    made = ready(asked_for(root, "olivetti", people=("ada", "cyd")), teller)
    assert made.labels == ("ada", "cyd")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network": "enemies"}, "no network called 'enemies'"),
        ({"size": 21}, "--model-size 21: friends takes 22 to 1024 px"),
        ({"size": 0}, "--model-size 0"),
        ({"size": 2000}, "--model-size 2000: friends takes 22 to 1024 px"),
        ({"validation": 1.0}, "--validation 1.0"),
        ({"validation": 0.0}, "--validation 0.0"),
        ({"people": ("eve",)}, "nobody called 'eve'"),
        ({"people": (" ",)}, "names nobody"),
        ({"crop": "sometimes"}, "--crop sometimes"),
        ({"data": "nowhere"}, "no such folder or zip"),
        ({"split": "official"}, "--split official: .* is not split"),
        ({"drop_leaks": True}, "--drop-leaks is for data that is split already"),
        ({"weights": "none"}, "--weights: friends has no base"),
        ({"network": "mobilenet", "size": 32}, "mobilenet begins with weights"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused_before_a_face_is_looked_for(
    tmp_path: Path, teller, small_pictures: Write, change: dict[str, Any], message: str
) -> None:
    def no_detector():
        pytest.fail("the detector was opened")

    asked = replace(asked_for(small_pictures(tmp_path / "p")), **change)
    with pytest.raises(UsageError, match=message):
        prepare(asked, no_detector, teller)


def test_data_that_cannot_be_trained_on(tmp_path: Path, teller, small_pictures: Write) -> None:
    root = small_pictures(tmp_path / "p")
    (root / "bob" / "9.jpg").write_text("no picture")
    with pytest.raises(InputError, match=r"bob/9\.jpg"):
        ready(asked_for(root), teller)
    assert len(ready(asked_for(root, skip_broken=True), teller).faces.left_out) == 1
    with pytest.raises(InputError, match="only one person"):
        ready(asked_for(root, people=("ada",)), teller)
    for number in range(1, 6):
        shutil.copy(root / "ada" / "0.png", root / "ada" / f"{number}.png")
    with pytest.raises(InputError, match=r"'ada' has 1 usable photograph\(s\).*copies"):
        ready(asked_for(root, skip_broken=True), teller)


@pytest.fixture
def official(tmp_path: Path, small_pictures: Write) -> Path:
    """Ten pictures of everybody to train on and four to test on."""
    small_pictures(tmp_path / "both", count=14)
    for path in sorted((tmp_path / "both").rglob("*.png")):
        side = "test" if int(path.stem) >= 10 else "train"
        to = tmp_path / "data" / side / path.parent.name / path.name
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(path, to)
    return tmp_path / "data"


def sizes(made: Prepared) -> tuple[int, int, int]:
    return len(made.training), len(made.validation), len(made.test)


def test_official_sides_are_kept_and_little_is_held_back(official: Path, teller) -> None:
    made = ready(asked_for(official), teller)
    assert sizes(made) == (18, 2, 8)
    assert all(e.name.startswith("test/") == (e.side == "test") for e in made.split.files)
    assert made.split.kind == "official"
    assert made.split.validation == 0.1
    # As documented: validated on the published test side, and nothing held back besides.
    assert sizes(ready(asked_for(official, variant="documented"), teller)) == (20, 8, 0)
    drawn = ready(asked_for(official, split="drawn", test=0.2), teller)
    assert drawn.split.kind == "drawn"
    assert sizes(drawn)[2] == 6
    assert sum(sizes(drawn)) == 28
    for more, message in (
        ({"test": 0.2}, "--test 0.2: .* is split already"),
        ({"split": "official", "test": 0.2}, "is split already"),
    ):
        with pytest.raises(UsageError, match=message):
            ready(asked_for(official, **more), teller)


def test_a_leak_is_said_and_can_be_left_out(official: Path, teller) -> None:
    for number in (10, 11, 12):
        leaked = cv2.imread(str(official / "test" / "ada" / f"{number}.png"))
        to = official / "train" / "ada" / f"copy{number}.jpg"
        cv2.imwrite(str(to), leaked, [cv2.IMWRITE_JPEG_QUALITY, 90])
    made = ready(asked_for(official), teller)
    copies = [e for e in made.split.side("training") if "copy" in e.name]
    assert len(copies) >= 2  # at most one was drawn for validation
    (said,) = (w for w in made.warnings if "copies" in w)
    assert said.startswith(f"{len(copies)} of {len(made.training)} training pictures")
    assert "pictures in the test side" in said
    assert "--drop-leaks" in said
    documented = ready(asked_for(official, variant="documented"), teller)
    assert any(w.startswith("3 of 23 training") for w in documented.warnings)
    assert any("in the validation side" in w for w in documented.warnings)
    clean = ready(asked_for(official, drop_leaks=True), teller)
    assert not any("copies" in w for w in clean.warnings)
    gone = clean.split.side("left out")
    assert [e.name for e in gone] == [f"train/ada/copy{n}.jpg" for n in (10, 11, 12)]
    assert all("near-duplicate" in e.reason for e in gone)


def test_copies_never_straddle_a_drawn_split(tmp_path: Path, teller, small_pictures: Write) -> None:
    root = small_pictures(tmp_path / "p", count=10)
    for number in range(0, 10, 2):
        picture = cv2.imread(str(root / "ada" / f"{number}.png"))
        cv2.imwrite(str(root / "ada" / f"{number}copy.jpg"), picture)
    for seed in range(5):
        made = ready(asked_for(root, seed=seed, test=0.2), teller)
        side = {e.name: e.side for e in made.split.files}
        for number in range(0, 10, 2):
            assert side[f"ada/{number}.png"] == side[f"ada/{number}copy.jpg"]
        assert not any("copies" in w for w in made.warnings)
