"""A camera that speaks MJPEG on the loopback address, each of whose frames shows when it was made.

    python benchmarks/mjpeg_camera.py [--fps 30] [--with-time]

It prints the address and then serves until its standard input ends. Every client has a frame made
for it at each tick and sent at once; while a client does not take it, none is made, so what is late
lies between the two and not in here. The picture is that of `benchmarks/rtsp_camera.py`: the
monotonic clock in milliseconds, as `BITS` black and white fields at the top, the highest first;
below it noise, so that its size is that of a photograph. ``--with-time`` also sends the time of
each frame, as mjpg-streamer does.
"""

import argparse
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

WIDTH, HEIGHT, BITS, TOP = 640, 480, 24, 48
FIELD = WIDTH // BITS


def draw(now_ms: int, ground: np.ndarray) -> bytes:
    """A frame as JPEG."""
    picture = ground.copy()
    bits = [now_ms >> bit & 1 for bit in reversed(range(BITS))]
    picture[:TOP, : FIELD * BITS] = np.repeat(np.asarray(bits, np.uint8) * 220 + 16, FIELD)[:, None]
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def shown_ms(picture: np.ndarray) -> int:
    """The time that a frame shows."""
    fields = [picture[TOP // 2, n * FIELD + FIELD // 2].mean() > 128 for n in range(BITS)]
    return int("".join("01"[bool(f)] for f in fields), 2)


def age_ms(picture: np.ndarray, now_ns: int) -> float:
    """How old a frame is by the time that it shows."""
    return (now_ns / 1e6 - shown_ms(picture)) % 2**BITS


class Handler(BaseHTTPRequestHandler):
    """Sends frames until the client goes."""

    fps = 30
    with_time = False
    ground = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def do_GET(self) -> None:
        """Send them."""
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        due = time.monotonic()
        try:
            while True:
                now_ns = time.monotonic_ns()
                body = draw(now_ns // 1_000_000 % 2**BITS, self.ground)
                stamp = f"X-Timestamp: {now_ns / 1e9:.6f}\r\n" if self.with_time else ""
                head = f"--frame\r\nContent-Type: image/jpeg\r\n{stamp}"
                head += f"Content-Length: {len(body)}\r\n\r\n"
                self.wfile.write(head.encode() + body + b"\r\n")
                due = max(due + 1 / self.fps, time.monotonic() - 1 / self.fps)
                time.sleep(max(0.0, due - time.monotonic()))
        except OSError:  # the client went
            pass

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to say."""


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--with-time", action="store_true")
    args = parser.parse_args()
    Handler.fps, Handler.with_time = args.fps, args.with_time
    noise = np.random.default_rng(0).integers(0, 70, (HEIGHT, WIDTH, 3)) + 90
    Handler.ground = cv2.GaussianBlur(noise.astype(np.uint8), (3, 3), 0)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}/camera", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
