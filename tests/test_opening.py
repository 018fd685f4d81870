from dataclasses import replace
from pathlib import Path

import pytest

from edgeface import sealed
from edgeface.bench.measure import measure
from edgeface.bench.opening import OPENERS, open_task
from edgeface.bench.process import Here
from edgeface.bench.task import Feed, Task
from edgeface.errors import InputError, UsageError
from edgeface.report import Method


@pytest.fixture
def task(fixture_bundle: Path) -> Task:
    path = fixture_bundle / "friends.int8.tflite"
    told = (sealed.sha256(path), path.stat().st_size, "tflite", "int8")
    return Task(str(path), *told, feed=Feed("golden", str(fixture_bundle)))


def test_golden_crops_are_fed_in_turn(task: Task):
    opened = open_task(task)
    assert opened.inputs.shape[1:] == (32, 32, 1)
    assert opened.backend.startswith(("litert", "tflite-runtime"))
    assert (opened.device, opened.input) == ("cpu", "uint8 (1, 32, 32, 1)")
    assert opened.placed()
    assert opened.call(opened.inputs[0]).shape == (3,)


def test_the_runtime_alone_is_handed_its_input_before(task: Task):
    opened = open_task(replace(task, stage="invoke"))
    assert opened.before is not None
    ready = opened.before(opened.inputs[0])
    opened.call(ready)
    opened.call(ready)


def test_random_input_is_the_same_for_the_same_seed(task: Task):
    drawn = [open_task(replace(task, feed=Feed("random", seed=s))).inputs for s in (1, 1, 2)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()


@pytest.fixture
def looking(task: Task, fixture_bundle: Path) -> Task:
    feed = Feed("photographs", str(fixture_bundle), seed=3)
    return replace(task, feed=feed, options={"detector": "haar"})


def test_all_stages_of_a_look_are_timed_and_none_is_nothing(looking: Task):
    stages = [stage for stage in OPENERS if stage != "invoke"]
    assert set(stages) == {"decode", "detect", "crop", "infer", "decide", "end to end"}
    method = Method(seconds=0.0, samples=None, least=4, windows=2, warmup_s=0.0, warmup_calls=1)
    tasks = [replace(looking, stage=stage) for stage in stages]
    found = measure(tasks, method, launch=Here.launcher())
    assert [c.stage for c in found.cells] == stages
    assert all(min(c.samples_ns) > 0 for c in found.cells)
    assert all("photographs" in c.input for c in found.cells)


def test_photographs_that_are_not_there_are_an_error(looking: Task):
    options = {"detector": "haar", "photographs": "/nowhere"}
    with pytest.raises(UsageError, match="no such picture"):
        open_task(replace(looking, stage="detect", options=options))


def test_photographs_without_a_face_are_an_error(looking: Task, tmp_path: Path, small_pictures):
    options = {"detector": "haar", "photographs": str(small_pictures(tmp_path / "noise"))}
    with pytest.raises(InputError, match="found no face"):
        open_task(replace(looking, stage="detect", options=options))
