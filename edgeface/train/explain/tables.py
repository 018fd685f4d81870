"""What an explanation says in rows: to a terminal and to the page alike."""

from collections.abc import Sequence

from edgeface.train.explain.difference import Difference
from edgeface.train.explain.explanation import Explained, FileExplained, answer_text
from edgeface.train.explain.layers import Layer, totals
from edgeface.train.explain.matching import Match

LAYERS = ("layer", "kind", "output", "parameters", "multiply-adds")
ANSWERS = ("file", "scheme", "answer", "apart from the network")
MATCHES = ("layer", "tensor held as", "found by", "largest", "mean", "SQNR dB")
NONE = "–"

_FOUND_BY = {
    "answer": "being the answer",
    "name": "its name",
    "values": "its values",
    "same": "the layer before",
}


def layer_rows(
    layers: Sequence[Layer], files: Sequence[FileExplained] = ()
) -> list[tuple[str, ...]]:
    """A row a layer in the order of `LAYERS`, and one for all of them.

    Args:
        layers: In order.
        files: For each of them a column with the decibels of `decibels` is added.
    """
    rows = []
    for layer in layers:
        macs = NONE if layer.macs is None else f"{layer.macs:,}"
        noise = [
            NONE if layer.kind == "InputLayer" else decibels(*file.of(layer.name)) for file in files
        ]
        facts = (layer.name, layer.kind, layer.shape_text, f"{layer.parameters:,}", macs)
        rows.append((*facts, *noise))
    whole = totals(layers)
    least = "≥ " if whole.uncounted else ""
    total = ("all", "", "", f"{whole.parameters:,}", f"{least}{whole.macs:,}")
    return [*rows, (*total, *("" for _ in files))]


def noise_rows(files: Sequence[FileExplained]) -> list[tuple[str, ...]]:
    """A row a layer: its name, and the decibels of every file."""
    return [
        (match.layer, *(decibels(*each.of(match.layer)) for each in files))
        for match in files[0].matches
    ]


def decibels(match: Match, apart: Difference | None) -> str:
    """How near a tensor is to its layer; a dash where there is no tensor, or no signal."""
    if match.values is None or apart is None:
        return NONE
    if apart.exact:
        return "exact"
    return NONE if apart.sqnr_db is None else f"{apart.sqnr_db:.1f}"


def answer_rows(main: Explained, files: Sequence[FileExplained]) -> list[tuple[str, ...]]:
    """In the order of `ANSWERS`: the network, then every file."""
    rows: list[tuple[str, ...]] = [("the trained network", "", main.answer, "")]
    for each in files:
        apart = float(abs(each.probs - main.probs).max())
        answer = answer_text(main.labels, each.probs)
        rows.append((each.file.name, each.file.scheme, answer, f"{apart:.2g}"))
    return rows


def match_rows(of: FileExplained) -> list[tuple[str, ...]]:
    """In the order of `MATCHES`: what a file has of every layer, or why it has nothing."""
    rows: list[tuple[str, ...]] = []
    for match, apart in zip(of.matches, of.differences, strict=True):
        if apart is None or match.by is None:
            rows.append((match.layer, NONE, match.reason, NONE, NONE, NONE))
            continue
        numbers = f"{apart.largest:.2g}", f"{apart.mean:.2g}", decibels(match, apart)
        rows.append((match.layer, match.dtype, _FOUND_BY[match.by], *numbers))
    return rows


def beside_rows(main: Explained, other: Explained) -> list[tuple[str, ...]]:
    """Two networks side by side: a row a fact."""
    both = (main, other)
    return [
        ("network", *(each.network for each in both)),
        ("parameters", *(f"{each.totals.parameters:,}" for each in both)),
        ("multiply-adds", *(f"{each.totals.macs:,}" for each in both)),
        ("validation accuracy", *(f"{each.accuracy:.3f} of {each.pictures}" for each in both)),
        ("answer to this picture", *(each.answer for each in both)),
    ]


def confusion_rows(of: Explained) -> list[tuple[str, ...]]:
    """A row a class as it is: its name, and how often each class was answered."""
    return [
        (label, *(str(n) for n in row)) for label, row in zip(of.labels, of.confusion, strict=True)
    ]
