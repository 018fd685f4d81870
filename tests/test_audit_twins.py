import numpy as np
import pytest

from edgeface.datasets.audit.hashes import BYTES
from edgeface.datasets.audit.quality import Quality
from edgeface.datasets.audit.survey import Seen, Survey
from edgeface.datasets.audit.twins import Leak, find_twins
from edgeface.datasets.folder import Photo

FINE = Quality(100, 1.0, 40, 200, 0.0)


def survey_of(*pictures):
    """Pictures given as (name, what it shows, file): the label is the folder it is named in."""
    marks = np.random.default_rng(0).integers(0, 256, (26, BYTES), np.uint8)
    seen, hashes = [], []
    for name, shows, file in pictures:
        label = name.split("/")[-2]
        seen.append(Seen(Photo(name, label, file), FINE, "not judged"))
        mark = marks[ord(shows) - ord("a")].copy()
        mark[0] ^= file.encode()[0] % 4  # another file is another compression
        hashes.append(mark)
    return Survey(tuple(seen), np.stack(hashes), ())


def found(survey, sides=None):
    findings, leak = find_twins(survey, sides)
    return {f.kind: f for f in findings}, leak


def cases(finding):
    return {item.names for item in finding.items}


def test_different_pictures_are_no_finding():
    findings, leak = found(survey_of(("ann/1", "a", "p"), ("ann/2", "b", "q"), ("bob/1", "c", "r")))
    assert findings == {}
    assert leak is None


def test_copies_within_a_label():
    findings, _ = found(
        survey_of(
            ("ann/1", "a", "p"), ("ann/2", "a", "p"), ("ann/3", "b", "q"), ("bob/1", "c", "r")
        )
    )
    assert set(findings) == {"copy"}
    assert findings["copy"].pictures == 2
    (item,) = findings["copy"].items
    assert (item.names, item.detail, item.alike) == (("ann/1", "ann/2"), "the same file", 1)


def test_near_duplicates_within_a_label():
    findings, _ = found(survey_of(("ann/1", "a", "p"), ("ann/2", "a", "q"), ("ann/3", "b", "r")))
    assert set(findings) == {"near"}
    (item,) = findings["near"].items
    assert item.names == ("ann/1", "ann/2")
    assert item.detail == f"alike {item.alike:.3f}"
    assert 0.97 < item.alike <= 1


def test_one_file_under_two_labels():
    findings, _ = found(survey_of(("ann/1", "a", "p"), ("bob/7", "a", "p"), ("bob/8", "b", "r")))
    assert set(findings) == {"contradiction"}
    (item,) = findings["contradiction"].items
    assert item.names == ("ann/1", "bob/7")
    assert item.detail == "the same file, ann and bob"


def test_near_duplicates_under_two_labels():
    findings, _ = found(survey_of(("ann/1", "a", "p"), ("bob/7", "a", "q"), ("bob/8", "b", "r")))
    assert set(findings) == {"two_labels"}
    assert findings["two_labels"].pictures == 2
    (item,) = findings["two_labels"].items
    assert item.names == ("ann/1", "bob/7")
    assert item.detail.endswith(", ann and bob")


def test_everything_at_once_and_the_pair_shown_differs():
    survey = survey_of(
        ("ann/1", "a", "p"),
        ("ann/2", "a", "p"),
        ("ann/3", "a", "q"),
        ("bob/1", "a", "p"),
        ("bob/2", "z", "x"),
    )
    findings, _ = found(survey)
    assert set(findings) == {"copy", "near", "contradiction", "two_labels"}
    (near,) = findings["near"].items
    assert set(near.names) == {"ann/1", "ann/2", "ann/3"}
    assert near.names[:2] == ("ann/1", "ann/3")  # not the copy
    assert findings["two_labels"].pictures == 4


SIDES = {
    "train/ann/1": "training",
    "train/ann/2": "training",
    "train/ann/3": "training",
    "test/ann/1": "test",
    "test/ann/2": "test",
    "val/ann/1": "validation",
}


def test_a_split_without_twins_does_not_leak():
    findings, leak = found(
        survey_of(("train/ann/1", "a", "p"), ("train/ann/2", "a", "q"), ("test/ann/1", "b", "r")),
        SIDES,
    )
    assert set(findings) == {"near"}
    assert leak == Leak(0, 2, 0, 1)


def test_a_leak_counts_both_sides_and_shows_the_closest():
    survey = survey_of(
        ("train/ann/1", "a", "p"),
        ("train/ann/2", "a", "q"),
        ("train/ann/3", "b", "p"),
        ("test/ann/1", "a", "q"),
        ("test/ann/2", "c", "p"),
        ("val/ann/1", "b", "s"),
    )
    findings, leak = found(survey, SIDES)
    assert leak == Leak(training=3, of_training=3, held_back=2, of_held_back=3)
    assert findings["leak"].pictures == 2
    assert cases(findings["leak"]) == {
        ("test/ann/1", "train/ann/2"),
        ("val/ann/1", "train/ann/3"),
    }
    assert findings["leak"].items[0].detail == "the same file"  # the most alike first


def test_what_is_on_no_side_does_not_leak():
    survey = survey_of(
        ("train/ann/1", "a", "p"), ("test/ann/1", "a", "q"), ("test/ann/2", "b", "r")
    )
    sides = {"train/ann/1": "left out", "test/ann/1": "test", "train/ann/2": "training"}
    findings, leak = found(survey, sides)
    assert "leak" not in findings
    assert leak == Leak(0, 0, 0, 1)


@pytest.mark.parametrize("block", [1, 3, 256])
def test_large_groups_are_compared_in_parts(monkeypatch, block):
    monkeypatch.setattr("edgeface.datasets.audit.twins._BLOCK", block)
    files = "pqrstuv"
    pictures = [(f"train/ann/{i}", "a", f) for i, f in enumerate(files)]
    pictures += [(f"test/ann/{i}", "a", f) for i, f in enumerate(files)]
    sides = {name: "training" if "train" in name else "test" for name, _, _ in pictures}
    findings, leak = found(survey_of(*pictures), sides)
    assert leak == Leak(7, 7, 7, 7)
    assert len(findings["leak"].items) == 7
    assert {item.alike for item in findings["leak"].items} == {1.0}
