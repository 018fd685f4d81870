import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.bench.measure import measure
from edgeface.bench.process import Died, Process
from edgeface.bench.task import Feed, Task
from edgeface.errors import BackendError, UsageError
from edgeface.report import Method

METHOD = Method(
    seconds=0.05, samples=None, least=24, windows=4, warmup_s=0.0, warmup_calls=1, processes=2
)


def task(path: Path, **changes: object) -> Task:
    name = path.name.split(".")
    made = Task(str(path), sealed.sha256(path), path.stat().st_size, name[-1], name[1])
    return replace(made, feed=Feed("golden", str(path.parent)), **changes)


@pytest.fixture
def int8(fixture_bundle: Path) -> Task:
    return task(fixture_bundle / "friends.int8.tflite")


def test_two_processes_measure_real_files_in_turns(fixture_bundle: Path, int8: Task):
    tasks = [int8, task(fixture_bundle / "friends.float32.tflite")]
    found = measure(tasks, METHOD)
    assert not found.interrupted
    assert found.skipped == found.notes == ()
    assert [c.scheme for c in found.cells] == ["int8", "float32"]
    for cell in found.cells:
        assert sorted(w.process for w in cell.windows) == [0, 0, 1, 1]
        assert all(len(w.samples_ns) >= 6 and min(w.samples_ns) > 0 for w in cell.windows)
        assert cell.input == "uint8 (1, 32, 32, 1)"
        assert cell.load_ns > 0 < cell.first_ns
        state = cell.windows[0].state
        assert state is not None
        assert state.voluntary is not None
    starts = sorted((w.started_ns, w.process) for c in found.cells for w in c.windows)
    assert {process for _, process in starts[:4]} == {0, 1}  # both are at it from the first round


def test_the_runtime_alone_takes_no_longer_than_through_our_call(int8: Task):
    found = measure([int8, replace(int8, stage="invoke")], replace(METHOD, processes=1))
    assert [c.stage for c in found.cells] == ["infer", "invoke"]
    assert all(c.samples_ns for c in found.cells)


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"threads": 999}, UsageError, "999 threads"),
        ({"path": "/nowhere/x.tflite"}, UsageError, "no such file"),
        ({"feed": Feed("random")}, None, ""),
    ],
)
def test_an_error_in_the_process_is_the_same_error_here(int8: Task, changes, kind, said):
    hand = Process(0, [replace(int8, **changes)], METHOD)
    try:
        if kind is None:
            assert hand.open(0).first_ns > 0
        else:
            with pytest.raises(kind, match=said):
                hand.open(0)
    finally:
        hand.end()


def test_a_broken_file_is_an_error(tmp_path: Path):
    path = tmp_path / "x.int8.tflite"
    path.write_bytes(b"no model at all")
    with pytest.raises(BackendError, match=r"x\.int8\.tflite"):
        measure([replace(task(path), feed=Feed("random"))], METHOD)


def test_a_process_that_is_killed_is_said_to_lack_memory(int8: Task):
    hand = Process(0, [int8], METHOD)
    try:
        hand.open(0)
        os.kill(hand.pid, signal.SIGKILL)
        with pytest.raises(Died, match="memory ran out"):
            hand.window(0)
        assert hand.stop() is None
    finally:
        hand.end()


def test_a_process_that_ends_by_itself_is_quoted(int8: Task):
    hand = Process(0, [int8], METHOD)
    try:
        with pytest.raises(Died, match=r"exit code 1 .*IndexError"):
            hand.open(99)
    finally:
        hand.end()


@pytest.mark.alone
def test_ctrl_c_fetches_what_the_window_under_way_had_gathered(int8: Task):
    long = replace(METHOD, seconds=240.0, windows=4, least=24)
    hand = Process(0, [int8], long)
    try:
        hand.open(0)
        main = threading.main_thread().ident
        assert main is not None
        threading.Timer(0.5, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            hand.window(0)
        window = hand.stop()
        assert window is not None
        assert len(window.samples_ns) > 10
    finally:
        hand.end()


def test_a_process_ends_with_the_one_that_started_it(int8: Task, tmp_path: Path):
    program = tmp_path / "parent.py"
    program.write_text(
        "import os, sys\n"
        "from edgeface.bench.process import Process\n"
        "from edgeface.report import Method\n"
        "print(Process(0, [], Method(1.0, None, 1, 1)).pid, flush=True)\n"
        "os._exit(0)\n"
    )
    said = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    child = int(said.stdout)
    for _ in range(200):
        if not Path(f"/proc/{child}").exists() or "\nState:\tZ" in _status(child):
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the process outlived its parent")


def _status(process: int) -> str:
    try:
        return Path(f"/proc/{process}/status").read_text()
    except OSError:
        return "\nState:\tZ"


def test_a_module_of_the_current_folder_is_not_imported(
    int8: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "numpy.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(tmp_path)
    hand = Process(0, [int8], METHOD)
    try:
        assert hand.open(0).backend
    finally:
        hand.end()
