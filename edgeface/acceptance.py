"""What a manifest says of `unknown`: by which score, and how often strangers get a name by it.

How these figures are found is in `edgeface.rejection`.
"""

import base64
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Score = Literal["maximum", "margin", "energy", "distance"]
How = Literal["strangers", "left out in turn"]

# With fewer people than that to measure on, what one of them does is most of a rate.
FEW_PEOPLE = 10
# What costs least comes first: of equally good ones it is taken.
SCORES: tuple[Score, ...] = ("maximum", "margin", "energy", "distance")


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of pictures with its interval.

    Attributes:
        pictures: How many were looked at, at least one.
        accepted: How many were given a name; of enrolled people: the right one.
        people: How many different people they show.
        low: Lower end of the 95 % interval of the share, 0 to 1.
        high: Upper end.
    """

    pictures: int
    accepted: int
    people: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.accepted / self.pictures

    @property
    def text(self) -> str:
        """``1.2 % (0.5 to 2.9)``: with its interval."""
        low, high = 100 * self.low, 100 * self.high
        return f"{100 * self.share:.1f} % ({low:.1f} to {high:.1f})"


@dataclass(frozen=True, slots=True)
class Unknown:
    """How the threshold of a file was fitted, and what it was measured to do.

    Attributes:
        score: What is held against the threshold (see `edgeface.vision.unknown`).
        far: The false-accept rate that was asked, 0 to 1.
        how: ``strangers``: fitted on some of them and measured on others. ``left out in turn``: an
            estimate from the enrolled people themselves, each taken for a stranger once, by a
            network that was trained on all of them.
        fitted: Faces that the threshold was fitted on.
        fitted_people: How many people these show.
        seed: Of the draw of these people.
        false_accepts: Of faces that it was not fitted on, those that get any name.
        true_accepts: Of the enrolled people's faces that were held back, those that get their name.
    """

    score: Score
    far: float
    how: How
    fitted: int
    fitted_people: int
    seed: int
    false_accepts: Rate
    true_accepts: Rate

    @property
    def rate_doubt(self) -> str | None:
        """What has to be known of the rate that was measured; None where it is below the asked."""
        rate = self.false_accepts
        if self.how == "left out in turn":
            return (
                "no strangers were given: each enrolled person was taken for one, by a network "
                "that was trained on all of them; on real strangers expect several times as many "
                "false accepts (--strangers PHOTOS measures them)"
            )
        if rate.low > self.far:
            return (
                f"strangers who were not fitted on get a name in {rate.text}: more than the "
                f"{100 * self.far:g} % asked; more different strangers to fit on would help"
            )
        if rate.high > self.far:
            return (
                f"{rate.pictures} faces of {rate.people} other strangers do not show that the rate "
                f"stays below {100 * self.far:g} %: it may be up to {100 * rate.high:.1f} %"
            )
        return None

    @property
    def doubts(self) -> tuple[str, ...]:
        """What else a reader of the figures has to know, a sentence each."""
        found = []
        if not self.true_accepts.accepted:
            found.append(
                f"at {100 * self.far:g} % no enrolled person gets a name: this network does not "
                "tell them from strangers that well; ask a higher rate, or train a better one"
            )
        if self.how == "left out in turn":
            return tuple(found)
        measured = self.false_accepts.people
        if measured < FEW_PEOPLE:
            found.append(
                f"{measured} strangers to measure on say little of others: "
                f"{FEW_PEOPLE} and more would"
            )
        if (self.fitted_people + 1) * self.far < 1:
            found.append(
                f"whatever the number of pictures, {self.fitted_people} strangers to fit on "
                f"cannot promise less than {100 / (self.fitted_people + 1):.0f} % for a person "
                f"unlike any of them; {math.ceil(1 / self.far - 1 - 1e-9)} could promise "
                f"{100 * self.far:g} %"
            )
        return tuple(found)


def as_text(means: NDArray[np.float32]) -> str:
    """Class means as a file carries them: little-endian float32, row by row, in base 64."""
    return base64.b64encode(means.astype("<f4").tobytes()).decode("ascii")


def from_text(text: str, classes: int) -> NDArray[np.float32]:
    """What `as_text` gave: (classes, d) float32.

    Raises:
        ValueError: It is not that, or of another number of classes.
    """
    numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f4").astype(np.float32)
    means = numbers.reshape(classes, -1)
    if not means.size or not np.isfinite(means).all():
        msg = "class means that are no numbers"
        raise ValueError(msg)
    return means
