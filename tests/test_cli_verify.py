import json
from pathlib import Path

import numpy as np

from edgeface.errors import BackendMissing
from edgeface.runtime import BACKENDS


def missing(path: Path, threads: int):
    msg = "no runtime"
    raise BackendMissing(msg, remedy="pip install it")


def test_the_newest_bundle_is_verified_and_said(cli, fake_bundle: Path):
    ran = cli("verify")
    assert ran.code == 0
    assert ran.out.count(" same") == 4
    assert "bundles/tiny (the newest)" in ran.err
    assert "next: edgeface bench bundles/tiny" in ran.err


def test_json_has_every_file(cli, fake_bundle: Path):
    ran = cli("verify", fake_bundle, "--json")
    data = json.loads(ran.out)
    assert ran.code == 0
    assert [f["status"] for f in data["files"]] == ["same"] * 4
    assert data["files"][0]["largest"] == 0


def test_a_changed_byte_is_found_and_named(cli, fake_bundle: Path):
    for path in fake_bundle.iterdir():
        before = path.read_bytes()
        path.write_bytes(bytes([before[0] ^ 1]) + before[1:])
        ran = cli("verify", fake_bundle)
        assert ran.code == 1, path.name
        # A digit of the sums changed looks like the file of that line changed.
        assert (path.name if path.name != "SHA256SUMS" else "was changed") in ran.err
        assert ran.out == ""
        path.write_bytes(before)
    assert cli("verify", fake_bundle).code == 0


def test_the_first_differing_file_is_named(cli, fake_bundle: Path, fake_backend, monkeypatch):
    class Other(type(fake_backend)):
        def infer(self, pixels):
            return super().infer(pixels) + np.float32(0.1)

    monkeypatch.setitem(BACKENDS, "onnx", {"fake": lambda path, threads: Other()})
    ran = cli("verify", "--json")
    assert ran.code == 1
    assert "error: tiny.float32.onnx answers differently on this device: by up to 0.1" in ran.err
    assert [f["status"] for f in json.loads(ran.out)["files"]] == ["same"] * 2 + ["different"] * 2


def test_a_missing_runtime_is_said_and_is_an_error_only_when_it_was_asked_for(
    cli, fake_bundle: Path, monkeypatch
):
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    ran = cli("verify")
    assert ran.code == 0
    assert "not verified: pip install it" in ran.out
    asked = cli("verify", "--format", "onnx")
    assert asked.code == 1
    assert "remedy: pip install it" in asked.err


def test_nothing_that_could_be_verified_is_an_error(cli, fake_bundle: Path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    monkeypatch.setitem(BACKENDS, "tflite", {"fake": missing})
    ran = cli("verify")
    assert ran.code == 1
    assert "tiny.float32.tflite could not be verified" in ran.err


def test_one_file_of_a_bundle_can_be_named(cli, fake_bundle: Path):
    ran = cli("verify", fake_bundle / "tiny.int8.tflite", "--json")
    assert [f["file"] for f in json.loads(ran.out)["files"]] == ["tiny.int8.tflite"]


def test_a_file_that_stands_alone_has_nothing_to_be_held_against(cli, tmp_path: Path):
    (tmp_path / "x.tflite").write_bytes(b"x")
    ran = cli("verify", tmp_path / "x.tflite")
    assert ran.code == 2
    assert "no golden answers" in ran.err


def test_no_bundle_at_all(cli, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli("verify").code == 2
    assert "no such bundle or model file" in cli("verify", "nope").err
    (tmp_path / "empty").mkdir()
    ran = cli("verify", "empty")
    assert ran.code == 1
    assert "manifest.json" in ran.err
