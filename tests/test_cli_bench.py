import json
from pathlib import Path

import pytest

from edgeface.bench import plan, process
from edgeface.errors import BackendMissing
from edgeface.report import Report
from edgeface.runtime import BACKENDS


@pytest.fixture(autouse=True)
def _in_a_moment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fake backend is in this process alone; nothing here depends on how long it is timed."""
    monkeypatch.setitem(plan._TOTAL_S, "quick", 0.1)
    monkeypatch.setitem(plan._FEWEST_S, "quick", 0.02)
    if "fake_bundle" in request.fixturenames:
        monkeypatch.setattr(process, "Process", process.Here.launcher())


def missing(path: Path, wanted: object):
    msg = "no runtime"
    raise BackendMissing(msg, remedy="pip install it")


def test_the_table_ends_with_the_fastest_and_begins_with_the_board(cli, fake_bundle: Path):
    ran = cli("bench", "--quick")
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0].startswith("board: ")
    assert "golden inputs of the bundle" in lines[1]
    assert [line.split()[0] for line in lines[3:7]] == [
        "tiny.float32.tflite",
        "tiny.int8.tflite",
        "tiny.float32.onnx",
        "tiny.int8.onnx",
    ]
    assert any(line.startswith("fastest here: ") for line in lines)
    assert "next: edgeface run bundles/tiny" in ran.err


def test_json_has_what_was_promised_for_each_cell(cli, fake_bundle: Path):
    ran = cli("bench", fake_bundle, "--quick", "--threads", 1, "--threads", 2, "--json")
    data = json.loads(ran.out)
    assert len(data["cells"]) == 8
    assert [c["threads"] for c in data["cells"]] == [1, 2] * 4
    for cell in data["cells"]:
        assert cell["backend"] == "fake 1"
        assert cell["n"] == len(cell["samples_ns"]) >= 48
        assert (cell["stage"], cell["device"]) == ("infer", "cpu")
        assert cell["p50_interval_ms"][0] <= cell["p50_ms"] <= cell["p50_interval_ms"][1]
        assert (cell["p90_ms"] is None) == (cell["n"] < 64)
        assert cell["verdict"] in ("VALID", "UNSTEADY", "INVALID")
        assert (cell["reason"] == "") == (cell["verdict"] == "VALID")
    assert data["method"]["input"] == "golden"
    assert data["skipped"] == []
    assert data["board"]["cores"]


def test_a_format_and_a_scheme_choose(cli, fake_bundle: Path):
    ran = cli("bench", "--quick", "--json", "--format", "onnx", "--scheme", "int8")
    assert [c["file"] for c in json.loads(ran.out)["cells"]] == ["tiny.int8.onnx"]
    assert "holds no onnx int4 file" in cli("bench", "--format", "onnx", "--scheme", "int4").err


def test_out_writes_a_report_that_reads_back_and_replaces_only_when_told(
    cli, fake_bundle, tmp_path
):
    out = tmp_path / "new folder" / "x.bench.json"
    words = ("bench", "--quick", "--format", "onnx", "--out", out)
    ran = cli(*words, "--json")
    report = Report.load(out)
    assert [c.file for c in report.cells] == ["tiny.float32.onnx", "tiny.int8.onnx"]
    printed = json.loads(ran.out)["cells"]
    assert [list(c.samples_ns) for c in report.cells] == [c["samples_ns"] for c in printed]
    again = cli(*words)
    assert again.code == 2
    assert "exists already" in again.err
    assert again.out == ""
    assert cli(*words, "--force").code == 0


def test_nothing_is_written_unless_asked(cli, fake_bundle: Path, tmp_path: Path):
    before = sorted(tmp_path.rglob("*"))
    assert cli("bench", "--quick").code == 0
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "x.json"), "ends in .bench.json"),
        (("--quick", "--seconds", "1"), "exclude each other"),
        (("nope",), "no such bundle or model file"),
        (("--threads", "0"), "--threads"),
        (("--threads", "999"), "999 threads"),
        (("--seconds", "0"), "--seconds"),
        (("--quick", "--official"), "exclude each other"),
        (("--backend", "nope"), "--backend nope: one of"),
        (("--device", "tpu"), "'tpu' is unknown"),
        (("--pictures", "x"), "add --stages"),
        (("--fail-if", "p90>20"), "p90 takes ns, us, ms, s"),
        (("--fail-if", "ratio>1.05"), "add --against FILE"),
        (("--html", "x", "--markdown", "x"), "both name x"),
        (("--html", "."), "a folder, not a file"),
    ],
)
def test_a_wrong_call_is_refused(cli, fake_bundle: Path, words, said):
    ran = cli("bench", *words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


def test_the_report_repeats_itself_by_its_own_words(cli, fake_bundle: Path, tmp_path: Path):
    out = tmp_path / "x.bench.json"
    words = ("--threads", 2, "--scheme", "int8", "--random", "--seed", 3)
    cli("bench", fake_bundle, "--quick", *words, "--out", out)
    first, *command = Report.load(out).command
    assert first == "edgeface"
    assert command[:2] == ["bench", str(fake_bundle)]
    ran = cli(*command, "--json")
    data = json.loads(ran.out)
    assert [(c["file"], c["threads"]) for c in data["cells"]] == [
        ("tiny.int8.tflite", 2),
        ("tiny.int8.onnx", 2),
    ]
    assert (data["method"]["input"], data["method"]["seed"]) == ("random", 3)


def test_pages_are_written_and_limits_held_after_everything_is_safe(cli, fake_bundle, tmp_path):
    page, table = tmp_path / "x.html", tmp_path / "x.md"
    ran = cli(
        "bench", "--quick", "--html", page, "--markdown", table, "--fail-if", "int8: p50>=1ns"
    )
    assert ran.code == 3
    assert "--fail-if 'int8: p50>=1ns': tiny.int8.tflite (fake 1, 1 thread): p50" in ran.err
    assert "1 more" in ran.err
    assert ran.out.count("not kept: int8: p50>=1ns") == 2
    assert "<svg" in page.read_text("utf-8")
    assert "| tiny.int8.onnx |" in table.read_text("utf-8")


def test_limits_that_are_kept_are_said(cli, fake_bundle: Path):
    ran = cli("bench", "--quick", "--fail-if", "p50>=1s", "--fail-if", "load>1s")
    assert ran.code == 0
    assert "kept: p50>=1s, load>1s" in ran.err


def test_a_limit_that_cannot_be_judged_is_no_pass(cli, fake_bundle: Path):
    ran = cli("bench", "--quick", "--scheme", "int8", "--json", "--fail-if", "peak>1MB")
    assert ran.code == 1
    assert "peak was not measured" in ran.err
    assert "--memory" in ran.err
    assert json.loads(ran.out)["limits"]["kept"] is False


def test_against_gives_ratios_and_a_report_without_common_cells_is_an_error(
    cli, fake_bundle, tmp_path
):
    int8, float32 = tmp_path / "int8.bench.json", tmp_path / "float32.bench.json"
    cli("bench", "--quick", "--scheme", "int8", "--out", int8)
    cli("bench", "--quick", "--scheme", "float32", "--out", float32)
    ran = cli("bench", "--quick", "--against", int8, "--json", "--fail-if", "ratio<0.0001")
    data = json.loads(ran.out)
    assert ran.code == 0
    assert [data["cells"][c["cell"]]["scheme"] for c in data["against"]["cells"]] == ["int8"] * 2
    assert data["against"]["same_board"] is True
    assert len(data["against"]["only_now"]) == 2
    kept = tmp_path / "kept.bench.json"
    ran = cli("bench", "--quick", "--scheme", "int8", "--against", float32, "--out", kept)
    assert ran.code == 1
    assert "no cell in common" in ran.err
    assert len(Report.load(kept).cells) == 2
    assert cli("bench", "--against", tmp_path / "none.bench.json").code == 1


def test_a_missing_runtime_is_listed_with_its_remedy(cli, fake_bundle: Path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    ran = cli("bench", "--quick")
    assert ran.code == 0
    assert ran.out.count("not measured: no runtime; pip install it") == 2
    data = json.loads(cli("bench", "--quick", "--json").out)
    assert [s["file"] for s in data["skipped"]] == ["tiny.float32.onnx", "tiny.int8.onnx"]
    assert data["skipped"][0]["remedy"] == "pip install it"
    assert len(data["cells"]) == 2


def test_a_missing_runtime_that_was_asked_for_is_an_error(cli, fake_bundle: Path, monkeypatch):
    monkeypatch.setitem(BACKENDS, "onnx", {"fake": missing})
    for words in (("--format", "onnx"), (fake_bundle / "tiny.int8.onnx",)):
        ran = cli("bench", "--quick", *words)
        assert ran.code == 1
        assert "remedy: pip install it" in ran.err
    monkeypatch.setitem(BACKENDS, "tflite", {"fake": missing})
    assert cli("bench", "--quick").code == 1


def test_ctrl_c_reports_what_was_measured(cli, fake_bundle, fake_backend, monkeypatch, tmp_path):
    class Stops(type(fake_backend)):
        def infer(self, pixels):
            if self.calls == 10_000:
                raise KeyboardInterrupt
            return super().infer(pixels)

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": lambda path, wanted: Stops()})
    monkeypatch.setattr(plan, "_WARMUP_S", (0.0, 0.0))  # that it is interrupted within a window
    out = tmp_path / "x.bench.json"
    words = ("bench", "--seconds", "30", "--format", "tflite", "--out", out, "--json")
    ran = cli(*words)
    data = json.loads(ran.out)
    assert ran.code == 130
    assert data["interrupted"] is True
    assert sum(c["n"] for c in data["cells"]) > 0
    assert "interrupted" in ran.err
    assert Report.load(out).interrupted


def test_the_fixture_is_measured_for_real(cli, fixture_bundle: Path):
    ran = cli("bench", fixture_bundle, "--quick", "--json", "--format", "tflite")
    data = json.loads(ran.out)
    assert ran.code == 0
    assert {c["scheme"] for c in data["cells"]} == {"float32", "int8"}
    assert all(c["backend"].startswith(("litert", "tflite-runtime")) for c in data["cells"])
    assert all(c["p50_ms"] > 0 and c["load_ms"] > 0 for c in data["cells"])


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "dtype", "scheme"),
    [
        ("mlperf_tiny/vww_96_int8.tflite", "int8", "int8"),
        ("mlperf_tiny/vww_96_float.tflite", "float32", "float32"),
        ("mobilenet_v1/mobilenet_v1_0.25_128_quant.tflite", "uint8", "uint8"),
        ("blazeface/face_detection_short_range.tflite", "float32", "float16"),
        ("yunet/yunet_n_320_320.onnx", "float32", "float32"),
    ],
)
def test_a_file_that_edgeface_did_not_make_is_fed_random_input(cli, real_data, name, dtype, scheme):
    if name.endswith(".onnx"):
        pytest.importorskip("onnxruntime")
    ran = cli("bench", real_data / "models" / name, "--quick", "--json", "--seed", 5)
    data = json.loads(ran.out)
    assert ran.code == 0
    (cell,) = data["cells"]
    assert cell["input"].startswith(f"{dtype} (1, ")
    assert cell["scheme"] == scheme
    assert (data["method"]["input"], data["method"]["seed"]) == ("random", 5)


@pytest.mark.real_data
def test_random_input_is_said(cli, real_data: Path):
    ran = cli("bench", real_data / "models/mlperf_tiny/vww_96_int8.tflite", "--quick")
    assert "random input, seed 0" in ran.out


@pytest.mark.real_data
def test_a_file_of_unknown_shape_is_refused(cli, real_data: Path):
    pytest.importorskip("onnxruntime")
    ran = cli("bench", real_data / "models/yunet/yunet_s_dynamic.onnx", "--quick")
    assert ran.code == 1
    assert "(-1, 3, -1, -1)" in ran.err
