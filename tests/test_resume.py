"""A training that is killed at any moment goes on to the very weights of one that is not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.train.checkpoint import FILE, REQUEST, unfinished
from edgeface.train.job import train
from edgeface.train.prepare import prepare
from edgeface.train.request import Request
from edgeface.train.run import Run
from edgeface.vision.detect import open_detector

pytestmark = [pytest.mark.tf, pytest.mark.slow]

TESTS = Path(__file__).resolve().parent

# As `edgeface train`, but with a record after every epoch and slow enough to be hit in its midst.
_DRIVER = """
import sys, time
from pathlib import Path

from conftest import QuietTeller
from edgeface.train import job
from edgeface.train.prepare import prepare
from edgeface.train.request import resumed
from edgeface.vision.detect import open_detector
from test_resume import request_of

class Slow(QuietTeller):
    def step(self, done, of):
        time.sleep(float(sys.argv[2]))

out, words = Path(sys.argv[1]), sys.argv[3:]
resume = words == ["resume"]
asked = resumed(out) if resume else request_of(*words)
ready = prepare(asked, lambda: open_detector("none"), QuietTeller())
job.train(asked, ready, out, Slow(), resume=resume, every_s=0)
"""


def request_of(*words: str) -> Request:
    """From ``key=value`` words."""
    given = dict(word.split("=") for word in words)
    plan = {key: int(given.pop(key)) for key in ("epochs", "head_epochs", "batch") if key in given}
    numbers = {"size": int(given.pop("size")), "alpha": float(given.pop("alpha", 0)), "seed": 6}
    return Request(**given, **numbers).changed(**plan)  # type: ignore[arg-type]


def driver(out: Path, step_s: float, *words: object) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": f"{TESTS.parent}{os.pathsep}{TESTS}"}
    command = [sys.executable, "-c", _DRIVER, str(out), str(step_s), *map(str, words)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def killed(
    out: Path, after_s: float, *words: object, records: int = 1, step_s: float = 0.04
) -> None:
    """Start a training and kill it so long after it has written so many records of its progress."""
    process = driver(out, step_s, *words)
    file, seen, last = unfinished(out) / FILE, 0, 0
    before = file.stat().st_mtime_ns if file.exists() else 0
    until = time.monotonic() + 200
    while seen < records and process.poll() is None and time.monotonic() < until:
        now = file.stat().st_mtime_ns if file.exists() else 0
        seen, last = (seen + (now > before and now != last)), now
        time.sleep(0.002)
    time.sleep(after_s)
    process.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, f"it ended before it was killed: {err[-1000:]}"
    assert (unfinished(out) / REQUEST).is_file()
    assert not out.exists()


def whole(out: Path, teller: Any, *words: object) -> Run:
    """The same without a break, in this process."""
    asked = request_of(*map(str, words))
    return train(asked, prepare(asked, lambda: open_detector("none"), teller), out, teller)


def same(one: Run, other: Run) -> bool:
    pairs = zip(one.model().get_weights(), other.model().get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_killed_at_several_moments_one_after_the_other(
    cli, teller, tmp_path: Path, small_pictures: Callable[..., Path]
) -> None:
    data = small_pictures(tmp_path / "photos", count=10)
    words = ("network=friends", f"data={data}", "size=24", "epochs=40", "batch=4")
    uninterrupted = whole(tmp_path / "whole", teller, *words)
    out = tmp_path / "runs" / "mine"
    killed(out, 0.0, *words)
    killed(out, 0.07, "resume")  # within an epoch of four steps, wherever it hits
    ran = cli("train", "--resume", out)
    assert ran.code == 0, ran.err
    assert same(Run.load(out), uninterrupted)
    assert not unfinished(out).exists()
    assert sorted(p.name for p in out.parent.iterdir()) == ["mine"]


def test_killed_in_the_second_phase_of_mobilenet(
    cli, teller, tmp_path: Path, mobilenet_base: Path, small_pictures: Callable[..., Path]
) -> None:
    data = small_pictures(tmp_path / "photos")
    words = (
        *(
            "network=mobilenet",
            f"data={data}",
            "size=32",
            "alpha=0.25",
            f"weights={mobilenet_base}",
        ),
        *("epochs=6", "head_epochs=2", "batch=4"),
    )
    uninterrupted = whole(tmp_path / "whole", teller, *words)
    out = tmp_path / "mine"
    killed(out, 0.05, *words, records=4, step_s=0.2)
    ran = cli("train", "--resume", out)
    assert ran.code == 0, ran.err
    assert "phase 1 of 2" not in ran.err
    assert "phase 2 of 2" in ran.err
    assert same(Run.load(out), uninterrupted)
