"""What the layers answered in calibration, beside what they answer to the pictures held back."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.train.run import Run

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def network():
    from edgeface.convert.network import Network

    run = Path(__file__).resolve().parent / "fixtures" / "run-schema1"
    return Network.take(Run.load(run).model())


def pictures(count: int, contrast: int) -> np.ndarray:
    rng = np.random.default_rng(contrast)
    return (128 + rng.integers(-contrast, contrast + 1, (count, 32, 32, 1))).astype(np.uint8)


def test_what_calibration_saw_is_not_clipped(network) -> None:
    from edgeface.convert.calibration.ranges import compare

    own = pictures(12, 100)
    assert compare(network, own, own[3:7]) == ()
    assert compare(network, own, own[:0]) == ()


def test_the_layers_that_clip_most_come_first_with_their_share(network) -> None:
    import keras

    from edgeface.convert.calibration.ranges import LISTED, compare

    weak, strong = pictures(12, 5), pictures(20, 120)
    found = compare(network, weak, strong)
    assert 1 <= len(found) <= LISTED
    assert [one.clipped for one in found] == sorted((one.clipped for one in found), reverse=True)
    assert network.model.layers[-1].name not in {one.layer for one in found}  # stays in float
    for one in found:
        layer = keras.Model(network.model.inputs[0], network.model.get_layer(one.layer).output)
        seen = layer(weak.astype(np.float32)).numpy()
        held = layer(strong.astype(np.float32)).numpy()
        assert (one.low, one.high) == pytest.approx((seen.min(), seen.max()), rel=1e-4, abs=1e-5)
        assert one.held_high == pytest.approx(held.max(), rel=1e-4)
        beyond = ((held < one.low) | (held > one.high)).mean()
        assert one.clipped == pytest.approx(beyond, abs=1e-4)
