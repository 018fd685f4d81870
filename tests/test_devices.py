"""One device or several, float32 or mixed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgeface.errors import UsageError

pytestmark = pytest.mark.tf

# Two devices have to be there before TensorFlow starts: in a process of its own.
_DRIVER = """
import sys
from pathlib import Path

from edgeface.train import toolchain
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from conftest import QuietTeller, write_small_pictures
from edgeface.train.job import Where, train
from edgeface.train.prepare import prepare
from edgeface.train.request import Request, resumed
from edgeface.vision.detect import open_detector

root = Path(sys.argv[1])
data = write_small_pictures(root / "photos", count=8)
for name in ("olivetti", "convnet"):
    # 12 pictures in batches of 5: the last one has two, and with 11 it has one for two devices.
    for size in (5, 11):
        asked = Request(name, str(data), size=24, variant="documented", seed=2)
        asked = asked.changed(epochs=3, batch=size)
        ready = prepare(asked, lambda: open_detector("none"), QuietTeller())
        assert len(ready.training) == 12
        runs = [
            train(asked, ready, root / f"{name}{size}{how}", QuietTeller(), where=Where(how))
            for how in ("one", "mirrored")
        ]
        assert [run.config.devices for run in runs] == [1, 2]
        one, two = (run.model().get_weights() for run in runs)
        apart = max(float(np.abs(a - b).max()) for a, b in zip(one, two))
        begun = asked.net.build(asked.design(2)).get_weights()
        moved = max(float(np.abs(a - b).max()) for a, b in zip(one, begun))
        losses = [run.metrics()["validation"]["loss"] for run in runs]
        print(name, size, apart, moved, abs(losses[0] - losses[1]))
"""


@pytest.mark.slow
def test_two_devices_reach_the_weights_of_one_within_rounding(tmp_path: Path) -> None:
    tests = Path(__file__).resolve().parent
    environment = os.environ | {"PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
    words = [sys.executable, "-c", _DRIVER, str(tmp_path)]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[:2] for row in rows] == [
        *(["olivetti", "5"], ["olivetti", "11"], ["convnet", "5"], ["convnet", "11"])
    ]
    for _, _, apart, moved, losses in rows:
        assert float(apart) < 1e-4 < float(moved)
        assert float(losses) < 1e-4


def test_one_device_is_one() -> None:
    import keras

    from edgeface.train.devices import devices

    with devices("one") as number:
        assert number == 1
        assert keras.config.dtype_policy().name == "float32"


def test_what_this_machine_has_not_is_said() -> None:
    import keras
    import tensorflow as tf

    from edgeface.train.devices import check, devices

    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU here")
    for how, message in (
        ({"strategy": "mirrored", "mixed": False}, "TensorFlow sees one CPU device and no GPU"),
        ({"strategy": "one", "mixed": True}, "--mixed-precision: TensorFlow sees no GPU here"),
    ):
        for ask in (check, lambda strategy, mixed: devices(strategy, mixed=mixed).__enter__()):
            with pytest.raises(UsageError, match=message) as wrong:
                ask(**how)  # type: ignore[operator]
            assert "leave it out" in wrong.value.remedy
    assert keras.config.dtype_policy().name == "float32"


def test_in_mixed_precision_the_ends_of_a_network_stay_in_float32() -> None:
    """In float16 a probability below 6e-8 is none."""
    import keras
    import numpy as np

    from edgeface.train.devices import keep_ends_in_float32
    from edgeface.train.networks import Design, network

    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = network("olivetti").build(Design(24, 24, 1, 2))
        keep_ends_in_float32(model)
    finally:
        keras.config.set_dtype_policy("float32")
    computed = {layer.name: layer.compute_dtype for layer in model.layers}
    assert computed["conv1"] == computed["dense"] == "float16"
    for name in ("scaling", "unit", "complement", "probs"):
        assert computed[name] == "float32", name
    pixels = np.full((1, 24, 24, 1), 255, np.float32)
    assert model(pixels).numpy().dtype == np.float32
