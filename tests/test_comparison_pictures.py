"""What files are compared on: who counts, who is a stranger, one photograph cut in many ways."""

import unicodedata
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface import sealed
from edgeface.bundle import SEEN_DIGITS
from edgeface.comparison import Cut, Needs, Pictures, from_entries, from_folder, with_strangers
from edgeface.comparison.cutting import cut_all
from edgeface.datasets.crops import CropStore
from edgeface.datasets.folder import PhotoFolder
from edgeface.datasets.photos import Reading
from edgeface.datasets.split import Entry
from edgeface.errors import InputError
from edgeface.geometry import Detections
from edgeface.images import Preprocess
from edgeface.vision.detect import open_detector

NONE = {"haar": open_detector("none")}  # in its place
GREYS = {"ada": 40, "bob": 128, "cyd": 220}
CUT = Cut.of(Preprocess(32, 32), "haar")
NEEDS = Needs("bundles/tiny", ("ada", "bob", "cyd"), (CUT,))


def photographs(root: Path, people: dict[str, int], count: int = 3) -> Path:
    for who, grey in people.items():
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((60, 50, 3), grey + number, np.uint8))
    return root


def seen(*files: Path) -> Needs:
    return replace(NEEDS, seen=frozenset(sealed.sha256(f)[:SEEN_DIGITS] for f in files))


def greys(store: CropStore) -> list[int]:
    return store[:][:, 0, 0, 0].tolist()


def test_enrolled_people_count_and_all_others_are_strangers(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {**GREYS, "dan": 90})
    found = from_folder(NEEDS, root, NONE, iter)
    assert found.truth.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert greys(found.crops[CUT]) == [40, 41, 42, 128, 129, 130, 220, 221, 222]
    assert found.names[3] == "bob/0.png"
    assert greys(found.strangers[CUT]) == [90, 91, 92]
    assert found.stranger_people == ("dan", "dan", "dan")
    assert (found.what, found.trained_on, found.only_trained) == (str(root), 0, False)


def test_pictures_that_were_trained_on_are_not_counted(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", GREYS)
    (root / "bob" / "renamed.png").write_bytes((root / "bob" / "0.png").read_bytes())
    needs = seen(root / "ada" / "1.png", root / "bob" / "0.png")
    found = from_folder(needs, root, NONE, iter)
    assert found.trained_on == 3  # a copy under another name is the same picture
    assert not found.only_trained
    assert greys(found.crops[CUT]) == [40, 42, 129, 130, 220, 221, 222]
    assert found.truth.tolist() == [0, 0, 1, 1, 2, 2, 2]


def test_where_there_are_no_others_they_count_and_it_is_said(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {**GREYS, "dan": 90}, count=2)
    found = from_folder(
        seen(*(root / who / f"{n}.png" for who in GREYS for n in (0, 1))), root, NONE, iter
    )
    assert found.only_trained
    assert found.trained_on == len(found.truth) == 6
    assert len(found.stranger_people) == 2


def test_a_folder_of_nobody_enrolled_is_an_error(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {"dan": 90, "eve": 91})
    with pytest.raises(InputError, match=r"nobody in it is enrolled in bundles/tiny") as wrong:
        from_folder(NEEDS, root, NONE, iter)
    assert "ada, bob, cyd" in wrong.value.remedy


def test_a_folder_without_a_usable_face_says_what_became_of_them(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", GREYS)
    with pytest.raises(InputError, match=r"with one clear face \(9 x no face found\)"):
        from_folder(NEEDS, root, {"haar": open_detector("haar")}, iter)


def test_a_name_is_the_same_in_either_unicode_form(tmp_path: Path) -> None:
    needs = replace(NEEDS, labels=("ada", "Jörg", "cyd"))
    root = photographs(tmp_path / "photos", {unicodedata.normalize("NFD", "Jörg"): 128, "dan": 90})
    found = from_folder(needs, root, NONE, iter)
    assert found.truth.tolist() == [1, 1, 1]
    assert len(found.stranger_people) == 3
    with pytest.raises(InputError, match="is no stranger"):
        with_strangers(found, needs, root, NONE, iter)


def test_strangers_from_a_folder_of_their_own(tmp_path: Path) -> None:
    root = photographs(tmp_path / "photos", {**GREYS, "dan": 90})
    own = from_folder(NEEDS, root, NONE, iter)
    others = photographs(tmp_path / "others", {"eve": 200})
    (others / "eve" / "x.jpg").write_text("broken")
    with pytest.raises(InputError, match=r"x\.jpg"):
        with_strangers(own, NEEDS, others, NONE, iter)
    both = with_strangers(own, NEEDS, others, NONE, iter, skip_broken=True)
    assert greys(both.strangers[CUT]) == [90, 91, 92, 200, 201, 202]
    assert both.stranger_people == ("dan",) * 3 + ("eve",) * 3
    assert both.left_out == {"broken picture": 1}
    assert greys(both.crops[CUT]) == greys(own.crops[CUT])
    with pytest.raises(InputError, match="'bob' is enrolled"):
        with_strangers(own, NEEDS, photographs(tmp_path / "wrong", {"bob": 9}), NONE, iter)


def test_strangers_without_a_face_are_an_error(tmp_path: Path) -> None:
    haar = {"haar": open_detector("haar")}
    own = Pictures("x", ("ada/0.png",), np.zeros(1, np.intp), {})
    with pytest.raises(InputError, match="no picture with one clear face"):
        with_strangers(own, NEEDS, photographs(tmp_path / "photos", {"eve": 9}), haar, iter)


def test_all_sides_of_a_set_that_is_split_are_taken(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    photographs(root / "train", {**GREYS, "dan": 90}, count=2)
    photographs(root / "test", {who: grey + 10 for who, grey in GREYS.items()}, count=1)
    found = from_folder(seen(root / "train" / "ada" / "0.png"), root, NONE, iter)
    assert found.truth.tolist() == [0, 0, 1, 1, 1, 2, 2, 2]
    assert sorted(greys(found.crops[CUT])) == [41, 50, 128, 129, 138, 220, 221, 230]
    assert greys(found.strangers[CUT]) == [90, 91]
    assert found.trained_on == 1


def test_arrays_are_read_as_they_are_meant(tmp_path: Path) -> None:
    shades = np.asarray([40, 128, 220, 90, 91])
    path = tmp_path / "set.npz"
    tiles = np.tile(shades.astype(np.uint8)[:, None, None], (1, 20, 20))
    np.savez(path, pictures=tiles, who=np.asarray([0, 1, 2, 3, 3]))
    names = Reading(labels=("ada", "bob", "cyd", "dan"), pixels="pictures", targets="who")
    found = from_folder(NEEDS, path, NONE, iter, reading=names)
    assert found.truth.tolist() == [0, 1, 2]
    assert greys(found.crops[CUT]) == [40, 128, 220]
    assert greys(found.strangers[CUT]) == [90, 91]
    with pytest.raises(InputError, match="nobody in it is enrolled"):
        from_folder(NEEDS, path, NONE, iter)  # the numbers themselves are the labels


class Choosy:
    """Finds a face in the left half of every picture that is bright enough."""

    name = "choosy"

    def __init__(self, least: int) -> None:
        self.least, self.looked = least, 0

    def detect(self, picture):
        self.looked += 1
        if picture.mean() < self.least:
            return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
        half = np.asarray([[0, 0, picture.shape[1] / 2, picture.shape[0]]], np.float32)
        return Detections(half, np.ones(1, np.float32))


def halves(root: Path) -> Path:
    """Pictures whose left half is red, in three brightnesses."""
    for number, bright in enumerate((60, 140, 200)):
        picture = np.full((40, 80, 3), bright, np.uint8)
        picture[:, :40, 2] = 255
        path = root / "ada" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture)
    return root


def test_one_photograph_is_cut_for_each_as_it_wants_it(tmp_path: Path) -> None:
    face = Cut.of(Preprocess(16, 16, "rgb", 0.0), "choosy")
    blue_first = Cut.of(Preprocess(8, 8, "bgr", 0.0), "choosy")
    stretched = Cut.of(Preprocess(20, 10, "rgb", 0.0, "stretched"), "choosy")
    assert stretched == Cut.of(stretched.preprocess, "other")  # nothing is searched
    choosy = Choosy(110)
    with PhotoFolder(halves(tmp_path / "photos")) as folder:
        entries, crops, left_out = cut_all(
            folder, (face, blue_first, stretched), {"choosy": choosy}
        )
    assert choosy.looked == 3  # once a photograph, for both cuts
    assert [e.name for e in entries] == ["ada/1.png", "ada/2.png"]
    assert left_out == {"no face found": 1}
    assert [crops[c].shape for c in (face, blue_first, stretched)] == [
        (2, 16, 16, 3),
        (2, 8, 8, 3),
        (2, 20, 10, 3),
    ]
    assert crops[face][0][8, 4].tolist() == [255, 140, 140]  # red first
    assert crops[blue_first][0][4, 2].tolist() == [140, 140, 255]
    assert crops[stretched][1][10, 9].tolist() == [200, 200, 200]  # the right half is there too
    assert crops[stretched][1][10, 0].tolist() == [255, 200, 200]


def test_only_what_every_detector_finds_is_counted(tmp_path: Path) -> None:
    cuts = tuple(Cut.of(Preprocess(16, 16), name) for name in ("one", "two"))
    with PhotoFolder(halves(tmp_path / "photos")) as folder:
        entries, crops, left_out = cut_all(folder, cuts, {"one": Choosy(110), "two": Choosy(170)})
    assert [e.name for e in entries] == ["ada/2.png"]
    assert [len(crops[cut]) for cut in cuts] == [1, 1]
    assert np.array_equal(crops[cuts[0]][0], crops[cuts[1]][0])
    assert left_out == {"no face found": 2}


def recorded(root: Path, box: tuple[float, float, float, float] | None) -> list[Entry]:
    return [
        Entry(
            f"ada/{n}.png", "ada", sealed.sha256(root / "ada" / f"{n}.png"), "validation", "", box
        )
        for n in (0, 1)
    ]


def test_faces_that_a_run_found_are_cut_again(tmp_path: Path) -> None:
    root = halves(tmp_path / "photos")
    cuts = (Cut.of(Preprocess(8, 8, "rgb", 0.0), "haar"), Cut.of(Preprocess(8, 8, "gray"), "haar"))
    needs = replace(NEEDS, cuts=cuts)
    with PhotoFolder(root) as folder:
        found = from_entries(needs, "run", folder, recorded(root, (40, 0, 80, 40)), "haar")
        assert found.chosen_on
        assert found.crops[cuts[0]][1][4, 4].tolist() == [140, 140, 140]
        assert found.crops[cuts[1]].shape == (2, 8, 8, 1)
        with pytest.raises(InputError, match=r"found by yunet, bundles/tiny wants haar"):
            from_entries(needs, "run", folder, recorded(root, (40, 0, 80, 40)), "yunet")
        with pytest.raises(InputError, match=r"no face was looked for in ada/0\.png"):
            from_entries(needs, "run", folder, recorded(root, None), "haar")
        (root / "ada" / "1.png").unlink()
    with PhotoFolder(root) as folder, pytest.raises(InputError, match=r"ada/1\.png is missing"):
        from_entries(needs, "run", folder, recorded_before(root), "haar")


def recorded_before(root: Path) -> list[Entry]:
    digest = sealed.sha256(root / "ada" / "0.png")
    there = Entry("ada/0.png", "ada", digest, "validation", "", (0, 0, 40, 40))
    return [there, replace(there, name="ada/1.png")]
