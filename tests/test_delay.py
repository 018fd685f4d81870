"""How old the frames of a stream are, by the times that it carries; and whether they are fresh."""

from edgeface.camera.delay import WINDOW_NS, LeastDelay
from edgeface.camera.pace import Pace

MS, S = 10**6, 10**9


def test_a_frame_that_lay_in_a_queue_shows_by_how_much() -> None:
    delay = LeastDelay()
    ages = []
    for number, late_ms in enumerate([30, 20, 25, 900, 20]):
        arrived = 1000 * S + number * 33 * MS + late_ms * MS
        ages.append((arrived - delay(number * 33 * MS, arrived)) // MS)
    assert ages == [0, 0, 5, 880, 0]


def test_clocks_that_drift_apart_make_no_age() -> None:
    """A sender whose second is 100 ppm longer: after a day that is 8.6 s."""
    delay = LeastDelay()
    worst = 0
    for second in range(24 * 3600):
        arrived = second * S + second * 100_000
        worst = max(worst, arrived - delay(second * S, arrived))
    assert worst <= 13 * MS


def test_a_sender_that_begins_anew_or_sets_its_clock_is_taken_as_new() -> None:
    delay = LeastDelay()
    delay(100 * S, 500 * S)
    assert delay(0, 501 * S) == 501 * S
    assert delay(900 * S, 502 * S) == 502 * S
    # By a little: forward at once, back after the window.
    assert delay(903 * S, 503 * S) == 503 * S
    assert 503 * S + 500 * MS - delay(902 * S, 503 * S + 500 * MS) > 0
    late = 504 * S + 2 * WINDOW_NS
    stamp = late - 504 * S + 902 * S
    delay(stamp, late)
    assert delay(stamp + WINDOW_NS + S, late + WINDOW_NS + S) == late + WINDOW_NS + S


def come(pace: Pace, at_ns: int, waited_ns: int, frames: int = 1) -> bool:
    return pace.came(at_ns - waited_ns, at_ns, frames)


def test_whoever_was_held_up_is_behind_until_the_queue_runs_dry() -> None:
    pace = Pace()
    for number in range(10):
        assert not come(pace, number * 33 * MS, 30 * MS)
    assert not pace.behind
    back = 9 * 33 * MS + 1000 * MS
    assert not come(pace, back, 0)
    assert pace.behind
    for _ in range(20):
        assert not come(pace, back + MS, MS // 10)
    assert pace.behind
    assert come(pace, back + 20 * MS, 19 * MS)
    assert not pace.behind


def test_a_camera_of_one_frame_a_second_is_behind_for_its_first_frames_only() -> None:
    pace = Pace()
    behind = []
    for number in range(6):
        come(pace, number * S, 990 * MS)
        behind.append(pace.behind)
    assert behind == [False, True, False, False, False, False]
