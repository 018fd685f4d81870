"""Which rows of tiles show a layer, a file beside the network, or the first weights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface.images import Colour, Pixels
from edgeface.train.explain.maps import FirstWeights
from edgeface.train.explain.tiles import COLUMNS, Row, Tile, colours_of, sheet, wrapped

MOST_CHANNELS = 32
MOST_NUMBERS = 8  # of a vector that are written out


def maps_sheet(values: NDArray[np.float32], most: int = MOST_CHANNELS) -> tuple[bytes, str]:
    """What a layer makes of a picture.

    Args:
        values: (height, width, channels) or (units,).
        most: So many channels are shown.

    Returns:
        A PNG, and what is in it, in words.
    """
    colours, limit = colours_of(values)
    shown = _planes(values)[:most]
    row = Row("", tuple(_tile(plane, values, i) for i, plane in enumerate(shown)), colours, limit)
    return sheet(wrapped(row)), _said(values, len(shown))


def _said(values: NDArray[np.float32], shown: int) -> str:
    if values.ndim != 3:
        silent = int((values == 0).sum())
        zeros = f", {silent} of them 0" if silent else ""
        return f"{_numbers(values.size)}{zeros}"
    channels = values.shape[2]
    silent = int((values == 0).all(axis=(0, 1)).sum())
    more = f"the first {shown} of {channels}" if shown < channels else _all(channels)
    size = "×".join(map(str, values.shape[:2]))
    dead = f"; {silent} of {channels} are 0 everywhere on this picture" if silent else ""
    return f"{more} map{'s' * (channels > 1)} of {size}{dead}"


def _all(count: int) -> str:
    return f"all {count}" if count > 1 else "the one"


def _numbers(count: int) -> str:
    return f"{count} numbers" if count > 1 else "one number"


def beside_sheet(
    reference: NDArray[np.float32], others: Sequence[tuple[str, NDArray[np.float32]]]
) -> tuple[bytes, str]:
    """A layer as the network computes it, as files do, and how far they are apart.

    All of them share one range of colours, and all differences another.

    Args:
        reference: The network's, (height, width, channels) or (units,).
        others: Name of a file, and the same from it; they differ somewhere.

    Returns:
        A PNG, and what is in it, in words.
    """
    channels = _telling_channels(reference, [values for _, values in others])
    colours, limit = colours_of(np.stack([reference, *(v for _, v in others)]))

    def tiles(values: NDArray[np.float32]) -> tuple[Tile, ...]:
        return tuple(_tile(_planes(values)[c], values, c) for c in channels)

    apart = [values - reference for _, values in others]
    most = float(np.abs(np.stack(apart)).max())
    rows = [Row("network", tiles(reference), colours, limit)]
    rows += [Row(name, tiles(values), colours, limit) for name, values in others]
    rows += [
        Row(f"{name} - network", tiles(values), "signed", most)
        for (name, _), values in zip(others, apart, strict=True)
    ]
    if reference.ndim != 3:
        return sheet(rows), _numbers(reference.size)
    some = len(channels) < reference.shape[2]
    of = f"the {len(channels)} of {reference.shape[2]} channels that differ most" if some else ""
    return sheet(rows), of or f"all {len(channels)} channels"


def _telling_channels(
    reference: NDArray[np.float32], others: Sequence[NDArray[np.float32]]
) -> list[int]:
    """The channels in which a file is furthest from the network, at most a row of them."""
    if reference.ndim != 3:
        return [0]
    apart = np.max([np.square(values - reference).mean(axis=(0, 1)) for values in others], axis=0)
    return sorted(int(c) for c in np.argsort(-apart, kind="stable")[:COLUMNS])


def first_sheet(first: FirstWeights, colour: Colour, most: int = 64) -> tuple[bytes, str]:
    """The first weights of a network: filters, or what each unit of a dense network looks at.

    Those with three channels are shown in colour, gray where they are 0.

    Args:
        first: The weights.
        colour: Order of the channels.
        most: So many are shown.

    Returns:
        A PNG, and what is in it, in words.
    """
    weights = first.weights
    shown, limit = weights[:most], float(np.abs(weights).max()) or 1.0
    word = "filter" if first.kind == "filters" else "unit"
    pictures = weights.shape[3] == 3
    tiles = []
    for number, one in enumerate(shown):
        plane = one[..., ::-1] if colour == "bgr" else one
        values = 0.5 + plane / (2 * limit) if pictures else plane.mean(axis=2)
        tiles.append(Tile(np.asarray(values, np.float32), f"{word} {number}"))
    row = Row("", tuple(tiles), "picture" if pictures else "signed", limit)
    size = "×".join(map(str, weights.shape[1:3]))
    some = len(shown) < len(weights)
    count = f"the first {len(shown)} of {len(weights)}" if some else _all(len(weights))
    scale = f"; gray is 0, the brightest colour {limit:.3g}" if pictures else ""
    return sheet(wrapped(row)), f"{count} {first.kind} of {size}{scale}"


def crop_sheet(crop: Pixels, colour: Colour) -> bytes:
    """The picture as the network gets it: a PNG."""
    if crop.shape[2] == 1:
        plane = crop[..., 0].astype(np.float32)
        return sheet([Row("", (Tile(plane, zoom=_zoom(crop)),), "gray", 255.0)], legends=False)
    rgb = (crop[..., ::-1] if colour == "bgr" else crop).astype(np.float32) / 255
    row = Row("", (Tile(np.asarray(rgb, np.float32), zoom=_zoom(crop)),), "picture", 1.0)
    return sheet([row], legends=False)


def _zoom(crop: Pixels) -> int:
    return max(1, round(192 / int(max(crop.shape[:2]))))


def _planes(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """The channels of a layer's output, each (height, width).

    A vector is one plane, cut into rows, with NaN behind its last number.
    """
    if values.ndim == 3:
        return [values[..., channel] for channel in range(values.shape[2])]
    flat = values.ravel()
    columns = min(len(flat), next((n for n in (64, 128) if len(flat) <= n * n // 4), 256))
    padded = np.full(-(-len(flat) // columns) * columns, np.nan, np.float32)
    padded[: len(flat)] = flat
    return [padded.reshape(-1, columns)]


def _tile(plane: NDArray[np.float32], values: NDArray[np.float32], channel: int) -> Tile:
    if values.ndim == 3:
        silent = " (0)" if not plane.any() else ""
        return Tile(plane, f"{channel}{silent}")
    written = "  ".join(f"{v:.3g}" for v in values.ravel()) if values.size <= MOST_NUMBERS else ""
    return Tile(plane, written, zoom=min(40, 640 // plane.shape[1]))
