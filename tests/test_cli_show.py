import json
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.errors import BackendMissing
from edgeface.runtime import BACKENDS


def test_a_bundle_says_what_it_is(cli, fake_bundle: Path):
    ran = cli("show")
    assert ran.code == 0
    for part in (
        "3: ada, bob, cyd",
        "32x32 px gray",
        "haar",
        "margin 0.1",
        "run tiny",
        "keras 3.0",
    ):
        assert part in ran.out
    row = next(line for line in ran.out.splitlines() if line.startswith("tiny.int8.onnx"))
    assert row.split()[1:] == [
        "int8", "0.0", "kB", "0.950", "60", "0.980", "0.500",
        sealed.sha256(fake_bundle / "tiny.int8.onnx")[:12],
    ]  # fmt: skip
    assert "next: edgeface verify bundles/tiny" in ran.err


def test_the_json_of_a_bundle_is_its_manifest(cli, fake_bundle: Path):
    data = json.loads(cli("show", fake_bundle, "--json").out)
    manifest = json.loads((fake_bundle / "manifest.json").read_text())
    assert data["kind"] == "bundle"
    assert {k: data[k] for k in manifest} == manifest


def test_a_file_of_a_bundle_knows_its_labels_and_threshold(cli, fake_bundle: Path):
    ran = cli("show", fake_bundle / "tiny.int8.tflite")
    assert "pixels: uint8 (1, 32, 32, 1)" in ran.out
    assert "ada, bob, cyd" in ran.out
    data = json.loads(cli("show", fake_bundle / "tiny.int8.tflite", "--json").out)
    assert (data["kind"], data["scheme"], data["threshold"]) == ("file", "int8", 0.5)


def test_a_changed_bundle_is_not_shown(cli, fake_bundle: Path):
    (fake_bundle / "tiny.int8.tflite").write_bytes(b"other")
    ran = cli("show", fake_bundle / "tiny.float32.tflite")
    assert ran.code == 1
    assert "tiny.int8.tflite was changed" in ran.err


def copied(bundle: Path, name: str, to: Path) -> Path:
    alone = to / f"alone{Path(name).suffix}"
    alone.write_bytes((bundle / name).read_bytes())
    return alone


@pytest.mark.parametrize("name", ["friends.int8.tflite", "friends.float32.onnx"])
def test_a_file_that_stands_alone_says_what_it_is(cli, fixture_bundle: Path, tmp_path, name):
    if name.endswith("onnx"):
        pytest.importorskip("onnxruntime")
    alone = copied(fixture_bundle, name, tmp_path)
    ran = cli("show", alone)
    assert ran.code == 0
    said = dict(line.strip().split(None, 1) for line in ran.out.splitlines()[1:])
    assert "stands alone; edgeface wrote it" in ran.out
    assert said["labels"] == "3: Ari, Bo, Charlie"
    assert said["pixels"] == "32x32 px gray, uint8 0 to 255; face, margin 0.1"
    assert said["scheme"] == name.split(".")[1]
    assert said["use"] == "bench, predict, compare"
    data = json.loads(cli("show", alone, "--json").out)
    assert (data["size_bytes"], data["sha256"]) == (alone.stat().st_size, sealed.sha256(alone))
    (answer,) = data["outputs"]
    assert (answer["name"], answer["dtype"], answer["shape"]) == ("probs", "float32", [1, 3])
    assert (data["names_pictures"], data["missing"]) == (True, [])
    assert sum(count for kind, count in data["operators"].items() if "CONV" in kind.upper()) == 3


def test_a_file_without_its_runtime_is_still_shown(cli, fixture_bundle, tmp_path, monkeypatch):
    def missing(path: Path, threads: int):
        msg = "no runtime"
        raise BackendMissing(msg, remedy="pip install it")

    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    ran = cli("show", copied(fixture_bundle, "friends.int8.onnx", tmp_path))
    assert ran.code == 0
    assert "pip install it" in ran.out
    assert "pixels: uint8 (1, 32, 32, 1)" in ran.out


def test_a_run_shows_its_settings_and_figures(cli, tmp_path: Path):
    run = tmp_path / "runs" / "mine"
    with sealed.new_folder(run) as folder:
        (folder / "config.toml").write_text('schema = 1\nnetwork = "friends"\nseed = 7\n')
        (folder / "metrics.json").write_text('{"accuracy": 0.93}\n')
    ran = cli("show", run)
    assert ran.code == 0
    assert 'network = "friends"' in ran.out
    assert "0.93" in ran.out
    data = json.loads(cli("show", run, "--json").out)
    assert (data["kind"], data["config"]["seed"], data["metrics"]["accuracy"]) == ("run", 7, 0.93)
    (run / "metrics.json").write_text('{"accuracy": 1.00}\n')
    assert "metrics.json was changed" in cli("show", run).err


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.txt", b"x", "ends in .tflite or .onnx"),
        ("x.tflite", b"x", "no TFLite file"),
        ("y.onnx", b"", "no ONNX file"),
    ],
)
def test_what_is_no_model_is_refused(cli, tmp_path: Path, name, content, said):
    (tmp_path / name).write_bytes(content)
    ran = cli("show", tmp_path / name)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.real_data
def test_a_foreign_file_shows_what_it_carries_and_what_has_to_be_said(cli, real_data: Path):
    ran = cli("show", real_data / "models/mobilenet_v1/mobilenet_v1_0.5_128_quant.tflite")
    assert "another program wrote it" in ran.out
    assert "labels     1001, it does not say which" in ran.out
    assert "scaling -1..1: the range of its quantised input" in ran.out
    assert "with --labels FILE --colour rgb|bgr --framing" in ran.out
    data = json.loads(
        cli("show", real_data / "models/mlperf_tiny/vww_96_float.tflite", "--json").out
    )
    assert (data["foreign"], data["scheme"], data["answers"]) == (True, "float32", "probs")
    assert data["missing"] == ["--labels", "--colour", "--scaling", "--framing"]


@pytest.mark.real_data
def test_a_detector_is_no_classifier(cli, real_data: Path):
    pytest.importorskip("onnxruntime")
    path = real_data / "models/yunet/face_detection_yunet_2023mar.onnx"
    assert "bench; not predict or compare: answers (1, 6400, 1)" in cli("show", path).out
    free = cli("show", path.with_name("yunet_s_dynamic.onnx"))
    assert "float32 (any, 3, any, any)" in free.out
    assert "none but show" in free.out


@pytest.mark.real_data
def test_a_foreign_file_shows_all_its_outputs(cli, real_data: Path):
    path = real_data / "models/blazeface/face_detection_short_range.tflite"
    data = json.loads(cli("show", path, "--json").out)
    assert data["input"]["shape"] == [1, 128, 128, 3]
    assert len(data["outputs"]) == 2
