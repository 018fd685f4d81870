"""Fine-tuning in two phases: what is trained in each, and what is not touched."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface.errors import UsageError
from edgeface.train.checkpoint import Progress
from edgeface.train.job import train
from edgeface.train.networks import Design, mobilenet, network
from edgeface.train.plan import Schedule, Tuning
from edgeface.train.prepare import prepare
from edgeface.train.request import Request, resumed
from edgeface.train.run import Run
from edgeface.vision.detect import open_detector

pytestmark = pytest.mark.tf

TOP = mobilenet.TOP


@pytest.fixture(scope="module")
def model() -> Any:
    return network("mobilenet").build(Design(32, 32, 3, 2, "default", 0.25))


def trained(model: Any) -> list[str]:
    return [layer.name for layer in model.layers if layer.trainable_weights]


def tuning(unfreeze: str) -> Tuning:
    return Tuning(unfreeze, Schedule())


def test_the_head_alone_is_trained_first(model) -> None:
    from edgeface.train.phases import freeze, trainable_table

    freeze(model, TOP)
    assert trained(model) == ["probs"]
    head, *rows, total = trainable_table(model)
    assert head.split() == ["layers", "parameters", "trained", "frozen"]
    assert [row.split() for row in rows] == [
        ["conv1", "to", "conv_pw_13_bn", "218,544", "0", "218,544"],
        ["probs", "514", "514", "0"],
    ]
    assert total.split() == ["all", "219,058", "514", "218,544"]


def test_by_name_what_is_above_is_trained_and_batch_norms_are_not(model) -> None:
    from edgeface.train.phases import freeze, trainable_table, unfreeze

    freeze(model, TOP)
    unfreeze(model, TOP, tuning("conv_dw_12"))
    kernels = ["conv_dw_12", "conv_pw_12", "conv_dw_13", "conv_pw_13"]
    assert trained(model) == [*kernels, "probs"]
    counts = {la.name: la.count_params() for la in model.layers}
    learned = sum(counts[name] for name in kernels) + 514
    frozen, opened, total = (row.split() for row in trainable_table(model)[1:])
    assert frozen[:3] == ["conv1", "to", "conv_pw_11_bn"]
    assert frozen[4] == "0"
    assert opened[:3] == ["conv_dw_12", "to", "probs"]
    assert [opened[4], total[2]] == [f"{learned:,}"] * 2
    assert int(total[2].replace(",", "")) + int(total[3].replace(",", "")) == 219_058


@pytest.mark.parametrize("asked", ["all", "1", "87"])
def test_all_or_a_number_from_the_top(model, asked: str) -> None:
    from edgeface.train.phases import freeze, unfreeze

    freeze(model, TOP)
    unfreeze(model, TOP, tuning(asked))
    kernels = [f"conv_{kind}_{n}" for n in range(1, 14) for kind in ("dw", "pw")]
    opened = [] if asked == "1" else ["conv1", *kernels]  # at the top stands a ReLU
    assert trained(model) == [*opened, "probs"]


def test_a_layer_or_a_number_that_is_not_there() -> None:
    from edgeface.train.phases import first_unfrozen

    names = ["pixels", "conv1", "conv1_bn", "conv_dw_1"]
    assert [first_unfrozen(names, asked) for asked in ("all", "1", "4", "conv1")] == [0, 3, 0, 1]
    with pytest.raises(UsageError, match="--unfreeze 5: the base has 4 layers"):
        first_unfrozen(names, "5")
    with pytest.raises(UsageError, match="--unfreeze 0: the base has 4 layers"):
        first_unfrozen(names, "0")
    for asked in ("probs", "-3", "Conv1", ""):
        with pytest.raises(UsageError, match="the base has no layer of that name") as wrong:
            first_unfrozen(names, asked)
        assert "one of: conv1, conv1_bn, conv_dw_1" in wrong.value.remedy


def ask(data: Path, weights: str, **change: Any) -> Request:
    asked = Request("mobilenet", str(data), size=32, alpha=0.25, weights=weights, seed=4)
    return asked.changed(**({"head_epochs": 2, "epochs": 2, "batch": 8} | change))


def ready(asked: Request, teller: Any) -> Any:
    return prepare(asked, lambda: open_detector("none"), teller)


def test_a_wrong_layer_is_said_before_the_first_phase(
    tmp_path: Path, teller, mobilenet_base: Path, small_pictures: Callable[..., Path]
) -> None:
    asked = ask(small_pictures(tmp_path / "p"), str(mobilenet_base), unfreeze="conv_dw_99")
    with pytest.raises(UsageError, match="--unfreeze conv_dw_99"):
        train(asked, ready(asked, teller), tmp_path / "run", teller)
    assert not teller.rows


class KilledError(Exception):
    """Ends a training as a kill does."""


@pytest.mark.slow
def test_from_weights_in_two_phases_and_after_a_kill_to_the_same_weights(
    tmp_path: Path, teller, mobilenet_base: Path, small_pictures: Callable[..., Path]
) -> None:
    asked = ask(small_pictures(tmp_path / "p"), str(mobilenet_base), unfreeze="conv_dw_12")
    seen: list[Any] = []
    whole = train(asked, ready(asked, teller), tmp_path / "whole", teller)
    said = "\n".join(teller.said)
    assert f"weights: {mobilenet_base.name} " in said
    assert said.index("phase 1 of 2: the head alone") < said.index("phase 2 of 2: conv_dw_12 unf")
    assert said.count("parameters") == 2
    assert [(row["epoch"], row["phase"]) for row in teller.rows] == [(1, 1), (2, 1), (3, 2), (4, 2)]
    config = whole.config
    assert config.weights.startswith(mobilenet_base.name)
    assert config.tuning == asked.followed.tuning
    assert config.alpha == 0.25
    begun = mobilenet.base(32, 32, 3, 0.25)
    begun.load_weights(mobilenet_base)
    model = whole.model()
    changed = [
        layer.name
        for layer in begun.layers
        for ours, theirs in zip(
            model.get_layer(layer.name).get_weights() if layer.weights else [],
            layer.get_weights(),
            strict=True,
        )
        if not np.array_equal(ours, theirs)
    ]
    # Where the best epoch was one of the first phase, nothing of the base has changed at all.
    kernels = ["conv_dw_12", "conv_pw_12", "conv_dw_13", "conv_pw_13"]
    assert changed == (kernels if whole.metrics()["best_epoch"] > 2 else [])

    for epoch in (2, 3):  # at the end of the first phase, and within the second

        def kill(row: Any, at: int = epoch) -> None:
            if row["epoch"] == at:
                raise KilledError

        out = tmp_path / f"killed{epoch}"
        with pytest.raises(KilledError):
            train(asked, ready(asked, teller), out, type(teller)(kill), every_s=0)
        progress = Progress.load(tmp_path / f"killed{epoch}.unfinished")
        assert progress is not None
        seen.append(progress)
        again = resumed(out)
        assert replace(again, data=asked.data) == asked
        run = train(again, ready(again, teller), out, teller, resume=True)
        pairs = zip(run.model().get_weights(), model.get_weights(), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs), f"after epoch {epoch}"
        assert run.metrics()["validation"] == whole.metrics()["validation"]
        assert Run.load(out).config.tuning == config.tuning
    assert [progress.phase for progress in seen] == [1, 2]
    # In the first phase only the head moved; in the second the opened layers with it.
    names = [w.path for w in model.weights]
    first = dict(zip(names, seen[0].weights, strict=True))
    for layer in begun.layers:
        for weight in layer.weights:
            assert np.array_equal(first[weight.path], weight.numpy()), weight.path
    second = dict(zip(names, seen[1].weights, strict=True))
    moved = {path.split("/")[0] for path in names if not np.array_equal(first[path], second[path])}
    assert moved == {*kernels, "probs"}


@pytest.mark.slow
def test_from_nothing_in_one_phase_with_statistics_estimated_again(
    tmp_path: Path, teller, small_pictures: Callable[..., Path]
) -> None:
    from edgeface.train.statistics import estimate_again

    asked = ask(small_pictures(tmp_path / "p"), "none", epochs=2)
    made = ready(asked, teller)
    run = train(asked, made, tmp_path / "run", teller)
    assert "weights: none; all layers are trained at once" in "\n".join(teller.said)
    assert [(row["epoch"], row["phase"]) for row in teller.rows] == [(1, 1), (2, 1)]
    assert (run.config.weights, run.config.tuning) == ("none", None)
    assert run.config.schedule.keep == "last"
    # Estimated once more they are what they are.
    model = run.model()
    estimate_again(model, made.training)
    for weight, kept in zip(model.weights, run.model().weights, strict=True):
        np.testing.assert_allclose(weight, kept, rtol=1e-4, atol=1e-6, err_msg=weight.path)
    fresh = [w.numpy() for w in model.weights if w.path.startswith("conv1_bn/moving_mean")]
    assert np.abs(fresh).max() > 0.01  # and not what Keras begins with
