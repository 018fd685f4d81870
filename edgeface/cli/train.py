"""``edgeface train``: photographs of people → a run."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from edgeface.train.job import Prepared
    from edgeface.train.run import Run


def train(
    network: Annotated[str, typer.Argument(metavar="NETWORK", help="What to train: friends.")],
    data: Annotated[
        Path,
        typer.Argument(metavar="PHOTOS", help="A folder per person, or a zip of such folders."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the run goes. [default: a free name, as runs/friends]"),
    ] = None,
    seed: options.Seed = 0,
    people: Annotated[
        str,
        typer.Option(
            "--people", metavar="'A,B,C'", help="Only these people, as their folders are called."
        ),
    ] = "",
    validation: Annotated[
        float, typer.Option("--validation", help="Share of everybody's pictures held back.")
    ] = 0.3,
    model_size: Annotated[
        int | None, typer.Option("--model-size", help="Side of its input in pixels. [default: 64]")
    ] = None,
    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Rounds over the pictures, at most.")
    ] = 300,
    patience: Annotated[
        int, typer.Option("--patience", min=1, help="Epochs without progress before it stops.")
    ] = 30,
    crop: Annotated[
        str,
        typer.Option(
            "--crop",
            help="Find faces and cut them out: always, never (the pictures are crops), or auto.",
        ),
    ] = "auto",
    detector: options.Detector = "haar",
    detector_model: options.DetectorModel = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave broken pictures out and go on.")
    ] = False,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Train a network to tell people apart.

    Photographs without a face, or with several of which none stands out, are left out and listed.
    Ctrl-C ends the training and keeps the best epoch so far.
    """
    from edgeface import sealed
    from edgeface.datasets.faces import CROP_MODES
    from edgeface.errors import UsageError
    from edgeface.train.job import Request, prepare
    from edgeface.train.job import train as fit_and_write
    from edgeface.train.run import Schedule
    from edgeface.vision.detect import open_detector

    if crop not in CROP_MODES:
        msg = f"--crop {crop}: one of {', '.join(CROP_MODES)}"
        raise UsageError(msg)
    target = out or options.free_name(options.RUNS / network)
    sealed.check_free(target, force=force)
    asked = Request(
        network=network,
        data=data,
        people=tuple(people.split(",")) if people else (),
        size=model_size,
        crop=crop,
        validation=validation,
        seed=seed,
        schedule=Schedule(epochs=epochs, patience=patience),
    )
    opened = open_detector(detector, detector_model)
    teller = Teller()
    ready = prepare(asked, lambda: opened, teller, skip_broken=skip_broken)
    _tell_left_out(ready)
    teller.say(
        f"{len(ready.training[1])} pictures to train on, {len(ready.validation[1])} held back"
    )
    with teller.fitting(epochs):
        run = fit_and_write(asked, ready, detector, target, teller, force=force)
    _tell(run, as_json=json)
    if run.metrics()["interrupted"]:
        raise typer.Exit(130)


def _tell_left_out(ready: "Prepared") -> None:
    """Every photograph that was not used, by name: the first dozen here, all in split.json."""
    left = ready.faces.left_out
    for entry in left[:12]:
        output.say(f"left out: {entry.name}: {entry.reason}")
    if len(left) > 12:
        output.say(f"left out: {len(left) - 12} more; split.json of the run lists them all")


def _tell(run: "Run", *, as_json: bool) -> None:
    metrics = run.metrics()
    if as_json:
        output.as_json({"run": str(run.folder), "network": run.config.network, **metrics})
    else:
        held = metrics["validation"]
        output.result(
            f"validation accuracy {held['accuracy']:.3f} on {held['pictures']} pictures "
            f"(95 %: {held['accuracy_low']:.3f} to {held['accuracy_high']:.3f}), "
            f"training {metrics['training']['accuracy']:.3f}"
        )
        weakest = sorted(held["per_class"].items(), key=lambda item: item[1])[:3]
        output.result("weakest: " + ", ".join(f"{who} {share:.2f}" for who, share in weakest))
        output.result(f"run: {run.folder} (crops.png shows what the network saw)")
    if metrics["interrupted"]:
        output.say(f"interrupted: the best of {metrics['epochs']} epochs was kept")
    output.next_command("edgeface", "export", run.folder, "--int8")


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
        """A bar that `epoch` moves on."""
        with output.EpochBar(epochs) as bar:
            self._bar = bar
            yield

    def epoch(self, row: "Mapping[str, float]", of: int) -> None:
        """Move the bar; where stderr is no terminal, a line every ten epochs."""
        if self._bar is not None:
            self._bar.epoch(row, of)
