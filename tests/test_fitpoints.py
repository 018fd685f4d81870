"""Fitting a network to points."""

import itertools
import math

import numpy as np
import pytest

from edgeface import residuals
from edgeface.datasets.points import Points, standard_of
from edgeface.errors import UsageError
from edgeface.train.networks.points import PointDesign, PointPlan
from edgeface.train.networks.regressions import point_network

pytestmark = pytest.mark.tf

X = np.linspace(-2, 2, 50)[:, None]
PARABOLA = Points(X, 100 * X[:, 0] ** 2, ("x",), "y")
TRAINING, HELD = PARABOLA.only(np.arange(50) % 3 > 0), PARABOLA.only(np.arange(50) % 3 == 0)
SHORT = PointPlan(60, 16, 1e-2, "cosine", 1.0, "best")


def model(seed: int = 0, name: str = "curve", variant: str = "default"):
    from edgeface.train import toolchain

    toolchain.seed_everything(seed)
    return point_network(name).build(PointDesign(1, variant, standard_of(TRAINING)))


def fit(net, plan=SHORT, training=TRAINING, held=HELD, after=lambda row: None, **how):
    from edgeface.train.fitpoints import fit_points

    how = {"unit": standard_of(TRAINING).y_deviation, "seed": 0} | how
    return fit_points(net, training, held, plan, after, **how)


def values(net, points: Points = HELD):
    from edgeface.train.fitpoints import values_of

    return values_of(net, points.x)


def test_it_bends_and_the_best_epoch_is_kept() -> None:
    net = model()
    history = fit(net)
    losses = [row["val_loss"] for row in history.rows]
    assert len(losses) == 60
    assert history.best == history.kept == 1 + losses.index(min(losses))
    assert residuals.rmse(values(net), HELD.y) == pytest.approx(
        history.rows[history.best - 1]["val_rmse"], rel=1e-3
    )
    assert history.rows[-1]["val_rmse"] < 0.1 * np.std(HELD.y)
    assert not history.interrupted


def test_a_seed_gives_the_same_weights() -> None:
    weights = []
    for seed, order in ((0, 0), (0, 0), (1, 0), (0, 1)):
        net = model(seed)
        fit(net, PointPlan(3, 16, 1e-2), seed=order)
        weights.append(np.concatenate([w.ravel() for w in net.get_weights()]))
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    assert not np.array_equal(weights[0], weights[3])


def test_rows_by_hand() -> None:
    """One step an epoch at a rate next to nothing: the loss of the step is that of the network."""
    net = model()
    before, errors = values(net, TRAINING), []
    plan = PointPlan(2, 1000, 1e-9, "none")
    clock = itertools.count(step=0.5)
    history = fit(net, plan, after=errors.append, unit=10.0, clock=lambda: next(clock))
    row = history.rows[0]
    assert list(history.rows) == errors
    assert row["rmse"] == pytest.approx(residuals.rmse(before, TRAINING.y), rel=1e-4)
    assert row["loss"] == pytest.approx((row["rmse"] / 10) ** 2, rel=1e-4)
    assert row["val_rmse"] == pytest.approx(residuals.rmse(values(net), HELD.y), rel=1e-4)
    assert (row["epoch"], row["rate"], row["seconds"]) == (1, 1e-9, 0.5)


def test_the_last_batch_weighs_as_many_points_as_it_has() -> None:
    """33 points in batches of 32: the single one must not count as much as the others together."""
    net = model()
    expected = residuals.rmse(values(net, TRAINING), TRAINING.y)
    assert len(TRAINING) == 33
    history = fit(net, PointPlan(1, 32, 1e-9, "none"))
    assert history.rows[0]["rmse"] == pytest.approx(expected, rel=1e-4)


def test_the_rate_falls_along_half_a_cosine() -> None:
    rates = [row["rate"] for row in fit(model(), PointPlan(4, 16, 0.1, "cosine")).rows]
    assert rates == pytest.approx([0.1 * (1 + math.cos(math.pi * i / 4)) / 2 for i in range(4)])


def test_the_last_weights_where_the_plan_keeps_them() -> None:
    net = model()
    history = fit(net, PointPlan(8, 16, 1e-2, "none", 0.0, "last"))
    assert history.kept == 8
    expected = history.rows[-1]["val_rmse"]
    assert residuals.rmse(values(net), HELD.y) == pytest.approx(expected, rel=1e-3)


def test_ctrl_c_keeps_the_best_so_far() -> None:
    def stop(row) -> None:
        if row["epoch"] == 3:
            raise KeyboardInterrupt

    net = model()
    history = fit(net, PointPlan(50, 16, 1e-2, "none", 0.0, "last"), after=stop)
    assert history.interrupted
    assert len(history.rows) == 3
    assert history.kept == history.best
    best = history.rows[history.best - 1]["val_rmse"]
    assert residuals.rmse(values(net), HELD.y) == pytest.approx(best, rel=1e-3)


def test_ctrl_c_before_the_first_epoch_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    from edgeface.train import fitpoints

    def stop(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fitpoints._Epochs, "run", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(model())


def test_what_diverges_is_said() -> None:
    far, held = (Points(p.x, p.y * 1e30, ("x",), "y") for p in (TRAINING, HELD))
    with pytest.raises(UsageError, match="the training diverged") as wrong:
        fit(model(variant="documented"), PointPlan(3), far, held, unit=1.0)
    assert "--rate" in wrong.value.remedy
