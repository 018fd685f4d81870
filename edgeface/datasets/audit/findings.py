"""What an audit tells: findings, each with the pictures that it is about, the worst first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeface.datasets.audit.quality import FLAWS, Flaw, flaws
from edgeface.datasets.audit.survey import FacesSeen, Survey

Kind = (
    Literal[
        "leak",
        "contradiction",
        "two_labels",
        "broken",
        "copy",
        "near",
        "no_face",
        "several_faces",
        "few",
        "uneven",
    ]
    | Flaw
)

TITLES: dict[Kind, str] = {
    "leak": "near-duplicates across the split",
    "contradiction": "one file under two labels",
    "two_labels": "near-duplicates under two labels",
    "broken": "broken",
    "copy": "exact copies",
    "near": "near-duplicates within a label",
    "no_face": "no face found",
    "several_faces": "several faces",
    "small": "too small",
    "blurred": "blurred",
    "dark": "too dark",
    "bright": "too bright",
    "clipped": "clipped to black or white",
    "faint": "hardly any contrast",
    "few": "labels with few pictures",
    "uneven": "uneven labels",
}

_FACES: tuple[tuple[Kind, FacesSeen, str], ...] = (
    ("no_face", "none", "no face"),
    ("several_faces", "several", "none of them stands out"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One case of a finding.

    Attributes:
        names: Of the pictures, those to be seen side by side first; of a finding about labels, the
            label.
        detail: What is wrong, in words.
        alike: Of near-duplicates, how much the first two are alike: a correlation; None elsewhere.
    """

    names: tuple[str, ...]
    detail: str
    alike: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, with all of its cases.

    Attributes:
        kind: One of `TITLES`.
        pictures: How many pictures it is about.
        items: The cases, the worst first.
    """

    kind: Kind
    pictures: int
    items: tuple[Item, ...]

    @property
    def title(self) -> str:
        """The kind in words."""
        return TITLES[self.kind]


def of_pictures(survey: Survey, size_px: int) -> list[Finding]:
    """What is wrong with pictures each by itself.

    Args:
        survey: The pictures.
        size_px: Side of the network's input.
    """
    found: list[Finding] = []
    broken = [Item((b.name,), b.reason) for b in survey.broken]
    found += _finding("broken", broken)
    for kind, faces, said in _FACES:
        names = [s.photo.name for s in survey.seen if s.faces == faces]
        found += _finding(kind, [Item((name,), said) for name in names])
    found += _flawed(survey, size_px)
    return found


def _flawed(survey: Survey, size_px: int) -> Iterable[Finding]:
    cases: dict[Flaw, list[tuple[float, Item]]] = {flaw: [] for flaw in FLAWS}
    for seen in survey.seen:
        for flaw, (worse, said) in flaws(seen.quality, size_px).items():
            cases[flaw].append((worse, Item((seen.photo.name,), said)))
    for flaw, them in cases.items():
        ordered = sorted(them, key=lambda case: -case[0])
        yield from _finding(flaw, [item for _, item in ordered])


def _finding(kind: Kind, items: Sequence[Item]) -> list[Finding]:
    return [Finding(kind, len(items), tuple(items))] if items else []


def in_order(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first, as `TITLES` lists them."""
    kinds = list(TITLES)
    return tuple(sorted(found, key=lambda finding: kinds.index(finding.kind)))
