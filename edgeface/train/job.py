"""The training job: prepared sides → fit, in one phase or two → run folder."""

import contextlib
import csv
import datetime
import io
import shlex
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from edgeface import __version__, evaluate, records, sealed
from edgeface.datasets import split
from edgeface.datasets.photos import lasting
from edgeface.errors import BundleError, UsageError
from edgeface.train import checkpoint, measured, run
from edgeface.train.checkpoint import Keeper, Progress
from edgeface.train.prepare import Part, Prepared, Reader
from edgeface.train.request import Request

STRATEGIES = ("one", "mirrored")
ON_SHEET = 12
HISTORY = ("epoch", "phase", "loss", "accuracy", "val_loss", "val_accuracy", "rate", "seconds")


class Teller(Reader, Protocol):
    """Who is told how the job goes on."""

    def step(self, done: int, of: int) -> None:
        """So many batches of the epoch are done."""

    def epoch(self, row: Mapping[str, float], of: int) -> None:
        """An epoch has ended."""


@dataclass(frozen=True, slots=True)
class Where:
    """What a job runs on; it changes how fast the weights are there, and their last digits.

    Attributes:
        strategy: ``one`` or ``mirrored`` (see `edgeface.train.devices`).
        mixed: Whether in mixed precision.
        tensorboard: Folder for TensorBoard's event files; None writes none.
    """

    strategy: Literal["one", "mirrored"] = "one"
    mixed: bool = False
    tensorboard: Path | None = None


def train(
    asked: Request,
    ready: Prepared,
    out: Path,
    teller: Teller,
    *,
    where: Where = Where(),
    force: bool = False,
    resume: bool = False,
    every_s: float = checkpoint.EVERY_S,
) -> run.Run:
    """Fit the network to what `prepare` made ready and write the run.

    While it goes on, its progress is kept beside ``out``; ``resume`` goes on from there, to the
    weights that a training without a break reaches. Ctrl-C before the first epoch has ended leaves
    nothing; after it, the best epoch so far is written as a run that says it was interrupted.

    Args:
        asked: The request.
        ready: What `prepare` made of it.
        out: Where the run goes.
        teller: Is told how it goes on.
        where: What it runs on.
        force: Replace what stands at ``out``.
        resume: Go on where a training that was cut off stood.
        every_s: Least time between two records of its progress.

    Raises:
        UsageError: ``out`` is taken.
        BundleError: The pictures are not those of the training that is resumed.
        EdgefaceError: The disk is full or cannot be written.
    """
    check_place(out, force=force, resume=resume)
    kept = checkpoint.unfinished(out)
    before = _progress(kept, ready) if resume else None
    from edgeface.train import devices, phases, steps, toolchain

    toolchain.seed_everything(asked.seed)
    started = time.monotonic()
    with devices.devices(where.strategy, mixed=where.mixed) as number:
        model, base = phases.build(asked, len(ready.labels), teller, mixed=where.mixed)
        if not resume:  # not before: something may have been asked that cannot be
            shutil.rmtree(kept, ignore_errors=True)
        with _watching(asked, ready, out, teller, where, every_s) as watcher:
            history = phases.fit_all(model, asked, ready, base, before, watcher, teller)
        seconds = sum(row["seconds"] for row in history.rows)
    # A network that was never compiled: what the optimiser remembers is two thirds of the file.
    with toolchain.quiet():
        plain = asked.net.build(asked.design(len(ready.labels)))
    plain.set_weights(model.get_weights())
    plan = asked.followed
    config = run.Config(
        schema=run.SCHEMA,
        edgeface=__version__,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        network=asked.network,
        data=lasting(asked.data),
        detector=asked.detector if ready.faces.preprocess.framing == "face" else "none",
        seed=asked.seed,
        preprocess=ready.faces.preprocess,
        schedule=phases.schedule_of(plan, base),
        variant=asked.variant,
        alpha=asked.design(len(ready.labels)).alpha,
        weights=base.record,
        devices=number,
        mixed=where.mixed,
        augmentation=plan.augmentation,
        tuning=plan.tuning if base.tuned else None,
        reading=asked.reading,
    )
    metrics = _metrics(plain, ready, history, seconds, steps.infer_of(plain))
    metrics["seconds"] = round(time.monotonic() - started, 2)
    replaces = force or (resume and out.exists())
    with sealed.new_folder(out, force=replaces) as folder:
        _write(folder, plain, config, ready, history, metrics)
    if not history.interrupted:
        shutil.rmtree(kept, ignore_errors=True)
    return run.Run.load(out)


def check_place(out: Path, *, force: bool, resume: bool) -> None:
    """Say before a long job that its result would have no place.

    Raises:
        UsageError: There is something at ``out``, or an unfinished training of it, that nobody
            asked to replace.
    """
    if resume and out.exists():
        if not run.Run.load(out).metrics()["interrupted"]:
            msg = f"--resume {out}: it is finished"
            raise UsageError(msg, remedy="train another with --out")
        sealed.check_free(out, force=True)
        return
    sealed.check_free(out, force=force)
    kept = checkpoint.unfinished(out)
    if kept.exists() and not resume and not force:
        msg = f"{kept}: a training that was cut off"
        remedy = f"go on with edgeface train --resume {out}, or add --force to begin anew"
        raise UsageError(msg, remedy=remedy)


def _progress(kept: Path, ready: Prepared) -> Progress | None:
    if (kept / split.FILE).is_file() and split.Split.load(kept) != ready.split:
        msg = (
            f"{kept}: the pictures, or their sides, are not those of the training that was cut off"
        )
        raise BundleError(msg, remedy="put the pictures back, or train anew with --force")
    return Progress.load(kept)


@contextlib.contextmanager
def _watching(
    asked: Request, ready: Prepared, out: Path, teller: Teller, where: Where, every_s: float
) -> Iterator["_Watcher"]:
    kept = checkpoint.unfinished(out)
    files = {
        checkpoint.REQUEST: asked.to_toml(),
        split.FILE: records.to_json(asdict(ready.split)),
    }
    keeper = Keeper(
        kept,
        files,
        lambda: teller.say(f"after a break: {_resuming(out, where)}"),
        every_s=every_s,
    )
    with contextlib.ExitStack() as stack:
        board = None
        if where.tensorboard is not None:
            from edgeface.train.tensorboard import Board

            board = stack.enter_context(Board(where.tensorboard / out.name))
        yield _Watcher(teller, keeper, board, asked.followed.epochs)


def _resuming(out: Path, where: Where) -> str:
    """The command that goes on; on other devices it would go on to other weights."""
    words = ["edgeface", "train", "--resume", str(out)]
    words += ["--strategy", where.strategy] if where.strategy != "one" else []
    words += ["--mixed-precision"] if where.mixed else []
    words += ["--tensorboard", str(where.tensorboard)] if where.tensorboard else []
    return shlex.join(words)


class _Watcher:
    """See `edgeface.train.fit.Watcher`."""

    def __init__(self, teller: Teller, keeper: Keeper, board: Any, epochs: int) -> None:
        self._teller, self._keeper, self._board, self._epochs = teller, keeper, board, epochs

    def step(self, done: int, of: int) -> None:
        self._teller.step(done, of)

    def epoch(self, progress: Progress) -> None:
        row = progress.rows[-1]
        self._keeper.keep(progress)
        if self._board is not None:
            self._board.epoch(row)
        self._teller.epoch(row, self._epochs)


def _metrics(
    model: Any, ready: Prepared, history: Any, seconds: float, infer: Any
) -> dict[str, Any]:
    def side(part: Part) -> dict[str, Any]:
        answers = [infer(pixels) for pixels, _ in part.batches()]
        return measured.side(np.concatenate(answers), part.truth, ready.labels)

    metrics: dict[str, Any] = {
        "schema": 1,
        "training": side(ready.training),
        "validation": side(ready.validation),
        "test": side(ready.test) if len(ready.test) else None,
        "left_out": dict(Counter(e.reason for e in ready.split.side("left out"))),
        "parameters": int(model.count_params()),
        "epochs": len(history.rows),
        "best_epoch": history.kept,
        "interrupted": history.interrupted,
        "fit_seconds": round(seconds, 2),
    }
    metrics["warnings"] = [*ready.warnings, *measured.warnings_after(metrics)]
    return metrics


def _write(
    folder: Path,
    model: Any,
    config: run.Config,
    ready: Prepared,
    history: Any,
    metrics: dict[str, Any],
) -> None:
    from edgeface.train import pictures, steps

    (folder / run.CONFIG).write_text(records.to_toml(asdict(config)), "utf-8")
    (folder / run.LABELS).write_text("".join(f"{label}\n" for label in ready.labels), "utf-8")
    (folder / split.FILE).write_text(records.to_json(asdict(ready.split)), "utf-8")
    (folder / run.METRICS).write_text(records.to_json(metrics), "utf-8")
    (folder / "history.csv").write_text(_csv(history.rows), "utf-8")
    model.save_weights(folder / run.WEIGHTS)
    model.save(folder / "model.keras")
    pictures.learning_curve(folder / "history.png", history.rows, history.kept)
    pictures.contact_sheet(folder / "crops.png", _some_crops(ready))
    if len(ready.labels) == 2 and len(np.unique(ready.validation.truth)) == 2:
        infer = steps.infer_of(model)
        probs = np.concatenate([infer(pixels) for pixels, _ in ready.validation.batches()])
        curve = evaluate.roc(probs[:, 1], ready.validation.truth == 1)
        pictures.roc_curve(folder / "roc.png", curve, ready.labels[1])


def _some_crops(ready: Prepared) -> dict[str, tuple[Any, int]]:
    """Label → the first crops of it, and how many there are."""
    found = {}
    for label in ready.labels:
        mine = np.flatnonzero([e.label == label for e in ready.faces.used])
        found[label] = ready.faces.pixels[mine[:ON_SHEET]], len(mine)
    return found


def _csv(rows: Sequence[Mapping[str, float]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, HISTORY, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: f"{row[key]:.6g}" for key in HISTORY} for row in rows)
    return text.getvalue()
