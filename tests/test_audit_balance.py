import numpy as np

from edgeface.datasets.audit.balance import Count, count, of_labels
from edgeface.datasets.audit.hashes import BYTES
from edgeface.datasets.audit.quality import Quality
from edgeface.datasets.audit.survey import Seen, Survey
from edgeface.datasets.folder import Photo


def survey_of(**pictures):
    fine = Quality(100, 1.0, 40, 200, 0.0)
    names = [(label, f"{label}/{i}") for label, n in pictures.items() for i in range(n)]
    seen = tuple(Seen(Photo(name, label, name), fine, "not judged") for label, name in names)
    return Survey(seen, np.zeros((len(seen), BYTES), np.uint8), ())


def test_labels_are_counted_those_without_a_picture_too():
    counts = count(["ann", "bob", "cyd"], survey_of(ann=3, cyd=1), None)
    assert [(c.label, c.pictures, c.to_train_on) for c in counts] == [
        ("ann", 3, 3),
        ("bob", 0, 0),
        ("cyd", 1, 1),
    ]
    assert counts[0].training is None


def test_sides_are_counted_where_there_is_a_split():
    sides = {"ann/0": "training", "ann/1": "test", "ann/2": "validation", "ann/3": "left out"}
    assert count(["ann"], survey_of(ann=5), sides) == (Count("ann", 5, 1, 1, 1),)


def test_even_and_many_is_no_finding():
    assert of_labels(count(["ann", "bob"], survey_of(ann=30, bob=40), None)) == []


def test_few_of_a_label_the_fewest_first():
    (few,) = of_labels(count(["ann", "bob", "cyd"], survey_of(ann=9, bob=2, cyd=9), None))
    assert few.kind == "few"
    assert few.pictures == 20
    assert [item.names for item in few.items] == [("bob",), ("ann",), ("cyd",)]
    assert few.items[0].detail == "2 to train on, fewer than 10"


def test_uneven_labels():
    (uneven,) = of_labels(count(["ann", "bob"], survey_of(ann=10, bob=50), None))
    assert uneven.kind == "uneven"
    assert uneven.items[0].names == ("ann",)
    assert uneven.items[0].detail == "10 to train on, 50 of bob"
    assert of_labels(count(["ann", "bob"], survey_of(ann=11, bob=50), None)) == []


def test_only_what_is_trained_on_counts():
    counts = [Count("ann", 100, 10, 0, 90), Count("bob", 60, 60, 0, 0)]
    assert [f.kind for f in of_labels(counts)] == ["uneven"]
