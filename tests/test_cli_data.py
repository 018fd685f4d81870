import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from edgeface.cli.app import app
from edgeface.datasets.drawn.truth import read_truth
from edgeface.errors import UsageError


def draw(*words):
    return CliRunner().invoke(app, ["data", "draw", *(str(w) for w in words)])


def test_draw_makes_the_folders_the_clip_and_says_what_to_do_next(tmp_path):
    folder, clip = tmp_path / "my faces", tmp_path / "clip.mp4"
    sizes = ("--people", 2, "--pictures", 2, "--strangers", 1, "--seed", 5, "--seconds", 1)
    done = draw(folder, *sizes, "--clip", clip)
    assert done.exit_code == 0, done.output
    assert str(folder) in done.stdout
    assert f"{folder}-strangers" in done.stdout
    assert f"next: edgeface train friends '{folder}'" in done.stderr
    assert len(list(folder.glob("*/*.jpg"))) == 4
    assert len(list((tmp_path / "my faces-strangers").glob("*/*.jpg"))) == 2
    assert clip.is_file()
    assert isinstance(read_truth(tmp_path / "clip.truth.jsonl"), list)


def test_draw_json_is_all_there_is_on_stdout(tmp_path):
    done = draw(tmp_path / "faces", "--people", 2, "--pictures", 1, "--json")
    data = json.loads(done.stdout)
    assert data["schema"] == 1
    assert data["clip"] is None
    (folder,) = data["folders"]
    assert folder["path"] == str(tmp_path / "faces")
    assert (folder["people"], folder["pictures"]) == (2, 2)
    assert [(tmp_path / "faces" / n).is_dir() for n in folder["names"].split(", ")] == [True, True]


def test_draw_says_what_is_wrong_before_it_draws_anything(tmp_path):
    (tmp_path / "clip.avi").write_text("mine")
    for clip, message in (("clip.avi", "exists already"), ("clip.mov", "ends in")):
        done = draw(tmp_path / "faces", "--clip", tmp_path / clip)
        assert isinstance(done.exception, UsageError)
        assert message in str(done.exception)
    assert [p.name for p in tmp_path.iterdir()] == ["clip.avi"]


def test_draw_replaces_only_with_force(tmp_path):
    folder = tmp_path / "faces"
    assert draw(folder, "--people", 1, "--pictures", 1).exit_code == 0
    again = draw(folder, "--people", 1, "--pictures", 2)
    assert isinstance(again.exception, UsageError)
    assert again.exception.exit_code == 2
    assert draw(folder, "--people", 1, "--pictures", 2, "--force").exit_code == 0
    assert len(list(folder.glob("*/*.jpg"))) == 2


@pytest.mark.parametrize("words", [("--people", 0), ("--pictures", 0), ("--strangers", -1)])
def test_numbers_out_of_range_are_usage_errors(tmp_path, words):
    assert draw(tmp_path / "faces", *words).exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_help_of_the_command_does_not_import_opencv():
    code = (
        "import sys; from edgeface.cli import data; "
        "assert not {'cv2', 'numpy'} & set(sys.modules), 'heavy'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
