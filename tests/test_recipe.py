"""Recipes and their gates."""

import tomllib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgeface.acceptance import Rate, Unknown
from edgeface.bundle import Bundle, Measured, ModelFile
from edgeface.cli.output import table
from edgeface.errors import EdgefaceError, GateNotMet, RecipeError
from edgeface.gates import HEAD, GateResult, Gates
from edgeface.recipe import THIS_MACHINE, Recipe

GOOD = """
name = "pi4-int8"
target = "Raspberry Pi 4"
formats = ["tflite", "onnx"]
schemes = ["float32", "int8"]

[gates]
schemes = ["int8"]
max_drop_points = 2
min_agreement = 0.97
"""


def test_a_recipe_is_read_with_its_defaults() -> None:
    recipe = Recipe.parse(GOOD, "x.toml")
    gates = Gates(("int8",), max_drop_points=2.0, min_agreement=0.97)
    both = ("float32", "int8")
    expected = Recipe("pi4-int8", "Raspberry Pi 4", ("tflite", "onnx"), both, 200, 0, gates)
    assert recipe == expected


def test_an_unknown_key_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "pi4.toml"
    path.write_text(GOOD.replace("schemes", "shemes", 1))
    with pytest.raises(RecipeError) as found:
        Recipe.load(path)
    known = ", ".join(sorted(field.name for field in fields(Recipe)))
    assert {"calibration", "far", "formats", "gates", "schemes", "seed"} <= set(known.split(", "))
    assert str(found.value) == f'pi4.toml: unknown key "shemes"; known keys: {known}'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "min_agreement",
            "min_agreemnt",
            'x.toml: gates: unknown key "min_agreemnt"; known keys: max',
        ),
        ('name = "pi4-int8"', "", 'x.toml: key "name" is missing'),
        ('name = "pi4-int8"', 'name = "a b"', "name 'a b': letters, digits"),
        ('name = "pi4-int8"', 'name = "../a"', "name '../a': letters, digits"),
        ('["tflite", "onnx"]', "[]", "formats: at least one, and none twice; found none"),
        ('["tflite", "onnx"]', '["onnx", "onnx"]', "formats: at least one, and none twice"),
        ('["tflite", "onnx"]', '"onnx"', "formats: expected a list, found 'onnx'"),
        ('["tflite", "onnx"]', '["tflight"]', "formats[0]: 'tflight' is none of tflite, onnx"),
        (
            '["float32", "int8"]',
            '["int4"]',
            "schemes[0]: 'int4' is none of float32, float16,",
        ),
        ('["float32", "int8"]', '["float32"]', "gates for int8 files, which the recipe does not"),
        ('schemes = ["int8"]', "schemes = []", "x.toml: gates: schemes: at least one"),
        ("0.97", "97", "x.toml: gates: min_agreement is a share from 0 to 1, found 97.0"),
        ("0.97", "-0.1", "min_agreement is a share from 0 to 1"),
        ("0.97", "nan", "min_agreement: expected a finite number, found nan"),
        ("0.97", "true", "min_agreement: expected a finite number, found True"),
        (
            "max_drop_points = 2",
            "max_drop_points = -1",
            "max_drop_points is not negative, found -1",
        ),
        ("max_drop_points = 2", "max_size_bytes = 1.5", "max_size_bytes: expected a whole number"),
        (
            "max_drop_points = 2",
            "max_p50_ms = 1",
            "max_p50_ms cannot be measured here for 'Raspberry",
        ),
        ("[gates]", "seed = -1\n[gates]", "seed -1: 0 to 4294967295 are possible"),
        ("[gates]", "calibration = 0\n[gates]", "calibration with 0 pictures"),
        ("[gates]", "seed = 1979-05-27\n[gates]", "seed: expected a whole number"),
        ("[gates]", "search = 1\n[gates]", "search: expected"),
        ("[gates]", "[gates", "not valid TOML"),
        ("[gates]", "[gates]\n[gates]", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(RecipeError) as found:
        Recipe.parse(GOOD.replace(old, new, 1), "x.toml")
    assert said in str(found.value)
    assert str(found.value).startswith("x.toml: ")
    assert "\n" not in str(found.value)


def test_a_file_that_is_no_text_or_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "a.toml", tmp_path / "b.toml", tmp_path):
        with pytest.raises(RecipeError, match=str(path)):
            Recipe.load(path)


_NUMBERS = ["1", "-1", "0.5", "nan", "inf", "1e999", "9" * 30, "9" * 5000, "0x" + "f" * 6000]
_OTHERS = ["true", '"int8"', "{}", "[]", "''", "{a=1}", "1979-05-27", "[1, [2]]", '"this machine"']
_LISTS = ['["int8"]', '["tflite"]', '["float32", "int8"]']
_scalar = st.sampled_from(_NUMBERS + _OTHERS + _LISTS)
_TOP = [
    "name",
    "target",
    "formats",
    "schemes",
    "calibration",
    "seed",
    "gates",
    "x",
    '"ü\\n"',
    "a.b",
]
_GATES = [f"gates.{key}" for key in ("schemes", "min_accuracy", "max_p50_ms", "max_size_bytes")]
_key = st.sampled_from(_TOP + _GATES)


@given(st.text(max_size=80) | st.lists(st.tuples(_key, _scalar).map(" = ".join)).map("\n".join))
@example("a = " + "[" * 9_000)
@example("a" * 100_000)
@example("seed = 0x" + "f" * 6000)
def test_any_text_is_a_recipe_or_a_recipe_error(text: str) -> None:
    try:
        assert isinstance(Recipe.parse(text, "x.toml"), Recipe)
    except RecipeError:
        pass


@given(st.data())
def test_any_change_of_a_good_recipe_is_a_recipe_or_a_recipe_error(data: st.DataObject) -> None:
    lines = GOOD.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = f"{data.draw(_key)} = {data.draw(_scalar)}"
    try:
        assert Recipe.parse("\n".join(lines), "x.toml").formats
    except RecipeError:
        pass


def _measured(file: ModelFile, **values: Any) -> ModelFile:
    return replace(file, measured=replace(file.measured, **values))


@pytest.fixture
def files(fake_bundle: Path) -> Sequence[ModelFile]:
    measured = Measured(54, 50 / 54, 52 / 54, 0.01, 0.95)
    return [replace(f, measured=measured) for f in Bundle.load(fake_bundle).manifest.files]


def test_gates_are_held_against_the_files_of_their_schemes(files: Sequence[ModelFile]) -> None:
    gates = Gates(("int8",), min_accuracy=0.92, max_drop_points=2.0, max_size_bytes=5)
    results = gates.check(files, float_accuracy=51 / 54)
    assert [(r.file, r.gate, r.met) for r in results] == [
        ("tiny.int8.tflite", "min_accuracy", True),
        ("tiny.int8.tflite", "max_drop_points", True),
        ("tiny.int8.tflite", "max_size_bytes", False),
        ("tiny.int8.onnx", "min_accuracy", True),
        ("tiny.int8.onnx", "max_drop_points", True),
        ("tiny.int8.onnx", "max_size_bytes", False),
    ]
    assert results[1].measured == pytest.approx(100 / 54)
    assert [r.pictures for r in results[:3]] == [54, 54, None]
    everything = Gates(min_accuracy=0.5).check(files, 1.0)
    assert len(everything) == 4


@pytest.mark.parametrize(
    ("gates", "met"),
    [
        (Gates(min_accuracy=50 / 54), True),
        (Gates(min_accuracy=50 / 54 + 1e-6), False),
        (Gates(min_agreement=52 / 54), True),
        (Gates(min_agreement=0.97), False),
        (Gates(max_drop_points=100 * 2 / 54), True),
        (Gates(max_drop_points=100 * 2 / 54 - 1e-6), False),
        (Gates(max_size_bytes=14), True),
        (Gates(max_size_bytes=13), False),
        (Gates(max_p50_ms=0.5), True),
        (Gates(max_p50_ms=0.49), False),
    ],
)
def test_a_limit_that_is_just_reached_is_met(
    files: Sequence[ModelFile], gates: Gates, met: bool
) -> None:
    file = files[0]
    assert file.size_bytes == 14
    (result,) = gates.check([file], 52 / 54, {file.name: 0.5})
    assert result.met is met


def test_a_share_that_floating_point_does_not_hold_is_not_missed_by_it(
    files: Sequence[ModelFile],
) -> None:
    file = _measured(files[0], accuracy=0.91)
    assert 100 * (0.93 - 0.91) > 2  # which is why there is an allowance
    (result,) = Gates(max_drop_points=2.0).check([file], 0.93)
    assert result.met


@given(accuracy=st.floats(0, 1), lost=st.floats(0, 100), before=st.floats(0, 1))
def test_a_gain_is_never_a_drop_and_more_leeway_never_hurts(
    accuracy: float, lost: float, before: float
) -> None:
    result = _drop(accuracy, lost, before)
    assert result.met or accuracy < before
    assert not result.met or _drop(accuracy, lost + 1, before).met


def _drop(accuracy: float, limit: float, before: float) -> GateResult:
    from edgeface.bundle import Tensor

    tensor = Tensor("x", "uint8", (1,))
    measured = Measured(10, accuracy, 1, 0, 1)
    file = ModelFile("x.onnx", "onnx", "int8", "", 1, tensor, tensor, 0.5, measured)
    return Gates(max_drop_points=limit).check([file], before)[0]


def test_what_is_no_number_meets_nothing(files: Sequence[ModelFile]) -> None:
    nan = float("nan")
    file = _measured(files[0], accuracy=nan, agreement=nan)
    gates = Gates(min_accuracy=0, max_drop_points=100, min_agreement=0)
    assert [r.met for r in gates.check([file], 0.9)] == [False] * 3


def test_a_limit_finer_than_one_picture_is_said_to_be(files: Sequence[ModelFile]) -> None:
    def too_fine(gates: Gates) -> bool:
        return gates.check(files[:1], 1.0)[0].too_fine

    # One of 54 pictures is 1.85 points.
    assert too_fine(Gates(max_drop_points=1.0))
    assert not too_fine(Gates(max_drop_points=2.0))
    assert not too_fine(Gates(max_drop_points=0))  # none may be lost: that is clear
    assert too_fine(Gates(min_agreement=0.99))
    assert not too_fine(Gates(min_agreement=0.98))
    assert not too_fine(Gates(min_agreement=1.0))
    assert not too_fine(Gates(max_size_bytes=1))
    none = _measured(files[0], pictures=0)
    assert Gates(max_drop_points=1.0).check([none], 1.0)[0].too_fine


def test_gates_for_files_that_were_not_made_are_not_met(files: Sequence[ModelFile]) -> None:
    floats = [f for f in files if f.scheme == "float32"]
    with pytest.raises(GateNotMet, match="the gates are for int8 files; none was exported"):
        Gates(("int8",), min_accuracy=0.1).check(floats, 1.0)
    assert Gates(("int8",)).check(floats, 1.0) == []
    with pytest.raises(ValueError, match="no latency was measured"):
        Gates(max_p50_ms=1).check(floats, 1.0)


def test_the_table_says_what_was_asked_and_what_was_measured(
    files: Sequence[ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    gates = Gates(("int8",), min_accuracy=0.93, max_drop_points=1.0, max_size_bytes=5)
    table(HEAD, [r.row() for r in gates.check(files[:2], 50 / 54)])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["file", "gate", "asked", "measured"]
    assert lines[1][1:8] == ["min_accuracy", "≥", "0.9300", "0.9259", "NOT", "MET", "54"]
    assert lines[2][1:6] == ["max_drop_points", "≤", "1.000", "0.000", "met"]
    assert "too few to resolve this limit" in " ".join(lines[2])
    assert lines[3][1:] == ["max_size_bytes", "≤", "5", "11", "NOT", "MET"]


def test_the_projects_recipes_are_recipes(checkout: Path) -> None:
    paths = sorted((checkout / "export").glob("*.toml"))
    assert [p.stem for p in paths] == ["desktop-float32", "pi4-int8", "pi5-int8"]
    for path in paths:
        recipe = Recipe.load(path)
        assert recipe.name == path.stem
        assert recipe.gates != Gates()
        assert set(recipe.gates.schemes or ()) <= set(recipe.schemes)
    assert Recipe.load(paths[0]).schemes == ("float32",)


def test_the_page_about_recipes_knows_every_recipe_and_key(checkout: Path) -> None:
    page = (checkout / "export" / "README.md").read_text("utf-8")
    first = "Recipes. The code that carries them out is edgeface/convert/."
    assert page.splitlines()[0] == first
    for path in (checkout / "export").glob("*.toml"):
        assert f"`{path.name}`" in page
        assert tomllib.loads(path.read_text())["name"] == path.stem
    for key in ("name", "target", "formats", "calibration", "seed"):
        assert f"`{key}`" in page
    for field in Gates.__dataclass_fields__:
        assert f"`[gates] {field}`" in page


def test_recipe_errors_are_ours() -> None:
    assert issubclass(RecipeError, EdgefaceError)
    assert RecipeError.exit_code == 1
    assert GateNotMet.exit_code == 3


def test_limits_on_names_are_refused_for_a_regression():
    Recipe("r", "any", ("tflite",), ("float32",)).check_for_regression()
    fits = Gates(max_size_bytes=10, max_p50_ms=5.0)
    Recipe("r", THIS_MACHINE, ("tflite",), ("float32",), gates=fits).check_for_regression()
    assert Gates(min_agreement=0.9, max_size_bytes=10).about_names == ("min_agreement",)
    for gate in ("min_accuracy", "max_drop_points", "min_agreement"):
        recipe = Recipe("r", "any", ("tflite",), ("float32",), gates=Gates(**{gate: 0.5}))
        with pytest.raises(RecipeError, match=f"r: {gate} is a limit on names"):
            recipe.check_for_regression()


def test_limits_on_size_and_latency_hold_for_a_regression(fixtures: Path):
    from edgeface.pointbundle import PointBundle

    files = PointBundle.load(fixtures / "points-bundle-schema1").manifest.files
    small = Gates(schemes=("int8",), max_size_bytes=20_000)
    results = small.check(files, None)
    assert [(r.file, r.met) for r in results] == [
        ("curve.int8.tflite", True),
        ("curve.int8.onnx", False),
    ]
    with pytest.raises(TypeError, match="check_for_regression was not asked first"):
        Gates(min_accuracy=0.5).check(files, None)


def _with_unknown(accepted: int, named: int) -> ModelFile:
    bundle = Bundle.load(Path(__file__).parent / "fixtures" / "bundle-schema1")
    false, true = Rate(200, accepted, 20, 0.0, 0.1), Rate(50, named, 3, 0.0, 1.0)
    unknown = Unknown("margin", 0.01, "strangers", 200, 20, 0, false, true)
    return replace(bundle.manifest.files[0], unknown=unknown)


@pytest.mark.parametrize(
    ("accepted", "named", "met"), [(2, 45, [True, True]), (3, 44, [False, False])]
)
def test_gates_on_strangers(accepted: int, named: int, met: list[bool]) -> None:
    gates = Gates(max_far=0.01, min_true_accepts=0.9)
    results = gates.check([_with_unknown(accepted, named)], 1.0)
    assert [(r.gate, r.met, r.pictures) for r in results] == [
        ("max_far", met[0], 200),
        ("min_true_accepts", met[1], 50),
    ]


def test_a_limit_on_strangers_that_their_number_cannot_resolve_says_so() -> None:
    fine, coarse = (
        Gates(max_far=far).check([_with_unknown(0, 50)], 1.0)[0] for far in (0.01, 0.001)
    )
    assert not fine.too_fine
    assert coarse.too_fine
    assert coarse.row()[-1] == "200 pictures: too few to resolve this limit"


@pytest.mark.parametrize("gate", ["max_far", "min_true_accepts"])
def test_gates_on_strangers_need_a_rate(gate: str) -> None:
    text = GOOD + f"{gate} = 0.5\n"
    with pytest.raises(RecipeError, match=f"{gate}: how many strangers .* only measured with far"):
        Recipe.parse(text, "x.toml")
    assert Recipe.parse("far = 0.01\n" + text, "x.toml").far == 0.01
    with pytest.raises(RecipeError, match="a search looks at"):
        Recipe.parse("far = 0.01\nsearch = true\n" + text, "x.toml")


@pytest.mark.parametrize("far", ["0.0", "1.0", "2.0", "-0.1"])
def test_a_false_accept_rate_is_a_share(far: str) -> None:
    with pytest.raises(RecipeError, match="far is a share of strangers above 0 and below 1"):
        Recipe.parse(f"far = {far}\n" + GOOD, "x.toml")


def test_a_format_is_only_asked_for_schemes_that_it_has() -> None:
    asked = Recipe("all", "x", ("onnx", "tflite"), ("int16x8", "float32", "dynamic"))
    assert asked.pairs == (
        ("onnx", "float32"),
        *(("tflite", scheme) for scheme in ("int16x8", "float32", "dynamic")),
    )
    assert asked.impossible == (("onnx", "int16x8"), ("onnx", "dynamic"))
    assert asked.left_out == "onnx has no int16x8, dynamic"
    assert Recipe("one", "x", ("tflite",), ("dynamic",)).left_out == ""
    with pytest.raises(RecipeError, match="no file: onnx has no int16x8") as refused:
        Recipe("none", "x", ("onnx",), ("int16x8",))
    assert "onnx has float32, float16, int8" in refused.value.remedy
    with pytest.raises(RecipeError, match="gates for int16x8 files, which the recipe does not"):
        Recipe("g", "x", ("onnx",), ("float32", "int16x8"), gates=Gates(schemes=("int16x8",)))


def test_a_search_needs_int8_and_a_gate_on_it() -> None:
    limits = Gates(max_drop_points=0.5)
    both = ("tflite", "onnx")
    recipe = Recipe("a", "b", both, ("float32", "int8"), gates=limits, search=True)
    with pytest.raises(RecipeError, match="int8, which is not exported"):
        replace(recipe, schemes=("float32",))
    for gates in (Gates(), Gates(("float32",), max_drop_points=0.5)):
        with pytest.raises(RecipeError, match="no gate asks anything of int8") as idle:
            replace(recipe, gates=gates)
        assert "max_drop_points = 0.5" in idle.value.remedy
    with pytest.raises(RecipeError, match="search is for networks that answer names"):
        replace(recipe, gates=Gates(max_size_bytes=10**6)).check_for_regression()


def test_a_file_that_was_not_fitted_meets_no_limit_on_strangers() -> None:
    plain = replace(_with_unknown(0, 50), unknown=None)
    results = Gates(max_far=1.0, min_true_accepts=0.0).check([plain], 1.0)
    assert [(result.met, result.pictures) for result in results] == [(False, None), (False, None)]
