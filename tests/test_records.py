"""Dataclasses from JSON and TOML, strictly."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeface import records
from edgeface.errors import BundleError, EdgefaceError, InputError, UsageError


@dataclass(frozen=True, slots=True)
class Inner:
    size: tuple[int, int]
    colour: Literal["gray", "rgb"] = "gray"

    def __post_init__(self) -> None:
        if min(self.size) < 1:
            msg = f"size {self.size} is empty"
            raise UsageError(msg, remedy="make it larger")


@dataclass(frozen=True, slots=True)
class Outer:
    name: str
    share: float
    on: bool
    inner: Inner
    more: tuple[Inner, ...] = ()
    sums: dict[str, int] = field(default_factory=dict)
    maybe: float | None = None


GOOD: dict[str, Any] = {"name": "ä", "share": 1, "on": True, "inner": {"size": [2, 3]}}


def _build(data: Any) -> Outer:
    return records.build(Outer, data, "x.json", BundleError)


def test_a_dataclass_comes_back_from_its_own_json() -> None:
    outer = Outer("ä", 0.5, False, Inner((1, 2), "rgb"), (Inner((3, 4)),), {"a": 1}, None)
    data = records.from_json(records.to_json(records.plain(outer)), "x", BundleError)
    assert _build(data) == outer


def test_whole_numbers_are_numbers_and_defaults_are_filled_in() -> None:
    outer = _build(GOOD)
    assert outer.share == 1.0
    assert isinstance(outer.share, float)
    assert outer.more == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"nmae": 1},
            'x.json: unknown key "nmae"; known keys: inner, maybe, more, name, on, share',
        ),
        ({"a\nb": 1}, 'x.json: unknown key "a\\nb"; known'),
        ({"name": 3}, "x.json: name: expected text, found 3"),
        ({"name": "\ud800"}, "x.json: name: expected text, found '\\ud800'"),
        ({"share": "1"}, "x.json: share: expected a finite number, found '1'"),
        ({"share": True}, "x.json: share: expected a finite number, found True"),
        ({"share": float("nan")}, "x.json: share: expected a finite number, found nan"),
        ({"share": float("-inf")}, "x.json: share: expected a finite number, found -inf"),
        ({"share": 10**400}, "x.json: share: expected a finite number, found 1000"),
        (
            {"share": 16**9000},
            "x.json: share: expected a finite number, found a number of thousands",
        ),
        ({"on": 1}, "x.json: on: expected true or false, found 1"),
        ({"inner": None}, "x.json: inner: expected a table, found None"),
        ({"inner": {}}, 'x.json: inner: key "size" is missing'),
        ({"inner": {"size": [1]}}, "x.json: inner: size: expected a list, found [1]"),
        (
            {"inner": {"size": [1, 2.5]}},
            "x.json: inner: size[1]: expected a whole number, found 2.5",
        ),
        ({"inner": {"size": [1, True]}}, "x.json: inner: size[1]: expected a whole number"),
        ({"inner": {"size": [1, 2**63]}}, "x.json: inner: size[1]: expected a whole number"),
        ({"inner": {"size": [0, 2]}}, "x.json: inner: size (0, 2) is empty"),
        ({"inner": {"size": [1, 2], "colour": "red"}}, "'red' is none of gray, rgb"),
        ({"inner": {"size": [1, 2], "colour": ["gray"]}}, "['gray'] is none of gray, rgb"),
        ({"more": {"size": [1, 2]}}, "x.json: more: expected a list, found"),
        ({"more": [{"size": [1, 2]}, 5]}, "x.json: more[1]: expected a table, found 5"),
        ({"sums": {"a": "b"}}, "x.json: sums: a: expected a whole number, found 'b'"),
        ({"sums": [1]}, "x.json: sums: expected a table, found [1]"),
        ({"maybe": "x"}, "x.json: maybe: expected a finite number, found 'x'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(BundleError) as found:
        _build(GOOD | change)
    assert said in str(found.value)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 200


def test_a_missing_key_and_no_table_at_all() -> None:
    with pytest.raises(BundleError, match=r'x\.json: key "name" is missing'):
        _build({k: v for k, v in GOOD.items() if k != "name"})
    for data in ([], None, "text", 3):
        with pytest.raises(BundleError, match="expected a table"):
            _build(data)


def test_the_remedy_of_an_inner_check_is_kept() -> None:
    with pytest.raises(InputError) as found:
        records.build(Inner, {"size": [0, 0]}, "here", InputError)
    assert found.value.remedy == "make it larger"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
_keys = st.sampled_from(["name", "share", "on", "inner", "more", "sums", "maybe", "size", "colour"])


@given(st.dictionaries(_keys, _json | st.dictionaries(_keys, _json)))
def test_any_data_is_a_record_or_our_error(data: dict[str, Any]) -> None:
    try:
        assert isinstance(_build(GOOD | data), Outer)
    except BundleError:
        pass


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": NaN}', "NaN is no number"),
        ("[-Infinity]", "-Infinity is no number"),
        ("[1e999]", "is no number"),
        ('{"a": 1, "a": 1}', "a key stands twice"),
        ('{"b": {"a": 1, "a": 2}}', "a key stands twice"),
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ("[1] 2", "not valid JSON"),
        ("\ufeff{}", "not valid JSON"),
        ("9" * 5000, "not valid JSON"),
        ("[" * 200_000, "not valid JSON"),
    ],
)
def test_json_that_is_not_ours_is_refused(text: str, said: str) -> None:
    with pytest.raises(BundleError) as found:
        records.from_json(text, "m.json", BundleError)
    assert str(found.value).startswith("m.json: ")
    assert said in str(found.value)


@given(st.text(max_size=30) | _json.map(lambda data: json.dumps(data)))
def test_any_text_is_json_or_our_error(text: str) -> None:
    try:
        records.from_json(text, "x", BundleError)
    except BundleError as error:
        assert error.exit_code == 1  # noqa: PT017 - the other way is right as well


@pytest.mark.parametrize(
    "text",
    ["a", "a = 1\na = 2", "a = " + "[" * 9_000, "a = " + "9" * 5000, "a." * 50_000 + "b = 1"],
)
def test_toml_that_is_not_ours_is_refused(text: str) -> None:
    with pytest.raises(BundleError, match=r"^c\.toml: "):
        records.from_toml(text, "c.toml", BundleError)
    assert records.from_toml("a = 1", "c.toml", BundleError) == {"a": 1}


def test_what_json_cannot_say_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.to_json({"a": float("nan")})
    assert records.to_json({"ä": 1}) == '{\n  "ä": 1\n}\n'


@pytest.mark.parametrize("schema", [None, 0, 2, "1", True, 1.5, [1], "9" * 500])
def test_an_unknown_schema_is_refused_with_what_to_do(schema: Any) -> None:
    with pytest.raises(EdgefaceError, match="is not one that this edgeface reads") as found:
        records.check_schema({"schema": schema}, 1, "m.json", BundleError)
    assert "update edgeface" in found.value.remedy
    assert len(str(found.value)) < 200
    with pytest.raises(EdgefaceError, match="schema None"):
        records.check_schema([], 1, "m.json", BundleError)
    records.check_schema({"schema": 1}, 1, "m.json", BundleError)
