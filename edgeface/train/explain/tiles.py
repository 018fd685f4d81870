"""Feature maps and filters as pictures: tiles in rows, and a bar that says what colours mean."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Colours = Literal["signed", "positive", "gray", "picture"]

INK, PAPER, FAINT = "#1c1f24", "#ffffff", "#6b727d"
COLUMNS = 8
TILE_PX, LARGEST_PX = 96, 128
GAP, LINE, EDGE = 6, 18, 10

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Tile:
    """One picture in a row.

    Attributes:
        values: (height, width) numbers, or (height, width, 3) of colours 0 to 1.
        text: Below it; empty for nothing.
        zoom: Pixels for each number, a side; 0 takes what makes it about `TILE_PX` large.
    """

    values: NDArray[np.float32]
    text: str = ""
    zoom: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """Tiles beside each other that share one range of numbers.

    Attributes:
        title: Before them; empty for nothing.
        tiles: At least one.
        colours: ``signed``: blue below zero, white, red above; ``positive`` and ``gray``: zero is
            dark; ``picture``: as they are.
        limit: The number that the brightest, or the reddest, colour stands for.
    """

    title: str
    tiles: tuple[Tile, ...]
    colours: Colours
    limit: float


def colours_of(values: NDArray[np.float32]) -> tuple[Colours, float]:
    """How numbers are best shown: colours and limit of a `Row`.

    Args:
        values: All numbers of the row, finite.
    """
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if low < 0:
        return "signed", max(-low, high)
    return "positive", high or 1.0


def wrapped(row: Row) -> list[Row]:
    """A row cut into rows of `COLUMNS` tiles; only the first keeps its title."""
    tiles = row.tiles
    parts = [tiles[i : i + COLUMNS] for i in range(0, len(tiles), COLUMNS)]
    return [
        Row(row.title if i == 0 else "", part, row.colours, row.limit)
        for i, part in enumerate(parts)
    ]


def sheet(rows: Sequence[Row], *, legends: bool = True) -> bytes:
    """Rows of tiles below each other: a PNG.

    Args:
        rows: At least one. Rows of one range, one after the other, share a legend.
        legends: Whether to say what the colours stand for.
    """
    font = ImageFont.load_default(13)
    title_px = max((round(font.getlength(row.title)) for row in rows), default=0)
    left = EDGE + (title_px + 2 * GAP if title_px else 0)
    images = [[_tile(tile, row) for tile in row.tiles] for row in rows]
    widths = [sum(i.width + GAP for i in line) for line in images]
    heights = [_height(row, line, font) for row, line in zip(rows, images, strict=True)]
    legend = [legends and _closes(rows, at) for at in range(len(rows))]
    size = (
        max(left + max(widths), left + (230 if legends else 0)) + EDGE,
        sum(heights) + sum(legend) * (LINE + GAP) + 2 * EDGE,
    )
    paper = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(paper)
    top = EDGE
    for row, line, height, closes in zip(rows, images, heights, legend, strict=True):
        # In the middle of thin rows, near the top of others.
        draw.text((EDGE, top + (min(line[0].height, 24) - LINE) // 2), row.title, INK, font)
        x = left
        for tile, image in zip(row.tiles, line, strict=True):
            paper.paste(image, (x, top))
            draw.text((x, top + image.height + 2), tile.text, FAINT, font)
            x += image.width + GAP
        top += height
        if closes:
            _legend(paper, draw, (left, top), row, font)
            top += LINE + GAP
    content = io.BytesIO()
    paper.save(content, "PNG", optimize=True)
    return content.getvalue()


def _height(row: Row, images: Sequence[Image.Image], font: _Font) -> int:
    text = LINE if any(tile.text for tile in row.tiles) else 0
    return max(max(i.height for i in images), LINE if row.title else 0) + text + GAP


def _closes(rows: Sequence[Row], at: int) -> bool:
    """Whether the next row has another range, or there is none."""
    if rows[at].colours == "picture":
        return False
    if at + 1 == len(rows):
        return True
    now, then = rows[at], rows[at + 1]
    return (now.colours, now.limit) != (then.colours, then.limit)


def _tile(tile: Tile, row: Row) -> Image.Image:
    """Small maps are enlarged by whole numbers, so that their pixels stay pixels."""
    rgb = tile.values if row.colours == "picture" else _coloured(tile.values, row)
    image = Image.fromarray(np.asarray(np.rint(np.clip(rgb, 0, 1) * 255), np.uint8))
    rows, columns = tile.values.shape[:2]
    if not tile.zoom and max(rows, columns) > LARGEST_PX:
        shrunk = LARGEST_PX / max(rows, columns)
        size = (max(1, round(columns * shrunk)), max(1, round(rows * shrunk)))
        return image.resize(size, Image.Resampling.BOX)
    zoom = tile.zoom or max(1, round(TILE_PX / max(rows, columns)))
    return image.resize((columns * zoom, rows * zoom), Image.Resampling.NEAREST)


def _coloured(values: NDArray[np.float32], row: Row) -> NDArray[np.float32]:
    name, low = _map_of(row)
    share = (values - low) / (row.limit - low)
    colour = np.asarray(colormaps[name](np.clip(np.nan_to_num(share), 0, 1)), np.float32)[..., :3]
    colour[np.isnan(values)] = 1.0
    return colour


def _map_of(row: Row) -> tuple[str, float]:
    names = {"signed": "RdBu_r", "positive": "viridis", "gray": "gray"}
    return names[row.colours], -row.limit if row.colours == "signed" else 0.0


def _legend(
    paper: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    row: Row,
    font: _Font,
) -> None:
    _, low = _map_of(row)
    ramp = np.linspace(low, row.limit, 96, dtype=np.float32)[None]
    bar = Image.fromarray(np.asarray(np.rint(_coloured(ramp, row) * 255), np.uint8))
    first = f"{low:.3g}"
    x = at[0] + round(font.getlength(first)) + GAP
    draw.text((at[0], at[1] - 2), first, FAINT, font)
    paper.paste(bar.resize((96, 12), Image.Resampling.NEAREST), (x, at[1]))
    draw.text((x + 96 + GAP, at[1] - 2), f"{row.limit:.3g}", FAINT, font)
