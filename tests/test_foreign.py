"""Files of other programs through the commands, told by options what they do not say."""

import json
from pathlib import Path

import pytest

from edgeface.cli import foreign
from edgeface.errors import UsageError


def test_what_was_not_given_is_not_told(tmp_path: Path) -> None:
    assert foreign.given(None, None, None, None, None) == {}
    (tmp_path / "labels.txt").write_text("up\ndown\n")
    for labels in (str(tmp_path / "labels.txt"), "up, down"):
        told = foreign.given(labels, "rgb", None, None, None)
        assert told == {"labels": ("up", "down"), "colour": "rgb"}
    with pytest.raises(UsageError, match="no such file, and no list of names either"):
        foreign.given("none.txt", None, None, None, None)


@pytest.mark.real_data
def test_int8_is_compared_with_float_on_somebodys_photographs(
    cli, real_data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("ai_edge_litert")
    nobody = ("cat", "hot_dog", "parrot", "sunflower")
    for photo in sorted((real_data / "stills").glob("*.jpg")):
        who = tmp_path / "photos" / ("nobody" if photo.stem in nobody else "somebody")
        who.mkdir(parents=True, exist_ok=True)
        (who / photo.name).symlink_to(photo)
    (tmp_path / "labels.txt").write_text("nobody\nsomebody\n")
    files = [real_data / f"models/mlperf_tiny/vww_96_{kind}.tflite" for kind in ("float", "int8")]
    words = ["compare", *files, tmp_path / "photos", "--labels", tmp_path / "labels.txt"]
    ran = cli(*words)
    assert ran.code == 2
    assert "does not say its colour, scaling, framing" in ran.err
    words += ["--colour", "rgb", "--scaling", "0..1", "--framing", "stretched"]
    ran = cli(*words, "--json")
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)["files"]
    assert [(row["scheme"], row["accuracy"]) for row in rows] == [("float32", 1), ("int8", 1)]
    assert "note: vww_96_int8.tflite: scaling 0..1: the range of its quantised input" in ran.err
