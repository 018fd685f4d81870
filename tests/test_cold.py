import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgeface.bench import cold, fresh, memory, once
from edgeface.bench.cold import cold_starts, drop_page_cache, longest_steps, looking, told
from edgeface.bench.fresh import Marked
from edgeface.bench.memory import memory_of
from edgeface.bench.once import Asked
from edgeface.bench.photographs import Photograph, drawn_photographs
from edgeface.errors import BackendError, EdgefaceError, InputError, UsageError
from edgeface.report import ColdStart

MIB = 2**20


class FakeStarts:
    """Processes whose steps take as long as the name of their file says, in milliseconds."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.started: list[str] = []
        self._stop_after = stop_after

    def __call__(self, asked: Asked, watch: str) -> Marked:
        assert watch == "time"
        if len(self.started) == self._stop_after:
            raise KeyboardInterrupt
        self.started.append(asked.path)
        ms, begin = int(Path(asked.path).stem), 10**9 * len(self.started)
        marks = {"interpreter": begin + ms * 10**6, "numpy": begin + 4 * ms * 10**6}
        return Marked(begin, "fake 1", marks, uncompiled=len(self.started) % 2)


def asked(path: str) -> Asked:
    return Asked(path, "fake", threads=2)


def test_steps_are_what_lies_between_the_marks() -> None:
    starts = FakeStarts()
    (one, two), interrupted = cold_starts([asked("a/5.tflite"), asked("7.onnx")], 3, start=starts)
    assert not interrupted
    assert (one.file, one.backend, one.threads) == ("5.tflite", "fake 1", 2)
    assert one.steps == ("interpreter", "numpy")
    assert one.starts_ns == ((5_000_000, 15_000_000),) * 3
    assert two.totals_ns == (28_000_000,) * 3
    assert one.page_cache == "warm"
    assert longest_steps(one, 1) == [("numpy", pytest.approx(0.75))]


def test_one_start_of_each_is_not_counted_and_the_others_come_in_shuffled_rounds() -> None:
    starts = FakeStarts()
    files = [asked(f"{ms}.tflite") for ms in range(1, 6)]
    cold_starts(files, 8, seed=1, start=starts)
    names = [one.path for one in files]
    assert starts.started[:5] == names
    rounds = [tuple(starts.started[i : i + 5]) for i in range(5, 45, 5)]
    assert all(sorted(r) == names for r in rounds)
    assert len(set(rounds)) > 1
    again = FakeStarts()
    cold_starts(files, 8, seed=1, start=again)
    assert again.started == starts.started


def test_interrupted_starts_are_kept() -> None:
    found, interrupted = cold_starts(
        [asked("5.tflite"), asked("6.tflite")], 4, start=FakeStarts(stop_after=3)
    )
    assert interrupted
    assert [len(one.starts_ns) for one in found] == [1]  # one has none: it has no record
    with pytest.raises(KeyboardInterrupt):
        cold_starts([asked("5.tflite")], 4, start=FakeStarts(stop_after=1))


def test_the_page_cache_is_dropped_before_every_counted_start() -> None:
    order: list[str] = []
    starts = FakeStarts()

    def start(one: Asked, watch: Any) -> Marked:
        order.append("start")
        return starts(one, watch)

    ((one,), _) = cold_starts(
        [asked("5.tflite")], 2, drop=lambda: order.append("drop"), start=start
    )
    assert order == ["start", "drop", "start", "drop", "start"]
    assert one.page_cache == "dropped"


def test_dropping_writes_what_the_kernel_reads_and_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(EdgefaceError, match="cannot be dropped") as error:
        drop_page_cache(tmp_path)
    assert "as root" in error.value.remedy
    place = tmp_path / "proc/sys/vm/drop_caches"
    place.parent.mkdir(parents=True)
    place.write_text("0\n")
    drop_page_cache(tmp_path)
    assert place.read_text() == "1\n"


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "drawn.jpg"
    path.write_bytes(drawn_photographs(seed=0, count=1)[0].data)
    return path


def test_a_real_start_reaches_a_name_and_a_process_tells_its_memory(
    fixture_bundle: Path, photograph: Path
) -> None:
    file = str(fixture_bundle / "friends.int8.tflite")
    look = Asked(file, "litert", picture=str(photograph), front="edgeface.cli.app")
    ((one,), _) = cold_starts([look], 1)
    assert one.steps == (
        "interpreter", "command line", "numpy", "cv2", "edgeface", "runtime", "checksums",
        "detector", "open", "picture", "detect", "crop", "first inference", "decide",
    )  # fmt: skip
    assert min(one.starts_ns[0]) >= 0
    assert one.backend.startswith("litert ")
    held = memory_of(look)
    assert [step.step for step in held.steps] == [
        "interpreter", "numpy", "cv2", "edgeface", "runtime", "open", "input", "first inference",
        "100 inferences",
    ]  # fmt: skip
    assert held.base_bytes > 10 * MIB
    assert held.base_bytes + held.runtime_bytes + held.model_bytes == held.steps[-2].rss_bytes
    assert held.peak_bytes >= max(step.rss_bytes for step in held.steps)
    peaks = [step.peak_bytes for step in held.steps]
    assert peaks == sorted(peaks)


def test_a_picture_without_a_face_is_an_error_of_ours(
    fixture_bundle: Path, small_pictures: Callable[..., Path], tmp_path: Path
) -> None:
    nobody = next(small_pictures(tmp_path, ("ada",), 1).rglob("*.png"))
    file = str(fixture_bundle / "friends.int8.tflite")
    with pytest.raises(BackendError, match="found no face") as error:
        cold_starts([Asked(file, "litert", picture=str(nobody))], 1)
    assert "--detector none" in error.value.remedy


def test_a_file_that_the_runtime_does_not_take_is_an_error_of_ours(tmp_path: Path) -> None:
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    with pytest.raises(BackendError, match=r"broken\.tflite"):
        memory_of(Asked(str(broken), "litert"))


def _ended(monkeypatch: pytest.MonkeyPatch, status: int, out: bytes, err: bytes = b"") -> None:
    def run(command: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(command, status, out, err)

    monkeypatch.setattr(fresh.subprocess, "run", run)


def test_a_process_that_dies_is_told_with_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    _ended(monkeypatch, -11, b"", b"first\nSegmentation fault\n")
    with pytest.raises(BackendError, match="ended with signal 11: Segmentation fault"):
        fresh.start(asked("a.tflite"), "time")
    _ended(monkeypatch, 3, b"[1, 2]\n")
    with pytest.raises(BackendError, match=r"ended with status 3$"):
        fresh.start(asked("a.tflite"), "time")


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(command, 300)

    monkeypatch.setattr(fresh.subprocess, "run", run)
    with pytest.raises(BackendError, match="no answer"):
        fresh.start(asked("a.tflite"), "time")


def test_what_runtimes_print_does_not_hide_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"backend": "fake 1", "marks": [["open", 7]], "uncompiled": 2}
    _ended(monkeypatch, 0, b"INFO: hello\n" + json.dumps(said).encode() + b"\n")
    marked = fresh.start(asked("a.tflite"), "time")
    assert (marked.marks, marked.uncompiled) == ({"open": 7}, 2)


def test_modules_without_bytecode_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "just_written.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = once.uncompiled()
    __import__("just_written")
    try:
        assert once.uncompiled() == before + 1
    finally:
        del sys.modules["just_written"]


def test_a_kernel_that_tells_no_share_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    held = once.resident()
    assert held["rss_bytes"] is not None
    assert held["rss_bytes"] > 10 * MIB
    monkeypatch.setattr(
        once, "_kib", lambda path: {"VmRSS": 5, "VmHWM": 6} if "status" in path else {}
    )
    assert once.resident() == {"rss_bytes": 5, "pss_bytes": None, "peak_bytes": 6}


def test_nothing_heavy_is_imported_before_the_steps_that_time_it() -> None:
    code = (
        "import sys; import edgeface.bench.once; "
        "print([m for m in ('numpy', 'cv2', 'typer', 'ai_edge_litert') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_five_starts_and_a_hundred_inferences_are_usual() -> None:
    starts = FakeStarts()
    ((one,), _) = cold_starts([asked("5.tflite")], start=starts)
    assert len(one.starts_ns) == cold.STARTS == 5

    def start(one: Asked, watch: str) -> Marked:
        assert (watch, one.again, one.picture) == ("memory", 100, "")
        read = {"rss_bytes": 3 * MIB, "pss_bytes": None, "peak_bytes": 4 * MIB}
        steps = ("edgeface", "runtime", "open", "first inference", "100 inferences")
        return Marked(0, "fake 1", dict.fromkeys(steps, read), 0)

    held = memory.memory_of(Asked("5.tflite", "fake", picture="face.jpg"), start=start)
    assert (held.base_bytes, held.model_bytes, held.peak_bytes) == (3 * MIB, 0, 4 * MIB)


def test_a_start_loads_nothing_that_only_a_report_needs() -> None:
    code = (
        "import sys; import edgeface.vision.pipeline; "
        "from edgeface.runtime.litert import interpreter_class; interpreter_class(); "
        "print([m for m in ('importlib.metadata', 'edgeface.board') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_start_is_given_the_first_photograph_with_a_face(
    fixture_bundle: Path, small_pictures: Callable[..., Path], tmp_path: Path
) -> None:
    alone = Asked(str(fixture_bundle / "friends.int8.tflite"), "litert")
    path = next(small_pictures(tmp_path / "small", ("ada",), 1).rglob("*.png"))
    nobody, (face,) = Photograph("noise", path.read_bytes()), drawn_photographs(seed=0, count=1)
    given = looking(alone, [nobody, face], tmp_path, front="edgeface.cli.app")
    assert Path(given.picture).read_bytes() == face.data
    assert (given.front, given.detector) == ("edgeface.cli.app", "")
    first = looking(alone, [nobody, face], tmp_path, detector="none")
    assert Path(first.picture).read_bytes() == nobody.data
    with pytest.raises(InputError, match="haar found no face on any of 1 photographs"):
        looking(alone, [nobody], tmp_path)
    with pytest.raises(UsageError, match="unknown detector"):
        looking(alone, [face], tmp_path, detector="cascade")


def test_where_the_time_went_is_said_and_what_bytecode_would_spare() -> None:
    facts = ("f.tflite", "litert 2", 1, ("interpreter", "numpy", "open", "decide"))
    kept = ColdStart(*facts, ((10, 50, 30, 10), (10, 50, 30, 10)))
    (line,) = told(kept)
    assert line.endswith("most of a cold start is numpy 50%, open 30%, interpreter 10%")
    *_, line = told(ColdStart(*facts, ((10, 50, 30, 10),), uncompiled=305))
    assert "compiled 305 modules at every start of f.tflite" in line
    assert "compileall" in line
