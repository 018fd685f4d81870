"""What a search found, for the bundle: ``search.json``, ``sensitivity.json``, tables, a picture."""

import html as escaping
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface import records
from edgeface.convert.search.choosing import SAME_SIZE
from edgeface.convert.search.halves import Halves
from edgeface.convert.search.ladder import Climbed
from edgeface.convert.search.sensitivity import chart
from edgeface.convert.search.tries import Try
from edgeface.gates import ON_PICTURES, Gate, GateResult, Gates
from edgeface.markup import figure, table

SCHEMA = 1
SEARCH = "search.json"
SENSITIVITY = "sensitivity.json"
PICTURE = "sensitivity.png"
HEAD = (
    "",
    "format",
    "rung",
    "scheme",
    "what was done",
    "accuracy",
    "against trained",
    "agreement",
    "size",
    "p50 here",
    "gates",
)
RULE = (
    "Of the files that keep the gates the smallest was taken, and of those within "
    f"{round(100 * (SAME_SIZE - 1))} % of it the lowest rung. The times were taken while it was "
    "measured and decide nothing. A file of which more answers changed than may be lost, on "
    "pictures too few to tell, keeps max_drop_points perhaps by luck, and comes after the others."
)


@dataclass(frozen=True, slots=True)
class Searched:
    """What was searched on, and what was found.

    Attributes:
        halves: The pictures.
        climbed: One a format.
        seed: Of the division and of the calibration.
        seconds: That it took.
    """

    halves: Halves
    climbed: tuple[Climbed, ...]
    seed: int
    seconds: float

    @property
    def kept(self) -> bool:
        """Whether every format has a file that keeps the gates on what was searched on."""
        return all(one.kept for one in self.climbed)

    def unmet(self, gates: Gates) -> list[GateResult]:
        """The gates that no file kept on what was searched on; a result may not pass by luck."""
        pictures = len(self.halves.searching.truth)
        found = []
        for one in self.climbed:
            for gate in one.best.missed:
                measured = _figure(one.best, gate)
                of = pictures if gate in ON_PICTURES else None
                asked = float(getattr(gates, gate))
                name = f"{one.format} (search)"
                found.append(GateResult(name, gate, asked, measured, False, of))
        return found

    def as_data(self) -> dict[str, Any]:
        """``search.json``; of one seed the same but for the times."""
        return {
            "schema": SCHEMA,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "searched_on": len(self.halves.searching.truth),
            "reported_on": len(self.halves.final.truth),
            "pictures": self.halves.of,
            "formats": [
                {
                    "format": one.format,
                    "kept": one.kept,
                    "chosen": one.chosen,
                    "tries": [records.plain(each) for each in one.tries],
                    "notes": list(one.notes),
                }
                for one in self.climbed
            ],
        }

    def rows(self) -> list[tuple[str, ...]]:
        """A row a try, under `HEAD`; the result of every format is marked."""
        found: list[tuple[str, ...]] = []
        for one in self.climbed:
            for place, each in enumerate(one.tries):
                found.append(
                    (
                        "→" if place == one.chosen else "",
                        each.format,
                        each.rung,
                        each.scheme,
                        each.changes,
                        f"{each.accuracy:.3f}",
                        f"{each.delta_points:+.1f} points",
                        f"{each.agreement:.3f}",
                        f"{each.size_bytes / 1000:,.0f} kB",
                        f"{each.p50_ms:.2f} ms",
                        each.word,
                    )
                )
        return found

    @property
    def facts(self) -> tuple[str, ...]:
        """Lines beside the table."""
        said = self.halves.said
        lines = [said[:1].upper() + said[1:] + ".", RULE]
        lines += [f"{one.format}: {note}" for one in self.climbed for note in one.notes]
        lines += [
            f"{one.format}: the pictures are too few to tell whether the result keeps the gates"
            for one in self.climbed
            if one.kept and not one.best.sure
        ]
        lines += [
            f"{one.format}: no file kept the gates; the arrow is at the nearest to the trained "
            "network"
            for one in self.climbed
            if not one.kept
        ]
        if any(one.sensitivity for one in self.climbed):
            lines.append(f"{PICTURE} and {SENSITIVITY}: how much each layer alone suffers.")
        return tuple(lines)

    def markdown(self) -> str:
        """A section of ``report.md``."""
        lines = ["## What was tried", "", "| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows()]
        lines += ["", *(f"- {fact}" for fact in self.facts), ""]
        if any(one.sensitivity for one in self.climbed):
            lines += [f"![how much each layer alone suffers]({PICTURE})", ""]
        return "\n".join(lines)

    def html(self, picture: bytes) -> str:
        """The same of ``report.html``; ``picture`` is a PNG, or empty."""
        listed = "".join(f"<li>{escaping.escape(fact)}</li>" for fact in self.facts)
        shown = figure(picture, "how much each layer alone suffers") if picture else ""
        return f"<h2>What was tried</h2>{table(HEAD, self.rows())}<ul>{listed}</ul>{shown}"

    def write(self, folder: Path) -> bytes:
        """Write what goes into the bundle beside its report; gives the picture, if any."""
        (folder / SEARCH).write_text(records.to_json(self.as_data()), "utf-8")
        measured = {one.format: one.sensitivity for one in self.climbed if one.sensitivity}
        if not measured:
            return b""
        (folder / SENSITIVITY).write_text(records.to_json(_plain(measured)), "utf-8")
        picture = chart(measured, {one.format: _in_float(one) for one in self.climbed})
        (folder / PICTURE).write_bytes(picture)
        return picture


def _figure(best: Try, gate: Gate) -> float:
    figures: dict[Gate, float] = {
        "min_accuracy": best.accuracy,
        "max_drop_points": -best.delta_points,
        "min_agreement": best.agreement,
        "max_size_bytes": best.size_bytes,
        "max_p50_ms": best.p50_ms,
    }
    return figures[gate]


def _in_float(one: Climbed) -> Sequence[str]:
    return one.best.quantised.in_float if one.best.quantised else ()


def _plain(measured: Mapping[Any, Sequence[Any]]) -> dict[str, Any]:
    formats = {format: [records.plain(one) for one in found] for format, found in measured.items()}
    return {"schema": SCHEMA, "formats": formats}
