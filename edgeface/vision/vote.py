"""The vote over a track: many looks at one face, one name.

Every look gives its weight to the name that the rule of the file gives it (see
`edgeface.vision.decide`), or to `unknown`: the threshold is the bundle's, whatever the vote is.
A track is named when a name has most of the weight; it keeps the name until as much speaks against
it as had to speak for it. Old looks are forgotten by and by, so that a track that went over to
somebody else at a crossing finds out.
"""

import math
from collections import Counter
from dataclasses import dataclass

from edgeface.vision.decide import UNKNOWN, Decision

_LEAST = 1e-3  # of a look; less is forgotten


@dataclass(frozen=True, slots=True)
class VoteRules:
    """What it takes to be named.

    Attributes:
        share: Of the weight, that one name needs; and that has to speak against a name before it
            is taken away.
        least_votes: Looks before anything is said.
        least_s: Time before anything is said: looks that follow each other closely are one look.
        half_life_s: After so long a look counts half.
        patience_s: A face that never was good enough to be looked at is `unknown` after so long.
    """

    share: float = 0.6
    least_votes: int = 3
    least_s: float = 0.25
    half_life_s: float = 4.0
    patience_s: float = 2.0


class Ballot:
    """The votes of one track. It grows with the names that it heard, not with the looks.

    Args:
        rules: What it takes to be named.
        born_s: When the track began.

    Attributes:
        votes: How many looks counted.
        refused: How many did not, by reason.
    """

    __slots__ = (
        "_at_s",
        "_first_s",
        "_last",
        "_rules",
        "_scores",
        "_weights",
        "born_s",
        "name",
        "refused",
        "votes",
    )

    def __init__(self, rules: VoteRules, born_s: float) -> None:
        self._rules = rules
        self.born_s = born_s
        self.votes = 0
        self.refused: Counter[str] = Counter()
        self.name: str | None = None
        self._weights: dict[str, float] = {}
        self._scores: dict[str, float] = {}
        self._first_s = self._at_s = born_s
        self._last: Decision | None = None

    def add(self, decision: Decision, weight: float, at_s: float) -> None:
        """Take one look.

        Args:
            decision: What it alone says; its score is a number.
            weight: How much it counts, 0 to 1.
            at_s: When.
        """
        self._forget(at_s)
        if not self.votes:
            self._first_s = at_s
        self.votes += 1
        self._last = decision
        self._weights[decision.name] = self._weights.get(decision.name, 0.0) + weight
        before = self._scores.get(decision.name, 0.0)
        self._scores[decision.name] = before + weight * decision.score
        self._settle(at_s)

    def refuse(self, reason: str, at_s: float) -> None:
        """A look that does not count."""
        self.refused[reason] += 1
        if self.name is None and at_s - self.born_s >= self._rules.patience_s:
            self.name = UNKNOWN

    def strength(self, name: str) -> float:
        """What speaks for a name, less what speaks against it."""
        return 2 * self._weights.get(name, 0.0) - sum(self._weights.values())

    @property
    def settled(self) -> bool:
        """Whether enough was seen to say anything."""
        return self.name is not None

    def decision(self, name: str | None) -> Decision | None:
        """What is said of the track; None before the first look.

        Args:
            name: Its name, or `UNKNOWN`; None: as it was voted.
        """
        if self._last is None:
            return None
        said = name or self.name or UNKNOWN
        weight = self._weights.get(said, 0.0)
        if said == UNKNOWN or weight <= 0:
            last = self._last
            return Decision(said, last.nearest, last.score, last.threshold, last.by)
        mean = self._scores[said] / weight
        return Decision(said, said, mean, self._last.threshold, self._last.by)

    def _forget(self, at_s: float) -> None:
        elapsed = max(at_s - self._at_s, 0.0)
        self._at_s = at_s
        left = math.exp2(-elapsed / self._rules.half_life_s)
        for name in list(self._weights):
            if self._weights[name] * left < _LEAST:
                del self._weights[name], self._scores[name]
            else:
                self._weights[name] *= left
                self._scores[name] *= left

    def _settle(self, at_s: float) -> None:
        rules, total = self._rules, sum(self._weights.values())
        enough = self.votes >= rules.least_votes and at_s - self._first_s >= rules.least_s
        if not enough or total <= 0:
            return
        names = {n: w for n, w in self._weights.items() if n != UNKNOWN}
        best = max(sorted(names), key=names.__getitem__, default=UNKNOWN)
        wins = best != UNKNOWN and names[best] >= rules.share * total
        if self.name is None or self.name == UNKNOWN:
            against = total - names.get(best, 0.0)
            # Between the two nothing is said yet, for a while.
            late = at_s - self.born_s >= rules.patience_s
            if wins:
                self.name = best
            elif self.name is None and (against >= rules.share * total or late):
                self.name = UNKNOWN
            return
        against = total - self._weights.get(self.name, 0.0)
        if against >= rules.share * total:
            self.name = best if wins else UNKNOWN
