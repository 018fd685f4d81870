"""``edgeface export --max-drop``: the search within the job, and what it leaves behind."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Bundle, Quantised
from edgeface.gates import Gates
from edgeface.recipe import Recipe
from edgeface.train.run import Run

pytestmark = pytest.mark.tf

SEARCH = Recipe(
    "search",
    "any machine",
    ("tflite",),
    ("float32", "int8"),
    gates=Gates(max_drop_points=0.5),
    search=True,
)


def export(run: Path, recipe: Recipe, out: Path, teller, **how):
    from edgeface.convert.export import export as convert

    return convert(Run.load(run), recipe, out, teller, **how)


def test_the_files_are_reported_on_what_the_search_never_saw(
    small_run: Path, tmp_path: Path, teller
) -> None:
    made = export(small_run, SEARCH, tmp_path / "b", teller)
    held = len(Run.load(small_run).split.side("validation"))
    seen, unseen = (len(getattr(made.searched.halves, s).truth) for s in ("searching", "final"))
    assert seen + unseen == held
    assert {file.measured.pictures for file in made.files} == {unseen}
    data = json.loads((tmp_path / "b" / "search.json").read_text())
    assert (data["searched_on"], data["reported_on"], data["pictures"]) == (seen, unseen, "halves")
    (one,) = data["formats"]
    assert one["tries"][one["chosen"]]["missed"] == []
    report = (tmp_path / "b" / "report.md").read_text()
    assert "## What was tried" in report
    assert f"reported on the other {unseen}" in report
    assert Bundle.load(tmp_path / "b").manifest.files == made.bundle.manifest.files


def test_what_no_try_keeps_is_exit_code_3_and_kept_if_asked(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.convert.export import Missed
    from edgeface.convert.search import job

    climb = job.climb
    monkeypatch.setattr(job, "climb", lambda *args: climb(*args[:-1], ("plain", "float16")))
    recipe = replace(SEARCH, gates=Gates(("int8",), max_size_bytes=1000))
    with pytest.raises(Missed) as missed:
        export(small_run, recipe, tmp_path / "b", teller)
    assert missed.value.exit_code == 3
    assert not list(tmp_path.iterdir())
    searched = [gate for gate in missed.value.made.gates if gate.file == "tflite (search)"]
    assert [(gate.gate, gate.met) for gate in searched] == [("max_size_bytes", False)]
    made = export(small_run, recipe, tmp_path / "b", teller, keep=True)
    assert not all(gate.met for gate in made.gates)
    assert [tries.rung for tries in made.searched.climbed[0].tries] == ["plain", "float16"]
    assert Bundle.load(tmp_path / "b").manifest == made.bundle.manifest


def test_a_result_of_another_scheme_is_called_after_it_and_held_against_the_gates(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if nothing but float16 kept them; it is asked what int8 was asked."""
    from edgeface.convert.search import job

    def only_float16(*args):
        found = climb(*args[:-1], ("plain", "float16"))
        tries = tuple(
            replace(one, missed=("max_drop_points",)) if one.rung == "plain" else one
            for one in found.tries
        )
        return replace(found, tries=tries, chosen=len(tries) - 1, content=contents["float16"])

    climb, contents = job.climb, {}
    contents["float16"] = _float16(small_run)
    monkeypatch.setattr(job, "climb", only_float16)
    limits = Gates(("int8",), max_drop_points=50)
    forced = replace(SEARCH, gates=replace(limits, max_size_bytes=1))
    made = export(small_run, forced, tmp_path / "b", teller, keep=True)
    assert [file.name for file in made.files] == [
        "friends.float32.tflite",
        "friends.float16.tflite",
    ]
    asked = {gate.file for gate in made.gates}
    assert "friends.float16.tflite" in asked
    assert "friends.float32.tflite" not in asked


def _float16(run: Path) -> bytes:
    from edgeface.convert.network import Network
    from edgeface.convert.schemes import Converter

    network = Network.take(Run.load(run).model())
    shown = np.zeros((1, *network.shape), np.uint8)
    return Converter(network, shown)("tflite", "float16")


def test_layers_in_float_stand_in_the_manifest(
    small_run: Path, tmp_path: Path, teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.convert.search import job, ladder

    climb = job.climb
    monkeypatch.setattr(job, "climb", lambda *args: climb(*args[:-1], ("plain", "layers in float")))
    # As if plain int8 missed and the worst layer in float sufficed.
    monkeypatch.setattr(ladder.Try, "will_do", property(lambda one: one.rung != "plain"))
    made = export(small_run, SEARCH, tmp_path / "b", teller)
    (file,) = (file for file in made.bundle.manifest.files if file.scheme == "int8")
    assert file.name == "friends.int8.tflite"
    assert isinstance(file.quantised, Quantised)
    assert len(file.quantised.in_float) == 1
    assert (tmp_path / "b" / "sensitivity.png").read_bytes()[:4] == b"\x89PNG"
    assert "data:image/png" in (tmp_path / "b" / "report.html").read_text()
    measured = json.loads((tmp_path / "b" / "sensitivity.json").read_text())["formats"]["tflite"]
    worst = max(measured, key=lambda layer: layer["divergence"])["layer"]
    assert file.quantised.in_float == (worst,)


def test_the_command_says_what_is_wrong_before_it_begins(cli, small_run: Path) -> None:
    for words, said in (
        (("--max-drop", "0.5"), "no int8 is exported"),
        (("--int8", "--max-drop", "-1"), "percentage points of accuracy, 0 to 100"),
        (("--int8", "--max-drop", "nan"), "percentage points of accuracy, 0 to 100"),
        (("--int8", "--max-drop", "half"), "--max-drop"),
    ):
        ran = cli("export", small_run, *words, "--out", small_run.parent / "none")
        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""
    assert not (small_run.parent / "none").exists()


def test_one_limit_on_the_command_line_is_all_that_a_search_needs(
    cli, small_run: Path, tmp_path: Path
) -> None:
    words = ("--int8", "--max-drop", "5", "--formats", "tflite", "--json", "--out", tmp_path / "b")
    ran = cli("export", small_run, *words)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["search"]["formats"][0]["kept"]
    assert {gate["asked"] for gate in told["gates"]} == {5.0}
    assert "tflite 1: plain: int8" in ran.err
