import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.bench import plan, process
from edgeface.report import Report


@pytest.fixture(autouse=True)
def _in_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(plan._TOTAL_S, "quick", 0.1)
    monkeypatch.setitem(plan._FEWEST_S, "quick", 0.02)
    monkeypatch.setattr(process, "Process", process.Here.launcher())


@pytest.fixture
def report(cli, fake_bundle: Path, tmp_path: Path) -> Path:
    out = tmp_path / "old.bench.json"
    ran = cli("bench", "--quick", "--format", "tflite", "--out", out)
    assert ran.code == 0
    assert f"next: edgeface bench verify {out}" in ran.err
    return out


def changed(path: Path, factor: float) -> Path:
    """The same report, had everything taken so many times as long."""
    old = Report.load(path)
    cells = [
        replace(
            cell,
            windows=tuple(
                replace(w, samples_ns=tuple(int(factor * s) for s in w.samples_ns))
                for w in cell.windows
            ),
        )
        for cell in old.cells
    ]
    sealed.write_file(path, replace(old, cells=tuple(cells)).to_json())
    return path


def test_the_same_cells_are_measured_again_on_the_same_bytes(cli, report: Path, tmp_path: Path):
    out = tmp_path / "new.bench.json"
    ran = cli("bench", "verify", report, "--json", "--out", out)
    data = json.loads(ran.out)
    assert ran.code in (0, 3)
    assert data["reproduced"] is (ran.code == 0)
    assert [c["file"] for c in data["cells"]] == ["tiny.float32.tflite", "tiny.int8.tflite"]
    assert {c["word"] for c in data["cells"]} <= {"reproduced", "differs", "cannot tell"}
    assert data["differences"] == []
    old, new = Report.load(report), Report.load(out)
    assert (new.method, new.subject) == (old.method, old.subject)
    assert [(c.sha256, c.stage) for c in new.cells] == [(c.sha256, c.stage) for c in old.cells]


def test_what_took_a_hundred_times_as_long_differs(cli, report: Path):
    ran = cli("bench", "verify", changed(report, 100))
    assert ran.code == 3
    assert ran.out.count("differs") == 2
    assert "2 of 2 cells differ" in ran.err


def test_files_are_looked_for_where_they_are_said_to_be(cli, report: Path, tmp_path: Path):
    moved = tmp_path / "elsewhere"
    shutil.move(tmp_path / "bundles" / "tiny", moved)
    ran = cli("bench", "verify", report)
    assert ran.code == 1
    assert "none of its files is in" in ran.err
    assert "--files BUNDLE" in ran.err
    assert cli("bench", "verify", report, "--files", moved).code in (0, 3)


def test_a_file_with_other_bytes_cannot_be_told(cli, report: Path, tmp_path: Path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("manifest.json", "SHA256SUMS", "golden.npz", "tiny.int8.tflite"):
        shutil.copy(tmp_path / "bundles" / "tiny" / name, alone / name)
    (alone / "tiny.float32.tflite").write_bytes(b"tflite float3x")
    ran = cli("bench", "verify", report, "--files", alone)
    assert ran.code == 1  # its bundle is damaged: golden inputs are not taken from it
    assert "tiny.float32" in ran.err


def test_the_folder_verify_is_measured_when_its_path_is_given(cli, fake_bundle: Path, tmp_path):
    shutil.copytree(fake_bundle, tmp_path / "verify")
    ran = cli("bench", "./verify", "--quick", "--scheme", "int8", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["subject"] == "verify"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("verify",), 2, "Missing argument 'FILE'"),
        (("verify", "none.bench.json"), 1, "cannot be read"),
        (("verify", "{}", "--files", "none"), 2, "no such bundle, folder or file"),
        (("verify", "{}", "--out", "x.json"), 2, "ends in .bench.json"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(cli, report: Path, words, code, said):
    ran = cli("bench", *(str(w).replace("{}", str(report)) for w in words))
    assert ran.code == code
    assert said in ran.err
    assert ran.out == ""


def test_the_help_names_both_commands(cli):
    assert "bench verify" in cli("--help").out
    assert "edgeface bench verify FILE" in " ".join(cli("bench", "--help").out.split())
    assert "edgeface bench verify [OPTIONS]" in cli("bench", "verify", "--help").out
