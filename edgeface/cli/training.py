"""What ``edgeface train`` says: on the way, and at the end."""

import contextlib
from typing import TYPE_CHECKING, Any

from edgeface.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import typer

    from edgeface.train.prepare import Prepared
    from edgeface.train.run import Run

_SHOWN = 12
# What --resume does not know from the training that was cut off, or that changes nothing of it.
_WITH_RESUME = {"resume", "strategy", "mixed_precision", "tensorboard", "cache", "json"}


class Teller:
    """Tells a terminal how training goes on; see `edgeface.train.job.Teller`."""

    def __init__(self) -> None:
        self._bar: output.EpochBar | None = None

    def say(self, text: str) -> None:
        """A line on stderr."""
        output.say(text)

    def track(self, items: "Sequence[Any]", doing: str) -> "Iterable[Any]":
        """Items with a bar."""
        return output.track(items, doing)

    @contextlib.contextmanager
    def fitting(self, epochs: int) -> "Iterator[None]":
        """A bar that `step` and `epoch` move on."""
        with output.EpochBar(epochs) as bar:
            self._bar = bar
            yield

    def step(self, done: int, of: int) -> None:
        """Move the bar within an epoch."""
        if self._bar is not None:
            self._bar.step(done, of)

    def epoch(self, row: "Mapping[str, float]", of: int) -> None:
        """Move the bar to the end of an epoch; where stderr is no terminal, a line now and then."""
        if self._bar is not None:
            self._bar.epoch(row, of)


def check_resuming(context: "typer.Context") -> None:
    """Say that an option would be without effect: a training goes on as it was begun.

    Raises:
        UsageError: One was given.
    """
    from edgeface.errors import UsageError

    for parameter in context.command.params:
        source = context.get_parameter_source(str(parameter.name))
        given = source is not None and source.name == "COMMANDLINE"
        if given and parameter.name not in _WITH_RESUME:
            msg = f"{parameter.opts[0]}: with --resume a training goes on as it was begun"
            raise UsageError(msg, remedy="leave it out, or train anew with another --out")


def tell_left_out(ready: "Prepared") -> None:
    """Every picture that was not used, by name: the first dozen here, all in split.json."""
    left = ready.split.side("left out")
    for entry in left[:_SHOWN]:
        output.say(f"left out: {entry.name}: {entry.reason}")
    if len(left) > _SHOWN:
        output.say(f"left out: {len(left) - _SHOWN} more; split.json of the run lists them all")


def tell(run: "Run", *, as_json: bool) -> None:
    """What came of it, and the next command."""
    metrics = run.metrics()
    if as_json:
        output.as_json({"run": str(run.folder), "network": run.config.network, **metrics})
    else:
        _tell_sides(metrics)
        output.result(f"run: {run.folder} (crops.png shows what the network saw)")
    for warning in metrics["warnings"]:
        output.say(f"warning: {warning}")
    if metrics["interrupted"]:
        output.say(f"interrupted: the best of {metrics['epochs']} epochs was kept")
    output.next_command("edgeface", "export", run.folder, "--int8")


def _tell_sides(metrics: "Mapping[str, Any]") -> None:
    for side in ("test", "validation"):
        held = metrics.get(side)
        if not held:
            continue
        output.result(
            f"{side} accuracy {held['accuracy']:.3f} on {held['pictures']} pictures "
            f"(95 %: {held['accuracy_low']:.3f} to {held['accuracy_high']:.3f})"
            + (f", area under the ROC curve {held['auc']:.4f}" if "auc" in held else "")
            + (f", training {metrics['training']['accuracy']:.3f}" if side == "validation" else "")
        )
    shares = metrics["validation"]["per_class"].items()
    weakest = sorted((i for i in shares if i[1] is not None), key=lambda item: item[1])[:3]
    output.result("weakest: " + ", ".join(f"{who} {share:.2f}" for who, share in weakest))
