"""Who a drawn face belongs to: what stays the same from picture to picture."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np

from edgeface.datasets.drawn.brush import Colour, darker, mix

Hair = Literal[
    "crop", "parted", "fringe", "bob", "long", "curly", "bun", "quiff", "bald", "pigtails"
]
Beard = Literal["none", "moustache", "goatee", "full"]
Glasses = Literal["none", "round", "square"]

_HAIR_STYLES: tuple[Hair, ...] = get_args(Hair)
_BEARDS: tuple[Beard, ...] = get_args(Beard)
_GLASSES: tuple[Glasses, ...] = get_args(Glasses)

# fmt: off
NAMES = (
    "Ari", "Bo", "Charlie", "Dana", "Eden", "Frankie", "Gale", "Hollis", "Indy",
    "Jo", "Kim", "Lou", "Max", "Nico", "Ollie", "Pat", "Quinn", "Robin",
    "Sam", "Toni", "Uli", "Val", "Wren", "Xen", "Yuki", "Zen",
)
# fmt: on

# Blue, green, red.
_SKINS: tuple[Colour, ...] = (
    (166, 196, 236),
    (148, 180, 228),
    (132, 166, 218),
    (108, 144, 200),
    (86, 120, 178),
    (70, 98, 150),
)
_HAIRS: tuple[Colour, ...] = (
    (42, 36, 40),
    (46, 56, 82),
    (54, 82, 126),
    (50, 84, 168),
    (56, 108, 196),
    (102, 164, 210),
    (146, 144, 142),
    (128, 116, 64),
    (118, 70, 138),
)
_IRISES: tuple[Colour, ...] = ((48, 62, 92), (40, 84, 124), (84, 128, 96), (156, 120, 74))


@dataclass(frozen=True, slots=True)
class Person:
    """A drawn person. Lengths are in units of half the head's width unless they say otherwise.

    Attributes:
        name: A first name; one folder of a data set.
        skin: Blue, green, red, 0 to 255.
        hair_colour: The same.
        iris: The same.
        hair: Style.
        beard: Style.
        glasses: Style.
        head_width: Factor on the head's width, about 1.
        jaw: 0 pointed to 1 square.
        chin: From the middle of the head to the tip of the chin.
        eye_gap: From the middle of the face to the middle of an eye.
        eye_width: Half the width of an eye.
        eye_height: Half the height of an open eye.
        eye_tilt: Radians; the outer corner rises.
        brow_width: Thickness of the brows at their thickest.
        brow_rise: From the eye's middle to the brow.
        brow_tilt: Radians; the outer end rises.
        nose_width: Half the width at the nostrils.
        nose_length: From the eyes to the nostrils.
        mouth_width: Half the width of the mouth at rest.
        lips: Fullness; half the height of the lips.
        ear: Size.
        freckles: Whether there are some.
        parting: -1 or 1: the side of a parting, a quiff or a fringe.
    """

    name: str
    skin: Colour
    hair_colour: Colour
    iris: Colour
    hair: Hair
    beard: Beard
    glasses: Glasses
    head_width: float
    jaw: float
    chin: float
    eye_gap: float
    eye_width: float
    eye_height: float
    eye_tilt: float
    brow_width: float
    brow_rise: float
    brow_tilt: float
    nose_width: float
    nose_length: float
    mouth_width: float
    lips: float
    ear: float
    freckles: bool
    parting: int


_HAIR_TO_SKIN = 0.7  # brightest hair, as a share of the skin's brightness

# Field → its range; uniform.
_RANGES: dict[str, tuple[float, float]] = {
    "head_width": (0.92, 1.08),
    "jaw": (0.0, 1.0),
    "chin": (1.2, 1.42),
    "eye_gap": (0.385, 0.47),
    "eye_width": (0.185, 0.24),
    "eye_height": (0.115, 0.165),
    "eye_tilt": (-0.1, 0.16),
    "brow_width": (0.08, 0.16),
    "brow_rise": (0.26, 0.325),
    "brow_tilt": (-0.3, 0.06),
    "nose_width": (0.15, 0.24),
    "nose_length": (0.44, 0.56),
    "mouth_width": (0.28, 0.42),
    "lips": (0.055, 0.115),
    "ear": (0.2, 0.3),
}


def draw_person(seed: int, name: str | None = None) -> Person:
    """A person drawn from a seed; the same one for the same seed, always.

    Args:
        seed: At least 0.
        name: Theirs; by default one of `NAMES`.
    """
    rng = np.random.default_rng([seed, 0xFACE])
    hair: Hair = _HAIR_STYLES[int(rng.integers(len(_HAIR_STYLES)))]
    beardless = hair in ("bob", "long", "bun", "pigtails")
    beard: Beard = "none"
    if not beardless and rng.random() < 0.55:
        beard = _BEARDS[int(rng.integers(1, len(_BEARDS)))]
    glasses: Glasses = _GLASSES[int(np.searchsorted((0.6, 0.82), rng.random()))]
    tone = rng.uniform(0, len(_SKINS) - 1)
    below = min(int(tone), len(_SKINS) - 2)
    traits = {key: float(rng.uniform(*limits)) for key, limits in _RANGES.items()}
    skin = mix(_SKINS[below], _SKINS[below + 1], tone - below)
    return Person(
        name=name or NAMES[int(rng.integers(len(NAMES)))],
        skin=skin,
        hair_colour=_against(_HAIRS[int(rng.integers(len(_HAIRS)))], skin),
        iris=_IRISES[int(rng.integers(len(_IRISES)))],
        hair=hair,
        beard=beard,
        glasses=glasses,
        freckles=bool(rng.random() < 0.25),
        parting=int(rng.choice((-1, 1))),
        **traits,
    )


def _against(hair: Colour, skin: Colour) -> Colour:
    """A hair colour that is darker than the skin, as the Haar cascade expects it."""
    limit = _HAIR_TO_SKIN * _luma(skin)
    return hair if _luma(hair) <= limit else darker(hair, limit / _luma(hair))


def _luma(colour: Colour) -> float:
    """Brightness as OpenCV's gray: BT.601."""
    return 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2]


def unlikeness(a: Person, b: Person) -> float:
    """How much two people differ, 0 for the same looks; people above 2.5 are told apart easily.

    Styles count 1 each, measures and colours by the share of their range that lies between them.
    """
    styles = sum(getattr(a, f) != getattr(b, f) for f in ("hair", "beard", "glasses", "freckles"))
    measures = sum(
        abs(getattr(a, key) - getattr(b, key)) / (high - low)
        for key, (low, high) in _RANGES.items()
    )
    colours = sum(
        float(np.abs(np.subtract(getattr(a, f), getattr(b, f))).mean()) / 128
        for f in ("skin", "hair_colour")
    )
    return float(styles + 0.3 * measures + colours)


def draw_people(count: int, seed: int, unlike: Sequence[Person] = ()) -> list[Person]:
    """People who are told apart easily, from one another and from those in ``unlike``.

    Args:
        count: How many.
        seed: Of the draw; the first people of a seed are the same for every count.
        unlike: People who are there already; their names are not given again.

    Returns:
        ``count`` people, names in alphabetical order as long as there are free ones.
    """
    people: list[Person] = []
    taken = {p.name for p in unlike}
    rng = np.random.default_rng([seed, 0xC0DE])
    while len(people) < count:
        name = _free_name(taken)
        others = [*unlike, *people]
        # Of a handful, the one least like anybody there: with many people no limit would hold.
        candidates = [draw_person(int(rng.integers(2**31)), name) for _ in range(12)]
        best = max(candidates, key=lambda c: min((unlikeness(c, o) for o in others), default=0.0))
        people.append(best)
        taken.add(name)
    return people


def _free_name(taken: set[str]) -> str:
    round_ = 1
    while True:
        for name in NAMES:
            full = name if round_ == 1 else f"{name} {round_}"
            if full not in taken:
                return full
        round_ += 1


assert set(_RANGES) <= {f.name for f in fields(Person)}
