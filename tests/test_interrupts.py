"""Ctrl-C in a training waits for the end of a step, once.

In processes of their own: a signal in the midst of the tests would meet all that they have loaded.
"""

import subprocess
import sys

PROGRAM = """
import signal
import threading
from edgeface.train.interrupts import between_steps

def ctrl_c():
    signal.raise_signal(signal.SIGINT)

def quiet():
    pass

def training(*steps, asks=True):
    done = 0
    try:
        with between_steps() as stop_if_asked:
            for step in steps:
                step()
                done += 1
                if asks:
                    stop_if_asked()
    except KeyboardInterrupt:
        return f"stopped after {done}"
    return f"ended after {done}"

signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def said(code: str) -> str:
    """What a program prints that goes on as `PROGRAM` begins."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_ctrl_c_waits_until_the_step_is_over_and_no_longer() -> None:
    assert said("print(training(quiet, ctrl_c, quiet))") == "stopped after 2"
    assert said("print(training(quiet, quiet, quiet))") == "ended after 3"


def test_a_second_ctrl_c_does_not_wait() -> None:
    assert said("print(training(ctrl_c, quiet, ctrl_c, quiet, asks=False))") == "stopped after 2"


def test_one_that_nothing_asked_for_is_raised_at_the_end() -> None:
    assert said("print(training(ctrl_c, quiet, quiet, asks=False))") == "stopped after 3"


def test_afterwards_ctrl_c_is_as_before() -> None:
    now = "signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    assert said(f"training(ctrl_c)\nprint({now})") == "True"
    assert said(f"training(quiet)\nprint({now})") == "True"


def test_somebody_elses_handler_stays() -> None:
    code = """
heard = []
signal.signal(signal.SIGINT, lambda number, frame: heard.append(int(number)))
print(training(ctrl_c, quiet), heard)
"""
    assert said(code) == "ended after 2 [2]"


def test_in_another_thread_nothing_is_changed() -> None:
    code = """
found = []
def step():
    found.append(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
thread = threading.Thread(target=lambda: found.append(training(step)))
thread.start()
thread.join()
print(found)
"""
    assert said(code) == "[True, 'ended after 1']"
