"""What a report says of the calibration."""

import html as escaping
from collections.abc import Sequence

from edgeface.calibration import Calibration
from edgeface.markup import figure, table

RANGES = ("layer", "in calibration", "held back", "clipped")
HALVES = ("file", "a half", "agreement of the halves", "difference")


def fact(record: Calibration) -> str:
    """One line: how many, of what, by which method."""
    said = f"{len(record.pictures)} pictures ({record.source}), a black and a white one"
    if record.method != "minmax":
        said += f"; {record.method} in ONNX"
    if record.left_out:
        said += f"; {record.left_out} more were not drawn: they, or some like them, are held back"
    return said


def markdown(record: Calibration) -> list[str]:
    """Its section, line by line; nothing where there is nothing to be said."""
    lines = [f"- {one.kind} ({one.severity}): {one.said}" for one in record.findings]
    for head, rows in _tables(record):
        lines += ["", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in rows]
    return ["", "## Calibration", "", *lines] if lines else []


def html(record: Calibration, curve: bytes = b"") -> str:
    """Its section.

    Args:
        record: What the manifest says.
        curve: The picture of its curve, a PNG; empty where there is none.
    """
    listed = "".join(
        f"<li>{escaping.escape(f'{one.kind} ({one.severity}): {one.said}')}</li>"
        for one in record.findings
    )
    parts = [f"<ul>{listed}</ul>"] if listed else []
    parts += [table(head, rows) for head, rows in _tables(record)]
    if curve:
        what = "Accuracy and agreement of int8 over the number of calibration pictures"
        parts.append(figure(curve, what, f"{what}; a point a draw."))
    return f"<h2>Calibration</h2>{''.join(parts)}" if parts else ""


def _tables(record: Calibration) -> list[tuple[tuple[str, ...], Sequence[tuple[str, ...]]]]:
    ranges = [
        (
            one.layer,
            f"{one.low:.4g} to {one.high:.4g}",
            f"{one.held_low:.4g} to {one.held_high:.4g}",
            f"{100 * one.clipped:.3f} %" if one.clipped >= 1e-5 else "under 0.001 %",
        )
        for one in record.ranges
    ]
    both = ((RANGES, ranges), (HALVES, halves(record)))
    return [(head, rows) for head, rows in both if rows]


def halves(record: Calibration) -> list[tuple[str, ...]]:
    """A row a format, under `HALVES`."""
    return [
        (
            f"{one.format} {one.scheme}",
            f"{one.pictures} pictures",
            f"{one.agreement:.4f}",
            f"{one.difference_points:+.2f} points",
        )
        for one in record.halves
    ]
