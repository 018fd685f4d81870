"""``edgeface train``: labelled pictures → a run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output
from edgeface.cli.training import Teller, check_resuming, tell, tell_left_out
from edgeface.cli.trainpoints import check_options, train_on_points

if TYPE_CHECKING:
    from edgeface.train.request import Request


def train(
    context: typer.Context,
    network: Annotated[
        str | None,
        typer.Argument(
            metavar="NETWORK", help="What to train; edgeface train --list names them all."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA",
            help="A folder per class (or split already into train and test), a zip of such "
            "folders, an npz or mat file, or sklearn:olivetti.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the run goes. [default: a free name, as runs/friends]"),
    ] = None,
    seed: options.Seed = 0,
    as_documented: Annotated[
        bool,
        typer.Option(
            "--as-documented", help="Train exactly as documented, instead of what does better."
        ),
    ] = False,
    listed: Annotated[
        bool, typer.Option("--list", help="Name the networks and what was recorded of them.")
    ] = False,
    people: Annotated[
        str,
        typer.Option(
            "--people", metavar="'A,B,C'", help="Only these people, as their folders are called."
        ),
    ] = "",
    validation: Annotated[
        float | None,
        typer.Option(
            "--validation",
            help="Share of every class held back. [default: 0.3; 0.1 beside an official test side]",
        ),
    ] = None,
    test: Annotated[
        float, typer.Option("--test", help="Share held back a second time, never looked at.")
    ] = 0.0,
    split: Annotated[
        str,
        typer.Option(
            "--split", help="official keeps the sides of DATA, drawn draws them, or auto."
        ),
    ] = "auto",
    drop_leaks: Annotated[
        bool,
        typer.Option(
            "--drop-leaks", help="Leave out what has a near-duplicate on the official test side."
        ),
    ] = False,
    crop: Annotated[
        str,
        typer.Option(
            "--crop",
            help="always finds faces and cuts them out; never takes the largest square of whole "
            "pictures, stretched all of them; auto looks at their size.",
        ),
    ] = "auto",
    detector: options.Detector = "haar",
    detector_model: options.DetectorModel = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave broken pictures out and go on.")
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="DIR",
            help="Keep there where faces were found; the next training need not search again.",
        ),
    ] = None,
    colour: options.ArrayColour = "rgb",
    labels: options.ArrayLabels = "",
    pixels: options.ArrayPixels = "",
    targets: options.ArrayTargets = "",
    model_size: Annotated[
        int | None,
        typer.Option("--model-size", help="Side of its input in pixels. [default: as documented]"),
    ] = None,
    model_colour: Annotated[
        str | None,
        typer.Option("--model-colour", help="Of its input: gray, rgb, bgr. [as documented]"),
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", help="Width of mobilenet: 0.25, 0.5, 1.0. [default: 0.5]")
    ] = 0.0,
    weights: Annotated[
        str,
        typer.Option(
            "--weights", help="What mobilenet begins with: a .h5 file, imagenet (fetched), none."
        ),
    ] = "",
    unfreeze: Annotated[
        str,
        typer.Option(
            "--unfreeze",
            help="Of mobilenet in its second phase: all, a layer's name, or how many from the top.",
        ),
    ] = "",
    positive: Annotated[
        str, typer.Option("--positive", help="The class that a single sigmoid unit answers for.")
    ] = "",
    epochs: Annotated[
        int | None, typer.Option("--epochs", min=1, help="Rounds over the pictures, at most.")
    ] = None,
    head_epochs: Annotated[
        int | None, typer.Option("--head-epochs", min=1, help="Of the first phase of mobilenet.")
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            "--patience", min=0, help="Epochs without progress before it stops; 0: never."
        ),
    ] = None,
    batch: Annotated[int | None, typer.Option("--batch", min=1, help="Pictures a step.")] = None,
    rate: Annotated[float | None, typer.Option("--rate", help="Learning rate at first.")] = None,
    strategy: Annotated[
        str, typer.Option("--strategy", help="one device, or mirrored over all GPUs.")
    ] = "one",
    mixed_precision: Annotated[
        bool, typer.Option("--mixed-precision", help="Compute in float16; needs a GPU.")
    ] = False,
    tensorboard: Annotated[
        Path | None, typer.Option("--tensorboard", metavar="DIR", help="Also write event files.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="RUN", help="Go on with a training that was cut off."),
    ] = None,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Train a network to tell people, or whatever the folders hold, apart.

    Photographs without a face, or with several of which none stands out, are left out and listed.
    Ctrl-C ends the training and keeps the best epoch so far; after a kill, --resume goes on.
    """
    from edgeface.datasets.faces import CROP_MODES
    from edgeface.errors import UsageError
    from edgeface.train import request as requests
    from edgeface.train.networks.regressions import POINT_NETWORKS

    if listed:
        _list(as_json=json)
        return
    if resume is not None:
        if network is not None:
            msg = f"--resume {resume}: what is trained, and on what, is known"
            raise UsageError(msg, remedy=f"edgeface train --resume {resume}")
        check_resuming(context)
        asked = requests.resumed(resume)
        how = {"mixed": mixed_precision, "resume": True, "json": json}
        _run(asked, resume, strategy, tensorboard, cache, **how)
        return
    if network is None or data is None:
        msg = "what to train, and on what pictures, is missing"
        raise UsageError(
            msg, remedy="edgeface train NETWORK DATA, as edgeface train friends photos"
        )
    target = out or options.free_name(options.RUNS / network)
    if network in POINT_NETWORKS:
        pictures_only = {
            "--people": people,
            "--test": test,
            "--split": split != "auto",
            "--drop-leaks": drop_leaks,
            "--crop": crop != "auto",
            "--detector-model": detector_model,
            "--skip-broken": skip_broken,
            "--labels": labels,
            "--pixels": pixels,
            "--targets": targets,
            "--model-size": model_size,
            "--model-colour": model_colour,
            "--alpha": alpha,
            "--weights": weights,
            "--unfreeze": unfreeze,
            "--positive": positive,
            "--head-epochs": head_epochs,
            "--patience": patience is not None,
            "--strategy": strategy != "one",
            "--mixed-precision": mixed_precision,
            "--tensorboard": tensorboard,
        }
        check_options(network, pictures_only)
        train_on_points(
            network,
            data,
            target,
            variant="documented" if as_documented else "default",
            seed=seed,
            validation=0.3 if validation is None else validation,
            epochs=epochs,
            batch=batch,
            rate=rate,
            force=force,
            json=json,
        )
        return
    asked = requests.Request(
        network=network,
        data=str(data),
        people=tuple(people.split(",")) if people else (),
        size=model_size,
        colour=options.one_of("--model-colour", model_colour, ("gray", "rgb", "bgr")),
        alpha=alpha,
        positive=positive,
        variant="documented" if as_documented else "default",
        plan=None,
        weights=weights,
        crop=options.one_of("--crop", crop, CROP_MODES),
        detector=detector,
        detector_model=str(detector_model or ""),
        split=options.one_of("--split", split, requests.SPLIT_MODES),
        validation=validation,
        test=test,
        drop_leaks=drop_leaks,
        skip_broken=skip_broken,
        seed=seed,
        reading=options.reading(colour, labels, pixels, targets),
    )
    asked = asked.changed(
        epochs=epochs,
        head_epochs=head_epochs,
        patience=patience,
        batch=batch,
        rate=rate,
        unfreeze=unfreeze,
    )
    how = {"mixed": mixed_precision, "force": force, "json": json}
    _run(asked, target, strategy, tensorboard, cache, **how)


def _run(
    asked: "Request",
    out: Path,
    strategy: str,
    tensorboard: Path | None,
    cache: Path | None,
    *,
    mixed: bool,
    force: bool = False,
    resume: bool = False,
    json: bool = False,
) -> None:
    from edgeface.train import job
    from edgeface.train.prepare import prepare
    from edgeface.vision.detect import open_detector
    from edgeface.vision.remember import Remembering

    job.check_place(out, force=force, resume=resume)
    where = job.Where(options.one_of("--strategy", strategy, job.STRATEGIES), mixed, tensorboard)
    if strategy != "one" or mixed:
        from edgeface.train import devices

        devices.check(where.strategy, mixed=mixed)
    file = Path(asked.detector_model) if asked.detector_model else None
    opened = open_detector(asked.detector, file)
    if cache is not None:
        opened = Remembering(opened, cache, file)
    teller = Teller()
    if asked.variant == "default":
        for change in asked.net.changes:
            teller.say(f"other than documented (--as-documented): {change}")
    ready = prepare(asked, lambda: opened, teller)
    tell_left_out(ready)
    sides = f"{len(ready.training)} pictures to train on, {len(ready.validation)} to choose on"
    teller.say(sides + (f", {len(ready.test)} to test on" if len(ready.test) else ""))
    for warning in ready.warnings:
        teller.say(f"warning: {warning}")
    with teller.fitting(asked.followed.epochs):
        run = job.train(asked, ready, out, teller, where=where, force=force, resume=resume)
    tell(run, as_json=json)
    if run.metrics()["interrupted"]:
        raise typer.Exit(130)


def _list(*, as_json: bool) -> None:
    from edgeface.train.networks import NETWORKS
    from edgeface.train.networks.regressions import POINT_NETWORKS

    if as_json:
        rows: list[dict[str, Any]] = [
            {
                "name": net.name,
                "size": net.size,
                "colour": net.colour,
                "source": net.source,
                "recorded": net.recorded,
                "changes": list(net.changes),
            }
            for net in NETWORKS.values()
        ]
        rows += [
            {
                "name": net.name,
                "source": net.source,
                "recorded": net.recorded,
                "changes": list(net.changes),
            }
            for net in POINT_NETWORKS.values()
        ]
        output.as_json({"schema": 1, "networks": rows})
        return
    output.table(
        ("network", "input", "recorded result"),
        [
            (net.name, f"{net.size}x{net.size} {net.colour}", net.recorded or output.NONE)
            for net in NETWORKS.values()
        ]
        + [(net.name, "1 number", net.recorded) for net in POINT_NETWORKS.values()],
    )
    output.next_command("edgeface", "train", "friends", "PHOTOS")
