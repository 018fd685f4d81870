"""A camera in a process of its own: when its libraries crash, a source is lost and no loop.

The process is started afresh (no fork of a program with threads) and given three memories, files
without a name (``memfd``) that vanish with whoever holds them. The loop names a memory, the process
puts the newest frame there and sends its head down a pipe (`edgeface.camera.apartwords`).
"""

import mmap
import os
import select
import signal
import subprocess
import sys
import threading
from functools import partial

import numpy as np

from edgeface.camera import apartwords as words
from edgeface.camera.frame import Given
from edgeface.camera.reader import Taken
from edgeface.camera.wanted import Wanted
from edgeface.errors import SourceError
from edgeface.images import Picture

# Longer than every reader waits before it gives up by itself and says why.
SILENT_S = 25.0
_GOODBYE_S = 1.0


class ApartReader:
    """Reads a source that another process has opened.

    Args:
        spec: The source, as on the command line.
        wanted: What is asked of it.
        silent_s: How long nothing may come before the process is given up.

    Raises:
        SourceError: The source does not open there, or there are no such processes here.
    """

    reopened = 0

    def __init__(self, spec: str, wanted: Wanted, silent_s: float = SILENT_S) -> None:
        if not hasattr(os, "memfd_create"):
            msg = "a camera in a process of its own needs Linux"
            raise SourceError(msg, remedy="leave --camera-process out")
        self._silent_s = silent_s
        self._memories = [os.memfd_create(f"frame{i}") for i in range(words.MEMORIES)]
        self._free = set(range(words.MEMORIES))
        self._lock = threading.Lock()
        self._woken_r, self._woken_w = os.pipe()
        self._replies, theirs = os.pipe()
        self._process = _start(theirs, self._memories)
        os.close(theirs)
        self._closed = False
        self.name: str = "the camera"
        try:
            self._send(words.to_line(words.Order(spec, wanted)))
            opened = self._opened()
        except BaseException:
            self.close()
            raise
        self.name = opened.name
        self.fps: float | None = opened.fps
        self.given: Given | None = opened.given

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def _opened(self) -> words.Opened:
        head = words.unpack(self._receive(words.HEAD_BYTES) or b"")
        line = self._receive(head.text_bytes) or b""
        if head.kind == words.ERROR:
            raise _error(line)
        return words.from_line(words.Opened, line)

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: The source failed there, or the process died or went silent.
        """
        with self._lock:
            memory = self._free.pop()
        self._send(bytes([memory]))
        data = self._receive(words.HEAD_BYTES)
        if data is None:
            return None
        head = words.unpack(data)
        if head.kind == words.ERROR:
            raise _error(self._receive(head.text_bytes) or b"")
        if head.kind == words.END:
            return None
        return Taken(
            partial(self._develop, memory, head),
            head.captured_ns,
            head.position_ns,
            head.stamp,
            head.skipped,
            partial(self._give_back, memory),
        )

    def _develop(self, memory: int, head: words.Head) -> Picture:
        """Copy a picture out, for the memory is filled again."""
        shape = (head.height, head.width, 3)
        try:
            with mmap.mmap(self._memories[memory], head.height * head.width * 3) as mapped:
                picture = np.frombuffer(mapped, np.uint8).reshape(shape)
                copied = picture.copy()
                del picture  # the memory cannot be let go of while somebody looks into it
                return copied
        finally:
            self._give_back(memory)

    def _give_back(self, memory: int) -> None:
        with self._lock:
            self._free.add(memory)

    def _send(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except OSError as error:
            raise self._died() from error

    def _receive(self, count: int) -> bytes | None:
        """So many bytes; None after `wake`.

        Raises:
            SourceError: The process died, or said nothing for long.
        """
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self._replies, self._woken_r], [], [], self._silent_s)
            if self._woken_r in ready:
                return None
            if not ready:
                self._process.kill()
                msg = f"{self.name}: its process said nothing for {self._silent_s:g} s"
                raise SourceError(msg, remedy="try it without --camera-process")
            piece = os.read(self._replies, count - len(data))
            if not piece:
                raise self._died()
            data += piece
        return data

    def _died(self) -> SourceError:
        try:
            code: int | None = self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            code = None
        how = "closed its side" if code is None else f"ended with exit code {code}"
        if code is not None and code < 0:
            how = f"died of {signal.Signals(-code).name}"
        msg = f"{self.name}: its process {how}"
        return SourceError(msg, remedy="what it said stands above; try it without --camera-process")

    def wake(self) -> None:
        """See `Reader.wake`."""
        with self._lock:
            if not self._closed:
                os.write(self._woken_w, b"w")

    def close(self) -> None:
        """See `Reader.close`: end the process, by force if it does not go by itself."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        process = self._process
        assert process.stdin is not None
        try:
            process.stdin.close()
        except OSError:  # what was not sent yet, to a process that is gone
            pass
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for end in (self._replies, self._woken_r, self._woken_w):
            os.close(end)

    def __del__(self) -> None:
        for memory in self._memories:
            os.close(memory)


def _start(replies: int, memories: list[int]) -> "subprocess.Popen[bytes]":
    """The process; what to open comes by its standard input, for addresses hold passwords."""
    numbers = [str(fd) for fd in (replies, *memories)]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "edgeface.camera.apartmain", *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,  # results of the loop go there, and libraries talk
        pass_fds=(replies, *memories),
    )


def _error(line: bytes) -> SourceError:
    wrong = words.from_line(words.Wrong, line)
    return SourceError(wrong.message, remedy=wrong.remedy)
