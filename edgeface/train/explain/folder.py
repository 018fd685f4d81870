"""The folder that ``edgeface explain`` leaves: pictures, one page, and the numbers as JSON."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeface import records, sealed
from edgeface.train.explain import charts, drawing
from edgeface.train.explain.explanation import Explained, Explanation, FileExplained
from edgeface.train.explain.layers import Layer
from edgeface.train.explain.matching import IDENTITY
from edgeface.train.explain.record import as_dict

PAGE, NUMBERS = "explain.html", "explain.json"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of the folder.

    Attributes:
        name: Of its file.
        png: What is in the file.
        caption: What is shown, in words.
    """

    name: str
    png: bytes
    caption: str


@dataclass(frozen=True, slots=True)
class LayerDrawn:
    """A layer with its pictures.

    Attributes:
        layer: The layer.
        pictures: Its maps, and those of files beside them; none where ``note`` says why.
        note: Instead of pictures.
    """

    layer: Layer
    pictures: tuple[Drawn, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pictures:
    """All pictures of an explanation.

    Attributes:
        crop: What the network was shown.
        cost: Parameters and multiply-adds.
        first: The first weights; None where they are no pictures.
        noise: Differences of the files along the layers; None without files.
        layers: In order.
        beside_first: The first weights of the network beside; None without one.
        beside_cost: Its cost.
    """

    crop: Drawn
    cost: Drawn
    first: Drawn | None
    noise: Drawn | None
    layers: tuple[LayerDrawn, ...]
    beside_first: Drawn | None
    beside_cost: Drawn | None


def write(
    found: Explanation,
    out: Path,
    *,
    force: bool,
    track: Callable[[Sequence[Layer]], Iterable[Layer]] = iter,
) -> None:
    """Draw everything and write the folder, whole or not at all.

    Raises:
        UsageError: ``out`` is taken.
        EdgefaceError: The disk is full or cannot be written.
    """
    from edgeface.train.explain import page

    with sealed.new_folder(out, force=force) as folder:
        drawn = draw(found, track)
        for picture in _all(drawn):
            (folder / picture.name).write_bytes(picture.png)
        (folder / NUMBERS).write_text(records.to_json(as_dict(found)), "utf-8")
        (folder / PAGE).write_text(page.html(found, drawn), "utf-8")


def draw(
    found: Explanation, track: Callable[[Sequence[Layer]], Iterable[Layer]] = iter
) -> Pictures:
    """All pictures; ``track`` wraps the layers, for a progress bar."""
    main = found.main
    shown = [
        layer
        for layer in main.layers
        if layer.kind != "InputLayer" and (not found.chosen or layer.name in found.chosen)
    ]
    places = {layer.name: at for at, layer in enumerate(main.layers)}
    layers = tuple(_layer(found, layer, places[layer.name]) for layer in track(shown))
    crop = drawing.crop_sheet(main.crop, main.colour)
    size = "×".join(map(str, main.crop.shape))
    return Pictures(
        Drawn("crop.png", crop, f"{found.subject.name} as the network gets it, {size}"),
        _cost(main),
        _first(main),
        _noise(found),
        layers,
        None if found.beside is None else _first(found.beside, "beside-"),
        None if found.beside is None else _cost(found.beside, "beside-"),
    )


def _all(drawn: Pictures) -> list[Drawn]:
    some = [drawn.crop, drawn.cost, drawn.first, drawn.noise]
    some += [drawn.beside_first, drawn.beside_cost]
    some += [picture for layer in drawn.layers for picture in layer.pictures]
    return [picture for picture in some if picture is not None]


def _first(of: Explained, prefix: str = "") -> Drawn | None:
    if of.first is None:
        return None
    png, said = drawing.first_sheet(of.first, of.colour)
    return Drawn(f"{prefix}filters.png", png, f"{of.first.layer} of {of.run}: {said}")


def _cost(of: Explained, prefix: str = "") -> Drawn:
    whole = of.totals
    said = (
        f"Parameters ({whole.parameters:,} in all) and multiply-adds ({whole.macs:,} a picture) of "
        f"the layers of {of.run} that have any, with their share"
    )
    return Drawn(f"{prefix}cost.png", charts.cost_chart(of.layers), said)


def _noise(found: Explanation) -> Drawn | None:
    """The answer is left to the table: a softmax that is sure hides every noise before it."""
    if not found.files:
        return None
    files = told_apart(found.files)
    rows = {
        match.layer: [_decibels(file, match.layer) for file in files]
        for match in found.files[0].matches[:-1]
    }
    told = {layer: row for layer, row in rows.items() if any(value is not None for value in row)}
    if not told:
        return None
    by_file = {file.file.key: [row[at] for row in told.values()] for at, file in enumerate(files)}
    said = (
        "Signal-to-quantisation-noise ratio of every layer before the answer that a file has a "
        "tensor of"
    )
    return Drawn("noise.png", charts.noise_chart(list(told), by_file), said)


def _decibels(file: FileExplained, layer: str) -> float | None:
    _, apart = file.of(layer)
    return None if apart is None else apart.sqnr_db


def told_apart(files: Sequence[FileExplained]) -> tuple[FileExplained, ...]:
    """The files that are drawn beside the network: quantised ones, or all where there are none.

    A float32 file computes what the network computes; the numbers say so, and pictures could not.
    """
    return tuple(f for f in files if f.file.scheme != "float32") or tuple(files)


def _layer(found: Explanation, layer: Layer, place: int) -> LayerDrawn:
    values = found.main.maps[layer.name]
    if layer.kind in IDENTITY and layer.inputs:
        before = found.main.maps[layer.inputs[0]]
        if before.shape == values.shape and np.array_equal(before, values):
            note = f"it hands on what {layer.inputs[0]} gave, unchanged"
            return LayerDrawn(layer, (), f"{note}: {layer.kind} acts in training only")
    name = f"{place:02d}-{re.sub(r'[^A-Za-z0-9._-]', '_', layer.name)}"
    most = values.shape[-1] if found.chosen else drawing.MOST_CHANNELS
    others: list[tuple[str, Any]] = []
    exact: list[str] = []
    for file in told_apart(found.files):
        match, apart = file.of(layer.name)
        if apart is not None and apart.exact:
            exact.append(file.file.key)
        elif match.values is not None:
            others.append((file.file.key, match.values))
    png, said = drawing.maps_sheet(values, most)
    same = f"; {', '.join(exact)}: exactly the same" if exact else ""
    pictures = [Drawn(f"{name}.png", png, f"{layer.name}: {said}{same}")]
    if others:
        png, said = drawing.beside_sheet(values, others)
        whose = ", ".join(key for key, _ in others)
        caption = f"{layer.name}, the network beside {whose}: {said}"
        pictures.append(Drawn(f"{name}-files.png", png, caption))
    return LayerDrawn(layer, tuple(pictures))
