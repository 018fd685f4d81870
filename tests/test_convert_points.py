"""Converting a regression: TFLite and ONNX, float32 and int8."""

from pathlib import Path

import numpy as np
import pytest

from edgeface import residuals
from edgeface.datasets.points import Points, standard_of
from edgeface.errors import ConversionError
from edgeface.runtime import open_backend
from edgeface.train.networks.points import PointDesign, PointPlan
from edgeface.train.networks.regressions import point_network

pytestmark = pytest.mark.tf

RNG = np.random.default_rng(3)


def fitted(points: Points, variant: str = "default", name: str = "curve", epochs: int = 60):
    """A network that was trained for a second, and its answers: an untrained one proves nothing."""
    from edgeface.train import toolchain
    from edgeface.train.fitpoints import fit_points, values_of

    toolchain.seed_everything(0)
    standard = standard_of(points)
    model = point_network(name).build(PointDesign(len(points.inputs), variant, standard))
    plan = PointPlan(epochs, 16, 3e-3, "cosine", 1.0, "best")
    fit_points(model, points, points, plan, lambda row: None, unit=standard.y_deviation, seed=0)
    return model, values_of(model, points.x)


def parabola(x_at: float, y_by: float, y_at: float = 0.0) -> Points:
    x = np.sort(RNG.uniform(-2, 2, 80))
    return Points((x_at + x)[:, None], y_at + y_by * x**2, ("x",), "y")


# Where the numbers lie: around zero; years; a hundred thousand pascal and more; nanoamperes.
PLACES = [parabola(0, 100), parabola(2000, 100), parabola(0, 5e3, 1e5), parabola(0, 1e-9)]
SCHEMES = [("tflite", "float32"), ("tflite", "int8"), ("onnx", "float32"), ("onnx", "int8")]


def converted(model, points: Points, format: str, scheme: str) -> bytes:
    from edgeface.convert import pointtflite
    from edgeface.convert.points import calibration_of, quantise_onnx, to_onnx

    shown, _ = calibration_of(points.x, 200, 0)
    if format == "onnx":
        return to_onnx(model) if scheme == "float32" else quantise_onnx(to_onnx(model), shown)
    if scheme == "float32":
        return pointtflite.to_float32(model)
    return pointtflite.to_int8(model, shown)


@pytest.fixture(scope="module", params=range(len(PLACES)), ids=["zero", "years", "pascal", "nano"])
def place(request: pytest.FixtureRequest):
    points = PLACES[request.param]
    return points, *fitted(points)


@pytest.mark.parametrize(("format", "scheme"), [SCHEMES[0], SCHEMES[1], SCHEMES[3]])
def test_the_same_network_wherever_the_numbers_lie(
    place, format: str, scheme: str, tmp_path: Path
) -> None:
    points, model, reference = place
    path = tmp_path / f"file.{format}"
    path.write_bytes(converted(model, points, format, scheme))
    backend = open_backend(path)
    for tensor, name in ((backend.input, "x"), (backend.output, "value")):
        assert (tensor.name, tensor.dtype, tensor.shape) == (name, "float32", (1, 1))
    span = float(np.ptp(reference))
    apart = residuals.worst(residuals.answers(backend.infer, points.x), reference) / span
    assert apart < (2e-4 if scheme == "float32" else 0.06)
    assert scheme == "float32" or apart > 1e-4  # quantised indeed


@pytest.mark.parametrize(("format", "scheme"), SCHEMES)
@pytest.mark.parametrize("name", ["curve", "curve_single"])
def test_as_documented_without_scaling(format: str, scheme: str, name: str, tmp_path: Path) -> None:
    points = parabola(0.5, 100)
    model, reference = fitted(points, "documented", name, 20)
    path = tmp_path / f"file.{format}"
    path.write_bytes(converted(model, points, format, scheme))
    values = residuals.answers(open_backend(path).infer, points.x)
    span = float(np.ptp(reference))
    bound = 1e-4 if scheme == "float32" else 0.1
    assert residuals.worst(values, reference) < bound * span


def test_several_inputs(tmp_path: Path) -> None:
    x = RNG.uniform(0, 1, (80, 3)) * [1, 100, 1e4]
    points = Points(x, x @ [5.0, 0.5, 1e-3], ("a", "b", "c"), "y")
    model, reference = fitted(points, epochs=30)
    for format, scheme in SCHEMES:
        path = tmp_path / f"{scheme}.{format}"
        path.write_bytes(converted(model, points, format, scheme))
        backend = open_backend(path)
        assert backend.input.shape == (1, 3)
        apart = residuals.worst(residuals.answers(backend.infer, x), reference)
        assert apart < (1e-4 if scheme == "float32" else 0.06) * np.ptp(reference)


def test_the_scaling_of_int8_stays_in_float() -> None:
    """Between a matrix and a quantisation at one end, and their mirror image at the other."""
    from tensorflow.lite.python import schema_py_generated as schema

    model, _ = fitted(PLACES[0], epochs=5)
    content = converted(model, PLACES[0], "tflite", "int8")
    graph = schema.ModelT.InitFromPackedBuf(content, 0)
    codes = [graph.operatorCodes[op.opcodeIndex] for op in graph.subgraphs[0].operators]
    kinds = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in codes]
    kind = schema.BuiltinOperator
    assert kinds[:2] == [kind.FULLY_CONNECTED, kind.QUANTIZE]
    assert kinds[-2:] == [kind.DEQUANTIZE, kind.FULLY_CONNECTED]
    assert kinds[2:-2] == [kind.FULLY_CONNECTED, kind.TANH] * 3 + [kind.FULLY_CONNECTED]


def test_a_converter_that_folds_the_scaling_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeface.convert import pointtflite

    ends, calls = pointtflite._ends, []

    def without_the_first(content: bytes) -> list[str]:
        calls.append(content)
        return ends(content)[-1:] if len(calls) == 1 else ends(content)

    monkeypatch.setattr(pointtflite, "_ends", without_the_first)
    model, _ = fitted(PLACES[0], epochs=1)
    with pytest.raises(ConversionError, match="does not begin and end with its scaling in float"):
        converted(model, PLACES[0], "tflite", "int8")
    assert len(calls) == 2


def test_calibration_holds_the_ends_of_every_input() -> None:
    from edgeface.convert.points import calibration_of

    x = RNG.normal(0, 1, (500, 2))
    shown, chosen = calibration_of(x, 20, seed=1)
    assert 20 <= len(chosen) <= 24
    assert {*x.argmin(axis=0), *x.argmax(axis=0)} <= set(chosen)
    np.testing.assert_array_equal(shown, x[chosen].astype(np.float32))
    np.testing.assert_array_equal(chosen, calibration_of(x, 20, seed=1)[1])
    assert not np.array_equal(chosen, calibration_of(x, 20, seed=2)[1])
    assert len(calibration_of(x, 10_000, seed=1)[1]) == 500


def test_weights_that_are_no_numbers_are_refused() -> None:
    from edgeface.convert.points import check_weights

    model = point_network("curve").build(PointDesign(1, "documented", standard_of(PLACES[0])))
    check_weights(model)
    weights = model.get_weights()
    weights[2][0, 0] = np.nan
    model.set_weights(weights)
    with pytest.raises(ConversionError, match=r"the weights of .*dense2.* are not all finite"):
        check_weights(model)


def test_parity_in_the_unit_of_y() -> None:
    from edgeface.convert.points import check_parity

    reference = np.linspace(-100, 100, 201, dtype=np.float32)
    one_off = reference.copy()
    one_off[7] += 40
    assert check_parity("f", "int8", one_off, reference) == pytest.approx(40)
    assert check_parity("f", "float32", reference + 1e-3, reference) == pytest.approx(1e-3, rel=0.1)
    far = reference + np.float32(1e7)  # float32 has steps of 1 there
    assert check_parity("f", "float32", far + 1, far) == 1


@pytest.mark.parametrize(
    ("scheme", "by", "message", "remedy"),
    [
        ("float32", 0.05, "f is not the network that was trained", "converter wrote a broken"),
        ("int8", 20.0, "f is not the network that was trained", "export without int8"),
        ("int8", np.nan, "answers that are not finite numbers", "converter wrote a broken"),
        ("float32", np.inf, "answers that are not finite numbers", "converter wrote a broken"),
    ],
)
def test_another_network_is_noticed(scheme: str, by: float, message: str, remedy: str) -> None:
    from edgeface.convert.points import check_parity

    reference = np.linspace(-100, 100, 201, dtype=np.float32)
    with pytest.raises(ConversionError, match=message) as wrong:
        check_parity("f", scheme, reference + np.float32(by), reference)
    assert remedy in wrong.value.remedy
