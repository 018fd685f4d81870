import json
import shutil

import pytest

from edgeface.datasets.audit.sides import published, recorded
from edgeface.errors import BundleError, InputError, UsageError


class Fake:
    def __init__(self, official):
        self.official = official


def split_file(folder, files, **more):
    entries = [
        {"name": n, "label": n.split("/")[0], "sha256": "0" * 64, "side": side, "reason": ""}
        for n, side in files.items()
    ]
    for entry in entries:
        entry.update(box=None, group=None)
    data = {"schema": 1, "seed": 0, "validation": 0.3, "files": entries, "test": 0.0}
    path = folder / "split.json"
    path.write_text(json.dumps({**data, "kind": "drawn", **more}))
    return path


FILES = {"a/1": "training", "a/2": "validation", "b/1": "left out", "b/2": "test"}


def test_a_published_split_is_taken_as_it_is():
    sides = published(Fake({"train/a/1": "training", "test/a/1": "test"}))
    assert sides.source == "official"
    assert dict(sides.of) == {"train/a/1": "training", "test/a/1": "test"}
    assert published(Fake({})) is None


def test_the_split_of_a_run_by_its_folder_or_its_file(tmp_path):
    path = split_file(tmp_path, FILES)
    for place in (tmp_path, path):
        sides = recorded(place, list(FILES))
        assert dict(sides.of) == FILES
        assert sides.missing == 0
        assert sides.source == str(place)


def test_pictures_that_are_gone_are_counted(tmp_path):
    sides = recorded(split_file(tmp_path, FILES), ["a/1", "a/2", "c/1"])
    assert dict(sides.of) == {"a/1": "training", "a/2": "validation"}
    assert sides.missing == 2


def test_the_split_of_a_committed_run_is_read(fixture_run):
    names = [
        entry["name"] for entry in json.loads((fixture_run / "split.json").read_text())["files"]
    ]
    sides = recorded(fixture_run, names)
    assert set(sides.of) == set(names)
    assert {"training", "validation"} <= set(sides.of.values())


def test_another_data_set_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(InputError, match="none of its 4 names is here") as wrong:
        recorded(split_file(tmp_path, FILES), ["x/1"])
    assert "trained on" in wrong.value.remedy


def test_no_such_run(tmp_path):
    with pytest.raises(UsageError, match="no run and no split"):
        recorded(tmp_path / "nothing", ["a/1"])
    with pytest.raises(UsageError, match="no run and no split"):
        recorded(tmp_path, ["a/1"])


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 99}', '{"schema": 1}', "\x00"])
def test_what_is_no_split_is_one_line(tmp_path, text):
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(BundleError, match=r"split\.json"):
        recorded(path, ["a/1"])


def test_what_is_no_text_is_one_line(tmp_path, fixture_run):
    path = tmp_path / "split.json"
    shutil.copy(fixture_run / "model.weights.h5", path)
    with pytest.raises(BundleError, match="cannot be read as a split"):
        recorded(path, ["a/1"])
