"""Which tensor of an exported file is the output of which layer.

Converters fuse layers, fold them away and rename what is left, so a layer may have no tensor, and a
tensor may carry the names of several layers. What is told about a match is how it was found; what
was not found is told as well, and never filled in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from edgeface.train.explain.difference import difference
from edgeface.train.explain.files import Stored
from edgeface.train.explain.layers import Layer, ancestors
from edgeface.train.explain.maps import Maps

By = Literal["answer", "name", "values", "same"]

# Of a layer that hands its input on when it answers: it has no tensor of its own in most files.
IDENTITY = frozenset(
    {"Dropout", "SpatialDropout2D", "Flatten", "Reshape", "ActivityRegularization"}
)
# Layers of one shape and other content are 0 to 3 dB apart, a layer and its int8 tensor 15 to 50.
CLEAR_DB = 10.0
# Without a name to go by: so near, and so many numbers that it is no accident.
SURE_DB = 25.0
SURE_SIZE = 16


@dataclass(frozen=True, slots=True)
class Match:
    """What a file has of one layer.

    Attributes:
        layer: Its name.
        tensor: Name of the tensor; empty where there is none.
        dtype: Of the tensor, as the file holds it; empty where there is none.
        values: Its numbers, in the layer's own shape; None where there is none.
        by: How it was found: it is the file's ``answer``; it carries the layer's ``name``; its
            ``values`` are the layer's; or the layer changes nothing, and it is the ``same`` as that
            of the layer before.
        reason: Why there is none; empty where there is one.
    """

    layer: str
    tensor: str = ""
    dtype: str = ""
    values: NDArray[np.float32] | None = None
    by: By | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Fit:
    """A tensor in the shape of a layer, and how near it is to it."""

    stored: Stored
    values: NDArray[np.float32]
    db: float


def match(layers: Sequence[Layer], maps: Maps, tensors: Sequence[Stored]) -> tuple[Match, ...]:
    """Find the tensor of every layer but the input.

    Args:
        layers: Of the network, in order.
        maps: What each of them computed from a picture.
        tensors: What the file computed from the same picture.
    """
    fits = {
        layer.name: [fit for each in tensors if (fit := _fit(each, maps[layer.name]))]
        for layer in layers
        if layer.kind != "InputLayer"
    }
    found = _answers(layers, fits)
    owners = _owners(layers, fits, set(found))
    found |= _by_name(owners, fits, taken={each.tensor for each in found.values()})
    found |= _by_values(layers, fits, found, owners)
    for layer in layers:
        if layer.name in fits and layer.name not in found:
            found[layer.name] = _without(layer, found, maps, owners)
    return tuple(found[name] for name in fits)


def names_in(tensor: str, layers: Sequence[str]) -> tuple[str, ...]:
    """The layers whose names a tensor carries, in the order of ``layers``.

    Converters join the paths of what they fused with semicolons, and Keras numbers each part of a
    path: ``friends_1/conv1_1/Relu;friends_1/conv1_1/convolution``.
    """
    parts = set(re.split(r"[;/:]", tensor))
    unnumbered = {re.sub(r"_\d+$", "", part) for part in parts}
    return tuple(name for name in layers if name in parts or name in unnumbered)


def _fit(stored: Stored, reference: NDArray[np.float32]) -> _Fit | None:
    """The tensor in the layer's shape; ONNX holds pictures channels first."""
    values = stored.values
    ways = [values] if values.shape == reference.shape else []
    if values.ndim == 3 and values.transpose(1, 2, 0).shape == reference.shape:
        ways.append(values.transpose(1, 2, 0))
    if not ways:
        return None
    db, way = max(((_db(w, reference), i) for i, w in enumerate(ways)), key=lambda pair: pair[0])
    return _Fit(stored, ways[way], db)


def _db(values: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    apart = difference(values, reference)
    if apart.exact:
        return np.inf
    return -np.inf if apart.sqnr_db is None else apart.sqnr_db


def _matched(layer: str, fit: _Fit, by: By) -> Match:
    return Match(layer, fit.stored.name, fit.stored.dtype, fit.values, by)


def _best(fits: Sequence[_Fit]) -> _Fit:
    """The nearest one, or the last one computed where none is near."""
    nearest = max(fits, key=lambda fit: fit.db)
    return nearest if nearest.db >= CLEAR_DB else fits[-1]


def _answers(layers: Sequence[Layer], fits: dict[str, list[_Fit]]) -> dict[str, Match]:
    """The layers that nothing follows are what the file answers."""
    followed = {name for layer in layers for name in layer.inputs}
    found = {}
    for name, candidates in fits.items():
        outputs = [fit for fit in candidates if fit.stored.output]
        if name not in followed and outputs:
            found[name] = _matched(name, _best(outputs), "answer")
    return found


def _owners(
    layers: Sequence[Layer], fits: dict[str, list[_Fit]], done: set[str]
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Tensor → the layer that it is the output of, and all layers whose names it carries.

    Of several it is the one whose numbers it has; where it has those of none, the last: what was
    fused gives what its last part gives.
    """
    order = [layer.name for layer in layers if layer.name in fits]
    near: dict[str, dict[str, float]] = {}
    for name in order:
        for fit in fits[name]:
            near.setdefault(fit.stored.name, {})[name] = fit.db
    owners = {}
    for tensor, by_layer in near.items():
        named = names_in(tensor, order)
        fitting = [name for name in named if name in by_layer and name not in done]
        if fitting:
            nearest = max(fitting, key=lambda name: by_layer[name])
            owner = nearest if by_layer[nearest] >= CLEAR_DB else fitting[-1]
            owners[tensor] = owner, named
    return owners


def _by_name(
    owners: dict[str, tuple[str, tuple[str, ...]]],
    fits: dict[str, list[_Fit]],
    taken: set[str],
) -> dict[str, Match]:
    mine: dict[str, list[_Fit]] = {}
    for tensor, (owner, _) in owners.items():
        if tensor not in taken:
            mine.setdefault(owner, []).extend(f for f in fits[owner] if f.stored.name == tensor)
    return {
        name: _matched(name, _best(sorted(own, key=lambda fit: fit.stored.index)), "name")
        for name, own in mine.items()
    }


def _by_values(
    layers: Sequence[Layer],
    fits: dict[str, list[_Fit]],
    found: dict[str, Match],
    owners: dict[str, tuple[str, tuple[str, ...]]],
) -> dict[str, Match]:
    """Layers without a name in the file by tensors without a layer, in order of computation."""
    before = ancestors(layers)
    place = {fit.stored.name: fit.stored.index for own in fits.values() for fit in own}
    new: dict[str, Match] = {}
    for layer in layers:
        if layer.name in found or layer.name not in fits or layer.kind in IDENTITY:
            continue
        done = found | new
        least = max(
            (place[done[name].tensor] for name in before[layer.name] if name in done), default=-1
        )
        taken = {each.tensor for each in done.values()}
        open_ones = [
            fit
            for fit in fits[layer.name]
            if fit.db >= SURE_DB
            and fit.values.size >= SURE_SIZE
            and fit.stored.index > least
            and fit.stored.name not in taken
            and fit.stored.name not in owners
        ]
        if open_ones:
            nearest = max(open_ones, key=lambda fit: fit.db)
            new[layer.name] = _matched(layer.name, nearest, "values")
    return new


def _without(
    layer: Layer,
    found: dict[str, Match],
    maps: Maps,
    owners: dict[str, tuple[str, tuple[str, ...]]],
) -> Match:
    """A layer that hands its input on has its input's tensor; of another it is told why not."""
    if layer.kind in IDENTITY and layer.inputs:
        before = found.get(layer.inputs[0])
        if before is not None and before.values is not None:
            values = before.values.reshape(maps[layer.name].shape)
            return Match(layer.name, before.tensor, before.dtype, values, "same")
    owner = next((o for o, named in owners.values() if layer.name in named), None)
    if owner is not None and owner != layer.name:
        return Match(layer.name, reason=f"computed together with {owner}")
    return Match(layer.name, reason="no tensor of its own in this file")
