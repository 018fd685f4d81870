"""What an export says of `unknown` to a person: in the terminal and in the report."""

import html as escaping
from collections.abc import Sequence
from dataclasses import dataclass

from edgeface.acceptance import Unknown
from edgeface.bundle import ModelFile
from edgeface.convert.rejecting import Considered
from edgeface.markup import table

HEAD = ("file", "score", "unknown below", "strangers named, 95 %", "enrolled named rightly, 95 %")
_WORDS = {
    "maximum": "largest probability",
    "margin": "margin of the largest over the second probability",
    "energy": "energy of the logits",
    "distance": "cosine to the class mean in the embedding",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of `unknown`.

    Attributes:
        lead: What was asked, of whom it is measured.
        rows: One a file, under `HEAD`; before them one a score on the trained network.
        notes: What a reader has to know, a sentence each.
    """

    lead: str
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    def markdown(self) -> list[str]:
        """Lines for the report in Markdown."""
        lines = ["## Strangers", "", f"{_capital(self.lead)}.", ""]
        lines += ["| " + " | ".join(HEAD) + " |", "|---" * len(HEAD) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return [*lines, "", *(f"- {_capital(note)}." for note in self.notes)]

    def html(self) -> str:
        """A section of the report."""
        notes = "".join(f"<li>{escaping.escape(_capital(note))}.</li>" for note in self.notes)
        return (
            f"<h2>Strangers</h2><p>{escaping.escape(_capital(self.lead))}.</p>"
            f"{table(HEAD, self.rows)}<ul>{notes}</ul>"
        )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def of(files: Sequence[ModelFile], considered: Sequence[Considered] = ()) -> Told | None:
    """What is said of a bundle's files; None where no false-accept rate was asked.

    Args:
        files: Of one bundle.
        considered: What every score does on the trained network, where that is at hand.
    """
    fitted = [(file, file.unknown) for file in files if file.unknown is not None]
    if not fitted:
        return None
    first = fitted[0][1]
    rows = [_row("trained network", one.threshold, one.unknown) for one in considered]
    rows += [_row(file.name, file.threshold, unknown) for file, unknown in fitted]
    # Of the rates the worst; files differ by a picture or two.
    file, worst = max(fitted, key=lambda pair: pair[1].false_accepts.high)
    doubts = dict.fromkeys(doubt for _, unknown in fitted for doubt in unknown.doubts)
    if worst.rate_doubt is not None:
        where = "" if worst.how == "left out in turn" else f"{file.name}: "
        doubts = dict.fromkeys((where + worst.rate_doubt, *doubts))
    notes = [f"CAUTION: {doubt}" for doubt in doubts]
    notes += [
        f"CAUTION: {one.name} does not answer what the score {first.score} needs: its threshold is "
        "on the largest probability, keeps names, and promises nothing of strangers"
        for one in files
        if one.unknown is None
    ]
    chosen = f"chosen: {first.score}, the {_WORDS[first.score]}"
    if considered:
        chosen += ", by the enrolled people that the trained network names at that rate"
    return Told(_lead(first), tuple(rows), (chosen, *notes))


def _lead(unknown: Unknown) -> str:
    rate = f"unknown, fitted to a false-accept rate of {100 * unknown.far:g} %"
    false = unknown.false_accepts
    if unknown.how == "left out in turn":
        return (
            f"{rate} on {unknown.fitted} training faces of {unknown.fitted_people} enrolled people,"
            f" each taken for a stranger once: an estimate"
        )
    return (
        f"{rate} on {unknown.fitted} faces of {unknown.fitted_people} strangers, measured on "
        f"{false.pictures} faces of {false.people} others"
    )


def _row(name: str, threshold: float, unknown: Unknown) -> tuple[str, ...]:
    digits = 6 if unknown.score in ("maximum", "distance") else 4  # those two end at 1
    return (
        name,
        unknown.score,
        f"{threshold:.{digits}f}",
        unknown.false_accepts.text,
        unknown.true_accepts.text,
    )
