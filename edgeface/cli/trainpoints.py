"""``edgeface train curve``: points → a run; called by ``edgeface train``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from edgeface.cli import output
from edgeface.cli.training import Teller


def check_options(network: str, given: Mapping[str, object]) -> None:
    """Say that an option is about pictures, of which there are none here.

    Args:
        network: What is trained.
        given: Option → its value; what is empty, 0 or None was not given.

    Raises:
        UsageError: One of them was given.
    """
    from edgeface.errors import UsageError

    wrong = [option for option, value in given.items() if value]
    if wrong:
        msg = (
            f"{', '.join(wrong)}: for networks that look at pictures; {network} is fitted to points"
        )
        raise UsageError(msg, remedy="leave it out" if len(wrong) == 1 else "leave them out")


def train_on_points(
    network: str, data: Path, out: Path, *, epochs: int | None, json: bool, **how: Any
) -> None:
    """Fit a regression and tell what came of it; ``how`` as in `edgeface.train.regress`."""
    from edgeface.train.networks.regressions import point_network
    from edgeface.train.regress import train_points

    teller = Teller()
    plan = point_network(network).plan(how["variant"])
    with teller.fitting(epochs or plan.epochs):
        run = train_points(network, data, out, teller, epochs=epochs, **how)
    metrics = run.metrics()
    if json:
        output.as_json({"run": str(run.folder), "network": network, **metrics})
    else:
        head = ("points", "number", "L2 error", "RMSE", "worst", "L2 of a straight line")
        keys = ("points", "l2", "rmse", "worst", "line_l2")
        sides = ("training", "validation", "all")
        output.table(head, [(s, *(f"{metrics[s][k]:.4g}" for k in keys)) for s in sides])
        output.result(f"run: {run.folder} (curve.png shows the points and what was fitted)")
    for warning in metrics["warnings"]:
        output.say(f"warning: {warning}")
    if metrics["interrupted"]:
        output.say(f"interrupted: the best of {metrics['epochs']} epochs was kept")
    output.next_command("edgeface", "export", run.folder)
    if metrics["interrupted"]:
        raise typer.Exit(130)
