import pytest

from edgeface.bench.limits import parse
from edgeface.errors import UsageError


@pytest.mark.parametrize(
    ("text", "quantity", "operator", "number", "pattern"),
    [
        ("p90>20ms", "p90", ">", 20e6, ""),
        (" p99.9 >= 1.5 s ", "p99.9", ">=", 1.5e9, ""),
        ("p50<300us", "p50", "<", 300e3, ""),
        ("p50<=300µs", "p50", "<=", 300e3, ""),
        ("load>7ns", "load", ">", 7, ""),
        ("peak>130MB", "peak", ">", 130e6, ""),
        ("ratio>1.05", "ratio", ">", 1.05, ""),
        ("int8: first>1s", "first", ">", 1e9, "int8"),
        ("a:b.tflite:p50>1ms", "p50", ">", 1e6, "a:b.tflite"),
        ("end to end: p50>1ms", "p50", ">", 1e6, "end to end"),
    ],
)
def test_a_limit_reads_as_it_is_written(text, quantity, operator, number, pattern):
    limit = parse(text)
    assert (limit.quantity, limit.operator, limit.pattern) == (quantity, operator, pattern)
    assert limit.number == pytest.approx(number)
    assert limit.text == text.strip()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90=20ms", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90>-1ms", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90>1e3ms", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90>__import__('os')", "QUANTITY OPERATOR NUMBER UNIT"),
        ("p90>20ms;p50>1ms", "QUANTITY OPERATOR NUMBER UNIT"),
        ("mean>20ms", "mean is none of p50, p90"),
        ("p90>20", "p90 takes ns, us, ms, s, not a number alone"),
        ("p90>20MB", "not MB"),
        ("peak>20ms", "peak takes kB, MB, GB"),
        ("ratio>1.05s", "ratio takes no unit, not s"),
        ("p90>" + "9" * 400 + "ms", "QUANTITY OPERATOR NUMBER UNIT"),
    ],
)
def test_anything_else_is_refused_with_an_example(text, said):
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert "p90>20ms" in caught.value.remedy
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("operator", "below", "equal", "above"),
    [
        (">", False, False, True),
        (">=", False, True, True),
        ("<", True, False, False),
        ("<=", True, True, False),
    ],
)
def test_operators_say_what_fails(operator, below, equal, above):
    limit = parse(f"ratio{operator}2")
    assert [limit.fails(v) for v in (1.0, 2.0, 3.0)] == [below, equal, above]


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ("tiny.int8.tflite", True),
        ("*.tflite", True),
        ("int8", True),
        ("tflite", True),
        ("fake", True),
        ("fake 1", True),
        ("infer", True),
        ("float32", False),
        ("int", False),
        ("end to end", False),
    ],
)
def test_a_pattern_is_a_whole_name(timed, pattern, matches):
    assert parse(f"{pattern}: p50>1ms").is_for(timed.cell("int8")) is matches
