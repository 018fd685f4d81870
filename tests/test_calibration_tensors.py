"""What every tensor of an ONNX file answered to the calibration pictures."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeface.train.run import Run

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def network(fixture_run_once: Path):
    from edgeface.convert.network import Network

    return Network.take(Run.load(fixture_run_once).model())


@pytest.fixture(scope="module")
def fixture_run_once() -> Path:
    return Path(__file__).resolve().parent / "fixtures" / "run-schema1"


@pytest.fixture(scope="module")
def float32(network) -> bytes:
    from edgeface.convert import onnx

    return onnx.folded(onnx.to_float32(network))


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (6, 32, 32, 1)).astype(np.uint8) // 2 + 40


def test_ends_and_counts_are_those_of_the_network(network, float32, pixels) -> None:
    import keras

    from edgeface.convert.calibration.tensors import BINS, look

    seen = look(float32, "pixels", pixels)
    dense = next(la for la in network.model.layers if isinstance(la, keras.layers.Dense))
    hidden = keras.Model(network.model.inputs[0], dense.output)(pixels.astype(np.float32)).numpy()
    matches = [s for s in seen.values() if np.isclose(s.high, hidden.max(), rtol=1e-4)]
    assert matches
    assert any(s.counts.sum() == hidden.size for s in matches)
    for one in seen.values():
        assert one.counts.shape == (BINS,)
        assert one.low <= one.high
        assert (one.counts.sum() == 0) == one.pixels
    assert any(one.pixels for one in seen.values())


def test_black_and_white_count_for_pixels_alone(float32, pixels) -> None:
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.convert.calibration.tensors import look

    bare, shown = (look(float32, "pixels", p) for p in (pixels, with_black_and_white(pixels)))
    for key, one in shown.items():
        if one.pixels:
            assert one.low < bare[key].low
            assert one.high > bare[key].high
        else:
            assert (one.low, one.high) == (bare[key].low, bare[key].high)
            assert np.array_equal(one.counts, bare[key].counts)
    # Of nothing else there is: they count, or there would be no ranges.
    alone = look(float32, "pixels", with_black_and_white(pixels[:0]))
    assert all(np.isfinite([one.low, one.high]).all() for one in alone.values())


@pytest.mark.parametrize("method", ["percentile", "entropy", "mse"])
def test_a_file_by_another_method_answers_as_the_network_does(
    network, float32, pixels, tmp_path: Path, method
) -> None:
    from edgeface.convert import onnx
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.evaluate import answers
    from edgeface.runtime import open_backend

    shown = with_black_and_white(pixels)
    path = tmp_path / "x.onnx"
    path.write_bytes(onnx.to_int8(float32, shown, method=method))
    plain = tmp_path / "plain.onnx"
    plain.write_bytes(onnx.to_int8(float32, shown))
    assert path.read_bytes() != plain.read_bytes()
    own = answers(open_backend(path).infer, shown, network.classes)
    assert np.abs(own - network.infer(shown)).mean() < 0.1


def test_ranges_are_kept_for_the_next_call(float32, pixels, tmp_path: Path) -> None:
    from edgeface.convert.calibration import methods

    place = tmp_path / "ranges.json"
    first = methods.kept(float32, "pixels", pixels, "mse", place)
    again = methods.kept(b"not looked at", "pixels", pixels, "mse", place)
    assert first == again
    assert set(json.loads(place.read_text())) == set(first)
