import cv2
import numpy as np
import pytest

from edgeface.datasets.drawn import folders as drawn
from edgeface.datasets.drawn.clip import CODECS, DrawnClip, check_clip, write_clip
from edgeface.datasets.drawn.truth import read_truth, truth_path
from edgeface.errors import EdgefaceError, InputError, UsageError
from edgeface.geometry import iou
from edgeface.vision.detect import open_detector


@pytest.fixture(scope="module")
def clip():
    return DrawnClip(*drawn.cast(2, 1, 0), seconds=6, fps=5)


@pytest.fixture(scope="module")
def short():
    return DrawnClip(*drawn.cast(1, 1, 3), seconds=1, fps=4)


def test_frames_are_the_same_for_the_same_seed_and_others_for_another(clip):
    again = DrawnClip(*drawn.cast(2, 1, 0), seconds=6, fps=5)
    other = DrawnClip(*drawn.cast(2, 1, 0), seconds=6, fps=5, seed=1)
    assert clip.frame(12)[0].tobytes() == again.frame(12)[0].tobytes()
    assert clip.frame(12)[1] == again.frame(12)[1]
    assert clip.frame(12)[0].tobytes() != other.frame(12)[0].tobytes()


@pytest.mark.parametrize("seed", [0, 7])
def test_everybody_enters_crosses_and_leaves(seed):
    known, strangers = drawn.cast(4, 2, seed)
    clip = DrawnClip(known, strangers, seconds=12, fps=15, seed=seed)
    names = {p.name for p in [*known, *strangers]}
    truth = [t for n in range(0, clip.frames, 5) for t in clip.frame(n)[1]]
    assert {t.person for t in truth if t.shown} == names
    assert {t.person for t in truth if t.known} == {p.name for p in known}
    assert clip.frame(0)[1] == []
    assert not any(t.shown for t in clip.frame(clip.frames - 1)[1])
    first, second = known[0].name, strangers[0].name
    order = [
        a.box[0] < b.box[0]
        for a in truth
        for b in truth
        if a.frame == b.frame and (a.person, b.person) == (first, second)
    ]
    assert True in order
    assert False in order


def test_a_face_behind_a_nearer_one_or_outside_the_picture_is_not_shown(clip):
    truth = [t for n in range(clip.frames) for t in clip.frame(n)[1]]
    for t in truth:
        outside = min(t.box[:2]) < 0 or t.box[2] > 640 or t.box[3] > 480
        assert not (outside and t.shown)
    hidden = [t for t in truth if not t.shown and t.box[0] >= 0 and t.box[2] <= 640]
    assert hidden
    for t in hidden:
        boxes = [o.box for o in truth if o.frame == t.frame and o.person != t.person]
        assert iou(np.asarray([t.box], np.float32), np.asarray(boxes, np.float32)).max() > 0


@pytest.mark.parametrize("suffix", sorted(CODECS))
def test_a_clip_and_its_truth_come_back_whole(tmp_path, short, suffix):
    path = tmp_path / "in a room" / f"clip{suffix}"
    assert write_clip(path, short) == path.with_name("clip.truth.jsonl")
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    capture.release()
    assert len(frames) == short.frames == 4
    assert frames[0].shape == (480, 640, 3)
    worst = np.abs(frames[2].astype(int) - short.frame(2)[0]).mean()
    assert worst < (1 if suffix == ".mkv" else 8)
    assert read_truth(truth_path(path)) == [t for n in range(4) for t in short.frame(n)[1]]
    assert len(list(path.parent.iterdir())) == 2


def test_a_clip_is_the_same_bytes_for_the_same_seed(tmp_path, short):
    for name in ("a", "b"):
        write_clip(tmp_path / f"{name}.avi", short)
    assert (tmp_path / "a.avi").read_bytes() == (tmp_path / "b.avi").read_bytes()
    assert (
        truth_path(tmp_path / "a.avi").read_bytes() == truth_path(tmp_path / "b.avi").read_bytes()
    )


def test_haar_finds_the_faces_that_the_truth_shows_after_compression(tmp_path, clip):
    path = tmp_path / "clip.avi"
    truth = read_truth(write_clip(path, clip))
    haar, capture = open_detector("haar"), cv2.VideoCapture(str(path))
    shown = found = strays = 0
    for number in range(clip.frames):
        boxes = haar.detect(capture.read()[1]).boxes
        centres = (boxes[:, :2] + boxes[:, 2:]) / 2
        faces = [t for t in truth if t.frame == number]
        inside = np.asarray(
            [((centres > t.box[:2]) & (centres < t.box[2:])).all(axis=1) for t in faces]
        ).reshape(len(faces), len(boxes))
        shown += sum(t.shown for t in faces)
        found += sum(bool(hit.any()) for t, hit in zip(faces, inside, strict=True) if t.shown)
        strays += int((~inside.any(axis=0)).sum()) if len(boxes) else 0
    capture.release()
    assert shown > 30
    assert found / shown >= 0.9
    assert strays <= 2


def test_nothing_is_overwritten_without_force(tmp_path, short):
    path = tmp_path / "clip.avi"
    truth_path(path).write_text("mine")
    with pytest.raises(UsageError, match=r"clip\.truth\.jsonl exists already"):
        write_clip(path, short)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.truth.jsonl"]
    write_clip(path, short, force=True)
    assert read_truth(truth_path(path))
    (tmp_path / "folder.avi").mkdir()
    with pytest.raises(UsageError, match="exists already"):
        check_clip(tmp_path / "folder.avi", force=True)


def test_interrupted_writing_leaves_nothing(tmp_path, short):
    def interrupted(items, doing):
        yield items[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_clip(tmp_path / "clip.avi", short, through=interrupted)
    assert list(tmp_path.iterdir()) == []


def test_frames_that_did_not_arrive_are_noticed(tmp_path, short):
    def cut_short(items, doing):
        yield from items[:2]

    with pytest.raises(EdgefaceError, match="2 of 4 frames arrived"):
        write_clip(tmp_path / "clip.avi", short, through=cut_short)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path, short):
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgefaceError, match="could not be written"):
        write_clip(tmp_path / "file" / "clip.avi", short)


@pytest.mark.parametrize("name", ["clip", "clip.mov", "clip.AVI"])
def test_a_suffix_that_needs_a_codec_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"ends in \.avi, \.mkv, \.mp4"):
        check_clip(tmp_path / name, force=True)


@pytest.mark.parametrize(
    ("people", "options"),
    [(0, {}), (25, {}), (1, {"seconds": 0.5}), (1, {"fps": 0}), (1, {"seconds": float("nan")})],
)
def test_numbers_out_of_range_are_refused(people, options):
    known = drawn.cast(1, 0, 0)[0] * people
    with pytest.raises(UsageError, match="possible"):
        DrawnClip(known, [], **options)


@pytest.mark.parametrize("line", ["", "[]", '{"schema": 2}', '{"schema": 1, "frame": 0}', "NaN"])
def test_a_broken_line_of_the_truth_is_named(tmp_path, line):
    path = tmp_path / "clip.truth.jsonl"
    path.write_text(f"{line}\n")
    with pytest.raises(InputError, match="line 1"):
        read_truth(path)
