"""Detectors: their boxes, their convention, and every way in which they do not open."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface.errors import DetectorError, UsageError
from edgeface.geometry import Detections, iou
from edgeface.images import read_picture
from edgeface.vision import detect, search
from edgeface.vision.detect import find_one_face, open_detector

YUNET = "models/yunet/face_detection_yunet_2023mar.onnx"


def found(*boxes: tuple[float, float, float, float]) -> Detections:
    return Detections(np.asarray(boxes, np.float32).reshape(-1, 4), np.ones(len(boxes), np.float32))


def test_none_is_the_largest_centred_square() -> None:
    answer = open_detector("none").detect(np.zeros((100, 40, 3), np.uint8))
    assert answer.boxes.tolist() == [[0, 30, 40, 70]]
    assert answer.scores.tolist() == [1]


def test_haar_sees_nobody_on_an_empty_wall() -> None:
    answer = open_detector("haar").detect(np.full((240, 320, 3), 200, np.uint8))
    assert len(answer) == 0
    assert answer.boxes.shape == (0, 4)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 2, 3), (20, 20, 3)])
def test_haar_takes_any_size(shape: tuple[int, int, int]) -> None:
    assert len(open_detector("haar").detect(np.zeros(shape, np.uint8))) == 0


def test_an_unknown_detector_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="known: haar, yunet, window, none"):
        open_detector("hog")


@pytest.mark.parametrize("name", ["haar", "none"])
def test_a_model_for_a_detector_that_takes_none(name: str) -> None:
    with pytest.raises(UsageError, match=r"x\.onnx was given"):
        open_detector(name, Path("x.onnx"))


def test_yunet_without_a_file() -> None:
    with pytest.raises(DetectorError, match="none was given") as error:
        open_detector("yunet")
    assert "--detector-model" in error.value.remedy


@pytest.mark.parametrize("content", [b"", b"no network at all", b"\x08\x07\x12\x00" * 50])
def test_yunet_from_something_else(tmp_path: Path, capfd: object, content: bytes) -> None:
    path = tmp_path / "yunet.onnx"
    path.write_bytes(content)
    with pytest.raises(DetectorError, match="not a YuNet ONNX file") as error:
        open_detector("yunet", path)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")  # type: ignore[attr-defined]


def test_yunet_from_another_network(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    ends = [make.make_tensor_value_info(name, kind, [1, 3, 8, 8]) for name in "xy"]
    graph = make.make_graph([make.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    path = tmp_path / "relu.onnx"
    onnx.save(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)]), str(path))
    with pytest.raises(DetectorError, match="not a YuNet ONNX file"):
        open_detector("yunet", path)


def test_yunet_from_a_missing_file_and_from_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "away.onnx", tmp_path):
        with pytest.raises(DetectorError, match="cannot be read"):
            open_detector("yunet", path)


def test_opencv_without_cascades_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "CascadeClassifier")
    with pytest.raises(DetectorError, match="no Haar cascades") as error:
        open_detector("haar")
    assert error.value.remedy == "pip install 'opencv-python-headless>=4.14,<5'"


def test_an_error_of_opencv_becomes_ours() -> None:
    detector = open_detector("haar")
    with pytest.raises(DetectorError, match="haar failed on a picture of 5x4 px"):
        detector.detect(np.zeros((4, 5), np.uint8))


def test_one_face_none_and_several() -> None:
    shape = (100, 100, 3)
    assert find_one_face(found(), shape) == (None, "none")
    box, answer = find_one_face(found((10, 10, 40, 40)), shape)
    assert answer == "one"
    assert box is not None
    assert box.tolist() == [10, 10, 40, 40]
    assert find_one_face(found((0, 0, 30, 30), (50, 50, 79, 79)), shape)[1] == "several"


def test_a_dominant_face_is_the_one_wherever_it_stands_in_the_list() -> None:
    box, answer = find_one_face(found((70, 70, 90, 90), (0, 0, 60, 60)), (100, 100, 3))
    assert answer == "one"
    assert box is not None
    assert box.tolist() == [0, 0, 60, 60]


def test_a_box_centred_outside_the_picture_does_not_count() -> None:
    assert find_one_face(found((-50, 0, 10, 60)), (100, 100, 3)) == (None, "none")


@given(ratio=st.floats(1.01, 6), side=st.floats(5, 30))
@settings(max_examples=60, deadline=None)
def test_dominance_is_a_ratio_of_areas(ratio: float, side: float) -> None:
    large = side * ratio**0.5
    answer = find_one_face(found((0, 0, large, large), (100, 0, 100 + side, side)), (200, 200, 3))[
        1
    ]
    if abs(ratio - detect.DOMINANT) > 0.01:
        assert answer == ("one" if ratio > detect.DOMINANT else "several")


def test_the_best_comes_first_and_boxes_lie_on_quarters_of_a_pixel() -> None:
    boxes = [[0, 0, 10.1, 10.1], [5, 5, 25.13, 25.13], [9, 9, 12, 12], [1, 1, 21, 21]]
    answer = search.best_first(boxes, [1, 2, 2, 2])
    assert answer.scores.tolist() == [2, 2, 2, 1]
    assert answer.boxes[:, 0].tolist() == [5, 1, 9, 0]
    assert (answer.boxes * 4 == np.round(answer.boxes * 4)).all()
    assert answer.boxes[0].tolist() == [round(float(v), 2) for v in answer.boxes[0]]


@given(rows=st.integers(1, 5000), columns=st.integers(1, 5000))
@settings(max_examples=60, deadline=None)
def test_what_is_searched_is_bounded(rows: int, columns: int) -> None:
    picture = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), (rows, columns, 3))
    small, scale = search.shrink(np.asarray(picture) if rows * columns < 1e6 else picture.copy())
    assert max(small.shape[:2]) <= search.SEARCH_SIDE_PX
    if max(rows, columns) <= search.SEARCH_SIDE_PX:
        assert (small.shape[:2], scale) == ((rows, columns), 1)
    else:
        assert max(small.shape[:2]) * scale == pytest.approx(max(rows, columns))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["haar", "yunet"])
def test_stills(real_data: Path, name: str) -> None:
    detector = open_detector(name, real_data / YUNET if name == "yunet" else None)
    expected = {"grace_hopper": "one", "obama": "one", "two_people": "several", "cat": "none"}
    for still, answer in expected.items():
        picture = read_picture(real_data / "stills" / f"{still}.jpg")
        assert find_one_face(detector.detect(picture), picture.shape)[1] == answer, still


@pytest.mark.real_data
def test_yunet_answers_in_the_haar_convention(real_data: Path) -> None:
    haar, yunet = open_detector("haar"), open_detector("yunet", real_data / YUNET)
    overlaps = []
    for still in ("biden", "grace_hopper", "obama", "obama2"):
        picture = read_picture(real_data / "stills" / f"{still}.jpg")
        overlaps.append(float(iou(haar.detect(picture).boxes, yunet.detect(picture).boxes)[0, 0]))
    assert min(overlaps) > 0.6
    assert np.median(overlaps) > 0.75


@pytest.mark.real_data
def test_boxes_of_a_large_picture_are_those_of_the_small_one_scaled(real_data: Path) -> None:
    picture = read_picture(real_data / "stills" / "grace_hopper.jpg")
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    for detector in (open_detector("haar"), open_detector("yunet", real_data / YUNET)):
        one, other = detector.detect(picture).boxes, detector.detect(np.asarray(large)).boxes / 4
        assert iou(one, np.asarray(other, np.float32))[0, 0] > 0.8, detector.name


@pytest.mark.real_data
def test_the_same_picture_gives_the_same_boxes_with_any_number_of_threads(real_data: Path) -> None:
    picture = read_picture(real_data / "stills" / "group.jpg")
    threads = cv2.getNumThreads()
    for detector in (open_detector("haar"), open_detector("yunet", real_data / YUNET)):
        answers = []
        try:
            for count in (1, 2, 4, 2):
                cv2.setNumThreads(count)
                answers.append(detector.detect(picture))
        finally:
            cv2.setNumThreads(threads)
        assert len(answers[0]) > 1
        for answer in answers[1:]:
            assert np.array_equal(answer.boxes, answers[0].boxes), detector.name
            assert np.array_equal(answer.scores, answers[0].scores), detector.name
