"""How old frames are when a loop gets them: edgeface beside the loop that tutorials write.

A camera on the loopback address (MJPEG over http; RTSP too where GStreamer's server is installed)
shows in every frame when it was made, so ages are those of the picture and nobody's claim. Each
loop, in a process of its own, takes a frame and then works for so many milliseconds; after a while
it is held up for a second in the middle of its work, and later its whole process is stopped for a
second. The loops take turns, for so many rounds.

    python benchmarks/frame_age.py --out FILE.json [--rounds 3] [--work-ms 60]

Writes FILE.json with the age of every frame, and FILE.md, a table. Nothing else should run
meanwhile: the load of the machine stands in the result.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from mjpeg_camera import age_ms

from edgeface.board import read_board, read_state
from edgeface.quantiles import quantile
from edgeface.records import plain

HERE = Path(__file__).resolve().parent
SYSTEM_PYTHON = "/usr/bin/python3"
SUBJECTS = ("edgeface", "edgeface, camera in a process", "VideoCapture", "VideoCapture, buffer 1")
STALL_S = 1.0
STALE_MS = 500.0  # half of the stall: nobody takes that for the usual delay
FPS = 30

Frames = Iterator[tuple[np.ndarray, int | None]]


def ours(url: str, *, apart: bool) -> Frames:
    """Pictures of edgeface's source, and when it says that they were taken (monotonic, ns)."""
    from edgeface.camera.source import open_source
    from edgeface.camera.wanted import Wanted

    with open_source(url, Wanted(apart=apart)) as source:
        for frame in source:
            yield frame.picture, frame.captured_ns


def theirs(url: str, *, short: bool) -> Frames:
    """Pictures of the loop that tutorials write."""
    import cv2

    capture = cv2.VideoCapture(url)
    if short:
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    while True:
        there, picture = capture.read()
        if not there:
            break
        yield picture, None
    capture.release()


def frames_of(subject: str, url: str) -> Frames:
    """The frames of one of `SUBJECTS`."""
    if subject.startswith("edgeface"):
        return ours(url, apart="process" in subject)
    return theirs(url, short="buffer" in subject)


def cpu_s() -> float:
    """What this process has computed so far, in user and system time."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def loop(subject: str, url: str, work_ms: float, seconds: float) -> dict[str, Any]:
    """Take frames and work: steady, after work that took long, after the process was stopped."""
    frames = frames_of(subject, url)
    told: list[float] = []

    def take(until: Callable[[list[float]], bool]) -> list[float]:
        ages: list[float] = []
        while not until(ages):
            picture, captured_ns = next(frames)
            now = time.monotonic_ns()
            ages.append(age_ms(picture, now))
            if captured_ns is not None:
                told.append(ages[-1] - (now - captured_ns) / 1e6)
            time.sleep(work_ms / 1e3)
        return [round(age, 2) for age in ages]

    take(lambda ages: len(ages) == 5)
    told.clear()
    end = time.monotonic() + seconds
    before_s = cpu_s()
    steady = take(lambda ages: time.monotonic() > end)
    used_s = cpu_s() - before_s
    time.sleep(STALL_S)
    held_up = take(lambda ages: len(ages) == 40)
    print("stop me", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    stopped = take(lambda ages: len(ages) == 40)
    frames.close()  # type: ignore[attr-defined]
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "steady_ms": steady,
        "after_long_work_ms": held_up,
        "after_stop_ms": stopped,
        "age_beyond_what_is_said_ms": [round(v, 2) for v in told],
        "steady_s": seconds,
        "cpu_s": round(used_s, 3),
        "camera_process_cpu_s": round(children.ru_utime + children.ru_stime, 3),
    }


def run_once(subject: str, url: str, work_ms: float, seconds: float) -> dict[str, Any]:
    """One loop in a process of its own."""
    words = [sys.executable, __file__, "--loop", subject, "--url", url]
    words += ["--work-ms", str(work_ms), "--seconds", str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() == "stop me":
            time.sleep(STALL_S)
            process.send_signal(signal.SIGCONT)
        text = process.stdout.read()
    if process.returncode:
        sys.exit(f"{subject} on {url} ended with {process.returncode}")
    found: dict[str, Any] = json.loads(text)
    return found


@contextmanager
def camera(*words: str | Path) -> Iterator[str]:
    """A camera in a process of its own; its address, or nothing where it cannot run."""
    with subprocess.Popen(
        [*map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate()


def row(name: str, subject: str, runs: list[dict[str, Any]]) -> list[str]:
    """A row of the table."""
    steady = [age for one in runs for age in one["steady_ms"]]
    long_work = [one["after_long_work_ms"] for one in runs]
    stop = [one["after_stop_ms"] for one in runs]
    said = [v for one in runs for v in one["age_beyond_what_is_said_ms"]]
    p95 = _quantile(steady, 0.95)
    return [
        name,
        subject,
        str(len(steady)),
        _number(_quantile(steady, 0.5)),
        _number(p95),
        "–" if p95 is None else "yes" if p95 <= 2e3 / FPS else "no",
        " / ".join(_number(ages[0]) for ages in long_work),
        str(sum(age > STALE_MS for ages in long_work for age in ages)),
        " / ".join(_number(ages[0]) for ages in stop),
        str(sum(age > STALE_MS for ages in stop for age in ages)),
        _number(_quantile(said, 0.5)),
        f"{sum(one['cpu_s'] for one in runs) / sum(one['steady_s'] for one in runs):.0%}",
    ]


HEAD = [
    "camera",
    "loop",
    "frames",
    "age p50 ms",
    "age p95 ms",
    "at most two intervals",
    "first frame after a second of work, ms",
    "stale of the next 40",
    "first frame after a second of stop, ms",
    "stale of the next 40",
    "age beyond what is said, p50 ms",
    "CPU",
]


def _quantile(values_ms: list[float], share: float) -> float | None:
    found = quantile([round(v * 1e6) for v in values_ms], share) if values_ms else None
    return None if found is None else found / 1e6


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def page(result: dict[str, Any]) -> str:
    """The table as Markdown."""
    board, state = result["board"], result["state_before"]
    rows = [
        row(
            name,
            subject,
            [r for r in result["runs"] if (r["camera"], r["loop"]) == (name, subject)],
        )
        for name in result["cameras"]
        for subject in SUBJECTS
    ]
    lines = [
        f"# Age of frames on {board['model'] or board['cpu'] or board['architecture']}",
        "",
        f"{result['time']}, {board['cores_usable']} cores, load {state['load_1m']} before. A camera"
        f" of {FPS} frames a second on the loopback address, {result['work_ms']:g} ms of work a"
        f" frame, {result['rounds']} rounds in turn. Ages are those that the pictures show when the"
        f" loop gets them, before its work. A frame is stale if it is older than {STALE_MS:g} ms"
        f" after {STALL_S:g} s in which the loop worked on one frame, or its process was stopped."
        " CPU is that of the loop's own process in the steady part, over its length. Made by"
        " `benchmarks/frame_age.py`; every age stands in the JSON beside.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|---" * len(HEAD) + "|",
        *("| " + " | ".join(cells) + " |" for cells in rows),
    ]
    if "rtsp" not in result["cameras"]:
        lines += ["", "RTSP was not measured: GStreamer's RTSP server is not installed here."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run everything and write both files; or one loop, for itself."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=15.0, help="of the steady part")
    parser.add_argument("--work-ms", type=float, default=60.0)
    parser.add_argument("--loop", choices=SUBJECTS, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.loop:
        print(json.dumps(loop(args.loop, args.url, args.work_ms, args.seconds)))
        return
    if args.out is None:
        parser.error("--out FILE.json is missing")
    result: dict[str, Any] = {
        "schema": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "fps": FPS,
        "work_ms": args.work_ms,
        "seconds": args.seconds,
        "rounds": args.rounds,
        "board": plain(read_board()),
        "state_before": plain(read_state()),
        "runs": [],
    }
    with (
        camera(sys.executable, HERE / "mjpeg_camera.py", "--fps", str(FPS)) as mjpeg,
        camera(SYSTEM_PYTHON, HERE / "rtsp_camera.py", "--fps", str(FPS)) as rtsp,
    ):
        cameras = {name: url for name, url in (("mjpeg", mjpeg), ("rtsp", rtsp)) if url}
        result["cameras"] = list(cameras)
        for number in range(args.rounds):
            for name, url in cameras.items():
                for subject in SUBJECTS:
                    one = run_once(subject, url, args.work_ms, args.seconds)
                    one = {"camera": name, "loop": subject, "round": number} | one
                    result["runs"].append(one)
                    print(" | ".join(row(name, subject, [one])), flush=True)
    result["state_after"] = plain(read_state())
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    args.out.with_suffix(".md").write_text(page(result), "utf-8")


if __name__ == "__main__":
    main()
