"""The process of a camera: opens it, and answers with its newest frame.

Run as ``python -m edgeface.camera.apartmain REPLIES MEMORY...``, all of them file descriptors.
It ends when its standard input does, that is with whoever started it.
"""

import mmap
import os
import signal
import sys

import numpy as np

from edgeface.camera import apartwords as words
from edgeface.camera.frame import Frame
from edgeface.camera.newest import NewestFrames
from edgeface.camera.source import open_live_reader
from edgeface.errors import EdgefaceError, InputError


class Server:
    """Answers the loop.

    Args:
        replies: Where answers go.
        memories: Where frames go.
    """

    def __init__(self, replies: int, memories: list[int]) -> None:
        self._replies, self._memories = replies, memories
        self._next_index = 0

    def serve(self, order: words.Order) -> None:
        """Open what was ordered and answer until nobody asks any more."""
        source = NewestFrames(lambda: open_live_reader(order.spec, order.wanted, _say), order.spec)
        try:
            with source:
                opened = words.to_line(words.Opened(source.name, source.fps, source.given))
                self._reply(words.Head(words.FRAME, text_bytes=len(opened)), opened)
                while asked := sys.stdin.buffer.read(1):
                    if not self._answer(source, self._memories[asked[0]]):
                        return
        except EdgefaceError as error:
            wrong = words.to_line(words.Wrong(str(error), error.remedy))
            self._reply(words.Head(words.ERROR, text_bytes=len(wrong)), wrong)

    def _answer(self, source: NewestFrames, memory: int) -> bool:
        """Whether there was a frame."""
        while True:
            try:
                frame = next(source)
                break
            except InputError:  # one that cannot be decoded counts as dropped
                continue
            except StopIteration:
                self._reply(words.Head(words.END))
                return False
        height, width = frame.picture.shape[:2]
        _put(memory, frame)
        skipped = frame.index - self._next_index
        self._next_index = frame.index + 1
        stamps = (frame.stamp, frame.captured_ns, frame.position_ns)
        self._reply(words.Head(words.FRAME, *stamps, skipped, height, width))
        return True

    def _reply(self, head: words.Head, text: bytes = b"") -> None:
        data = memoryview(head.pack() + text)
        while data:
            data = data[os.write(self._replies, data) :]


def _put(memory: int, frame: Frame) -> None:
    size = frame.picture.nbytes
    if os.fstat(memory).st_size < size:  # frames may grow
        os.ftruncate(memory, size)
    with mmap.mmap(memory, size) as mapped:
        there = np.frombuffer(mapped, np.uint8).reshape(frame.picture.shape)
        there[:] = frame.picture
        del there  # the memory cannot be let go of while somebody looks into it


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def main() -> None:
    """Answer whoever started this."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a terminal gives them to both
        signal.signal(number, signal.SIG_IGN)
    replies, *memories = (int(word) for word in sys.argv[1:])
    order = words.from_line(words.Order, sys.stdin.buffer.readline())
    try:
        Server(replies, memories).serve(order)
    except BrokenPipeError:  # whoever started this is gone
        pass


if __name__ == "__main__":
    main()
