"""MJPEG over http, from a scripted camera (http.server on the loopback address)."""

import hashlib
import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.camera.httpauth import authorization
from edgeface.camera.mjpeg import MjpegReader
from edgeface.camera.multipart import MAX_HEAD_BYTES, Part, Parts
from edgeface.camera.reopen import Reopening
from edgeface.camera.source import open_source
from edgeface.camera.url import parse_address
from edgeface.errors import InputError, SourceError

Play = Callable[["Handler"], None]


def jpeg(value: int, height: int = 48, width: int = 64) -> bytes:
    """A gray picture."""
    return cv2.imencode(".jpg", np.full((height, width, 3), value, np.uint8))[1].tobytes()


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's ``play`` says."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked.append((self.path, self.headers.get("Authorization")))
        self.close_connection = True
        try:
            server.play(self)
        except OSError:  # the client went
            pass

    def begin(self, kind: str = "multipart/x-mixed-replace; boundary=frame") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()

    def refuse(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", "0")):
            self.send_header(name, value)
        self.end_headers()

    def frame(self, body: bytes, *lines: str, length: bool = True) -> None:
        head = ["--frame", "Content-Type: image/jpeg", *lines]
        head += [f"Content-Length: {len(body)}"] if length else []
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + body + b"\r\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, play: Play) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.play = play
        self.asked: list[tuple[str, str | None]] = []

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def serving(play: Play) -> Iterator[Server]:
    """A server on a free port, for as long as the context lasts."""
    server = Server(play)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


WAIT_S = 20.0


def grey(taken) -> int:
    return round(taken.develop().mean() / 10)


def test_frames_of_a_camera() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        for value in (10, 20, 30):
            handler.frame(jpeg(value))
            more.wait(WAIT_S)
            more.clear()

    more = threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/stream?x=1")
        seen = []
        for _ in range(3):
            taken = reader.read()
            seen.append((grey(taken), taken.stamp, taken.skipped))
            more.set()
        with pytest.raises(SourceError, match="ended the stream"):
            reader.read()
        reader.close()
    assert seen == [(1, "read", 0), (2, "read", 0), (3, "read", 0)]
    assert server.asked == [("/stream?x=1", None)]


def test_what_piled_up_is_passed_over_and_never_decoded() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        for value in range(1, 9):
            handler.frame(jpeg(value * 10))
        sent.set()
        more.wait(WAIT_S)

    sent, more = threading.Event(), threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/")
        assert sent.wait(WAIT_S)
        time.sleep(0.05)  # for the kernel to bring the last of it
        total, newest = 0, None
        while total < 8:
            newest = reader.read()
            total += newest.skipped + 1
        assert newest is not None
        assert (grey(newest), newest.skipped > 0) == (8, True)
        more.set()
        reader.close()


def test_a_frame_of_another_size_and_a_broken_one_are_frames_like_any() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        for body in (jpeg(10), b"\xff\xd8 no picture", jpeg(30, 96, 128)):
            handler.frame(body)
            more.wait(WAIT_S)
            more.clear()
        more.wait(WAIT_S)

    more = threading.Event()
    shapes: list[object] = []
    with serving(play) as server, open_source(f"http://{server.host}/") as source:
        for _ in range(3):
            try:
                shapes.append(next(source).picture.shape[:2])
            except InputError:
                shapes.append("broken")
            more.set()
        more.set()
    assert shapes == [(48, 64), "broken", (96, 128)]


def test_the_time_that_a_server_sends_says_how_old_a_frame_is() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        for stamp in ("1000.500000", "1000.100000", "not.a.time"):
            handler.frame(jpeg(10), f"X-Timestamp: {stamp}")
            more.wait(WAIT_S)
            more.clear()

    more = threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/")
        taken = []
        for _ in range(3):
            taken.append(reader.read())
            more.set()
        reader.close()
    assert [t.stamp for t in taken] == ["stream", "stream", "read"]
    assert taken[0].captured_ns - taken[1].captured_ns == 400_000_000


def test_a_server_that_goes_and_comes_again_is_one_source() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        handler.frame(jpeg(10 * len(server.asked)))

    said: list[str] = []
    with serving(play) as server:
        url = f"http://{server.host}/"
        reader = Reopening(lambda: MjpegReader(url), said.append, wait=lambda seconds: False)
        assert [grey(reader.read()) for _ in range(3)] == [1, 2, 3]
        assert reader.reopened == 2
        reader.close()
    assert "ended the stream; it is tried again" in said[0]


def test_a_read_that_waits_can_be_woken() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        quiet.wait(WAIT_S)

    quiet = threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/")
        read: list[object] = []
        thread = threading.Thread(target=lambda: read.append(reader.read()))
        thread.start()
        reader.wake()
        thread.join(WAIT_S)
        quiet.set()
        reader.close()
    assert read == [None]


def test_a_server_that_falls_silent() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        quiet.wait(WAIT_S)

    quiet = threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/", timeout_s=0.05)
        with pytest.raises(SourceError, match=r"nothing came for 0\.05 s"):
            reader.read()
        quiet.set()
        reader.close()


def test_a_server_that_sends_a_byte_now_and_then() -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        while not quiet.wait(0.02):
            handler.wfile.write(b".")

    quiet = threading.Event()
    with serving(play) as server:
        reader = MjpegReader(f"http://{server.host}/", timeout_s=0.2)
        with pytest.raises(SourceError, match="no whole picture came"):
            reader.read()
        quiet.set()
        reader.close()


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="Connection refused") as error:
        MjpegReader(f"http://me:secret@127.0.0.1:{port}/a?token=secret")
    assert "secret" not in str(error.value) + error.value.remedy


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ("image/jpeg", "a single picture"),
        ("video/mp4", "download the clip"),
        ("text/html", "camera's manual"),
    ],
)
def test_something_else_than_a_stream(kind: str, remedy: str) -> None:
    with serving(lambda handler: handler.begin(kind)) as server:
        with pytest.raises(SourceError, match=f"sends {kind}") as error:
            MjpegReader(f"http://{server.host}/")
        assert remedy in error.value.remedy


@pytest.mark.parametrize("status", [302, 401, 403, 404, 500])
def test_a_refusal(status: int) -> None:
    def play(handler: Handler) -> None:
        handler.refuse(status, ("Location", "http://elsewhere/"))

    with serving(play) as server:
        with pytest.raises(SourceError, match=f"answers {status}") as error:
            MjpegReader(f"http://me:secret@{server.host}/?password=secret")
        assert error.value.remedy
        assert "secret" not in str(error.value) + error.value.remedy
        assert len(server.asked) == 1  # and nobody else was asked


def test_a_password_is_given_as_the_camera_asks_for_it() -> None:
    def play(handler: Handler) -> None:
        if len(server.asked) == 1:
            handler.refuse(
                401,
                ("WWW-Authenticate", 'Basic realm="cam"'),
                ("WWW-Authenticate", 'Digest realm="cam", nonce="abc", qop="auth,auth-int"'),
            )
            return
        handler.begin()
        handler.frame(jpeg(10))

    with serving(play) as server:
        reader = MjpegReader(f"http://me:pass%40word@{server.host}/s")
        assert grey(reader.read()) == 1
        assert "pass" not in reader.name
        reader.close()
    assert server.asked[0] == ("/s", None)
    sent = server.asked[1][1] or ""
    assert sent.startswith("Digest ")
    fields = dict(re.findall(r'(\w+)="?([^",]*)', sent.removeprefix("Digest ")))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    who, what = md5("me:cam:pass@word"), md5("GET:/s")
    expected = md5(f"{who}:abc:00000001:{fields['cnonce']}:auth:{what}")
    assert fields["response"] == expected


def test_digest_as_in_the_example_of_the_standard() -> None:
    """RFC 7616, 3.9.1: Mufasa's two answers."""
    address = parse_address("http://Mufasa:Circle%20of%20Life@www.example.org/dir/index.html")
    begin = 'Digest realm="http-auth@example.org", qop="auth, auth-int", '
    end = (
        ', nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
        ' opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    both = [f"{begin}algorithm=MD5{end}", f"{begin}algorithm=SHA-256{end}"]
    better = authorization(both, "GET", "/dir/index.html", address, cnonce)
    assert "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" in better
    older = authorization(both[:1], "GET", "/dir/index.html", address, cnonce)
    assert "8ca523f5e9506fed4657c9700eebdbec" in older


def test_basic_is_answered_where_nothing_better_is_asked() -> None:
    address = parse_address("http://Aladdin:open%20sesame@host/")
    assert authorization(['Basic realm="x"'], "GET", "/", address) == (
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )
    assert authorization(["Negotiate"], "GET", "/", address) == ""


def test_an_address_shows_no_secret() -> None:
    address = parse_address("http://me:secret@[::1]:8080/video?user=me&password=secret")
    assert address.shown == "http://[::1]:8080/video?…"
    assert "secret" not in repr(address)
    assert (address.user, address.password, address.host) == ("me", "secret", "::1")
    assert address.target == "/video?user=me&password=secret"


def test_the_command_line_shows_no_secret(fake_bundle, cli) -> None:
    def play(handler: Handler) -> None:
        handler.begin()
        for _ in range(4):
            handler.frame(jpeg(240))
            time.sleep(0.02)

    with serving(play) as server:
        url = f"http://me:secret@{server.host}/?password=secret"
        ran = cli(
            *("run", "--source", url, "--detector", "none", "--max-frames", 2),
            *("--events", "e.jsonl", "--json"),
        )
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["names"] == {"cyd": 2}
    assert json.loads(ran.out)["source_gives"]["pixels"] == "MJPEG"
    assert "secret" not in ran.out + ran.err


BODIES = [b"\xff\xd8first\xff\xd9", b"\xff\xd8se--co\r\nnd\xff\xd9", b"\xff\xd8third\n\xff\xd9"]


def stream(length: str, end: bytes, dashes: str = "--") -> bytes:
    """Three parts as one kind of server writes them."""
    text = b"an introduction that nobody reads" + end
    for body in BODIES:
        lines = [f"{dashes}frame".encode(), b"Content-Type: image/jpeg"]
        if length == "right":
            lines.append(b"Content-Length: %d" % len(body))
        elif length != "none":
            lines.append(b"Content-Length: %d" % (len(body) + int(length)))
        text += end.join([*lines, b"", b""]) + body + end
    return text + f"{dashes}frame--".encode() + end


@given(
    cuts=st.lists(st.integers(0, 400), max_size=12),
    length=st.sampled_from(["right", "none"]),
    end=st.sampled_from([b"\r\n", b"\n"]),
    boundary=st.sampled_from(["frame", "--frame", '"frame"', ""]),
)
def test_parts_are_the_same_however_they_are_cut(
    cuts: list[int], length: str, end: bytes, boundary: str
) -> None:
    whole = stream(length, end)
    if not boundary:  # then the first line that begins with two dashes is taken for it
        whole = whole.partition(end)[2]
    places = sorted({0, len(whole), *(c for c in cuts if c < len(whole))})
    parts = Parts(boundary)
    found: list[Part] = []
    for a, b in itertools.pairwise(places):
        found += parts.feed(whole[a:b], 0)
    assert [p.body for p in found] == BODIES
    assert found[0].headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("wrong", ["-3", "5", "1000", "99999999"])
def test_a_wrong_length_is_not_followed(wrong: str) -> None:
    whole = stream(wrong, b"\r\n")
    found = Parts("frame").feed(whole, 0)
    if wrong != "1000" and wrong != "99999999":
        assert [p.body for p in found] == BODIES


def test_a_wrong_length_costs_a_few_frames_and_no_more() -> None:
    parts = Parts("frame", limit=4000)
    found = [p for _ in range(40) for p in parts.feed(stream("1000", b"\r\n"), 0)]
    assert BODIES[0] in [p.body for p in found]
    assert len(found) > 60


@given(st.lists(st.binary(max_size=60), max_size=20), st.sampled_from(["frame", ""]))
def test_whatever_comes_nothing_else_is_raised_and_little_is_held(
    pieces: list[bytes], boundary: str
) -> None:
    parts = Parts(boundary, limit=200)
    for piece in [b"--frame\r\n", *pieces]:
        try:
            parts.feed(piece, 0)
        except SourceError:
            return
        assert len(parts._held) <= 200 + MAX_HEAD_BYTES + 60


@pytest.mark.parametrize(
    "data",
    [b"x" * 5000, b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + b"x" * 5000],
    ids=["no boundary", "a part without end"],
)
def test_more_than_a_picture_is_no_stream_of_pictures(data: bytes) -> None:
    parts = Parts("frame", limit=4000)
    with pytest.raises(SourceError):
        parts.feed(data, 0)


def test_a_head_without_end() -> None:
    with pytest.raises(SourceError, match="head of a part"):
        Parts("frame").feed(b"--frame\r\n" + b"a: b\r\n" * 3000, 0)


def test_a_frame_was_taken_when_its_head_came_and_not_its_delimiter() -> None:
    """Many servers send the delimiter of the next frame right behind the one before."""
    parts = Parts("frame")
    parts.feed(b"--frame\r\n", 1)
    parts.feed(b"Content-Length: 4\r\n\r\n", 2)
    (part,) = parts.feed(b"1234", 3)
    assert part.begun_ns == 2
