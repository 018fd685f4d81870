"""A camera that speaks RTSP on the loopback address, each of whose frames shows when it was made.

It runs by the system's Python, where GStreamer's bindings are (Debian: apt-get install
gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-ugly), and imports nothing else.

    /usr/bin/python3 benchmarks/rtsp_camera.py [--fps 30]

It prints the address and then serves until its standard input ends. The time is that of the
monotonic clock in milliseconds, as `BITS` black and white fields at the top, the highest first.
"""

import argparse
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

WIDTH, HEIGHT, BITS, TOP = 640, 480, 24, 48
_FIELD = WIDTH // BITS

PIPELINE = (
    "( appsrc name=source is-live=true format=time do-timestamp=true"
    f" caps=video/x-raw,format=GRAY8,width={WIDTH},height={HEIGHT},framerate={{fps}}/1"
    " ! videoconvert ! video/x-raw,format=I420"
    " ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=2000 key-int-max=30"
    " ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


def picture(now_ms: int) -> bytes:
    """A gray frame, HEIGHT rows of WIDTH bytes."""
    row = b"".join(
        (b"\xeb" if now_ms >> bit & 1 else b"\x10") * _FIELD for bit in reversed(range(BITS))
    ).ljust(WIDTH, b"\x80")
    bar = now_ms // 4 % (WIDTH - 40)
    below = b"\x80" * bar + b"\xc0" * 40 + b"\x80" * (WIDTH - 40 - bar)
    return row * TOP + below * (HEIGHT - TOP)


def feed(fps: int, factory: object, media: object) -> None:
    """Push frames into a client's pipeline until it is gone."""
    source = media.get_element().get_child_by_name("source")

    def push() -> None:
        due = time.monotonic()
        while True:
            data = picture(time.monotonic_ns() // 1_000_000 % 2**BITS)
            if source.emit("push-buffer", Gst.Buffer.new_wrapped(data)) != Gst.FlowReturn.OK:
                return
            due += 1 / fps
            time.sleep(max(0.0, due - time.monotonic()))

    threading.Thread(target=push, daemon=True).start()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fps", type=int, default=30)
    fps = parser.parse_args().fps
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PIPELINE.format(fps=fps))
    factory.set_shared(True)
    factory.connect("media-configure", lambda f, media: feed(fps, f, media))
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}/camera", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main()
