"""Ctrl-C in a training waits for the end of a step, once."""

import signal
import threading
from collections.abc import Callable

import pytest

from edgeface.train.interrupts import between_steps


def ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def done_before_it_stops(*steps: Callable[[], None], asks: bool = True) -> int:
    """How many steps are taken until Ctrl-C ends them."""
    done = 0

    def training() -> None:
        nonlocal done
        with between_steps() as stop_if_asked:
            for step in steps:
                step()
                done += 1
                if asks:
                    stop_if_asked()

    with pytest.raises(KeyboardInterrupt):
        training()
    return done


def quiet() -> None:
    """A step in which nobody presses a key."""


def test_ctrl_c_waits_until_the_step_is_over_and_no_longer() -> None:
    assert done_before_it_stops(quiet, ctrl_c, quiet) == 2


def test_a_second_ctrl_c_does_not_wait() -> None:
    assert done_before_it_stops(ctrl_c, quiet, ctrl_c, quiet, asks=False) == 2


def test_one_that_nothing_asked_for_is_raised_at_the_end() -> None:
    assert done_before_it_stops(ctrl_c, quiet, quiet, asks=False) == 3


def test_afterwards_ctrl_c_is_as_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    done_before_it_stops(ctrl_c)
    assert signal.getsignal(signal.SIGINT) is before
    with between_steps() as stop_if_asked:
        stop_if_asked()
    assert signal.getsignal(signal.SIGINT) is before


def test_somebody_elses_handler_stays() -> None:
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with between_steps() as stop_if_asked:
            ctrl_c()
            stop_if_asked()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_in_another_thread_nothing_is_changed() -> None:
    found = []

    def work() -> None:
        with between_steps() as stop_if_asked:
            stop_if_asked()
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGINT)]
