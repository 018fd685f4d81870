"""Faces that were found once: kept on disk, and never taken for those of another picture."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeface.datasets.faces import cut_faces
from edgeface.datasets.photos import open_photos
from edgeface.errors import EdgefaceError, UsageError
from edgeface.geometry import Detections
from edgeface.images import Picture, Preprocess
from edgeface.vision import remember
from edgeface.vision.detect import open_detector
from edgeface.vision.remember import Remembering

PICTURES = np.random.default_rng(0).integers(0, 256, (6, 20, 30, 3), np.uint8)


class Eyes:
    """Finds as many faces as the first pixel says, at places that no short decimal writes."""

    name = "haar"

    def __init__(self) -> None:
        self.asked = 0

    def detect(self, picture: Picture) -> Detections:
        self.asked += 1
        rng = np.random.default_rng(int(picture[0, 0, 0]))
        count = int(picture[0, 0, 0]) % 4
        return Detections(
            rng.normal(0, 100, (count, 4)).astype(np.float32),
            rng.normal(0, 1, count).astype(np.float32),
        )


def same(one: Detections, other: Detections) -> bool:
    pairs = ((one.boxes, other.boxes), (one.scores, other.scores))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_the_second_look_is_the_first_one_to_the_last_bit(tmp_path: Path) -> None:
    eyes = Eyes()
    first = [Remembering(eyes, tmp_path).detect(p) for p in PICTURES]
    assert eyes.asked == len(PICTURES)
    assert {len(found) for found in first} > {0, 1}
    again = Remembering(eyes, tmp_path)
    assert len(again) == len(PICTURES)
    for picture, found in zip(PICTURES, first, strict=True):
        assert same(again.detect(picture), found)
        assert same(Eyes().detect(picture), found)
    assert eyes.asked == len(PICTURES)


def test_it_asks_once_within_a_run_too(tmp_path: Path) -> None:
    eyes = Eyes()
    remembering = Remembering(eyes, tmp_path)
    assert same(remembering.detect(PICTURES[0]), remembering.detect(PICTURES[0].copy()))
    assert eyes.asked == 1
    assert remembering.name == "haar"


def test_what_comes_back_can_be_changed_without_harm(tmp_path: Path) -> None:
    Remembering(Eyes(), tmp_path).detect(PICTURES[0])
    remembering = Remembering(Eyes(), tmp_path)
    before = remembering.detect(PICTURES[0])
    remembering.detect(PICTURES[0]).boxes[:] = 0
    assert same(remembering.detect(PICTURES[0]), before)


def test_other_pixels_or_another_shape_are_another_picture(tmp_path: Path) -> None:
    eyes = Eyes()
    remembering = Remembering(eyes, tmp_path)
    other = PICTURES[0].copy()
    other[-1, -1, -1] ^= 1
    for picture in (PICTURES[0], other, PICTURES[0].reshape(30, 20, 3), PICTURES[0][:, ::-1]):
        remembering.detect(picture)
    assert eyes.asked == 4


@pytest.mark.parametrize("fact", ["edgeface", "detector", "model", "opencv", "machine"])
def test_another_detector_or_version_starts_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fact: str
) -> None:
    Remembering(Eyes(), tmp_path).detect(PICTURES[0])
    eyes, model = Eyes(), None
    if fact == "edgeface":
        monkeypatch.setattr(remember, "__version__", "9.9")
    elif fact == "opencv":
        monkeypatch.setattr(remember.cv2, "__version__", "4.99")
    elif fact == "machine":
        monkeypatch.setattr("platform.machine", lambda: "pdp11")
    elif fact == "detector":
        eyes.name = "yunet"
    else:
        model = tmp_path / "model.onnx"
        model.write_bytes(b"weights")
    Remembering(eyes, tmp_path, model).detect(PICTURES[0])
    assert eyes.asked == 1
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


def kept_in(folder: Path) -> Path:
    (path,) = folder.glob("*.jsonl")
    return path


def test_a_search_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    for picture in PICTURES[:3]:
        Remembering(Eyes(), tmp_path).detect(picture)
    path = kept_in(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])  # the last line was being written
    eyes = Eyes()
    for picture in PICTURES:
        assert same(Remembering(eyes, tmp_path).detect(picture), Eyes().detect(picture))
    assert eyes.asked == 4
    assert len(Remembering(Eyes(), tmp_path)) == len(PICTURES)


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe nonsense",
        b'{"picture": "KEY", "boxes": [[1, 2, 3]], "scores": [1]}',
        b'{"picture": "KEY", "boxes": [[1, 2, 3, NaN]], "scores": [1]}',
        b'{"picture": "KEY", "boxes": [], "scores": [1]}',
        b'{"picture": "KEY", "boxes": "all"}',
        b'{"picture": "KEY", "boxes": [[1, 2, 3, 1e999]], "scores": [1]}',
        b"[1, 2]",
        b"",
    ],
)
def test_lines_that_are_no_answers_are_searched_again(tmp_path: Path, line: bytes) -> None:
    Remembering(Eyes(), tmp_path).detect(PICTURES[0])
    path = kept_in(tmp_path)
    head, answer, _ = path.read_text().split("\n")
    key = json.loads(answer)["picture"].encode()
    path.write_bytes(head.encode() + b"\n" + line.replace(b"KEY", key) + b"\n")
    eyes = Eyes()
    assert same(Remembering(eyes, tmp_path).detect(PICTURES[0]), Eyes().detect(PICTURES[0]))
    assert eyes.asked == 1
    assert len(Remembering(Eyes(), tmp_path)) == 1


def test_the_first_line_says_whose_answers_they_are(tmp_path: Path) -> None:
    Remembering(Eyes(), tmp_path / "new" / "folder").detect(PICTURES[0])
    head = json.loads(kept_in(tmp_path / "new" / "folder").read_text().split("\n")[0])
    assert head["schema"] == 1
    assert head["detector"] == "haar"
    assert head["opencv"] == remember.cv2.__version__


def test_a_place_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    remembering = Remembering(Eyes(), tmp_path / "cache" / "deep")
    (tmp_path / "cache").write_text("in its way")
    with pytest.raises(EdgefaceError, match="cannot be kept") as caught:
        remembering.detect(PICTURES[0])
    assert "--cache" in caught.value.remedy


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="a file, not a folder"):
        Remembering(Eyes(), tmp_path / "file")


def test_a_file_that_cannot_be_read_is_said_with_what_to_do(tmp_path: Path) -> None:
    Remembering(Eyes(), tmp_path).detect(PICTURES[0])
    path = kept_in(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(EdgefaceError, match="cannot be read") as caught:
        Remembering(Eyes(), tmp_path)
    assert "--cache" in caught.value.remedy


def test_faces_are_cut_from_the_same_boxes(tmp_path: Path, drawn_photos: Path) -> None:
    to = Preprocess(32, 32)
    with open_photos(drawn_photos) as photos:
        people = {name: pictures[:3] for name, pictures in photos.people.items()}
        plain = cut_faces(photos, people, to, open_detector("haar"))
        cut_faces(photos, people, to, Remembering(open_detector("haar"), tmp_path))
        again = cut_faces(photos, people, to, Remembering(Eyes(), tmp_path))
    assert len(plain.used) > 3
    assert again.entries == plain.entries
    assert np.array_equal(again.pixels[:], plain.pixels[:])
