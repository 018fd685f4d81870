"""A run's own network behind the seam of the runtimes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import BackendError, UsageError

pytestmark = pytest.mark.tf


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Opens a run with the threads that TensorFlow has: other tests made it compute already."""
    from edgeface.train import reference

    monkeypatch.setattr(reference, "_take_threads", lambda threads: None)
    return reference.open_run


@pytest.mark.parametrize("way", ["keras-predict", "keras-call"])
def test_it_answers_as_the_network_does(
    fixture_run: Path, way: str, opened: Callable[..., Any]
) -> None:
    from edgeface.train.run import Run

    backend = opened(fixture_run, way)
    assert backend.name.startswith(f"{way} 3.")
    assert backend.device == "cpu"
    assert (backend.input.dtype, backend.input.shape) == ("uint8", (1, 32, 32, 1))
    assert backend.output.name == "probs"
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 1), np.uint8)
    expected = np.asarray(Run.load(fixture_run).model()(crops.astype(np.float32)))
    for crop, probs in zip(crops, expected, strict=True):
        assert np.allclose(backend.infer(crop), probs, atol=1e-5)
        assert np.allclose(backend.infer_all(crop)["probs"], probs, atol=1e-5)
    found = backend.bind(crops[1])()
    assert np.allclose(found[0], expected[1], atol=1e-5)
    assert str(backend.placement()) == "TensorFlow /device:CPU:0"


def test_what_cannot_be_had_is_said(
    fixture_run: Path, tmp_path: Path, opened: Callable[..., Any]
) -> None:
    import tensorflow as tf

    with pytest.raises(UsageError, match="known: keras-predict, keras-call"):
        opened(fixture_run, "keras")
    with pytest.raises(UsageError, match="1 to 256 are possible"):
        opened(fixture_run, threads=0)
    with pytest.raises(UsageError, match="no such folder"):
        opened(tmp_path / "none", "keras-call")
    if not tf.config.list_physical_devices("GPU"):
        with pytest.raises(BackendError, match="TensorFlow sees no GPU here") as found:
            opened(fixture_run, "keras-call", device="gpu")
        assert "edgeface[gpu]" in found.value.remedy


def test_other_threads_than_tensorflow_has_are_not_pretended(fixture_run: Path) -> None:
    import tensorflow as tf

    from edgeface.train.reference import open_run

    tf.constant(1.0) + 1.0  # it computes, so its threads are taken
    held = tf.config.threading.get_intra_op_parallelism_threads()
    with pytest.raises(BackendError, match="in this process already, not with"):
        open_run(fixture_run, threads=held + 1)
