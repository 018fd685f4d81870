import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface.errors import BundleError
from edgeface.golden import FLOAT, INT8, RELATIVE, Tolerance, apart, of_runtime, tolerances


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(
    ("format", "scheme", "expected"),
    [
        ("tflite", "float32", [("litert", FLOAT), ("tflite-runtime", FLOAT)]),
        ("tflite", "float16", [("litert", FLOAT), ("tflite-runtime", FLOAT)]),
        ("tflite", "dynamic", [("litert", INT8), ("tflite-runtime", INT8)]),
        ("tflite", "int8", [("litert", RELATIVE), ("tflite-runtime", INT8)]),
        ("onnx", "float32", [("onnxruntime", FLOAT)]),
        ("onnx", "int8", [("onnxruntime", INT8)]),
    ],
)
def test_tolerances_go_with_the_scheme_and_the_kernels(format, scheme, expected):
    found = tolerances(format, scheme)
    assert [(t.runtime, t.limit) for t in found] == expected
    exact = [t.unit == "relative" for t in found]
    assert exact == [scheme == "int8" and t.runtime == "litert" for t in found]


def test_a_runtime_that_nobody_told_of_may_differ_as_the_widest():
    found = tolerances("tflite", "int8")
    assert of_runtime(found, "litert 2.3.0").limit == RELATIVE
    assert of_runtime(found, "tflite-runtime 2.14.0").limit == INT8
    assert of_runtime(found, "other 1").limit == INT8


@given(
    logits=st.lists(st.integers(-128, 127), min_size=2, max_size=8),
    which=st.integers(0, 7),
    up=st.booleans(),
    step=st.floats(1e-4, 0.3),
)
def test_one_step_of_one_logit_is_never_within_the_tolerance(logits, which, up, step):
    """However sure the network is: the probabilities of the others tell it."""
    stored = np.asarray(logits)
    answered = stored.copy()
    answered[which % len(logits)] += 1 if up else -1
    one, other = (softmax(q * step).astype(np.float32)[None] for q in (stored, answered))
    limit = of_runtime(tolerances("tflite", "int8", step), "litert 2").limit
    assert apart(one, other, "relative")[0] > limit
    assert 0 < limit <= RELATIVE


def test_an_absolute_tolerance_would_hide_it():
    """Why int8 is held against each probability by itself."""
    one, other = (softmax(np.asarray(q) * 0.15)[None] for q in ([127, -20], [127, -19]))
    assert apart(one, other, "probability")[0] < 1e-9
    assert apart(one, other, "relative")[0] > 0.1


def test_the_last_bits_of_float_are_within_it():
    stored = softmax(np.random.default_rng(0).normal(0, 20, (50, 6))).astype(np.float32)
    answered = np.nextafter(np.nextafter(stored, np.float32(1)), np.float32(1))
    assert apart(answered, stored, "relative").max() < RELATIVE
    nothing = np.zeros((1, 2), np.float32)
    assert apart(nothing, nothing + np.float32(1e-40), "relative")[0] == 0
    assert np.isnan(apart(nothing * np.nan, nothing, "relative")[0])
    assert np.isnan(apart(nothing * np.nan, nothing, "probability")[0])


@pytest.mark.parametrize("limit", [-1e-9, 0.2, float("nan"), float("inf")])
def test_no_manifest_can_ask_to_be_believed_anything(limit):
    with pytest.raises(BundleError, match=r"0 to 0\.1 are believed"):
        Tolerance("litert", "probability", limit)
