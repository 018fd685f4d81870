"""Every fault of a calibration set, by its name; and none where there is none."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.convert.calibration import audit
from edgeface.convert.calibration.candidates import Candidates, Held
from edgeface.convert.calibration.draw import draw
from edgeface.datasets.folder import Photo
from edgeface.datasets.split import draw_sides
from edgeface.errors import InputError

LABELS = ("ada", "bob", "cyd")


def pictures(count: int, seed: int, side: int = 24):
    """Smooth pictures, each of its own, as photographs are: 0 to 255, brighter and darker ones."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        small = rng.normal(128, 60, (6, 6)) + rng.normal(0, 25)
        made.append(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC))
    return np.clip(np.stack(made), 0, 255).astype(np.uint8)[..., np.newaxis]


def drawn(pixels, classes=None, names=None) -> Candidates:
    count = len(pixels)
    of = np.arange(count) % len(LABELS) if classes is None else np.asarray(classes)
    return Candidates(pixels, of, tuple(names or (f"{i:064x}" for i in range(count))), "here")


HELD = Held(pictures(60, seed=99), frozenset(f"{10**6 + i:064x}" for i in range(60)))


def found(chosen: Candidates, held: Held = HELD) -> dict[str, tuple[str, str]]:
    return {
        one.kind: (one.severity, one.said)
        for one in audit.audit(chosen, held, LABELS, "gray", seed=0)
    }


def test_a_sound_set_has_no_findings() -> None:
    for seed in range(5):
        assert found(drawn(pictures(60, seed))) == {}


@pytest.mark.parametrize(("count", "severity"), [(3, "error"), (4, "error"), (30, "warning")])
def test_too_few(count: int, severity: str) -> None:
    one = found(drawn(pictures(count, 1)))["too few"]
    assert one[0] == severity
    assert f"{count} different pictures in all" in one[1]


def test_a_class_of_a_single_picture_is_too_few() -> None:
    classes = [2] + [0, 1] * 30
    assert found(drawn(pictures(61, 1), classes))["too few"] == (
        *("warning", "a single picture of cyd"),
    )


def test_copies_are_told_and_stop_where_they_are_most() -> None:
    pixels = pictures(60, 1)
    names = [f"{max(0, i - 5):064x}" for i in range(60)]
    pixels[1:6] = pixels[0]
    mild = found(drawn(pixels, names=names))
    assert mild["duplicates"] == ("warning", "5 of 60 files are copies; 55 are different")
    copies = np.repeat(pictures(6, 1), 20, axis=0)
    severe = found(drawn(copies, names=[f"{i // 20:064x}" for i in range(120)]))
    assert severe["duplicates"][0] == "error"
    assert "114 of 120 files are copies; 6 are different" in severe["duplicates"][1]


def test_the_same_scene_again_and_again_is_near_duplicates() -> None:
    rng = np.random.default_rng(0)
    shaken = np.repeat(pictures(8, 1), 10, axis=0).astype(int)
    shaken = np.clip(shaken + rng.integers(-3, 4, shaken.shape), 0, 255).astype(np.uint8)
    one = found(drawn(shaken))["near-duplicates"]
    assert one[0] == "error"
    assert "80 pictures look like 8 different ones" in one[1]
    assert found(drawn(np.concatenate([shaken[::2], pictures(24, 2)])))["near-duplicates"][0] == (
        "warning"
    )


def test_one_class_stops_and_a_missing_one_is_told() -> None:
    pixels = pictures(60, 1)
    one = found(drawn(pixels, [1] * 60))["one class"]
    assert one == ("error", "all 60 pictures are of bob, one of 3 classes")
    two = found(drawn(pixels, [0, 1] * 30))["missing classes"]
    assert two == ("warning", "no picture of cyd (1 of 3 classes)")
    nobody = found(drawn(pixels, [-1] * 60))["one class"]
    assert "nobody it knows" in nobody[1]


def test_guessed_classes_are_said_to_be_guesses() -> None:
    unlabelled = dataclasses.replace(drawn(pictures(60, 1)), classes=None)
    guessed = unlabelled.labelled(np.zeros(60, np.intp))
    assert "look to the network like ada" in found(guessed)["one class"][1]
    assert drawn(pictures(60, 1)).labelled(np.zeros(60, np.intp)).guessed is False


SCALED = {
    "divided by 255": lambda x: np.rint(x / 255),
    "to -1 and 1": lambda x: np.rint((x - 127.5) / 127.5).astype(np.int8),
    "of mean 0": lambda x: np.clip((x - 127.5) / 60, 0, 255),
    "halved": lambda x: x * 0.5,
    "a third": lambda x: x / 3,
}


@pytest.mark.parametrize("how", SCALED)
def test_wrong_scaling(how: str) -> None:
    pixels = SCALED[how](pictures(60, 1).astype(float)).astype(np.uint8)
    severity, said = found(drawn(pixels))["wrong scaling"]
    assert severity == "error"
    if how == "divided by 255":
        assert "no pixel is above 1" in said


def test_a_dark_camera_is_told_of_and_not_stopped() -> None:
    dark, held = pictures(60, 1) // 2, dataclasses.replace(HELD, pixels=HELD.pixels // 2)
    assert found(drawn(dark), held) == {
        "clipped range": ("warning", "pixels of 0 to 127 only; black and white are added")
    }


def test_other_light_stops_and_another_focus_is_told() -> None:
    bright = np.clip(pictures(60, 1).astype(int) + 110, 0, 255).astype(np.uint8)
    severity, said = found(drawn(bright))["not like the evaluation data"]
    assert severity == "error"
    assert "brightness" in said
    rough = pictures(60, 1).astype(int)
    rough += np.random.default_rng(0).integers(-25, 26, rough.shape)
    rough = np.clip(rough, 0, 255).astype(np.uint8)
    assert found(drawn(rough))["not like the evaluation data"][0] == "warning"


def test_overlap() -> None:
    pixels = pictures(60, 1)
    same = frozenset([f"{7:064x}"])
    one = found(drawn(pixels), dataclasses.replace(HELD, sha256=same))["overlap"]
    assert one == ("error", "1 of 60 pictures are held back for the accuracy")
    held = HELD.pixels.copy()
    held[3] = np.clip(pixels[5].astype(int) + 2, 0, 255)
    one = found(drawn(pixels), dataclasses.replace(HELD, pixels=held))["overlap"]
    assert one == ("warning", "1 of 60 pictures are like one that is held back")


def test_the_first_error_stops_and_the_others_are_named() -> None:
    bad = drawn(np.repeat(pictures(1, 1) // 200, 40, axis=0), [0] * 40, ["0" * 64] * 40)
    findings = audit.audit(bad, HELD, LABELS, "gray", seed=0)
    with pytest.raises(InputError, match="cannot be calibrated on: wrong scaling: no") as stopped:
        audit.check(findings)
    for kind in ("duplicates", "one class", "too few"):
        assert kind in str(stopped.value)
    assert stopped.value.remedy
    audit.check([one for one in findings if one.severity == "warning"])


@pytest.mark.real_data
def test_no_false_alarm_on_real_faces(real_data: Path) -> None:
    """40 people, other splits and draws: nothing but what is true of them is said."""
    from edgeface.datasets.audit.hashes import near_groups
    from edgeface.datasets.faces import cut_faces
    from edgeface.datasets.photos import open_photos
    from edgeface.images import Preprocess
    from edgeface.vision.detect import open_detector

    preprocess = Preprocess(64, 64, framing="whole", margin=0.0)
    with open_photos(real_data / "orl" / "orl_pgm.zip") as folder:
        faces = cut_faces(folder, folder.people, preprocess, open_detector("none"), hashes=True)
    groups = near_groups(faces.hashes)
    labels = tuple(dict.fromkeys(e.label for e in faces.used))
    truth = np.asarray([labels.index(e.label) for e in faces.used])
    photos = [Photo(e.name, e.label, e.sha256) for e in faces.used]
    pixels, digests = faces.pixels[:], np.asarray([p.sha256 for p in photos])
    for seed in range(4):
        sides = np.asarray(draw_sides(photos, 0.3, seed, groups=groups))
        own, back = np.flatnonzero(sides == "training"), np.flatnonzero(sides == "validation")
        own = own[draw(truth[own], 200, seed)]
        chosen = Candidates(pixels[own], truth[own], tuple(digests[own]), "training side")
        held = Held(pixels[back], frozenset(digests[back]))
        assert audit.audit(chosen, held, labels, "gray", seed) == ()
        # The same pictures, half as bright, and those of one person alone.
        dim = dataclasses.replace(chosen, pixels=chosen.pixels // 2)
        kinds = {one.kind for one in audit.audit(dim, held, labels, "gray", seed)}
        assert {"wrong scaling", "not like the evaluation data"} & kinds
        alone = chosen.only(np.flatnonzero(chosen.classes == 3))
        kinds = {one.kind for one in audit.audit(alone, held, labels, "gray", seed)}
        assert "one class" in kinds
