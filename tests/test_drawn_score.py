import json

import pytest

from edgeface.datasets.drawn.score import ClipScore, score_clip
from edgeface.errors import InputError

HERE, THERE = [0, 0, 100, 100], [300, 0, 400, 100]


def truth(frame, person, box, known=True, shown=True):
    return {
        "schema": 1,
        "frame": frame,
        "person": person,
        "known": known,
        "box": box,
        "shown": shown,
    }


def event(frame, name, box):
    return {"schema": 1, "frame": frame, "name": name, "box": box, "time": 1.5, "track": 3}


@pytest.fixture
def score(tmp_path):
    def scored(truths, events):
        for name, lines in (("truth", truths), ("events", events)):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (tmp_path / f"{name}.jsonl").write_text(text)
        return score_clip(tmp_path / "truth.jsonl", tmp_path / "events.jsonl")

    return scored


def test_known_people_named_right_wrong_unknown_and_missed(score):
    truths = [truth(n, "Ari", HERE) for n in range(4)]
    events = [event(0, "Ari", HERE), event(1, "Bo", HERE), event(2, "unknown", HERE)]
    assert score(truths, [*events, event(3, "nobody", None)]) == ClipScore(
        known_shown=4, known_detected=3, known_right=1, known_wrong=1, known_unknown=1
    )


def test_strangers_named_and_unknown(score):
    truths = [truth(n, "Zen", HERE, known=False) for n in range(3)]
    events = [event(0, "Ari", HERE), event(1, "unknown", HERE)]
    assert score(truths, events) == ClipScore(
        strangers_shown=3, strangers_detected=2, strangers_named=1, strangers_unknown=1
    )


def test_events_belong_to_the_face_they_overlap_in_their_own_frame(score):
    truths = [truth(0, "Ari", HERE), truth(0, "Bo", THERE)]
    right = score(truths, [event(0, "Bo", THERE), event(0, "Ari", HERE)])
    assert right == ClipScore(known_shown=2, known_detected=2, known_right=2)
    later = score(truths, [event(1, "Ari", HERE)])
    assert later == ClipScore(known_shown=2, elsewhere=1, elsewhere_named=1)


def test_of_two_faces_close_together_each_gets_the_event_that_fits_it_best(score):
    near = [40, 0, 140, 100]
    truths = [truth(0, "Ari", HERE), truth(0, "Bo", near)]
    events = [event(0, "Bo", [38, 0, 138, 100]), event(0, "Ari", [10, 0, 110, 100])]
    assert score(truths, events).known_right == 2


@pytest.mark.parametrize(("width", "detected"), [(31, 1), (29, 0)])
def test_a_face_is_met_from_an_overlap_of_three_tenths(score, width, detected):
    result = score([truth(0, "Ari", HERE)], [event(0, "Ari", [0, 0, width, 100])])
    assert (result.known_detected, result.elsewhere) == (detected, 1 - detected)


def test_a_hidden_face_counts_neither_for_nor_against(score):
    truths = [truth(0, "Ari", HERE, shown=False)]
    assert score(truths, [event(0, "Bo", HERE)]) == ClipScore()


def test_a_second_event_on_one_face_and_boxes_on_nobody_stand_elsewhere(score):
    events = [event(0, "Ari", HERE), event(0, "unknown", [2, 2, 100, 100]), event(9, "Bo", THERE)]
    result = score([truth(0, "Ari", HERE)], events)
    assert (result.known_right, result.elsewhere, result.elsewhere_named) == (1, 2, 1)


@pytest.mark.parametrize(
    "line",
    [
        "{",
        '{"frame": 0}',
        json.dumps(event("0", "Ari", HERE)),
        json.dumps(event(0, None, HERE)),
        json.dumps(event(0, "Ari", None)),
        json.dumps(event(0, "Ari", [1, 2, 3])),
        json.dumps(event(0, "Ari", [1, 2, 3, "4"])),
        json.dumps(event(0, "nobody", HERE)),
    ],
)
def test_a_broken_event_is_named(tmp_path, line):
    (tmp_path / "truth.jsonl").write_text("")
    (tmp_path / "events.jsonl").write_text(json.dumps(event(0, "Ari", HERE)) + f"\n{line}\n")
    with pytest.raises(InputError, match=r"events\.jsonl, line 2"):
        score_clip(tmp_path / "truth.jsonl", tmp_path / "events.jsonl")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.jsonl"):
        score_clip(tmp_path / "nothing.jsonl", tmp_path / "events.jsonl")
