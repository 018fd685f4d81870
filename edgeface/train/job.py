"""The training job: photographs → crops → split → fit → run folder."""

import csv
import datetime
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, evaluate, records, sealed
from edgeface.datasets import split
from edgeface.datasets.faces import CropMode, Faces, check_enough, class_numbers, cut_faces, framing
from edgeface.datasets.folder import Photo, PhotoFolder, check_for_training
from edgeface.errors import UsageError
from edgeface.images import LARGEST_SIDE_PX, Pixels
from edgeface.train import run
from edgeface.train.networks import network
from edgeface.vision.detect import Detector


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a training job.

    Attributes:
        network: A name in `edgeface.train.networks.NETWORKS`.
        data: The folder or zip of photographs.
        people: Who; empty takes everybody.
        size: Side of the network's input in pixels; None takes the documented one.
        crop: ``auto``, ``never`` or ``always``.
        validation: Share of every person's pictures that is held back.
        seed: Of everything.
        schedule: How long and how fast.
    """

    network: str
    data: Path
    people: tuple[str, ...] = ()
    size: int | None = None
    crop: CropMode = "auto"
    validation: float = 0.3
    seed: int = 0
    schedule: run.Schedule = run.Schedule()  # noqa: RUF009 - frozen


class Teller(Protocol):
    """Who is told how the job goes on."""

    def say(self, text: str) -> None:
        """A line."""

    def track(self, items: Sequence[Any], doing: str) -> Iterable[Any]:
        """Items, with progress."""

    def epoch(self, row: Mapping[str, float], of: int) -> None:
        """An epoch has ended."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Crops and sides, before anything is fitted."""

    labels: tuple[str, ...]
    faces: Faces
    split: split.Split
    training: tuple[Pixels, NDArray[np.intp]]
    validation: tuple[Pixels, NDArray[np.intp]]


def prepare(
    asked: Request,
    open_detector: Callable[[], Detector],
    teller: Teller,
    *,
    skip_broken: bool = False,
) -> Prepared:
    """Read the photographs, cut the faces, draw the sides.

    Raises:
        InputError: The data set cannot be trained on; the first thing wrong is named.
        UsageError: The request cannot be meant.
    """
    net = network(asked.network)
    size = net.size if asked.size is None else asked.size
    split.check_share(asked.validation)
    if not net.smallest <= size <= LARGEST_SIDE_PX:
        msg = f"--model-size {size}: {net.name} takes {net.smallest} to {LARGEST_SIDE_PX} px"
        raise UsageError(msg)
    with PhotoFolder(asked.data) as folder:
        people = folder.chosen(asked.people)
        check_for_training(people, asked.data)
        made = replace(
            framing(folder, people, asked.crop), height=size, width=size, colour=net.colour
        )
        whole = made.framing == "whole"
        teller.say(
            "crops: whole pictures" if whole else "crops: faces found, with a margin, and checked"
        )
        doing = "reading pictures" if whole else "finding faces"
        faces = cut_faces(
            folder,
            people,
            made,
            open_detector(),
            skip_broken=skip_broken,
            track=lambda names: teller.track(names, doing),
        )
    check_enough(faces, people)
    photos = [Photo(e.name, e.label, e.sha256) for e in faces.used]
    sides = split.draw_sides(photos, asked.validation, asked.seed)
    return _divide(tuple(people), faces, sides, asked)


def _divide(
    labels: tuple[str, ...], faces: Faces, sides: Sequence[split.Side], asked: Request
) -> Prepared:
    used = [replace(e, side=s) for e, s in zip(faces.used, sides, strict=True)]
    truth = class_numbers(used, labels)
    held = np.asarray([s == "validation" for s in sides])
    files = tuple(sorted([*used, *faces.left_out], key=lambda e: e.name))
    return Prepared(
        labels,
        faces,
        split.Split(split.SCHEMA, asked.seed, asked.validation, files),
        (faces.pixels[~held], truth[~held]),
        (faces.pixels[held], truth[held]),
    )


def train(
    asked: Request,
    ready: Prepared,
    detector: str,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
) -> run.Run:
    """Fit the network to what `prepare` made ready and write the run.

    Ctrl-C before the first epoch has ended leaves nothing; after it, the best epoch so far is
    written as a run that says it was interrupted.

    Raises:
        UsageError: ``out`` is taken.
        EdgefaceError: The disk is full or cannot be written.
    """
    sealed.check_free(out, force=force)
    from edgeface.train import fit, toolchain

    toolchain.seed_everything(asked.seed)
    size = ready.faces.preprocess.height
    with toolchain.quiet():
        model = network(asked.network).build(size, len(ready.labels))
    started = time.monotonic()
    history = fit.fit(
        model,
        ready.training,
        ready.validation,
        asked.schedule,
        seed=asked.seed,
        after_epoch=lambda row: teller.epoch(row, asked.schedule.epochs),
    )
    seconds = time.monotonic() - started
    config = run.Config(
        schema=run.SCHEMA,
        edgeface=__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        network=asked.network,
        data=str(asked.data.absolute()),
        detector=detector if ready.faces.preprocess.framing == "face" else "none",
        seed=asked.seed,
        preprocess=ready.faces.preprocess,
        schedule=asked.schedule,
    )
    metrics = _metrics(model, ready, history, seconds)
    with toolchain.quiet():
        # A network that was never compiled: what the optimiser remembers is two thirds of the file.
        plain = network(asked.network).build(size, len(ready.labels))
    plain.set_weights(model.get_weights())
    with sealed.new_folder(out, force=force) as folder:
        _write(folder, plain, config, ready, history, metrics)
    return run.Run.load(out)


def _metrics(model: Any, ready: Prepared, history: Any, seconds: float) -> dict[str, Any]:
    def side(pixels: Pixels, truth: NDArray[np.intp]) -> dict[str, Any]:
        probs = _probs(model, pixels)
        hits = int((probs.argmax(axis=1) == truth).sum())
        low, high = evaluate.wilson(hits, len(truth))
        counts = evaluate.confusion(probs, truth)
        return {
            "pictures": len(truth),
            "loss": evaluate.cross_entropy(probs, truth),
            "accuracy": hits / len(truth),
            "accuracy_low": low,
            "accuracy_high": high,
            "per_class": dict(
                zip(ready.labels, (np.diag(counts) / counts.sum(axis=1)).tolist(), strict=True)
            ),
            "confusion": counts.tolist(),
        }

    return {
        "schema": 1,
        "training": side(*ready.training),
        "validation": side(*ready.validation),
        "left_out": dict(Counter(e.reason for e in ready.faces.left_out)),
        "parameters": int(model.count_params()),
        "epochs": len(history.rows),
        "best_epoch": history.best,
        "interrupted": history.interrupted,
        "fit_seconds": round(seconds, 2),
    }


def _probs(model: Any, pixels: Pixels) -> evaluate.Probs:
    # In parts: a thousand pictures at once fill half a gigabyte in the first layer.
    parts = np.array_split(pixels, -(-len(pixels) // 256))
    answers = [model.predict_on_batch(part.astype(np.float32)) for part in parts]
    return np.asarray(np.concatenate(answers), np.float32)


def _write(
    folder: Path,
    model: Any,
    config: run.Config,
    ready: Prepared,
    history: Any,
    metrics: dict[str, Any],
) -> None:
    from edgeface.train import pictures

    (folder / run.CONFIG).write_text(records.to_toml(asdict(config)), "utf-8")
    (folder / run.LABELS).write_text("".join(f"{label}\n" for label in ready.labels), "utf-8")
    (folder / split.FILE).write_text(records.to_json(asdict(ready.split)), "utf-8")
    (folder / run.METRICS).write_text(records.to_json(metrics), "utf-8")
    (folder / "history.csv").write_text(_csv(history.rows), "utf-8")
    model.save_weights(folder / run.WEIGHTS)
    model.save(folder / "model.keras")
    pictures.learning_curve(folder / "history.png", history.rows, history.best)
    truth = class_numbers(ready.faces.used, ready.labels)
    crops = {label: ready.faces.pixels[truth == i] for i, label in enumerate(ready.labels)}
    pictures.contact_sheet(folder / "crops.png", crops)


def _csv(rows: Sequence[Mapping[str, float]]) -> str:
    text = io.StringIO()
    head = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "rate", "seconds"]
    writer = csv.DictWriter(text, head, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{row[key]:.6g}" for key in head} for row in rows)
    return text.getvalue()
