"""``edgeface bench RUN``: the network that files are made of, on Keras."""

import json
import shutil
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scheme", "int8"], "--format and --scheme choose among the files of a bundle"),
        (["--backend", "litert"], "--backend litert: a run is measured on keras-predict or keras"),
        (["--threads", "1", "--threads", "2"], "a run is measured with one number"),
        (["--precision", "bf16"], "--precision is of model files"),
        (["--memory"], "--memory is of model files"),
        (["--device", "tpu"], "device 'tpu' is unknown"),
    ],
)
def test_what_a_run_has_not_is_said_before_anything_is_loaded(
    cli, fixture_run: Path, words: list[str], said: str
) -> None:
    ran = cli("bench", fixture_run, *words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""


def test_a_run_without_its_weights_is_no_whole_one(cli, fixture_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(fixture_run / "config.toml", folder)
    ran = cli("bench", folder)
    assert ran.code == 2
    assert "it has no model.weights.h5" in ran.err


@pytest.mark.tf
@pytest.mark.slow
def test_a_run_is_measured_both_ways_and_says_so(cli, fixture_run: Path) -> None:
    ran = cli("bench", fixture_run, "--seconds", "0.05", "--json")
    assert ran.code == 0, ran.err
    cells = json.loads(ran.out)["cells"]
    assert [c["backend"].split(" ")[0] for c in cells] == ["keras-predict", "keras-call"]
    assert {c["format"] for c in cells} == {"keras"}
    assert "edgeface export" in ran.err


@pytest.mark.tf
def test_a_task_is_opened_as_that_of_a_file_is(
    fixture_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.bench.task import Task
    from edgeface.train import reference
    from edgeface.train.referenceworker import open_reference

    monkeypatch.setattr(reference, "_take_threads", lambda threads: None)
    task = Task(str(fixture_run), "", 0, "keras", "float32", backend="keras-call")
    opened = open_reference(task)
    assert opened.input == "uint8 (1, 32, 32, 1)"
    assert opened.inputs.shape[1:] == (32, 32, 1)
    probs = opened.call(opened.inputs[0])
    assert probs.sum() == pytest.approx(1, abs=1e-4)
    alone = open_reference(Task(str(fixture_run), "", 0, "keras", None, stage="invoke"))
    assert alone.before is not None
    found = alone.call(alone.before(opened.inputs[0]))
    assert found[0] == pytest.approx(probs, abs=1e-5)
