"""What a comparison of regressions says in sentences and tables, on a terminal and on pages."""

from collections.abc import Sequence

from edgeface.pointcomparison.result import Compared, Measured

NONE = "–"  # where there is nothing to say

Table = tuple[Sequence[str], list[Sequence[str]]]


def shown(result: Compared) -> list[str]:
    """What was compared on, and what stands against taking the figures for more than they are."""
    on = result.shown
    said = [f"on {on.what}: {len(on.points):,} points"]
    if on.only_trained:
        said.append(
            "CAUTION: all of them are points that the network was trained on; "
            "the errors below say nothing about others"
        )
    elif on.trained_on:
        said.append(f"{on.trained_on:,} more were trained on and are not counted")
    return said


def verdicts(result: Compared) -> list[tuple[Measured, str]]:
    """Every other file with what is said of it."""
    return [(file, file.verdict.words) for file in result.others if file.verdict is not None]


def summary(result: Compared) -> Table:
    """The errors, a row a file."""
    head = ("file", "L2 error", "change", "95 % of the change", "RMSE", "worst", "parity", "size")
    rows: list[Sequence[str]] = []
    for file in result.files:
        found, itself = file.compared, file.verdict is None
        low, high = number(found.l2_change_low, "+.3g"), number(found.l2_change_high, "+.3g")
        change = (number(found.l2_change, "+.3g"), f"{low} to {high}")
        rows.append(
            (
                file.subject.name,
                number(found.l2),
                *((NONE, NONE) if itself else change),
                number(found.rmse),
                number(found.worst),
                NONE if itself else number(found.parity, ".2g"),
                f"{file.subject.size_bytes / 1000:,.0f} kB",
            )
        )
    return head, rows


def note(result: Compared) -> str:
    """What the columns mean."""
    return (
        f"change: of the L2 error against {result.reference}, point by point. "
        "parity: largest difference of a value to that file."
    )


def worst(result: Compared, file: Measured) -> Table:
    """The points whose error grew most."""
    points = result.shown.points
    head = (*points.inputs, points.output, "before", "now")
    rows: list[Sequence[str]] = [
        tuple(
            number(float(value), ".6g")
            for value in (*points.x[row], points.y[row], result.base.values[row], file.values[row])
        )
        for row in result.worst(file)
    ]
    return head, rows


def number(value: float, form: str = ".4g") -> str:
    """A number, or that it is none."""
    return format(value, form) if abs(value) < float("inf") else "no number"
