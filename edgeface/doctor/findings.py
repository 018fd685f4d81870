"""What a check says: how bad it is, what was found, why it matters, and what mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["stops run", "slower or worse", "note"]
LEVELS: tuple[Level, ...] = ("stops run", "slower or worse", "note")
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        check: Which check found it.
        level: ``stops run``: `edgeface run` ends with an error, or names nobody; ``slower or
            worse``: it runs and is slow, uneven, or loses something; ``note``: it may matter.
        found: What was found, in a line.
        why: Why that matters here.
        remedy: What to do, where it is not a command; empty where `commands` say it all.
        commands: Lines for a shell, ready to be pasted, in their order.
        otherwise: Another way, with its line; mostly there is none.
    """

    check: str
    level: Level
    found: str
    why: str
    remedy: str = ""
    commands: tuple[str, ...] = ()
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Untold:
    """A check that could not tell, and why; that is no finding."""

    check: str
    reason: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All that was found.

    Attributes:
        schema: Of the JSON that is made of it.
        edgeface: Its version.
        told: Name → what is there: the machine, the packages, the bundle, the camera.
        findings: The worst first, then in the order of the checks.
        untold: Checks that could not tell.
    """

    schema: int
    edgeface: str
    told: dict[str, str]
    findings: tuple[Finding, ...]
    untold: tuple[Untold, ...]

    def of(self, level: Level) -> tuple[Finding, ...]:
        """The findings of one level."""
        return tuple(f for f in self.findings if f.level == level)


def worst_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """By level; what is alike keeps its order."""
    return tuple(sorted(findings, key=lambda finding: LEVELS.index(finding.level)))
