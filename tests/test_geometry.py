"""Boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from edgeface import geometry
from edgeface.geometry import Boxes, Detections, no_detections

_side = st.integers(-500, 500).map(float)


@st.composite
def boxes(draw: st.DrawFn, least: int = 0) -> Boxes:
    count = draw(st.integers(least, 8))
    corners = draw(hnp.arrays(np.float32, (count, 4), elements=_side))
    return np.concatenate(
        [np.minimum(corners[:, :2], corners[:, 2:]), np.maximum(corners[:, :2], corners[:, 2:])],
        axis=1,
    )


@st.composite
def detections(draw: st.DrawFn) -> Detections:
    found = draw(boxes())
    scores = draw(hnp.arrays(np.float32, len(found), elements=st.floats(0, 1, width=32)))
    return Detections(found, scores)


def test_boxes_and_scores_have_to_go_together() -> None:
    with pytest.raises(ValueError, match="do not go with"):
        Detections(np.zeros((2, 4), np.float32), np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="do not go with"):
        Detections(np.zeros((2, 4), np.float32), np.zeros((2, 1), np.float32))
    assert len(no_detections()) == 0


def test_iou_of_a_known_pair() -> None:
    a = np.asarray([[0, 0, 10, 10]], np.float32)
    b = np.asarray([[5, 0, 15, 10], [20, 20, 30, 30], [0, 0, 10, 10]], np.float32)
    assert geometry.iou(a, b)[0].tolist() == pytest.approx([1 / 3, 0, 1])


@given(boxes(), boxes())
def test_iou_is_a_share_and_symmetric(a: Boxes, b: Boxes) -> None:
    overlap = geometry.iou(a, b)
    assert overlap.shape == (len(a), len(b))
    assert overlap.dtype == np.float32
    assert np.all((overlap >= 0) & (overlap <= 1))
    assert np.array_equal(overlap, geometry.iou(b, a).T)


@given(boxes(least=1))
def test_a_box_with_area_overlaps_itself_wholly(a: Boxes) -> None:
    own = np.diagonal(geometry.iou(a, a))
    assert np.array_equal(own, (geometry.area(a) > 0).astype(np.float32))


def test_an_inside_out_box_has_no_area_and_no_overlap() -> None:
    wrong = np.asarray([[10, 10, 0, 0]], np.float32)
    whole = np.asarray([[0, 0, 10, 10]], np.float32)
    assert geometry.area(wrong)[0] == 0
    assert geometry.iou(wrong, whole)[0, 0] == 0


@given(detections(), st.floats(0, 1))
def test_nms_keeps_the_best_and_nothing_that_overlaps(found: Detections, limit: float) -> None:
    kept = geometry.nms(found, limit)
    assert np.all(np.diff(kept.scores) <= 0)
    overlap = geometry.iou(kept.boxes, kept.boxes)
    np.fill_diagonal(overlap, 0)
    assert not len(kept) or overlap.max() <= limit
    if len(found):
        assert kept.scores[0] == found.scores.max()
    # Whatever was dropped overlaps something better that was kept.
    for box, score in zip(found.boxes, found.scores, strict=True):
        same = np.all(kept.boxes == box, axis=1) & (kept.scores == score)
        if not same.any():
            rivals = geometry.iou(box[None], kept.boxes)[0][kept.scores >= score]
            assert rivals.max() > limit


def test_nms_of_nothing_is_nothing() -> None:
    assert len(geometry.nms(no_detections())) == 0


@given(boxes(), st.integers(1, 400), st.integers(1, 400))
def test_clipped_boxes_lie_in_the_picture(a: Boxes, height: int, width: int) -> None:
    cut = geometry.clip(a, height, width)
    assert cut.dtype == np.float32
    assert np.all(cut >= 0)
    assert np.all(cut[:, ::2] <= width)
    assert np.all(cut[:, 1::2] <= height)
    inside = np.all((a >= 0) & (a <= [width, height, width, height]), axis=1)
    assert np.array_equal(cut[inside], a[inside])


@given(boxes())
def test_squares_keep_centre_and_mean_side(a: Boxes) -> None:
    squares = geometry.square(a)
    sides = squares[:, 2:] - squares[:, :2]
    assert np.allclose(sides[:, 0], sides[:, 1])
    assert np.allclose(sides[:, 0], (a[:, 2:] - a[:, :2]).mean(axis=1))
    assert np.allclose(squares[:, :2] + squares[:, 2:], a[:, :2] + a[:, 2:])


@given(detections())
def test_detections_are_indexed_by_numpy(found: Detections) -> None:
    keep = found.scores > 0.5
    assert np.array_equal(found[keep].boxes, found.boxes[keep])
    assert len(found[np.argsort(found.scores)]) == len(found)
