"""Which score tells strangers from enrolled people, and its threshold for every exported file.

The score is chosen once, on the trained network: it decides what the files answer. Each file then
gets its own threshold, because quantisation moves scores. Strangers are halved by person: the
choice and every threshold see one half, every rate that is told comes from the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeface import rejection
from edgeface.acceptance import How, Score, Unknown
from edgeface.convert.beside import InferAll, every
from edgeface.convert.network import Network
from edgeface.convert.strangers import Strangers
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.vision.unknown import (
    EMBEDDING,
    LOGITS,
    NEEDS,
    PROBS,
    SCORES,
    Outputs,
    Rule,
    class_means,
    scores,
)


@dataclass(frozen=True, slots=True)
class People:
    """Pictures with whom they show.

    Attributes:
        pixels: (n, height, width, channels) uint8.
        truth: (n,) class numbers; of strangers numbers of their own.
    """

    pixels: Pixels
    truth: NDArray[np.intp]

    @property
    def count(self) -> int:
        """Of the people."""
        return len(np.unique(self.truth))


@dataclass(frozen=True, slots=True)
class Considered:
    """What one score does on the trained network.

    Attributes:
        unknown: As for a file; its ``true_accepts`` are what scores are chosen by.
        threshold: That goes with it.
    """

    unknown: Unknown
    threshold: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How `unknown` is told in all files of an export.

    Attributes:
        far: The false-accept rate that is asked.
        how: Of whom it is measured.
        seed: Of the draw of strangers.
        score: The one that was chosen.
        means: (classes, d) of the embedding; None where the score is another.
        fitting: Whom thresholds are fitted on.
        reporting: Whom rates are measured on.
        considered: All scores that could be had, on the trained network.
    """

    far: float
    how: How
    seed: int
    score: Score
    means: NDArray[np.float32] | None
    fitting: People
    reporting: People
    considered: tuple[Considered, ...]

    @property
    def needs(self) -> str | None:
        """What files have to answer beside the probabilities."""
        return NEEDS.get(self.score)

    def fit(self, name: str, infer: InferAll) -> Rule:
        """The rule of one file.

        Args:
            name: Of the file, for the error.
            infer: Runs it.

        Raises:
            ConversionError: Its scores are no numbers.
        """
        answers = every(infer, self.fitting.pixels)
        found = _told(self.how, self.score, answers, self.fitting.truth, self.means)
        if np.isnan(found).any():
            msg = f"{name}: the score {self.score} of {int(np.isnan(found).sum())} is no number"
            raise ConversionError(msg, remedy="the converter wrote a broken file; please report it")
        return Rule(rejection.fit(found, self.far), self.score, self.means)

    def measure(
        self, rule: Rule, infer: InferAll, enrolled: Outputs, truth: NDArray[np.intp]
    ) -> Unknown:
        """What the manifest says of one file.

        Args:
            rule: Of the file.
            infer: Runs it.
            enrolled: Its answers to the pictures held back.
            truth: Their class numbers.
        """
        answers = every(infer, self.reporting.pixels)
        return _measured(self, rule, answers, enrolled, truth)


def plan(
    network: Network,
    training: People,
    held: People,
    strangers: Strangers | None,
    far: float,
    seed: int,
    wanted: Sequence[Score] = SCORES,
) -> Plan:
    """Choose the score.

    Args:
        network: The trained one.
        training: What it was trained on.
        held: Enrolled people's pictures that were held back.
        strangers: People who are not enrolled; None: enrolled ones are left out in turn.
        far: The false-accept rate, above 0 and below 1.
        seed: Of the draw of strangers.
        wanted: The scores that may be chosen.

    Raises:
        UsageError: There are too few strangers for that rate, or one alone; or, where there are
            none, too few people.
    """
    how: How = "left out in turn" if strangers is None else "strangers"
    fitting, reporting = (training, held) if strangers is None else _halved(strangers, seed)
    shown = network.parts(training.pixels)
    means = None
    if EMBEDDING in shown:
        means = class_means(shown[EMBEDDING], training.truth, network.classes)
    seen = shown if strangers is None else network.parts(fitting.pixels)
    own = network.parts(held.pixels)
    others = own if strangers is None else network.parts(reporting.pixels)
    offered = [score for score in _offered(how, own) if score in wanted]
    draft = Plan(far, how, seed, "maximum", None, fitting, reporting, ())
    considered = []
    for score in offered:
        found = _told(how, score, seen, fitting.truth, means)
        rule = Rule(rejection.fit(found, far), score, means)
        considered.append(
            Considered(_measured(draft, rule, others, own, held.truth), rule.threshold)
        )
    best = max(considered, key=lambda one: one.unknown.true_accepts.accepted)  # the first of equals
    chosen = best.unknown.score
    kept = means if chosen == "distance" else None
    return Plan(far, how, seed, chosen, kept, fitting, reporting, tuple(considered))


def _halved(strangers: Strangers, seed: int) -> tuple[People, People]:
    _, numbers = np.unique(np.asarray(strangers.people, np.str_), return_inverse=True)
    fitting = rejection.halves(strangers.people, seed)
    one, other = (People(strangers.pixels[half], numbers[half]) for half in (fitting, ~fitting))
    return one, other


def _offered(how: How, outputs: Outputs) -> tuple[Score, ...]:
    """The scores that can be had; without strangers only those that leave a person out at all.

    Logits and embedding of a face stay what training made them, whoever is crossed off the list.
    """
    if how == "left out in turn":
        return ("maximum", "margin")
    return SCORES if {LOGITS, EMBEDDING} <= set(outputs) else ("maximum", "margin")


def _told(
    how: How,
    score: Score,
    outputs: Outputs,
    truth: NDArray[np.intp],
    means: NDArray[np.float32] | None,
) -> rejection.Scores:
    """Scores of people who are no more enrolled, or never were."""
    if how == "left out in turn":
        return rejection.left_out_in_turn(score, outputs, truth, means)
    return scores(score, outputs, means)


def _measured(
    plan: Plan, rule: Rule, others: Outputs, enrolled: Outputs, truth: NDArray[np.intp]
) -> Unknown:
    reporting = plan.reporting
    told = _told(plan.how, rule.score, others, reporting.truth, rule.means)
    right = enrolled[PROBS].argmax(axis=1) == truth
    false = rejection.false_accepts(told, [str(n) for n in reporting.truth], rule.threshold)
    true = rejection.true_accepts(rule.of(enrolled), right, len(np.unique(truth)), rule.threshold)
    return Unknown(
        score=rule.score,
        far=plan.far,
        how=plan.how,
        fitted=len(plan.fitting.truth),
        fitted_people=plan.fitting.count,
        seed=plan.seed,
        false_accepts=false,
        true_accepts=true,
    )
