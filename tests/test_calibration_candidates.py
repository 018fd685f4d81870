"""What calibration may draw from: nothing that the accuracy is reported on."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.convert.calibration import candidates
from edgeface.convert.calibration.candidates import Held
from edgeface.datasets.split import Entry, Split
from edgeface.errors import InputError, UsageError
from edgeface.images import Preprocess
from edgeface.vision.detect import open_detector

WHOLE = Preprocess(32, 32, framing="whole", margin=0.0)
NOBODY = Held(np.zeros((0, 32, 32, 1), np.uint8), frozenset())


def split(*entries: tuple[str, str, int | None]) -> Split:
    """Entries of a checksum, a side and a group."""
    files = tuple(
        Entry(f"ada/{i}.png", "ada", sha * 64, side, group=group)
        for i, (sha, side, group) in enumerate(entries)
    )
    return Split(1, 0, 0.3, files)


def test_training_pictures_with_a_copy_or_a_near_duplicate_held_back_are_not_drawn() -> None:
    made = split(
        ("a", "training", None),
        ("b", "training", 4),
        ("c", "training", 5),
        ("d", "training", None),
        ("b", "validation", None),
        ("e", "test", 5),
    )
    pixels = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((4, 8, 8, 1), np.uint8)
    found = candidates.of_training(made, pixels, np.asarray([0, 1, 2, 3]))
    assert found.sha256 == ("a" * 64, "d" * 64)
    assert found.pixels[:, 0, 0, 0].tolist() == [0, 3]
    assert found.classes is not None
    assert found.classes.tolist() == [0, 3]
    assert found.left_out == 2
    assert found.source == "training side"


def test_a_training_side_that_leaks_as_a_whole_is_an_error() -> None:
    made = split(("a", "training", 1), ("b", "validation", 1))
    with pytest.raises(InputError, match="overlap: all 1 training pictures") as found:
        candidates.of_training(made, np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, np.intp))
    assert "--drop-leaks" in found.value.remedy


def own(path: Path, held: Held = NOBODY, labels: tuple[str, ...] = ("ada", "bob")):
    return candidates.of_folder(path, labels, WHOLE, open_detector("none"), held)


def test_a_folder_a_class(tmp_path: Path, small_pictures) -> None:
    found = own(small_pictures(tmp_path, ("ada", "bob", "eve")))
    assert found.pixels.shape == (18, 32, 32, 1)
    assert found.classes is not None
    assert np.bincount(found.classes + 1).tolist() == [6, 6, 6]  # eve is no class of it
    assert found.source == str(tmp_path)
    drawn = found.drawn(6, seed=1)
    assert drawn.classes is not None
    assert np.bincount(drawn.classes + 1).tolist() == [2, 2, 2]
    assert len(set(drawn.sha256)) == 6


def test_pictures_without_labels_have_no_classes(tmp_path: Path, small_pictures) -> None:
    plain = small_pictures(tmp_path, ("ada",)) / "ada"
    assert own(plain).classes is None
    assert len(own(plain).drawn(4, seed=0).pixels) == 4
    # Folders that are called after nothing that the network knows are as good as none.
    assert own(tmp_path, labels=("cyd", "dan")).classes is None


def test_what_is_held_back_is_left_out_and_told(tmp_path: Path, small_pictures) -> None:
    folder = small_pictures(tmp_path, ("ada", "bob"))
    every = own(folder)
    held = Held(every.pixels[2:3], frozenset(every.sha256[:2]))
    found = own(folder, held)
    assert found.sha256 == every.sha256[3:]
    assert found.left_out == 3
    (finding,) = found.findings
    assert (finding.kind, finding.severity) == ("overlap", "warning")
    assert "2 of the 12 pictures" in finding.said
    assert "1 are like one that is; they were left out" in finding.said
    (finding,) = own(folder, Held(every.pixels[:7], frozenset())).findings
    assert finding.severity == "error"
    with pytest.raises(InputError, match="overlap: all 12 pictures of"):
        own(folder, Held(every.pixels, frozenset()))


def test_a_near_copy_of_a_copy_is_found_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 256, (8, 8), np.uint8), (64, 64))
    (tmp_path / "a").mkdir()
    for name in "12":
        cv2.imwrite(str(tmp_path / "a" / f"{name}.png"), picture)
    cv2.imwrite(str(tmp_path / "a" / "3.png"), rng.integers(0, 256, (64, 64), np.uint8))
    every = own(tmp_path, labels=("a",))
    shaken = np.clip(every.pixels[:1].astype(int) + 2, 0, 255).astype(np.uint8)
    assert own(tmp_path, Held(shaken, frozenset()), ("a",)).sha256 == every.sha256[2:]


def test_what_cannot_be_calibrated_on_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        own(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no folder with photographs"):
        own(tmp_path / "empty")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"a\.png"):
        own(tmp_path / "broken")
    (tmp_path / "gray").mkdir()
    cv2.imwrite(str(tmp_path / "gray" / "a.png"), np.full((200, 200), 90, np.uint8))
    with pytest.raises(InputError, match="no picture that can be calibrated on") as found:
        candidates.of_folder(
            tmp_path / "gray", ("a",), Preprocess(32, 32), open_detector("haar"), NOBODY
        )
    assert "no face found" in found.value.remedy
