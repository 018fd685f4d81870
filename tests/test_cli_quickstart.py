"""``edgeface quickstart``: the whole way on drawn faces."""

import json
from pathlib import Path

import pytest

from edgeface.bundle import Bundle
from edgeface.cli import quickstart


def test_what_stands_there_is_not_touched(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("quickstart").mkdir()
    Path("quickstart/thesis.txt").write_text("x")
    for words in ((), ("--force",)):
        ran = cli("quickstart", *words)
        assert ran.code == 2
        assert "quickstart exists already" in ran.err
        assert "choose another --out" in ran.err
    assert [p.name for p in Path("quickstart").iterdir()] == ["thesis.txt"]


def test_a_step_that_fails_ends_it_with_its_exit_code(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    monkeypatch.setattr(quickstart, "PEOPLE", 1000)  # more than can be drawn
    ran = cli("quickstart", "--out", "there")
    assert ran.code == 2
    assert "[1/7] edgeface data draw" in ran.err
    assert "[2/7]" not in ran.err
    assert not ran.out


@pytest.mark.tf
@pytest.mark.slow
def test_the_whole_way(cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parent.parent))
    for name, small in {"PEOPLE": 2, "PICTURES": 14, "STRANGERS": 1, "SECONDS": 2}.items():
        monkeypatch.setattr(quickstart, name, small)
    monkeypatch.setattr(quickstart, "EPOCHS", 3)
    ran = cli("quickstart", "--seed", 3)
    assert ran.code == 0, ran.err
    for step in range(1, 8):
        assert f"[{step}/7] edgeface" in ran.err
    bundle = Bundle.load(Path("quickstart/bundles/drawn"))
    for file in bundle.manifest.files:
        assert any(line.startswith(file.name) for line in ran.out.splitlines())
    page = Path("quickstart/report.html").read_text("utf-8")
    assert all(file.name in page for file in bundle.manifest.files)
    assert 'src="http' not in page
    assert Path("quickstart/report.png").stat().st_size > 10_000
    lines = Path("quickstart/events.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert events[0]["frame"] == 0
    assert len({e["frame"] for e in events}) > 10
    assert {e["name"] for e in events} <= {*bundle.manifest.labels, "unknown", "nobody"}
    assert Path("quickstart/named.mp4").stat().st_size > 10_000
    assert "next: edgeface train friends PHOTOS" in ran.err
    assert [p.name for p in Path().iterdir()] == ["quickstart"]
