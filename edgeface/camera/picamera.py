"""The camera on a Raspberry Pi's ribbon cable, through Picamera2."""

import threading
import time
from collections.abc import Callable
from typing import Any

from edgeface.camera.frame import Given
from edgeface.camera.picamerapixels import ORDER, Stream, to_bgr
from edgeface.camera.reader import Taken
from edgeface.errors import InputError, SourceError
from edgeface.images import Picture

MAIN_SIZE = (480, 640)
# One is filled, one waits, one is the newest and one is looked at.
BUFFERS = 4
PATIENCE_S = 5.0
_GLANCE_S = 0.5


class PicameraReader:
    """Picamera2's main stream, or its low-resolution one.

    Nothing is copied but the frame that is looked at, and that once, out of the camera's own
    buffer. Frames carry the sensor's timestamp: the start of exposure, on the monotonic clock.

    Args:
        number: Which of the cameras.
        size: Height and width of the main stream.
        lores: Height and width of a low-resolution stream; the loop then looks at that one, and
            ``size`` says what of the sensor it sees. It comes as YUV and costs the least.
        fps: Frames per second; None leaves them to the camera.
        clock: Monotonic, ns.

    Raises:
        SourceError: Picamera2 is not installed, there is no such camera, or it is in use.
    """

    reopened = 0

    def __init__(
        self,
        number: int = 0,
        *,
        size: tuple[int, int] = MAIN_SIZE,
        lores: tuple[int, int] | None = None,
        fps: float | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = f"picamera:{number}" if number else "picamera"
        self._clock = clock
        self._woken = threading.Event()
        self._lock = threading.Lock()
        self._open = True
        module = _module(self.name)
        self._mapped = module.MappedArray
        self._camera = _open(module, number, self.name)
        try:
            self._stream = self._configure(size, lores, fps)
        except Exception as error:  # libcamera's and Picamera2's are of every kind
            self.close()
            msg = f"{self.name} cannot be set up ({_words(error)})"
            raise SourceError(
                msg, remedy="try it with: rpicam-hello; and another --size"
            ) from error
        self.fps = fps
        stream = self._stream
        order = ORDER[stream.pixels]
        self.given = Given(stream.height, stream.width, fps, stream.pixels, order, "sensor")
        self._frames = 0

    def _configure(
        self, size: tuple[int, int], lores: tuple[int, int] | None, fps: float | None
    ) -> Stream:
        camera = self._camera
        controls = {} if fps is None else {"FrameRate": fps}
        config = camera.create_video_configuration(
            main={"size": (size[1], size[0]), "format": "RGB888"},
            lores=None if lores is None else {"size": (lores[1], lores[0]), "format": "YUV420"},
            buffer_count=BUFFERS,
            queue=False,  # no frame from before it was asked for
            controls=controls,
        )
        camera.configure(config)
        name = "main" if lores is None else "lores"
        got = camera.camera_configuration()[name]
        width, height = got["size"]
        if got["format"] not in ORDER:
            msg = f"it gives {got['format']}, which is not read here"
            raise ValueError(msg)
        camera.start()
        return Stream(name, str(got["format"]), int(height), int(width))

    def read(self) -> Taken | None:
        """See `Reader.read`.

        Raises:
            SourceError: No frame came for `PATIENCE_S`, or libcamera failed.
        """
        try:
            request = self._request()
            if request is None:
                return None
            now = self._clock()
            sensor_ns = request.get_metadata().get("SensorTimestamp")
        except Exception as error:
            if self._woken.is_set():
                return None
            what = "stopped" if self._frames else "opens and gives no picture"
            why = f"nothing for {PATIENCE_S:g} s" if isinstance(error, TimeoutError) else ""
            msg = f"{self.name} {what} ({why or _words(error)})"
            remedy = "check the ribbon cable; try it with: rpicam-hello"
            raise SourceError(msg, remedy=remedy) from error
        self._frames += 1
        held = _Held(self, request)
        if sensor_ns is None or not 0 <= now - int(sensor_ns) < 10 * 10**9:
            return Taken(held.develop, now, discard=held.discard)
        return Taken(held.develop, int(sensor_ns), stamp="sensor", discard=held.discard)

    def _request(self) -> Any | None:
        """Wait for a completed request; None after `wake`.

        Raises:
            TimeoutError: None came for `PATIENCE_S`.
        """
        begun_ns = self._clock()
        job = self._camera.capture_request(wait=False)
        while True:
            try:
                return self._camera.wait(job, timeout=_GLANCE_S)
            except TimeoutError:  # the job goes on: a new one each time would pile up
                if self._woken.is_set():
                    return None
                if self._clock() - begun_ns > PATIENCE_S * 1e9:
                    raise

    def wake(self) -> None:
        """See `Reader.wake`."""
        self._woken.set()

    def close(self) -> None:
        """See `Reader.close`."""
        with self._lock:  # not while a frame is being copied
            if not self._open:
                return
            self._open = False
            for end in (self._camera.stop, self._camera.close):
                try:
                    end()
                except Exception:  # it is being left behind, whatever state it is in
                    pass


class _Held:
    """A completed request, which is a buffer of the camera: held briefly, given back once."""

    def __init__(self, reader: PicameraReader, request: Any) -> None:
        self._reader, self._request = reader, request

    def develop(self) -> Picture:
        """Copy the picture out of the camera's buffer, and give that back.

        Raises:
            InputError: The camera was lost meanwhile.
        """
        reader = self._reader
        try:
            with reader._lock:
                if not reader._open:
                    msg = f"{reader.name} was lost before its last frame was looked at"
                    raise InputError(msg)
                with reader._mapped(self._request, reader._stream.name) as mapped:
                    return to_bgr(mapped.array, reader._stream)
        finally:
            self.discard()

    def discard(self) -> None:
        """Give the buffer back."""
        try:
            self._request.release()
        except Exception:  # of a camera that is gone
            pass


def _module(name: str) -> Any:
    try:
        import picamera2
    except ImportError as error:
        msg = f"{name}: Picamera2 is not installed for this Python"
        remedy = (
            "sudo apt install python3-picamera2, and an environment that sees it:"
            " python3 -m venv --system-site-packages"
        )
        raise SourceError(msg, remedy=remedy) from error
    return picamera2


def _open(module: Any, number: int, name: str) -> Any:
    try:
        return module.Picamera2(number)
    except Exception as error:
        found = _count(module)
        msg = f"{name} does not open ({_words(error)})"
        if found is not None and number >= found:
            remedy = f"{found} cameras are found; check the cable, and: rpicam-hello --list-cameras"
        else:
            remedy = "another program may be using it; try it with: rpicam-hello"
        raise SourceError(msg, remedy=remedy) from error


def _count(module: Any) -> int | None:
    try:
        return len(module.Picamera2.global_camera_info())
    except Exception:
        return None


def _words(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
