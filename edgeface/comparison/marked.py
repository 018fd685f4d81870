"""A comparison as Markdown: what the page says, without its pictures."""

from collections.abc import Sequence

from edgeface.comparison import tables, words
from edgeface.comparison.changes import Change
from edgeface.comparison.measure import Measured
from edgeface.comparison.result import Compared

MOST_FLIPS = 50
MOST_MIX_UPS = 20


def markdown(result: Compared) -> str:
    """The whole report."""
    homes = ", ".join(str(home) for home in result.homes)
    parts = [f"# Compared: {plain(homes)}"]
    parts.append("\n".join(f"- {plain(line)}" for line in _facts(result)))
    said = [f"- **{plain(f.subject.name)}**: {plain(text)}" for f, text in words.verdicts(result)]
    parts += ["\n".join(said)] if said else []
    parts.append(table(*tables.summary(result)))
    named = tables.names(result)
    if named[1]:
        parts += ["## Who gets a name", table(*named)]
        strange = tables.strangers(result)
        if strange[1]:
            parts += [table(*strange), plain(words.strangers_note(result)) + "."]
    parts += ["## Class by class", table(*tables.classes(result))]
    mixed = tables.mix_ups(result, MOST_MIX_UPS)
    if mixed[1]:
        parts += ["### Mix-ups", table(*mixed)]
    areas = tables.areas(result)
    if areas[1]:
        parts += ["## ROC", table(*areas)]
    parts += ["## How sure", table(*tables.confidences(result))]
    if len(result.files) > 2:
        parts += ["## Agreement", table(*tables.agreements(result))]
    for file in result.others:
        parts += _pictures(file)
    return "\n\n".join(parts) + "\n"


def _facts(result: Compared) -> list[str]:
    skipped = [f"not compared: {name}: {why}" for name, why in result.skipped.items()]
    return [*words.shown(result), words.reference(result), *skipped]


def _pictures(file: Measured) -> list[str]:
    name = plain(file.subject.name)
    if not file.flips:
        return [f"## {name}: no picture flipped"]
    parts = [f"## {name}: {len(file.flips):,} flipped", changes(file.flips[:MOST_FLIPS])]
    if len(file.flips) > MOST_FLIPS:
        parts.append(f"{len(file.flips) - MOST_FLIPS:,} more are not listed; `--json` lists them.")
    return parts


def changes(listed: Sequence[Change]) -> str:
    """Pictures with both answers, as a table."""
    rows = [
        (
            change.name,
            change.truth,
            f"{change.expected} {words.number(change.expected_score, '.3f')}",
            f"{change.answered} {words.number(change.answered_score, '.3f')}",
            change.kind,
        )
        for change in listed
    ]
    return table(("picture", "shows", "before", "now", ""), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; every cell is escaped."""
    lines = ["| " + " | ".join(plain(cell) for cell in head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text that Markdown takes for nothing else: names may hold anything."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
