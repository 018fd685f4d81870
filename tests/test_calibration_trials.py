"""int8 files that are made to be measured and thrown away."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.train.run import Run

pytestmark = pytest.mark.tf


def test_trials_answer_as_the_files_do_and_leave_nothing(
    fixture_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    from edgeface.convert import onnx, tflite
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.convert.calibration.trials import Trials
    from edgeface.convert.network import Network
    from edgeface.evaluate import answers
    from edgeface.runtime import open_backend

    network = Network.take(Run.load(fixture_run).model())
    noise = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 1)).astype(np.uint8)
    shown = with_black_and_white(noise)
    files = {
        "onnx": onnx.to_int8(onnx.to_float32(network), shown, method="mse"),
        "tflite": tflite.to_int8(network, shown),
    }
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    trials = Trials(network, "mse", noise)
    for format, content in files.items():
        path = tmp_path / f"x.{format}"
        path.write_bytes(content)
        expected = answers(open_backend(path).infer, noise, network.classes)
        assert np.array_equal(trials.answers(format, shown), expected)
    assert list(scratch.iterdir()) == []
