"""What is drawn onto the frames."""

from datetime import UTC, datetime
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.camera.frame import Frame, Result
from edgeface.camera.overlay import NAMED, STRANGER, Overlay, draw, in_ascii
from edgeface.vision.decide import Decision
from edgeface.vision.pipeline import Face, Seen, Stages, Tracked


def result(*faces: Face, shape=(480, 640, 3), decided_ns: int = 34_000_000) -> Result:
    picture = np.full(shape, 128, np.uint8)
    seen = Seen(faces, Stages(0))
    return Result(Frame(picture, 0, 0), seen, decided_ns, datetime(2026, 1, 2, tzinfo=UTC))


def face(name: str, box=(200.0, 150.0, 320.0, 270.0), score: float = 0.9) -> Face:
    return Face(box, 1.0, Decision(name, "ada", score, 0.5))


def share(canvas: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float((canvas == np.asarray(colour)).all(axis=2).mean())


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Jörg Müßig", "Joerg Muessig"),
        ("Äpfel ÖÜ", "Aepfel OeUe"),
        ("Chloé", "Chloe"),
        ("Łukasz Øre", "Lukasz Ore"),
        ("Mu\u0308ller", "Mueller"),
        ("王 x", "? x"),
        ("Anna 😀", "Anna ?"),
        ("O\u2019Neil", "O'Neil"),
        ("tab\there", "tab?here"),
    ],
)
def test_names_in_letters_that_can_be_drawn(name: str, drawn: str) -> None:
    assert in_ascii(name) == drawn


@given(st.text())
def test_any_name_becomes_printable_ascii(name: str) -> None:
    assert all(" " <= c <= "~" for c in in_ascii(name))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_ascii_names_stay_as_they_are(name: str) -> None:
    assert in_ascii(name) == name


def test_a_name_and_unknown_have_colours_of_their_own() -> None:
    named, stranger = draw(result(face("ada"))), draw(result(face("unknown")))
    assert share(named, NAMED) > 0.005
    assert share(named, STRANGER) == 0
    assert share(stranger, STRANGER) > 0.005
    assert share(stranger, NAMED) == 0


def test_the_frame_itself_is_not_drawn_on() -> None:
    shown = result(face("ada"))
    canvas = draw(shown)
    assert canvas.shape == shown.frame.picture.shape
    assert (shown.frame.picture == 128).all()
    assert not (canvas == 128).all()


def test_letters_are_high_enough_to_be_read_at_640_by_480() -> None:
    canvas = draw(result(face("HHHH", box=(200.0, 150.0, 320.0, 270.0))))
    ground = (canvas[100:149] == np.asarray(NAMED)).all(axis=2)
    rows = np.flatnonzero(ground.any(axis=1))
    assert rows[-1] - rows[0] + 1 >= 18


@pytest.mark.parametrize("shape", [(480, 640, 3), (1080, 1920, 3), (60, 80, 3), (8, 8, 3)])
@pytest.mark.parametrize("box", [(-50.0, -50.0, 30.0, 30.0), (0.0, 0.0, 8.0, 8.0)])
def test_any_size_and_any_box(shape, box) -> None:
    assert draw(result(face("a" * 60, box=box), shape=shape)).shape == shape


def test_a_score_that_is_no_number_is_said() -> None:
    without = draw(result(face("unknown", score=float("nan"))))
    assert not np.array_equal(without, draw(result(face("unknown", score=0.5))))


def test_frames_per_second_come_from_the_results() -> None:
    overlay = Overlay()
    first = overlay(result(decided_ns=0))
    second = overlay(result(decided_ns=0 + 100_000_000))
    assert np.array_equal(first, draw(result(decided_ns=0)))
    assert np.array_equal(second, draw(result(decided_ns=100_000_000), fps=10.0))


@pytest.mark.parametrize(
    ("by", "score", "said"),
    [("maximum", 0.934, "ada 93%"), ("distance", 0.934, "ada 0.93"), ("energy", 12.3, "ada 12.30")],
)
def test_only_a_probability_is_told_in_per_cent(
    by: Any, score: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []
    put = cv2.putText
    monkeypatch.setattr(cv2, "putText", lambda c, t, *rest: texts.append(t) or put(c, t, *rest))
    draw(result(Face((200.0, 150.0, 320.0, 270.0), 1.0, Decision("ada", "ada", score, 0.5, by))))
    assert said in texts


def test_of_a_face_that_is_not_known_yet_it_says_so() -> None:
    tracked = Tracked(1, False, True, 1, {}, None, 0.1)
    waiting = Face((200.0, 150.0, 320.0, 270.0), 1.0, Decision("unknown", "ada", 0.1, 0.5), tracked)
    said = Face(waiting.box, 1.0, waiting.decision)
    assert not np.array_equal(draw(result(waiting)), draw(result(said)))
