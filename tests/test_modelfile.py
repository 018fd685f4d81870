"""Model files that stand alone. The foreign ones are written here, byte by byte."""

import contextlib
import importlib.util
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface import modelfile
from edgeface.acceptance import as_text
from edgeface.bundle import Bundle
from edgeface.errors import BackendError, EdgefaceError, UsageError
from edgeface.modelfile import complete, missing, open_model, read_facts, read_labels

TFLITE = "ai_edge_litert" if importlib.util.find_spec("ai_edge_litert") else "tflite_runtime"
SIDE, INPUTS, CLASSES = 8, 64, 2
FLOAT, INT32, UINT8, INT8 = 0, 2, 3, 9
RESHAPE, FULLY_CONNECTED, SOFTMAX = 22, 9, 25


def weights() -> tuple[np.ndarray, np.ndarray]:
    """(2, 64) and (2,): whether the upper or the lower half is brighter."""
    half = np.concatenate([np.ones(32), -np.ones(32)])
    return np.stack([half, -half]).astype(np.float32) / 16, np.asarray([0.1, -0.1], np.float32)


def expected(pixels: np.ndarray, scale: float, offset: float) -> np.ndarray:
    matrix, bias = weights()
    logits = matrix @ (pixels.astype(np.float64).ravel() * scale + offset) + bias
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


PICTURES = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 1), np.uint8)
PICTURES[1, :4], PICTURES[2, 4:] = 255, 200


class Flat:
    """A FlatBuffer: dict → table, list → vector of tables, (form, numbers) → numbers."""

    def __init__(self, root: dict[int, Any]) -> None:
        self.data = bytearray(b"\x00" * 4 + b"TFL3")
        struct.pack_into("<I", self.data, 0, self.put(root))

    def aligned(self, to: int, ahead: int = 0) -> int:
        self.data += bytes(-(len(self.data) + ahead) % to)
        return len(self.data)

    def put(self, value: Any) -> int:
        if isinstance(value, dict):
            return self.table(value)
        if isinstance(value, list):
            at = self.aligned(4)
            self.data += struct.pack("<I", len(value)) + bytes(4 * len(value))
            for i, one in enumerate(value):
                self.point(at + 4 + 4 * i, self.put(one))
            return at
        form, numbers = ("B", value) if isinstance(value, bytes) else (value[0], value[1])
        at = self.aligned(16, 4)
        self.data += struct.pack(f"<I{len(numbers)}{form[-1]}", len(numbers), *numbers) + b"\x00"
        return at

    def table(self, fields: dict[int, Any]) -> int:
        numbers = range(max(fields, default=-1) + 1)
        slots = [8 + 8 * n if n in fields else 0 for n in numbers]
        begin = self.aligned(8)
        sizes = 4 + 2 * len(slots), 8 + 8 * len(slots)
        self.data += struct.pack(f"<{2 + len(slots)}H", *sizes, *slots)
        at = self.aligned(8)
        self.data += struct.pack("<i", at - begin) + bytes(4 + 8 * len(slots))
        for number, value in fields.items():
            place = at + 8 + 8 * number
            if isinstance(value, tuple) and not isinstance(value[1], list):
                struct.pack_into(value[0], self.data, place, value[1])
            else:
                self.point(place, self.put(value))
        return at

    def point(self, place: int, to: int) -> None:
        struct.pack_into("<I", self.data, place, to - place)


def tensor(name: str, shape: list[int], kind: int, buffer: int, scale: float = 0, zero: int = 0):
    fields = {0: ("<i", shape), 1: ("<b", kind), 2: ("<I", buffer), 3: name.encode()}
    if scale:
        fields[4] = {2: ("<f", [scale]), 3: ("<q", [zero])}
    return fields


def tflite(
    kind: str = "float32",
    *,
    head: bool = True,
    scale: float = 1 / 255,
    zero: int = -128,
    metadata: bytes | None = None,
    entry: bytes = b"edgeface",
) -> bytes:
    """A linear classifier of 8x8 gray pictures: RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    matrix, bias = weights()
    flat, ends, logit, probs = FLOAT, (), (), ()
    content = matrix.tobytes(), bias.tobytes()
    w, b = (), ()
    if kind != "float32":
        flat = INT8 if kind == "int8" else UINT8
        centre = 0 if kind == "int8" else 128
        whole = np.rint(matrix * 16).astype(np.int64) + centre
        content = (
            whole.astype(np.int8 if kind == "int8" else np.uint8).tobytes(),
            np.rint(bias / (scale / 16)).astype("<i4").tobytes(),
        )
        ends, w, b = (scale, zero), (1 / 16, centre), (scale / 16, 0)
        logit, probs = (0.05, centre), (1 / 256, centre - 128)
    tensors = [
        tensor("input", [1, SIDE, SIDE, 1], flat, 0, *ends),
        tensor("shape", [2], INT32, 1),
        tensor("flat", [1, INPUTS], flat, 0, *ends),
        tensor("weights", [CLASSES, INPUTS], flat, 2, *w),
        tensor("bias", [CLASSES], INT32 if ends else FLOAT, 3, *b),
        tensor("logits", [1, CLASSES], flat, 0, *logit),
        tensor("output", [1, CLASSES], flat, 0, *probs),
    ]
    operators = [(0, [0, 1], [2], 17, {}), (1, [2, 3, 4], [5], 8, {})]
    operators += [(2, [5], [6], 9, {0: ("<f", 1.0)})] if head else []
    graph = {
        0: tensors,
        1: ("<i", [0]),
        2: ("<i", [6 if head else 5]),
        3: [
            {0: ("<I", code), 1: ("<i", i), 2: ("<i", o), 3: ("<B", number), 4: options}
            for code, i, o, number, options in operators
        ],
    }
    shape = struct.pack("<2i", 1, INPUTS)
    buffers = [{}, {0: shape}, {0: content[0]}, {0: content[1]}]
    model = {
        0: ("<I", 3),
        1: [
            {0: ("<b", c), 2: ("<i", 1), 3: ("<i", c)} for c in (RESHAPE, FULLY_CONNECTED, SOFTMAX)
        ],
        2: [graph],
        3: b"a test",
        4: buffers,
    }
    if metadata is not None:
        buffers.append({0: metadata})
        model[6] = [{0: entry, 1: ("<I", len(buffers) - 1)}]
    return bytes(Flat(model).data)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def at(content: bytes, name: str = "x.tflite") -> Path:
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return at


def told(path: Path, **options: Any) -> modelfile.Facts:
    return complete(read_facts(path), labels=("up", "down"), framing="whole", **options)


def test_a_foreign_file_says_what_its_tensors_say(write) -> None:
    facts = read_facts(write(tflite("int8")))
    assert (facts.foreign, facts.scheme, facts.task) == (True, "int8", None)
    assert (facts.labels, facts.preprocess, facts.threshold) == (None, None, None)
    assert (facts.classes, facts.colour, facts.answers) == (2, "gray", "probs")
    assert facts.scaling == modelfile.SCALINGS["0..1"]
    assert facts.graph.operators == {"FULLY_CONNECTED": 1, "RESHAPE": 1, "SOFTMAX": 1}
    assert facts.graph.producer == "a test"
    assert list(missing(facts)) == ["--labels", "--framing"]
    assert missing(told(facts.path)) == {}


@pytest.mark.parametrize(
    ("name", "scale"), [("-1..1", 1 / 127.5), ("0..1", 1 / 255), ("0..255", 1)]
)
def test_a_float_file_is_fed_what_the_stated_scaling_makes_of_pixels(write, name, scale) -> None:
    pytest.importorskip(TFLITE)
    model = open_model(told(write(tflite()), scaling=name))
    assert (model.input.dtype, model.input.shape) == ("uint8", (1, SIDE, SIDE, 1))
    assert (model.output.dtype, model.output.shape) == ("float32", (1, CLASSES))
    for pixels in PICTURES:
        answer = model.infer(pixels)
        assert answer.dtype == np.float32
        offset = -1 if name == "-1..1" else 0
        assert np.allclose(answer, expected(pixels, scale, offset), atol=1e-5)


@pytest.mark.parametrize(
    ("kind", "scale", "zero", "name"),
    [
        ("int8", 1 / 255, -128, "0..1"),
        ("int8", 2 / 255, -1, "-1..1"),
        ("uint8", 1 / 255, 0, "0..1"),
        ("uint8", 1 / 127.5, 128, "-1..1"),
        ("int8", 2.2 / 255, 0, None),
    ],
)
def test_a_quantised_file_is_fed_and_read_by_its_scales(write, kind, scale, zero, name) -> None:
    pytest.importorskip(TFLITE)
    path = write(tflite(kind, scale=scale, zero=zero))
    facts = read_facts(path)
    assert facts.scheme == kind
    assert (facts.scaling.name if facts.scaling else None) == name
    model = open_model(told(path, scaling=name or "-1..1"))
    used = modelfile.SCALINGS[name or "-1..1"]
    for pixels in PICTURES:
        answer = model.infer(pixels)
        right = expected(pixels, used.scale[0], used.offset[0])
        assert np.abs(answer - right).max() < 0.03
    assert model.infer(PICTURES[1])[0] > 0.6
    assert model.infer(PICTURES[2])[1] > 0.55


def test_raw_pixels_go_into_a_quantised_input_level_by_level(write) -> None:
    """Half a level between the two is not rounded to and fro."""
    pytest.importorskip(TFLITE)
    model = open_model(told(write(tflite("uint8", scale=1 / 127.5, zero=128))))
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(model._to_input(levels), levels)
    model = open_model(told(write(tflite("int8", scale=1 / 127.5, zero=0))))
    assert np.array_equal(model._to_input(levels), levels.astype(np.int16) - 128)


def test_a_scaling_that_the_input_cannot_hold_is_refused(write) -> None:
    pytest.importorskip(TFLITE)
    facts = told(write(tflite("int8", scale=1.1 / 255, zero=-128)), scaling="0..255")
    with pytest.raises(UsageError, match=r"holds 0 to 1\.1, pixels would be clipped"):
        open_model(facts)


def test_logits_become_probabilities_and_that_is_said(write) -> None:
    pytest.importorskip(TFLITE)
    path = write(tflite(head=False))
    facts = told(path, scaling="0..1")
    assert facts.answers == "logits"
    assert "a softmax makes probabilities" in facts.notes[0]
    for pixels in PICTURES:
        assert np.allclose(open_model(facts).infer(pixels), expected(pixels, 1 / 255, 0), atol=1e-5)
    as_they_are = told(path, scaling="0..1", answers="probs")
    assert as_they_are.notes == ()
    assert open_model(as_they_are).infer(PICTURES[0]).sum() == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"labels": ["one"]}, "1 names, but"),
        ({"scaling": "0..2"}, "--scaling 0..2: one of -1..1, 0..1, 0..255"),
        ({"scaling": "-1..1"}, "--scaling -1..1: .* says 0..1"),
        ({"colour": "rgb"}, "--colour rgb: .* says gray"),
        ({"framing": "round"}, "--framing round: one of face, whole, stretched"),
        ({"answers": "logits"}, "--answers logits: .* says probs"),
    ],
)
def test_options_are_known_and_contradict_nothing(write, options, said) -> None:
    facts = read_facts(write(tflite("int8")))
    with pytest.raises(UsageError, match=said):
        complete(facts, **options)


def test_what_is_missing_is_said_at_once(write) -> None:
    facts = read_facts(write(tflite()))
    with pytest.raises(UsageError, match="does not say its labels, scaling, framing") as found:
        open_model(facts)
    assert "--labels FILE --scaling -1..1|0..1|0..255 --framing" in found.value.remedy


def test_a_file_of_ours_says_what_the_manifest_says(fixture_bundle: Path, write) -> None:
    bundle = Bundle.load(fixture_bundle)
    for file in bundle.manifest.files:
        facts = read_facts(write(bundle.path(file).read_bytes(), f"x.{file.format}"))
        assert (facts.foreign, facts.task) == (False, "classify")
        assert (facts.scheme, facts.threshold) == (file.scheme, file.threshold)
        assert (facts.labels, facts.preprocess) == (
            bundle.manifest.labels,
            bundle.manifest.preprocess,
        )
        assert (facts.sha256, facts.size_bytes) == (file.sha256, file.size_bytes)
        assert facts.weights_sha256 == bundle.manifest.origin.weights_sha256
        assert missing(facts) == {}
        assert (facts.graph.inputs, facts.graph.outputs[0].name) == (
            (facts.input,),
            file.output.name,
        )


def test_a_file_of_ours_answers_alone_as_in_its_bundle(fixture_bundle: Path) -> None:
    pytest.importorskip("onnxruntime")
    bundle = Bundle.load(fixture_bundle)
    pixels, outputs = bundle.golden()
    for file in bundle.manifest.files:
        model = open_model(read_facts(bundle.path(file)))
        assert np.allclose(model.infer(pixels[0]), outputs[file.name][0], atol=8 / 256)


def test_a_regression_names_nothing(fixtures: Path) -> None:
    facts = read_facts(fixtures / "points-bundle-schema1/curve.float32.tflite")
    assert (facts.task, facts.network, facts.labels) == ("regress", "curve", None)
    assert ("output", "y") in facts.more
    with pytest.raises(UsageError, match="answers numbers, not names"):
        open_model(facts)


def test_a_file_that_changes_after_it_was_read_is_not_run(fixture_bundle: Path, write) -> None:
    pytest.importorskip(TFLITE)
    path = write((fixture_bundle / "friends.int8.tflite").read_bytes())
    facts = read_facts(path)
    path.write_bytes((fixture_bundle / "friends.float32.tflite").read_bytes())
    with pytest.raises(BackendError, match="was changed after it was read"):
        open_model(facts)


GOOD = {
    "edgeface": "0.1.0",
    "network": "friends",
    "scheme": "float32",
    "labels": '["up", "down"]',
    "preprocess": '{"height": 8, "width": 8, "colour": "gray"}',
    "threshold": "0.5",
    "weights_sha256": "0" * 64,
}


def test_the_metadata_that_the_wrong_ones_differ_from_is_right(write) -> None:
    facts = read_facts(write(tflite(metadata=json.dumps(GOOD | {"later": "x"}).encode())))
    assert (facts.labels, facts.threshold, facts.more) == (("up", "down"), 0.5, (("later", "x"),))


@pytest.mark.parametrize(
    ("score", "threshold", "text"),
    [
        ("maximum", 1.0000000000000002, "1"),  # the least that nobody reaches
        ("margin", 17.25, "margin 17.25"),
        ("energy", -3.5, "energy -3.5"),
        ("distance", 0.99, "distance 0.99"),
    ],
)
def test_a_score_other_than_the_largest_probability_is_read(write, score, threshold, text) -> None:
    means = np.arange(6, dtype=np.float32).reshape(2, 3)
    told = {"score": score, "threshold": repr(threshold), "class_means": as_text(means)}
    facts = read_facts(write(tflite(metadata=json.dumps(GOOD | told).encode())))
    assert (facts.score, facts.threshold, facts.threshold_text) == (score, threshold, text)
    assert (facts.means is not None) == (score == "distance")
    assert facts.means is None or np.array_equal(facts.means, means)
    assert facts.more == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"threshold": "nan"}, "threshold 'nan' is no number"),
        ({"threshold": "1.5"}, "threshold '1.5' is no number"),
        ({"threshold": True}, "threshold 'True'"),
        ({"score": "hope"}, "score 'hope': one of maximum, margin, energy, distance"),
        ({"score": "margin", "threshold": "-1"}, "threshold '-1' is no number from 0 to"),
        ({"score": "margin", "threshold": "inf"}, "threshold 'inf' is no number"),
        ({"score": "distance", "threshold": "1.1"}, "threshold '1.1' is no number from -1 to 1"),
        ({"score": "distance"}, "class_means are not those of 2 classes"),
        ({"score": "distance", "class_means": "AAAA"}, "class_means are not those of 2 classes"),
        ({"labels": '["up"]'}, "1 labels .* do not go with tensors"),
        ({"labels": '["up", "up"]'}, "labels: one stands twice"),
        ({"labels": '["up", "do\\nwn"]'}, "is no name"),
        ({"labels": '["up", 3]'}, "3 is no name"),
        ({"labels": "[" + '"x",' * 120_000 + '"y"]'}, "labels: no list of 1 to 100000"),
        ({"labels": '["up", "down"'}, "labels: not valid JSON"),
        ({"labels": ["up", "down"]}, "labels is missing, or is no text"),
        ({"preprocess": '{"height": 9, "width": 8}'}, "do not go with tensors"),
        ({"preprocess": '{"height": 8, "width": NaN}'}, "NaN is no number"),
        ({"preprocess": '{"height": 8, "width": 8, "width": 8}'}, "a key stands twice"),
        ({"weights_sha256": "abc"}, "weights_sha256 'abc'"),
        ({"network": "a\nb"}, "network"),
        ({"scheme": "x" * 500}, "scheme"),
        ({"labels": '["' + "x" * (1 << 20) + '"]'}, "metadata of"),
    ],
)
def test_altered_metadata_is_an_error_that_names_the_place(write, wrong, said) -> None:
    path = write(tflite(metadata=json.dumps(GOOD | wrong).encode()))
    with pytest.raises(BackendError, match=said) as found:
        read_facts(path)
    assert len(str(found.value)) < 400


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"edgeface": NaN}', "NaN is no number"),
        (b'{"edgeface": "1", "edgeface": "2"}', "a key stands twice"),
        (b"[]", "no table of facts"),
        (b"\xff", "not text in UTF-8"),
        (b"{" * 5000, "not valid JSON"),
    ],
)
def test_metadata_that_is_none_is_an_error(write, content, said) -> None:
    with pytest.raises(BackendError, match=said):
        read_facts(write(tflite(metadata=content)))


@pytest.mark.parametrize("suffix", ["tflite", "onnx"])
def test_cut_and_altered_files_are_refused_or_read_but_nothing_else(
    fixture_bundle: Path, write, suffix
) -> None:
    whole = (fixture_bundle / f"friends.int8.{suffix}").read_bytes()
    rng = np.random.default_rng(1)
    for size in [*range(64), *rng.integers(64, len(whole) - 1, 40)]:
        path = write(whole[:size], f"x.{suffix}")
        if suffix == "onnx":  # a protocol buffer that is cut lacks its end
            with pytest.raises(BackendError, match=r"cut or broken$"):
                read_facts(path)
        else:  # a FlatBuffer may lack what nobody asks it for
            with contextlib.suppress(BackendError):
                read_facts(path)
    for _ in range(150):
        altered = bytearray(whole)
        for place in rng.integers(0, len(whole), 8):
            altered[place] = rng.integers(256)
        head = rng.integers(0, 2000 if suffix == "tflite" else 400)
        altered[-head if suffix == "tflite" else head] ^= 255
        with contextlib.suppress(EdgefaceError):
            read_facts(write(bytes(altered), f"x.{suffix}"))


def standard(
    mean: list[float], deviation: list[float], labels: str = "labels.txt", colour: int = 2
) -> bytes:
    """What other programs write into TFLite files: colours, normalisation, a file of labels."""
    options = {0: ("<f", mean), 1: ("<f", deviation)}
    content = {0: ("<B", 2), 1: {0: ("<b", colour)}}
    pixels = {3: content, 4: [{0: ("<B", 3)}, {0: ("<B", 1), 1: options}]}
    answer = {6: [{0: b"notes.txt", 2: ("<b", 1)}, {0: labels.encode(), 2: ("<b", 2)}]}
    return bytes(Flat({0: b"x", 3: [{2: [pixels], 3: [answer]}]}).data)


def archive(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as into:
        for name, content in files.items():
            into.writestr(f"{name}.txt", content)
    return packed.getvalue()


def test_metadata_of_other_programs_is_believed(write) -> None:
    pytest.importorskip(TFLITE)
    entry = b"TFLITE_METADATA"
    content = tflite(metadata=standard([127.5], [127.5]), entry=entry)
    facts = read_facts(write(content + archive(labels=b"up\ndown\n")))
    assert (facts.labels, facts.colour) == (("up", "down"), "gray")
    assert facts.scaling == modelfile.SCALINGS["-1..1"]
    assert list(missing(facts)) == ["--framing"]
    model = open_model(complete(facts, framing="whole"))
    assert np.allclose(model.infer(PICTURES[1]), expected(PICTURES[1], 1 / 127.5, -1), atol=1e-5)
    with pytest.raises(UsageError, match=r"--scaling 0\.\.1: .* says -1\.\.1"):
        complete(facts, scaling="0..1")
    odd = write(tflite(metadata=standard([10], [20]), entry=entry) + archive(labels=b"a\nb"))
    model = open_model(complete(read_facts(odd), framing="whole"))
    assert np.allclose(model.infer(PICTURES[1]), expected(PICTURES[1], 1 / 20, -0.5), atol=1e-5)


@pytest.mark.parametrize(
    ("metadata", "behind", "said"),
    [
        (standard([0], [0]), archive(labels=b"a\nb"), "is broken"),
        (standard([0], [float("nan")]), archive(labels=b"a\nb"), "scale no pixels"),
        (standard([], [1]), archive(labels=b"a\nb"), "is broken"),
        (standard([1, 2, 3], [1, 1, 1]), archive(labels=b"a\nb"), "other channels"),
        (standard([0], [1]), b"", "cannot be read from the archive"),
        (standard([0], [1]), archive(other=b"a\nb"), "cannot be read from the archive"),
        (standard([0], [1]), archive(labels=b"a\nb")[:-30], "cannot be read from the archive"),
        (standard([0], [1]), archive(labels=b"a\x00\nb"), "line 1 is no name"),
        (standard([0], [1]), archive(labels=b"a\n" * (3 << 20)), "over 4 MiB"),
        (standard([0], [1])[:40], b"", "is broken"),
    ],
)
def test_broken_metadata_of_other_programs_is_an_error(write, metadata, behind, said) -> None:
    content = tflite(metadata=metadata, entry=b"TFLITE_METADATA")
    with pytest.raises(BackendError, match=said):
        read_facts(write(content + behind))


def test_labels_that_do_not_go_with_the_output_are_left_aside(write) -> None:
    content = tflite(metadata=standard([0], [1]), entry=b"TFLITE_METADATA")
    facts = read_facts(write(content + archive(labels=b"a\nb\nc")))
    assert facts.labels is None
    assert facts.more == (("its labels", "3 names, left aside: it tells 2 apart"),)


def test_what_is_no_model_file(write, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(UsageError, match=r"ends in \.tflite or \.onnx"):
        read_facts(write(b"", "x.h5"))
    with pytest.raises(UsageError, match="no such file"):
        read_facts(tmp_path / "y.onnx")
    for name in ("x.tflite", "x.onnx"):
        with pytest.raises(BackendError, match=f"no {'TFLite' if 'tfl' in name else 'ONNX'} file"):
            read_facts(write(b"text, not a model", name))
    monkeypatch.setattr("edgeface.modelfile.read.MOST_BYTES", 10)
    with pytest.raises(BackendError, match="model files of up to 10 are read"):
        read_facts(write(tflite()))


def test_labels_come_from_a_file_of_text(write) -> None:
    path = write("\ufeffeins\r\nzwei \r\ndreißig\r\n\r\n".encode(), "labels.txt")
    assert read_labels(path) == ("eins", "zwei", "dreißig")


def test_labels_that_stand_twice_are_told_apart_and_that_is_said(write) -> None:
    facts = complete(read_facts(write(tflite("int8"))), labels=("crane", "crane"))
    assert facts.labels == ("crane (0)", "crane (1)")
    assert "have their place added: crane (0), crane (1)" in facts.notes[1]
    assert complete(facts, labels=("crane", "crane")) == facts


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 lines"),
        (b"one\n\ntwo\n", "line 2 is no name"),
        (b"one\ntw\x1bo\n", "line 2 is no name"),
        (b"\xff\xfe", "not text in UTF-8"),
        (b"x\n" * 100_001, "100001 lines"),
        (b"x" * (5 << 20), "over 4 MiB"),
    ],
)
def test_labels_that_are_none(write, content, said) -> None:
    with pytest.raises(UsageError, match=said):
        read_labels(write(content, "labels.txt"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_labels(Path("nowhere.txt"))


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "scheme", "scaling", "classes"),
    [
        ("mobilenet_v1/mobilenet_v1_0.25_128", "float32", None, 1001),
        ("mobilenet_v1/mobilenet_v1_0.25_128_quant", "uint8", "-1..1", 1001),
        ("mobilenet_v1/mobilenet_v1_0.5_128_quant", "uint8", "-1..1", 1001),
        ("mlperf_tiny/vww_96_float", "float32", None, 2),
        ("mlperf_tiny/vww_96_int8", "int8", "0..1", 2),
        ("blazeface/face_detection_short_range", "float16", None, None),
        ("blazeface/face_detection_full_range_sparse", "float16", None, None),
    ],
)
def test_files_of_others_are_read(real_data: Path, name, scheme, scaling, classes) -> None:
    facts = read_facts(real_data / "models" / f"{name}.tflite")
    assert (facts.foreign, facts.scheme, facts.classes) == (True, scheme, classes)
    assert (facts.scaling.name if facts.scaling else None) == scaling


@pytest.mark.real_data
def test_int8_and_float_of_one_network_answer_alike_by_different_tensors(real_data: Path) -> None:
    pytest.importorskip(TFLITE)
    from edgeface.images import crop, read_picture

    facts = [
        complete(
            read_facts(real_data / f"models/mlperf_tiny/vww_96_{kind}.tflite"),
            labels=("nobody", "somebody"),
            colour="rgb",
            scaling="0..1",
            framing="stretched",
        )
        for kind in ("float", "int8")
    ]
    models = [open_model(one) for one in facts]
    seen = []
    for path in sorted((real_data / "stills").glob("*.jpg")):
        pixels = crop(read_picture(path), None, facts[0].preprocess)
        one, other = (model.infer(pixels) for model in models)
        assert np.abs(one - other).max() < 0.06
        seen.append(bool(one[1] > 0.5))
    assert 5 <= sum(seen) <= 8  # of eleven photographs, seven show people
