"""How often the interval of a false-accept rate covers the rate of all people.

    python benchmarks/unknown_interval.py [--tries 400]

People are drawn who are let in with a chance of their own (beta distributed, so that the rate of
all people is known), each with so many pictures. The intraclass correlation says how much they
differ: at 0 all have the same chance. Prints the share of intervals that cover the rate, and the
share whose upper end is not below it; 0.95 and 0.975 are meant.
"""

import argparse

import numpy as np

from edgeface import rejection


def covered(
    people: int, pictures: int, rate: float, alike: float, tries: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Share of intervals that cover the rate, and of upper ends at or above it."""
    who = [f"p{i // pictures}" for i in range(people * pictures)]
    both = upper = 0
    for _ in range(tries):
        chance = np.full(people, rate)
        if alike > 0:
            spread = 1 / alike - 1
            chance = rng.beta(rate * spread, (1 - rate) * spread, people)
        # Above 0 with that chance: the threshold is 0.
        found = (chance[:, None] - rng.random((people, pictures))).ravel()
        told = rejection.false_accepts(found, who, 0.0)
        both += told.low <= rate <= told.high
        upper += rate <= told.high
    return both / tries, upper / tries


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tries", type=int, default=400)
    tries = parser.parse_args().tries
    rng = np.random.default_rng(0)
    print("| people | pictures each | rate | correlation | covered | upper end holds |")
    print("|---|---|---|---|---|---|")
    for people, pictures in ((5, 30), (10, 30), (20, 30), (39, 30), (200, 1)):
        for rate in (0.01, 0.03, 0.1):
            for alike in (0.0, 0.05, 0.2):
                both, upper = covered(people, pictures, rate, alike, tries, rng)
                print(f"| {people} | {pictures} | {rate} | {alike} | {both:.3f} | {upper:.3f} |")


if __name__ == "__main__":
    main()
