"""The vote over a track: many looks at one face, one name.

Every look gives its weight to the name that the rule of the file gives it (see
`edgeface.vision.decide`), or to `unknown`: the threshold is the bundle's, whatever the vote is.
A look counts for the time since the one before, so that a track is named by the same evidence at
five frames a second and at thirty. It is named when a name has its share of the weight, `unknown`
starting with some; it keeps the name until as much speaks against it. Old looks are forgotten by
and by.

What share it takes follows from what the threshold does. Where it lets one stranger in a hundred
pass and refuses three of ten faces of those who are enrolled, a look that names somebody is
evidence of log(0.7 / 0.01) for it, and one that does not of log(0.99 / 0.3) against it: a quarter
of the looks outweighs the others (the likelihood ratio of Neyman & Pearson 1933). Looks of one
track resemble each other, so the ends of the measured intervals are taken that ask for more. Where
no rate was measured, as many strangers may pass as not: there a name takes most of the looks.
"""

import math
from collections import Counter
from dataclasses import dataclass

from edgeface.acceptance import Unknown
from edgeface.vision.decide import UNKNOWN, Decision

_LEAST_S = 1e-3  # of a look; less is forgotten
_FIRST_S = 0.1  # what the first look counts for
_MOST_S = 0.25  # what one look counts for at most


NOT_MEASURED = 0.6
_LEAST_SHARE, _MOST_SHARE = 0.25, 0.75


@dataclass(frozen=True, slots=True)
class VoteRules:
    """What it takes to be named.

    Attributes:
        share: Of the weight, that one name needs.
        kept: Of the weight, below which a name is taken away.
        prior_s: Of `unknown`, that nobody saw: what keeps a few high looks from naming anybody.
        least_votes: Looks before anything is said.
        half_life_s: After so long a look counts half.
        patience_s: A face of which nothing could be said for so long is `unknown`.
    """

    share: float = NOT_MEASURED
    kept: float = NOT_MEASURED / 2
    prior_s: float = 0.25
    least_votes: int = 3
    half_life_s: float = 4.0
    patience_s: float = 1.5


def rules_for(unknown: Unknown | None, share: float | None = None) -> VoteRules:
    """What it takes to be named by a file.

    Args:
        unknown: How its threshold was fitted and what that does; None: nobody measured it.
        share: Of the weight that one name needs, 0 to 1; None: as follows from that.
    """
    if share is None:
        share = share_of(unknown)
    return VoteRules(share=share, kept=share / 2)


def share_of(unknown: Unknown | None) -> float:
    """The share of looks from which a name is likelier than none; see `edgeface.vision.vote`."""
    if unknown is None or unknown.how != "strangers":
        return NOT_MEASURED
    false = min(max(unknown.false_accepts.high, 1e-6), 1 - 1e-6)
    true = min(max(unknown.true_accepts.low, 1e-6), 1 - 1e-6)
    if true <= false:
        return _MOST_SHARE
    against, for_it = math.log((1 - false) / (1 - true)), math.log(true / false)
    return min(max(against / (against + for_it), _LEAST_SHARE), _MOST_SHARE)


class Ballot:
    """The votes of one track. It grows with the names that it heard, not with the looks.

    Args:
        rules: What it takes to be named.
        born_s: When the track began.

    Attributes:
        born_s: When the track, or this vote on it, began.
        votes: How many looks counted.
        refused: How many did not, by reason.
        name: As it was voted: a label, `UNKNOWN`, or None before anything can be said.
    """

    __slots__ = (
        "_at_s",
        "_counted",
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
        self.votes = self._counted = 0
        self.refused: Counter[str] = Counter()
        self.name: str | None = None
        self._weights: dict[str, float] = {}
        self._scores: dict[str, float] = {}
        self._at_s = born_s
        self._last: Decision | None = None

    def add(self, decision: Decision, weight: float, at_s: float) -> None:
        """Take one look.

        Args:
            decision: What it alone says; its score is a number.
            weight: How much it counts, 0 to 1.
            at_s: When.
        """
        elapsed = max(at_s - self._at_s, 0.0)
        self._forget(math.exp2(-elapsed / self._rules.half_life_s))
        self._at_s = at_s
        weight *= min(elapsed, _MOST_S) if self._counted else _FIRST_S
        self.votes += 1
        self._counted += 1
        self._last = decision
        self._weights[decision.name] = self._weights.get(decision.name, 0.0) + weight
        before = self._scores.get(decision.name, 0.0)
        self._scores[decision.name] = before + weight * decision.score
        self._settle(at_s)

    def refuse(self, reason: str, at_s: float) -> None:
        """A look that does not count."""
        self.refused[reason] += 1
        self._give_up(at_s)

    def begin_again(self, at_s: float) -> None:
        """Forget what was seen: the track may have gone over to somebody else."""
        self._weights.clear()
        self._scores.clear()
        self.name, self.born_s, self._counted = None, at_s, 0

    def strength(self, name: str) -> float:
        """What speaks for a name, in seconds of perfect looks."""
        return self._weights.get(name, 0.0)

    @property
    def settled(self) -> bool:
        """Whether enough was seen to say anything."""
        return self.name is not None

    def decision(self, name: str | None = None) -> Decision | None:
        """What is said of the track; None before the first look.

        Its score is the mean of the looks that said so; of `unknown` that of the last look.

        Args:
            name: `UNKNOWN` where another track has a better claim; None: as it was voted.
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

    def _forget(self, left: float) -> None:
        for name in list(self._weights):
            if self._weights[name] * left < _LEAST_S and name != self.name:
                del self._weights[name], self._scores[name]
            else:
                self._weights[name] *= left
                self._scores[name] *= left

    def _settle(self, at_s: float) -> None:
        rules = self._rules
        if self._counted < rules.least_votes:
            return
        total = sum(self._weights.values()) + rules.prior_s
        names = {n: w for n, w in self._weights.items() if n != UNKNOWN}
        best = max(sorted(names), key=names.__getitem__, default=UNKNOWN)
        wins = best != UNKNOWN and names[best] >= rules.share * total
        if self.name is None or self.name == UNKNOWN:
            if wins:
                self.name = best
            else:
                self._give_up(at_s)
            return
        own = self._weights.get(self.name, 0.0)
        if wins and names[best] > own:
            self.name = best
        elif own < rules.kept * total:
            self.name = UNKNOWN

    def _give_up(self, at_s: float) -> None:
        """Say `unknown` once more time went by than a name takes."""
        if self.name is None and at_s - self.born_s >= self._rules.patience_s:
            self.name = UNKNOWN
