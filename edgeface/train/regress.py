"""The training job of a regression: points → sides → fit → run folder."""

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, records, residuals, sealed
from edgeface.datasets.pointfile import open_points, to_csv
from edgeface.datasets.points import Mask, Points, draw_held_back, standard_of
from edgeface.train import pointrun
from edgeface.train.networks import Variant
from edgeface.train.networks.points import PointNetwork, PointPlan
from edgeface.train.networks.regressions import point_network
from edgeface.train.pointrun import PointConfig, PointRun

HISTORY = ("epoch", "loss", "val_loss", "rmse", "val_rmse", "rate", "seconds")
FEW = 30
_OVERFIT = 1.5
_BENT = 0.9


class Teller(Protocol):
    """Who is told how the job goes on."""

    def say(self, text: str) -> None:
        """A line."""

    def epoch(self, row: Mapping[str, float], of: int) -> None:
        """An epoch has ended; ``row`` as in `edgeface.train.fitpoints.PointHistory`."""


def train_points(
    network: str,
    data: Path,
    out: Path,
    teller: Teller,
    *,
    variant: Variant = "default",
    seed: int = 0,
    validation: float = 0.3,
    epochs: int | None = None,
    batch: int | None = None,
    rate: float | None = None,
    force: bool = False,
) -> PointRun:
    """Fit a network to the points of a file and write the run.

    Ctrl-C before the first epoch has ended leaves nothing; after it, the best epoch so far is
    written as a run that says it was interrupted.

    Args:
        network: A name in `edgeface.train.networks.regressions.POINT_NETWORKS`.
        data: A csv or npz file (see `edgeface.datasets.pointfile`).
        out: Where the run goes.
        teller: Is told how it goes on.
        variant: ``default`` or ``documented``.
        seed: Of split, weights and order.
        validation: Share of the points that is held back.
        epochs: How many; None takes the plan's.
        batch: Points a step; None takes the plan's.
        rate: Learning rate at first; None takes the plan's.
        force: Replace what stands at ``out``.

    Raises:
        UsageError: ``out`` is taken, the request cannot be meant, or the training diverged.
        InputError: The points cannot be read or learned from.
        EdgefaceError: The disk is full or cannot be written.
    """
    sealed.check_free(out, force=force)
    net = point_network(network)
    plan = _plan(net.plan(variant), epochs, batch, rate)
    points = open_points(data)
    held = draw_held_back(points, validation, seed)
    standard = standard_of(points.only(~held))
    taken = f"{', '.join(points.inputs)} → {points.output}"
    teller.say(f"{len(points)} points ({taken}), {int(held.sum())} of them held back")
    for change in net.changes if variant == "default" else ():
        teller.say(f"other than documented (--as-documented): {change}")
    config = PointConfig(
        schema=pointrun.SCHEMA,
        task="regress",
        edgeface=__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        network=network,
        data=str(data.absolute()),
        seed=seed,
        variant=variant,
        validation=validation,
        plan=plan,
        standard=standard,
    )
    model, history = _fit(net, config, points, held, teller)
    metrics = _metrics(model, points, held, history)
    with sealed.new_folder(out, force=force) as folder:
        _write(folder, model, config, points, held, history, metrics)
    return PointRun.load(out)


def _plan(plan: PointPlan, epochs: int | None, batch: int | None, rate: float | None) -> PointPlan:
    asked = {"epochs": epochs, "batch": batch, "rate": rate}
    return replace(plan, **{k: v for k, v in asked.items() if v is not None})  # type: ignore[arg-type]


def _fit(
    net: PointNetwork, config: PointConfig, points: Points, held: Mask, teller: Teller
) -> tuple[Any, Any]:
    from edgeface.train import toolchain
    from edgeface.train.fitpoints import fit_points

    toolchain.seed_everything(config.seed)
    with toolchain.quiet():
        model = net.build(config.design)
    history = fit_points(
        model,
        points.only(~held),
        points.only(held),
        config.plan,
        lambda row: teller.epoch(row, config.plan.epochs),
        # As documented: the error in the unit of y, whatever that is.
        unit=config.standard.y_deviation if config.variant == "default" else 1.0,
        seed=config.seed,
    )
    return model, history


def _metrics(model: Any, points: Points, held: Mask, history: Any) -> dict[str, Any]:
    from edgeface.train.fitpoints import values_of

    values, line = values_of(model, points.x), straight_line(points, ~held)
    sides = {"training": ~held, "validation": held, "all": np.ones(len(points), bool)}
    metrics: dict[str, Any] = {"schema": 1, "task": "regress"}
    for name, side in sides.items():
        told = {"points": int(side.sum())}
        for figure in (residuals.l2, residuals.rmse, residuals.worst):
            told[figure.__name__] = figure(values[side], points.y[side])  # type: ignore[assignment]
        told["line_l2"] = residuals.l2(line[side], points.y[side])  # type: ignore[assignment]
        metrics[name] = told
    metrics |= {
        "parameters": int(model.count_params()),
        "epochs": len(history.rows),
        "best_epoch": history.best,
        "kept_epoch": history.kept,
        "interrupted": history.interrupted,
        "fit_seconds": round(sum(row["seconds"] for row in history.rows), 2),
    }
    metrics["warnings"] = warnings_of(metrics)
    return metrics


def straight_line(points: Points, fitted: Mask) -> NDArray[np.float64]:
    """What the best straight line answers: least squares on the points ``fitted``; (n,)."""
    columns = np.column_stack([points.x, np.ones(len(points))])
    scale = np.abs(columns).max(axis=0)
    scale[scale == 0] = 1
    found = np.linalg.lstsq(columns[fitted] / scale, points.y[fitted], rcond=None)[0]
    return np.asarray(columns / scale @ found, np.float64)


def warnings_of(metrics: Mapping[str, Any]) -> list[str]:
    """What is wrong with a regression, from its metrics."""
    training, held = metrics["training"], metrics["validation"]
    told = []
    if held["points"] < FEW:
        told.append(f"{held['points']} points are held back: too few to tell two networks apart")
    if training["l2"] > _BENT * training["line_l2"]:
        told.append(
            f"hardly better than a straight line: L2 error {training['l2']:.4g} on what it was "
            f"trained on, the best line has {training['line_l2']:.4g}"
        )
    elif held["rmse"] > _OVERFIT * training["rmse"]:
        told.append(
            f"it overfits: RMSE {training['rmse']:.4g} on what it was trained on, "
            f"{held['rmse']:.4g} on what was held back; more points help"
        )
    return told


def _write(
    folder: Path,
    model: Any,
    config: PointConfig,
    points: Points,
    held: Mask,
    history: Any,
    metrics: dict[str, Any],
) -> None:
    from edgeface.train import pointpictures as pictures
    from edgeface.train.fitpoints import values_of

    (folder / pointrun.CONFIG).write_text(records.to_toml(asdict(config)), "utf-8")
    (folder / pointrun.POINTS).write_text(to_csv(points, held), "utf-8")
    (folder / pointrun.METRICS).write_text(records.to_json(metrics), "utf-8")
    (folder / "history.csv").write_text(_csv(history.rows), "utf-8")
    model.save_weights(folder / pointrun.WEIGHTS)
    model.save(folder / "model.keras")
    pictures.error_curve(folder / "history.png", history.rows, history.kept, points.output)
    at = pictures.fine_x(points) if points.x.shape[1] == 1 else points.x
    whole, part = metrics["all"], metrics["validation"]
    title = (
        f"{config.network}: L2 error {whole['l2']:.4g} over all {whole['points']} points, "
        f"{part['l2']:.4g} over the {part['points']} held back"
    )
    lines = {config.network: values_of(model, at)}
    pictures.fitted(folder / "curve.png", points, held, lines, title)


def _csv(rows: Sequence[Mapping[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{row[key]:.6g}" for key in HISTORY} for row in rows)
    return text.getvalue()
