"""Ctrl-C between two steps of a training, never within one."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def between_steps() -> Iterator[Callable[[], None]]:
    """Within it, Ctrl-C is kept until what it gives is called, which then raises KeyboardInterrupt.

    Raised in the midst of a step it would unwind through TensorFlow and leave weights and optimiser
    between two states. A second Ctrl-C does not wait. One that nothing asked for any more is raised
    at the end. Outside of the main thread nothing is changed, for Python gives signals to that one
    alone.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if threading.current_thread() is not threading.main_thread() or not ours:
        yield lambda: None
        return
    asked = threading.Event()

    def remember(number: int, frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def check() -> None:
        if asked.is_set():
            asked.clear()
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, remember)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    check()
