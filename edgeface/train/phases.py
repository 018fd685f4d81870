"""The phases of a training: one fit, or with a base first its head and then both together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgeface.errors import UsageError
from edgeface.train import published, toolchain
from edgeface.train.batches import Batches
from edgeface.train.checkpoint import Progress
from edgeface.train.devices import keep_ends_in_float32
from edgeface.train.fit import History, Watcher, fit
from edgeface.train.plan import Plan, Schedule, Tuning
from edgeface.train.prepare import Prepared, Reader
from edgeface.train.request import NONE, Request
from edgeface.train.statistics import estimate_again, hasten

# isort: split
import keras


@dataclass(frozen=True, slots=True)
class Base:
    """What a network began with.

    Attributes:
        record: For a run's configuration: name and SHA-256, ``none``, or empty without a base.
        tuned: Whether there are two phases.
        top: Name of the base's last layer; empty without a base.
    """

    record: str = ""
    tuned: bool = False
    top: str = ""


def build(asked: Request, classes: int, teller: Reader, *, mixed: bool = False) -> tuple[Any, Base]:
    """The network that is asked for, with what it begins with.

    Raises:
        UsageError: Layers are to be unfrozen that it does not have.
        EdgefaceError: They cannot be had.
    """
    net, design = asked.net, asked.design(classes)
    with toolchain.quiet():
        model = net.build(design)
    if mixed:
        keep_ends_in_float32(model)
    if not net.top:
        return model, Base()
    record = published.begin_with(model, asked.weights, design)
    if record == NONE:
        hasten(model)
        teller.say("weights: none; all layers are trained at once, batch norms estimated again")
    else:
        teller.say(f"weights: {record}")
    tuning = asked.followed.tuning if record != NONE else None
    if tuning is not None:  # a wrong name is better said now than after the first phase
        first_unfrozen([layer.name for layer in _base_layers(model, net.top)], tuning.unfreeze)
    return model, Base(record, tuning is not None, net.top)


def fit_all(
    model: Any,
    asked: Request,
    ready: Prepared,
    base: Base,
    before: Progress | None,
    watcher: Watcher,
    teller: Reader,
) -> History:
    """Fit a network in its phases, from where a training that was cut off stood.

    Args:
        model: What `build` gave.
        asked: The request.
        ready: The sides.
        base: What `build` gave.
        before: Where it stands already; None at the beginning.
        watcher: See `edgeface.train.fit.fit`.
        teller: Is told what is trainable in each phase.
    """
    plan = asked.followed
    last = _Last(watcher, before)

    def one(schedule: Schedule, phase: int) -> History:
        training = Batches(ready.training, plan.augmentation, schedule.batch, asked.seed)
        return fit(
            model,
            training,
            ready.validation,
            schedule,
            last,
            seed=asked.seed,
            phase=phase,
            before=last.progress,
        )

    if not base.tuned or plan.tuning is None:
        history = one(schedule_of(plan, base), 1)
        if base.record == NONE:
            estimate_again(model, ready.training)
        return history
    if before is None or before.phase < 2:
        freeze(model, base.top)
        _tell(model, "phase 1 of 2: the head alone", teller)
        history = one(plan.schedule, 1)
        if history.interrupted:
            return history
    unfreeze(model, base.top, plan.tuning)
    _tell(model, f"phase 2 of 2: {plan.tuning.unfreeze} unfrozen, with the head", teller)
    return one(plan.tuning.schedule, 2)


def schedule_of(plan: Plan, base: Base) -> Schedule:
    """What the first phase follows; without weights from elsewhere it is the only one."""
    if base.record != NONE or plan.tuning is None:
        return plan.schedule
    # Its moving averages lag behind until they are estimated again, so no epoch is told by them.
    return replace(plan.tuning.schedule, rate=plan.schedule.rate, patience=0, keep="last")


class _Last:
    """Passes on to a watcher, and remembers where the training stands."""

    def __init__(self, watcher: Watcher, before: Progress | None) -> None:
        self._watcher, self.progress = watcher, before

    def step(self, done: int, of: int) -> None:
        self._watcher.step(done, of)

    def epoch(self, progress: Progress) -> None:
        self.progress = progress
        self._watcher.epoch(progress)


def _base_layers(model: Any, top: str) -> list[Any]:
    names = [layer.name for layer in model.layers]
    # The scaling and the input before the base have nothing to train.
    return list(model.layers[: names.index(top) + 1])


def freeze(model: Any, top: str) -> None:
    """Let only the head be trained."""
    for layer in _base_layers(model, top):
        layer.trainable = False


def unfreeze(model: Any, top: str, tuning: Tuning) -> None:
    """Let the upper layers of the base be trained too; batch norms stay frozen.

    A batch norm that is trained on small batches forgets what its base was trained with; frozen it
    goes on with its moving averages (keras.io, guide on transfer learning).

    Raises:
        UsageError: There is no such layer, or no such number of them.
    """
    layers = _base_layers(model, top)
    first = first_unfrozen([layer.name for layer in layers], tuning.unfreeze)
    for number, layer in enumerate(layers):
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= first and not is_norm


def first_unfrozen(names: Sequence[str], unfreeze: str) -> int:
    """Position of the first layer of a base that is unfrozen.

    Args:
        names: Of the layers, from the input on.
        unfreeze: ``all``, the name of the first layer, or the number of layers from the top.

    Raises:
        UsageError: There is no such layer, or no such number of them.
    """
    if unfreeze == "all":
        return 0
    if unfreeze.isdecimal():
        if 1 <= int(unfreeze) <= len(names):
            return len(names) - int(unfreeze)
        msg = f"--unfreeze {unfreeze}: the base has {len(names)} layers"
        raise UsageError(msg)
    if unfreeze not in names:
        msg = f"--unfreeze {unfreeze}: the base has no layer of that name"
        some = ", ".join(name for name in names if "conv" in name and name.count("_") < 3)
        raise UsageError(msg, remedy=f"all, a number of layers from the top, or one of: {some}")
    return list(names).index(unfreeze)


def _tell(model: Any, title: str, teller: Reader) -> None:
    teller.say(title)
    for line in trainable_table(model):
        teller.say(f"  {line}")


def trainable_table(model: Any) -> list[str]:
    """What is trainable now: a line for every stretch of layers in one state, and a sum."""
    stretches: list[tuple[str, list[Any]]] = []
    for layer in model.layers:
        if not layer.weights:
            continue
        norm = isinstance(layer, keras.layers.BatchNormalization)
        state = "trained" if layer.trainable else "frozen"
        # Norms that stay frozen among trained layers are counted with these.
        if norm and not layer.trainable and stretches and stretches[-1][0] == "trained":
            state = "trained"
        if not stretches or stretches[-1][0] != state:
            stretches.append((state, []))
        stretches[-1][1].append(layer)
    rows = [_stretch(state, layers) for state, layers in stretches]
    trained = sum(_size(layer.trainable_weights) for layer in model.layers)
    every = model.count_params()
    return [
        f"{'layers':<34}{'parameters':>12}{'trained':>12}{'frozen':>12}",
        *rows,
        f"{'all':<34}{every:>12,}{trained:>12,}{every - trained:>12,}",
    ]


def _stretch(state: str, layers: list[Any]) -> str:
    first, last = layers[0].name, layers[-1].name
    name = first if first == last else f"{first} to {last}"
    every = sum(_size(layer.weights) for layer in layers)
    trained = sum(_size(layer.trainable_weights) for layer in layers)
    return f"{name:<34}{every:>12,}{trained:>12,}{every - trained:>12,}"


def _size(variables: Sequence[Any]) -> int:
    return sum(int(v.shape.num_elements()) for v in variables)
