"""A packed TFLite file holds nothing twice, and answers what it answered."""

from pathlib import Path

import numpy as np
import pytest

from edgeface.convert import calibration
from edgeface.evaluate import answers
from edgeface.runtime import open_backend
from edgeface.runtime.tflitefile import read_graph
from edgeface.train.run import Run

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def pixels(small_run: Path) -> np.ndarray:
    return Run.load(small_run).crops("validation")[0]


@pytest.fixture(scope="module")
def converted(small_run: Path, pixels: np.ndarray) -> bytes:
    """What the converter wrote, in int8."""
    from edgeface.convert import tflite
    from edgeface.convert.network import Network

    network = Network.take(Run.load(small_run).model())
    return tflite.to_int8(network, calibration.with_black_and_white(pixels))


@pytest.fixture(scope="module")
def shared(converted: bytes) -> bytes:
    from tensorflow.lite.python import schema_py_generated as schema

    from edgeface.convert.tflitepack import packed

    return packed(schema.ModelT.InitFromPackedBuf(converted, 0), len(converted))


def test_it_answers_the_same(converted: bytes, shared: bytes, pixels, tmp_path: Path) -> None:
    told = []
    for name, content in (("converted", converted), ("packed", shared)):
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        told.append(answers(open_backend(path).infer, pixels, 3))
    assert np.array_equal(*told)


def test_zero_points_of_every_channel_stand_there_once(converted: bytes, shared: bytes) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    def places(content: bytes) -> list[int]:
        """Where the zero points of every tensor of 32 channels stand."""
        graph = schema.Model.GetRootAs(content).Subgraphs(0)
        found = []
        for i in range(graph.TensorsLength()):
            told = graph.Tensors(i).Quantization()
            if told is not None and told.ZeroPointLength() == 32:
                offset = told._tab.Offset(10)  # zero_point, the fourth field
                found.append(told._tab.Vector(offset))
        return found

    assert len(set(places(converted))) == len(places(converted)) > 1
    assert len(set(places(shared))) == 1
    assert len(places(shared)) == len(places(converted))
    assert len(shared) < len(converted)


def test_what_is_stored_begins_where_the_schema_wants_it(shared: bytes) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.Model.GetRootAs(shared)
    found = [model.Buffers(i) for i in range(model.BuffersLength())]
    places = [buffer._tab.Vector(buffer._tab.Offset(4)) for buffer in found if buffer.DataLength()]
    assert len(places) > 5
    assert not any(place % 16 for place in places)


def test_our_own_reader_and_another_packing_see_no_difference(
    converted: bytes, shared: bytes
) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    from edgeface.convert.tflitepack import packed

    assert read_graph(shared, "packed") == read_graph(converted, "converted")
    again = packed(schema.ModelT.InitFromPackedBuf(shared, 0), len(shared))
    assert len(again) == len(shared)
