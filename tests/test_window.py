"""The window detector on a network with weights by hand: blue squares on black are its faces."""

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface import sealed
from edgeface.bundle import Bundle
from edgeface.errors import BackendError, BundleError, DetectorError
from edgeface.geometry import Detections, iou
from edgeface.images import Picture
from edgeface.runtime.metadata import entry
from edgeface.runtime.scan import MOST_SHAPES, Scan
from edgeface.vision import window as module
from edgeface.vision import windowfile
from edgeface.vision.detect import open_detector
from edgeface.vision.hits import evidence, group
from edgeface.vision.pipeline import open_pipeline
from edgeface.vision.window import Window

NAME = "light.window.float32.tflite"


@pytest.fixture
def light(fixtures: Path) -> Path:
    """Made by `light_file` in test_convert_window.py: a window of 16 px, stride 2."""
    return fixtures / NAME


def black(rows: int = 120, columns: int = 160) -> Picture:
    return np.zeros((rows, columns, 3), np.uint8)


def with_square(x: int, y: int, side: int, channel: int = 0) -> tuple[Picture, np.ndarray]:
    picture = black()
    picture[max(y, 0) : y + side, max(x, 0) : x + side, channel] = 255
    return picture, np.asarray([[x, y, x + side, y + side]], np.float32)


def by_hand(picture: Picture) -> np.ndarray:
    """What the network answers, computed window by window."""
    blue = picture[..., 0].astype(np.float64) / 255
    rows, columns = ((n - 16) // 2 + 1 for n in picture.shape[:2])
    scores = np.zeros((rows, columns))
    for y in range(rows):
        for x in range(columns):
            seen = blue[2 * y : 2 * y + 16, 2 * x : 2 * x + 16]
            inner = seen[4:12, 4:12]
            outer = (seen.sum() - inner.sum()) / 192
            scores[y, x] = 1 / (1 + np.exp(-(24 * inner.mean() - 48 * outer - 9)))
    return scores


def test_the_map_is_the_network_at_every_place(light: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (37, 52, 3), np.uint8)
    picture = cv2.blur(picture, (9, 9)) // 4
    picture[10:18, 20:28, 0] = 255
    expected = by_hand(picture)
    assert np.ptp(expected) > 0.5
    np.testing.assert_allclose(Scan(light.read_bytes(), "x", 3)(picture), expected, atol=1e-4)


@pytest.mark.parametrize("side", [8, 12, 21, 40, 58])
def test_a_face_of_any_size_is_found_where_it_is(light: Path, side: int) -> None:
    near = -(-side // 4)  # as near to the edge as the border lets a window see around it
    for x, y in ((50, 40), (61, 33), (near, near), (160 - side - near, 120 - side - near)):
        picture, expected = with_square(x, y, side)
        found = open_detector("window", light).detect(picture)
        assert len(found) == 1, (x, y, side)
        assert iou(found.boxes, expected)[0, 0] > 0.6
        assert found.scores[0] >= 0.99


def test_several_faces_and_none(light: Path) -> None:
    detector = open_detector("window", light)
    picture, _ = with_square(20, 20, 12)
    picture[70:94, 90:114, 0] = 255
    found = detector.detect(picture)
    assert len(found) == 2
    assert (np.diff(found.scores) <= 0).all()
    assert len(detector.detect(black())) == 0
    assert len(detector.detect(np.full((120, 160, 3), 255, np.uint8))) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (9, 9), (12, 40), (2000, 1500)])
def test_any_size_is_searched(light: Path, shape: tuple[int, int]) -> None:
    assert len(open_detector("window", light).detect(black(*shape))) == 0


def test_a_large_picture_gives_the_boxes_of_the_small_one_scaled(light: Path) -> None:
    picture, expected = with_square(50, 40, 30)
    large = cv2.resize(picture, None, fx=12, fy=12, interpolation=cv2.INTER_NEAREST)
    found = open_detector("window", light).detect(np.asarray(large, np.uint8))
    assert iou(found.boxes, expected * 12)[0, 0] > 0.6


def test_the_colour_order_is_the_files(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content, facts = windowfile.read(light)
    monkeypatch.setattr(
        module.windowfile, "read", lambda named: (path, content, replace(facts, colour="rgb"))
    )
    detector = Window(light)
    assert len(detector.detect(with_square(50, 40, 12, channel=2)[0])) == 1
    assert len(detector.detect(with_square(50, 40, 12, channel=0)[0])) == 0


def test_the_threshold_is_the_files(light: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content, facts = windowfile.read(light)
    picture, _ = with_square(51, 41, 8)  # between two places of the map
    assert 0.99 < Window(light).detect(picture).scores[0] < 0.99999
    monkeypatch.setattr(
        module.windowfile, "read", lambda named: (path, content, replace(facts, threshold=0.99999))
    )
    assert len(Window(light).detect(picture)) == 0
    assert len(Window(light).candidates(picture)) == 1


def test_more_shapes_than_are_kept_change_no_answer(light: Path) -> None:
    scan = Scan(light.read_bytes(), "x", 3)
    picture = with_square(20, 20, 8)[0]
    first = scan(picture)
    for rows in range(16, 18 + MOST_SHAPES):
        scan(black(rows, 40))
    assert len(scan._ready) == MOST_SHAPES
    assert np.array_equal(scan(picture), first)


def test_what_a_runtime_refuses_is_a_detector_error(light: Path) -> None:
    with pytest.raises(DetectorError, match="window failed on a picture of 40x40 px"):
        open_detector("window", light).detect(np.zeros((40, 40), np.uint8))


def test_without_a_file() -> None:
    with pytest.raises(DetectorError, match="none was given") as error:
        open_detector("window")
    assert "--detector-model" in error.value.remedy


def test_files_that_are_something_else(tmp_path: Path, fixture_bundle: Path, light: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(light.read_bytes()[:900])
    text = tmp_path / "text.tflite"
    text.write_bytes(b"no network at all")
    cases = {
        tmp_path / "away.tflite": "cannot be read",
        tmp_path: "cannot be read",
        text: "no TFLite file",
        fixture_bundle / "friends.int8.tflite": "no window file, but one of friends",
        fixture_bundle / "friends.int8.onnx": "no TFLite file",
        fixture_bundle: "a bundle of friends, it has no window file",
        cut: "broken|no window file",
    }
    for path, said in cases.items():
        with pytest.raises((DetectorError, BackendError), match=said) as error:
            open_detector("window", path)
        assert "\n" not in str(error.value)
        assert error.value.remedy


def test_a_window_file_of_another_shape_is_refused(light: Path, fixture_bundle: Path) -> None:
    content = (fixture_bundle / "friends.int8.tflite").read_bytes()
    with pytest.raises(BackendError, match="a scan takes uint8"):
        Scan(content, "friends", 1)
    with pytest.raises(BackendError, match="a scan takes uint8"):
        Scan(light.read_bytes(), "light", 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": 2},
        {"stride": 0},
        {"stride": 99},
        {"step": 1.0},
        {"threshold": 0.0},
        {"face_x": 2.0},
    ],
)
def test_facts_that_cannot_be_meant_are_refused(light: Path, wrong: dict[str, float]) -> None:
    facts = windowfile.read(light)[2]
    with pytest.raises(DetectorError):
        replace(facts, **wrong)


@given(at=st.integers(0, 2675), value=st.integers(0, 255), keep=st.integers(0, 2676))
@settings(max_examples=200, deadline=None)
def test_a_damaged_file_is_never_read_beyond_its_end(at: int, value: int, keep: int) -> None:
    content = bytearray((Path(__file__).parent / "fixtures" / NAME).read_bytes())
    content[at % len(content)] = value
    for damaged in (bytes(content), bytes(content[:keep])):
        with contextlib.suppress(BackendError):  # and nothing else
            found = entry(damaged, windowfile.METADATA, "x")
            assert found is None or isinstance(found, bytes)


def hits(*rows: tuple[float, float, float, float]) -> Detections:
    """Of (centre x, centre y, side, score)."""
    x, y, side, score = np.asarray(rows, np.float32).reshape(-1, 4).T
    boxes = np.stack([x - side / 2, y - side / 2, x + side / 2, y + side / 2], axis=1)
    return Detections(boxes, score)


def test_overlapping_hits_are_one_face_near_the_surest() -> None:
    found = group(hits((100, 100, 40, 0.999), (104, 100, 40, 0.98), (100, 104, 48, 0.98)))
    assert len(found) == 1
    assert found.scores[0] == np.float32(0.999)
    centre = (found.boxes[0, :2] + found.boxes[0, 2:]) / 2
    assert ((centre > 100) & (centre < 102)).all()


def test_a_piece_within_a_face_and_two_halves_of_one_are_dropped() -> None:
    assert len(group(hits((100, 100, 80, 0.999), (110, 115, 24, 0.99)))) == 1
    assert len(group(hits((100, 100, 80, 0.99), (110, 115, 24, 0.999)))) == 1
    assert len(group(hits((100, 100, 40, 0.999), (200, 100, 40, 0.99)))) == 2
    assert len(group(hits())) == 0


@given(
    st.lists(
        st.tuples(st.floats(0, 300), st.floats(0, 300), st.floats(0, 100), st.floats(0.971, 1)),
        max_size=40,
    )
)
@settings(max_examples=100, deadline=None)
def test_groups_lie_among_their_hits_and_do_not_depend_on_their_order(
    rows: list[tuple[float, float, float, float]],
) -> None:
    given_hits = hits(*rows)
    found = group(given_hits)
    again = group(given_hits[np.arange(len(rows))[::-1]])
    assert sorted(found.boxes.tolist()) == sorted(again.boxes.tolist())
    assert len(found) <= len(rows)
    assert np.isfinite(found.boxes).all()
    if rows:
        assert found.scores.max() == given_hits.scores.max()
        assert found.boxes.min() >= given_hits.boxes.min() - 1e-3
        assert found.boxes.max() <= given_hits.boxes.max() + 1e-3


def test_a_score_of_one_is_evidence_with_an_end() -> None:
    assert np.isfinite(evidence(np.asarray([0, 0.5, 1], np.float32))).all()
    assert evidence(np.asarray([0.5], np.float32))[0] == pytest.approx(0)


@pytest.fixture
def bundle(fixture_bundle: Path, light: Path, tmp_path: Path) -> Path:
    """The committed bundle as one of whole pictures that also makes a window detector."""
    folder = tmp_path / "with-window"
    with sealed.new_folder(folder) as new:
        for path in fixture_bundle.iterdir():
            if path.name != sealed.SUMS:
                shutil.copy(path, new)
        shutil.copy(light, new)
        manifest = json.loads((new / "manifest.json").read_text("utf-8"))
        manifest["preprocess"] |= {"framing": "whole", "margin": 0.0}
        manifest["windows"] = [
            {
                "name": light.name,
                "format": "tflite",
                "scheme": "float32",
                "sha256": sealed.sha256(light),
                "size_bytes": light.stat().st_size,
                "threshold": 0.99,
                "faces": 10,
                "found": 9,
                "scenes": 40,
                "false": 3,
            }
        ]
        (new / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def test_a_bundle_names_its_window_file(bundle: Path) -> None:
    found = open_detector("window", bundle).detect(with_square(50, 40, 12)[0])
    assert len(found) == 1


def test_a_bundle_whose_window_file_was_changed_is_refused(bundle: Path) -> None:
    path = bundle / NAME
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BundleError, match=NAME):
        open_detector("window", bundle)


def test_a_network_of_windows_looks_at_windows_behind_its_own_detector(bundle: Path) -> None:
    loaded = Bundle.load(bundle)
    eyes = open_pipeline(loaded, loaded.file())
    assert eyes.detector.name == "window"
    # The face is half of its window: as much as itself is missing around it.
    assert eyes.classifier.preprocess.margin == pytest.approx(0.5)
    seen = eyes.look(with_square(50, 40, 24)[0])
    assert len(seen.faces) == 1
    elsewhere = open_pipeline(loaded, loaded.file(), detector="haar")
    assert elsewhere.classifier.preprocess.margin == 0


def test_show_says_what_a_window_file_is(cli, bundle: Path) -> None:
    ran = cli("show", bundle / NAME)
    assert ran.code == 0, ran.err
    assert "smallest face  8 px" in ran.out
    assert json.loads(cli("show", bundle / NAME, "--json").out)["facts"]["stride"] == 2
    assert "9 of 10" in cli("show", bundle).out


@pytest.mark.parametrize("command", ["bench", "predict", "run"])
def test_a_window_file_is_no_classifier(cli, bundle: Path, command: str) -> None:
    picture = bundle.parent / "one.png"
    cv2.imwrite(str(picture), black())
    ran = cli(command, bundle / NAME, *([picture] if command == "predict" else []))
    assert ran.code == 2
    assert "it finds faces, it does not name them" in ran.err
    assert "remedy: edgeface detect PICTURES" in ran.err
