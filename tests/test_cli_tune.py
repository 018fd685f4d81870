"""``edgeface tune``, and what run, predict and show take of it. No time is asserted."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from edgeface.errors import BackendMissing
from edgeface.runtime import BACKENDS
from edgeface.tuned import FILE, Home, Tuned

QUICK = ("--seconds", "1")


def missing(path: Path, wanted: object) -> None:
    msg = "no runtime"
    raise BackendMissing(msg, remedy="pip install it")


@pytest.fixture
def tuned(cli, fake_bundle: Path) -> Tuned:
    assert cli("tune", *QUICK, "--max-threads", 1).code == 0
    return Tuned.load(fake_bundle / FILE)


def rewrite(folder: Path, tuned: Tuned, **changes: object) -> Tuned:
    changed = replace(tuned, **changes)
    changed.write(folder / FILE)
    return changed


def test_it_writes_what_it_found_beside_the_manifest(cli, fake_bundle: Path):
    ran = cli("tune", *QUICK)
    assert ran.code == 0, ran.err
    found = Tuned.load(fake_bundle / FILE)
    assert found.backend == "fake"
    assert found.runtime == "fake 1"
    assert found.file in {f.name for f in fake_bundle.iterdir()}
    assert {t.file for t in found.cells} == {
        f"tiny.{s}.{f}" for s in ("float32", "int8") for f in ("tflite", "onnx")
    }
    assert sum(t.fate == "chosen" for t in found.cells) == 1
    assert f"chosen: {found.reasons[0]}" in ran.out
    assert "gates: none" in ran.out
    assert "next: edgeface run bundles/tiny --source 0" in ran.err
    assert cli("verify").code == 0  # it is not among the checksums


def test_json_is_what_was_written(cli, fake_bundle: Path):
    ran = cli("tune", *QUICK, "--json", "--objective", "p90")
    data = json.loads(ran.out)
    written = json.loads((fake_bundle / FILE).read_text())
    assert data.pop("written") == f"bundles/tiny/{FILE}"
    assert data == written
    assert data["objective"] == "p90"


def test_a_dry_run_measures_and_writes_nothing(cli, fake_bundle: Path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing, "other": missing})
    before = sorted(fake_bundle.iterdir())
    ran = cli("tune", "--dry-run", "--max-threads", 1, "--json")
    data = json.loads(ran.out)
    assert len(data["cells"]) == 2 + 2 * 2
    assert data["threads"] == [1]
    assert sorted(fake_bundle.iterdir()) == before
    assert "cells in at most 60 s" in cli("tune", "--dry-run").out


def test_a_backend_that_is_missing_is_named_with_its_line(cli, fake_bundle: Path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "onnx", {"other": missing})
    ran = cli("tune", *QUICK)
    assert ran.code == 0
    assert "not tried: other: no runtime; pip install it" in ran.err
    found = Tuned.load(fake_bundle / FILE)
    assert [(o.what, o.remedy) for o in found.left_out] == [("other", "pip install it")]
    monkeypatch.setitem(BACKENDS, "tflite", {"other": missing})
    ran = cli("tune", *QUICK)
    assert ran.code == 1
    assert "remedy: pip install it" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--objective", "mean"), "one of p50, p90"),
        (("--device", "npu"), "one of cpu, gpu"),
        (("--leave-cores", 4096), "none would be left"),
        (("--seconds", "0"), "--seconds"),
        (("--max-threads", "0"), "--max-threads"),
        (("--out", "x.txt"), "ends in .json"),
        (("--scheme", "int4"), "holds no int4 file"),
        (("nope",), "no such bundle"),
        (("bundles/tiny/tiny.int8.onnx",), "single file"),
        (("--out", "bundles/tiny/golden.json"), "only name"),
    ],
)
def test_a_wrong_call_is_refused_before_anything_is_measured(cli, fake_bundle, words, said):
    ran = cli("tune", *words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    assert not (fake_bundle / FILE).exists()


def test_what_it_did_not_write_is_not_replaced(cli, fake_bundle: Path, tmp_path: Path):
    place = tmp_path / "mine.json"
    place.write_text('{"schema": 1}')
    ran = cli("tune", *QUICK, "--out", place)
    assert ran.code == 2
    assert "edgeface tune did not write it" in ran.err
    assert place.read_text() == '{"schema": 1}'
    assert cli("tune", *QUICK, "--out", place, "--force").code == 0
    ran = cli("tune", *QUICK, "--out", place)  # its own is renewed without a word
    assert ran.code == 0
    assert f"--device-file {place}" in ran.err
    assert not (fake_bundle / FILE).exists()


def test_a_place_that_cannot_be_written_is_said_before_the_search(cli, fake_bundle, monkeypatch):
    import os

    monkeypatch.setattr(os, "access", lambda path, mode: False)
    ran = cli("tune", "--seconds", "3000")
    assert ran.code == 1
    assert "could not be written" in ran.err
    assert "--out FILE.json" in ran.err
    assert "--device-file FILE.json" in ran.err


def test_files_outside_the_gates_are_not_candidates(cli, fake_bundle: Path, tmp_path: Path):
    recipe = tmp_path / "r.toml"
    text = 'name = "r"\ntarget = "any"\nformats = ["tflite", "onnx"]\nschemes = ["float32", "int8"]'
    recipe.write_text(f'{text}\n[gates]\nschemes = ["int8"]\nmin_accuracy = 0.99\n')
    ran = cli("tune", *QUICK, "--recipe", recipe)
    found = Tuned.load(fake_bundle / FILE)
    assert {t.file for t in found.cells} == {"tiny.float32.tflite", "tiny.float32.onnx"}
    assert "tiny.int8.onnx: misses a gate: min_accuracy 0.99, measured 0.95" in ran.out
    assert "gates: those of r.toml" in ran.out
    recipe.write_text(f"{text}\n[gates]\nmin_accuracy = 0.99\n")
    ran = cli("tune", *QUICK, "--recipe", recipe)
    assert ran.code == 3
    assert "no file may be chosen" in ran.err


def test_a_limit_on_latency_is_held_against_this_board(cli, fake_bundle: Path, tmp_path: Path):
    recipe = tmp_path / "r.toml"
    head = 'name = "r"\ntarget = "this machine"\nformats = ["tflite"]\nschemes = ["int8"]\n'
    recipe.write_text(f"{head}[gates]\nmax_p50_ms = 0.0\n")
    ran = cli("tune", *QUICK, "--recipe", recipe, "--scheme", "int8")
    assert ran.code == 3
    assert "nothing was written" in ran.err
    assert not (fake_bundle / FILE).exists()


def test_predict_takes_file_backend_and_threads_and_says_so(cli, tuned, fake_bundle, monkeypatch):
    rewrite(fake_bundle, tuned, file="tiny.float32.onnx", threads=3, sha256=_sha(fake_bundle))
    ran = cli("predict", "bundles/tiny", _picture(fake_bundle), "--detector", "none", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["file"] == "tiny.float32.onnx"
    assert "tuned for this board: " in ran.err
    ran = cli(
        *("run", "bundles/tiny", "--source", _picture(fake_bundle), "--detector", "none", "--json")
    )
    found = json.loads(ran.out)
    assert (found["file"], found["threads"], found["tuned"]) == ("tiny.float32.onnx", 3, True)
    again = cli(
        *("run", "bundles/tiny", "--source", _picture(fake_bundle), "--detector", "none", "--json"),
        *("--threads", 2, "--scheme", "float32"),
    )
    found = json.loads(again.out)
    assert (found["file"], found["threads"], found["tuned"]) == ("tiny.float32.onnx", 2, True)
    assert "2 threads, as asked" in again.err


def test_options_win_over_it(cli, tuned, fake_bundle: Path):
    rewrite(fake_bundle, tuned, file="tiny.float32.onnx", threads=3, sha256=_sha(fake_bundle))
    words = ("run", "bundles/tiny", "--source", _picture(fake_bundle), "--detector", "none")
    ran = cli(*words, "--scheme", "int8", "--json")
    found = json.loads(ran.out)
    assert (found["file"], found["threads"], found["tuned"]) == ("tiny.int8.tflite", 1, False)
    assert "another file was asked for" in ran.err


def test_it_is_left_aside_elsewhere_and_the_line_that_renews_it_is_said_once(
    cli, tuned, fake_bundle: Path
):
    words = ("predict", "bundles/tiny", _picture(fake_bundle), "--detector", "none")
    cases = [
        ({"home": Home("Raspberry Pi 9", "x", "aarch64", 64, 4)}, "another board"),
        ({"home": replace(tuned.home, cores_usable=99)}, "cores usable 99 there"),
        ({"packages": {"ai-edge-litert": "0.0"}}, "the runtimes are others now"),
        ({"sha256": "0" * 64}, "is another file now"),
        ({"file": "gone.tflite"}, "holds no gone.tflite"),
        ({"backend": "cray"}, "on cray"),
    ]
    for changes, said in cases:
        rewrite(fake_bundle, tuned, **changes)
        ran = cli(*words)
        assert ran.code == 0, ran.err
        assert said in ran.err
        assert ran.err.count("edgeface tune bundles/tiny") == 1
        assert "model: tiny.int8.tflite" in ran.err
        assert f"{FILE}: does not hold here" in cli("show", "bundles/tiny").out
    (fake_bundle / FILE).write_text("{")
    ran = cli(*words)
    assert ran.code == 0
    assert "not valid JSON" in ran.err
    assert "cannot be used" in cli("show", "bundles/tiny").out
    assert json.loads(cli("show", "bundles/tiny", "--json").out)["tuned"]["holds"] is False


def test_a_device_file_by_name_has_to_hold(cli, tuned, fake_bundle: Path, tmp_path: Path):
    place = tmp_path / "pi.json"
    words = ("predict", "bundles/tiny", _picture(fake_bundle), "--detector", "none")
    ran = cli(*words, "--device-file", place)
    assert ran.code == 2
    assert "no such file" in ran.err
    replace(tuned, threads=1).write(place)
    (fake_bundle / FILE).unlink()
    assert "tuned for this board" in cli(*words, "--device-file", place).err
    replace(tuned, sha256="0" * 64).write(place)
    ran = cli(*words, "--device-file", place)
    assert ran.code == 1
    assert f"edgeface tune bundles/tiny --out {place}" in ran.err
    for content, said in (("nonsense", "not valid JSON"), ('{"schema": 9}', "schema 9")):
        place.write_text(content)
        ran = cli(*words, "--device-file", place)
        assert ran.code == 1
        assert said in ran.err


def test_a_hostile_number_of_threads_is_refused(cli, tuned, fake_bundle: Path, tmp_path: Path):
    place = tmp_path / "many.json"
    replace(tuned, threads=100_000).write(place)
    words = ("predict", "bundles/tiny", _picture(fake_bundle), "--detector", "none")
    ran = cli(*words, "--device-file", place)
    assert ran.code == 1
    assert "1 to 256" in ran.err


def test_show_mentions_it(cli, tuned, fake_bundle: Path):
    ran = cli("show", "bundles/tiny")
    assert f"{FILE}: for this board {tuned.words}" in ran.out
    assert tuned.reasons[0] in ran.out
    data = json.loads(cli("show", "bundles/tiny", "--json").out)
    assert data["tuned"]["file"] == tuned.file
    assert data["tuned"]["holds"] is True


def test_what_was_written_reads_back(tuned: Tuned, tmp_path: Path):
    tuned.write(tmp_path / "x.json")
    assert Tuned.load(tmp_path / "x.json") == tuned


def test_the_committed_schema_is_still_read(fixtures: Path):
    found = Tuned.load(fixtures / "device-schema1.json")
    assert found.file == "friends.int8.tflite"
    assert found.cells
    assert sum(t.fate == "chosen" for t in found.cells) == 1


def test_the_fixture_is_tuned_for_real(cli, fixture_bundle: Path, tmp_path: Path):
    place = tmp_path / "device.json"
    ran = cli("tune", fixture_bundle, "--seconds", 2, "--out", place, "--max-threads", 1)
    assert ran.code == 0, ran.err
    found = Tuned.load(place)
    assert found.sha256 in (fixture_bundle / "SHA256SUMS").read_text()
    assert found.p50_interval_ms[0] <= found.p50_ms <= found.p50_interval_ms[1]
    used = cli(
        *("predict", fixture_bundle, _picture(tmp_path), "--detector", "none"),
        *("--device-file", place, "--json"),
    )
    assert json.loads(used.out)["file"] == found.file


def _sha(folder: Path, name: str = "tiny.float32.onnx") -> str:
    from edgeface.sealed import sha256

    return sha256(folder / name)


def _picture(near: Path) -> Path:
    import cv2
    import numpy as np

    path = near.parent / "picture.png"
    if not path.exists():
        cv2.imwrite(str(path), np.full((40, 40, 3), 120, np.uint8))
    return path
