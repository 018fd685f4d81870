"""Files with int8 at both ends: what edgeface writes, and that it reads them as any other file."""

import json
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle
from edgeface.errors import RecipeError
from edgeface.evaluate import answers
from edgeface.modelfile import open_model, read_facts
from edgeface.recipe import Recipe
from edgeface.runtime import open_backend
from edgeface.train.run import Run
from edgeface.verify import verify

pytestmark = pytest.mark.tf

ASKED = Recipe("c", "any", ("tflite",), ("float32", "int8"), io="int8", c_array=True)


class Quiet:
    def say(self, text: str) -> None:
        pass

    def track(self, items, doing: str):
        return items


@pytest.fixture(scope="module")
def bundle(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    from edgeface.convert.export import export

    folder = tmp_path_factory.mktemp("io") / "small"
    made = export(Run.load(small_run), ASKED, folder, Quiet()).bundle
    assert made is not None
    return made


def test_its_ends_are_int8_and_everything_says_so(bundle: Bundle) -> None:
    _, plain, file = bundle.manifest.files
    assert (file.name, file.key) == ("friends.int8.io.tflite", "tflite int8 io")
    assert (file.input.dtype, file.input.shape) == ("int8", (1, 32, 32, 1))
    assert (file.output.dtype, file.output.shape) == ("int8", (1, 3))
    assert (file.input.scale, file.input.zero_point) == (pytest.approx(1 / 128), 0)
    assert (file.output.scale, file.output.zero_point) == (1 / 256, -128)
    assert plain.input.dtype == "uint8"
    assert bundle.file() == plain  # nobody gets the other by chance
    facts = read_facts(bundle.path(file))
    told = {key: json.loads(value) for key, value in facts.more if key in ("input", "output")}
    assert told["output"] == {
        "name": file.output.name,
        "dtype": "int8",
        "shape": [1, 3],
        "scale": 1 / 256,
        "zero_point": -128,
    }
    assert told["input"]["dtype"] == "int8"


def test_pixels_go_in_and_probabilities_come_out_all_the_same(bundle: Bundle) -> None:
    file = bundle.manifest.files[-1]
    pixels, outputs = bundle.golden()
    backend = open_backend(bundle.path(file))
    probs = answers(backend.infer, pixels, 3)
    assert np.array_equal(probs, outputs[file.name])
    assert np.array_equal(probs * 256, np.rint(probs * 256))  # steps of 1/256
    stored = backend.infer((pixels[0].astype(int) - 128).astype(np.int8))
    assert stored.dtype == np.int8
    assert np.array_equal((stored.astype(int) + 128) / 256, probs[0])
    alone = open_model(read_facts(bundle.path(file)))
    assert np.array_equal(answers(alone.infer, pixels, 3), probs)
    near = np.abs(probs - outputs[bundle.manifest.files[1].name]).max()
    assert near < 0.1
    assert [one.status for one in verify(bundle)] == ["same"] * 3


def test_the_c_files_lie_in_the_bundle_and_hold_its_labels(bundle: Bundle) -> None:
    header = (bundle.folder / "friends.int8.io.h").read_text()
    assert "#define FRIENDS_INT8_IO_HEIGHT 32" in header
    body = (bundle.folder / "friends.int8.io.c").read_text()
    numbers = body[body.index("{") + 1 : body.index("};")].replace("\n", "").split(",")
    content = bundle.path(bundle.manifest.files[-1]).read_bytes()
    assert bytes(int(n) for n in numbers if n.strip()) == content
    for label in bundle.manifest.labels:
        assert f'"{label}"' in body
    Bundle.load(bundle.folder)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"io": "int8", "formats": ("onnx",)}, "is for TFLite int8, which is not exported"),
        ({"io": "int8", "schemes": ("float32",)}, "is for TFLite int8, which is not exported"),
        ({"c_array": True}, "it is made of the file that io"),
    ],
)
def test_a_recipe_that_cannot_be_carried_out_says_so(how: dict, message: str) -> None:
    whole = {"formats": ("tflite",), "schemes": ("int8",)} | how
    with pytest.raises(RecipeError, match=message):
        Recipe("c", "any", **whole)


def test_a_regression_has_no_integer_ends() -> None:
    with pytest.raises(RecipeError, match="is for networks that look at pixels"):
        ASKED.check_for_regression()


def test_explain_reads_its_tensors_too(bundle: Bundle) -> None:
    from edgeface.train.explain.files import tensors_of
    from edgeface.train.explain.tflite import stored

    file = bundle.manifest.files[-1]
    pixels, outputs = bundle.golden()
    tensors, told = stored(bundle.path(file).read_bytes(), pixels[0])
    assert np.array_equal(told[0], outputs[file.name][0])
    assert {t.dtype for t in tensors} == {"int8"}
    assert len(tensors_of(bundle.path(file), pixels[0]).tensors) == len(tensors)
