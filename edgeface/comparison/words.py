"""What a comparison says in sentences, the same on a terminal, in Markdown and HTML."""

from edgeface.comparison.measure import Measured
from edgeface.comparison.result import Compared
from edgeface.comparison.subjects import unknown_training
from edgeface.evaluate import Paired

NONE = "–"  # where there is nothing to say


def shown(result: Compared) -> list[str]:
    """What was compared on, and what stands against taking the figures for more than they are."""
    pictures = result.pictures
    said = [f"on {pictures.what}: {len(pictures.truth):,} pictures of enrolled people"]
    if pictures.trained_on and pictures.only_trained:
        said.append(
            "CAUTION: all of them are pictures that the network was trained on; "
            "the accuracy below says nothing about others"
        )
    elif pictures.trained_on:
        said.append(f"{pictures.trained_on:,} more were trained on and are not counted")
    said += [f"{count:,} left out: {reason}" for reason, count in pictures.left_out.items()]
    if pictures.chosen_on:
        said.append(
            "the epoch that was kept and the thresholds were chosen on these pictures: accuracies "
            "lean to the kind side, differences do not"
        )
    strange = unknown_training([file.subject for file in result.files])
    if strange:
        said.append(
            f"not known: what {', '.join(strange)} learned from; these pictures may be among it"
        )
    return said


def reference(result: Compared) -> str:
    """Which file the others are held against, and why that one."""
    if result.chosen:
        why = "as asked"
    elif result.base.subject.scheme == "float32":
        why = "the float32 file"
    else:
        why = "the first; none of them is float32"
    return f"held against {result.reference} ({why})"


def verdicts(result: Compared) -> list[tuple[Measured, str]]:
    """Every other file with what is said of it."""
    return [(file, verdict(file)) for file in result.others]


def verdict(file: Measured) -> str:
    """``no loss found (the data could have shown 0.4 points)`` and the counts behind it."""
    paired, said = file.paired, file.verdict
    if paired is None or said is None:
        return "the others are held against it"
    if " lost and " in said.words:  # the counts are what it is about
        return said.words
    p = p_value(paired.p)
    sign = "" if p.startswith("<") else "= "
    counts = f"{paired.lost} lost, {paired.gained} gained, p {sign}{p}"
    return f"{said.words}; {counts}"


def p_value(p: float) -> str:
    """``0.03``, ``< 0.001``, ``1``."""
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.1 else f"{p:.2g}"


def points(paired: Paired | None) -> tuple[str, str]:
    """A difference and its interval, in percentage points."""
    if paired is None:
        return NONE, NONE
    low, high = signed(paired.low, 1), signed(paired.high, 1)
    return signed(paired.difference, 1), f"{low} to {high}"


def signed(value: float, decimals: int) -> str:
    """A number with its sign, and none where it rounds to 0."""
    text = number(value, f"+.{decimals}f")
    return text[1:] if text.strip("+-0.") == "" else text


def size(file: Measured) -> str:
    """``183 kB``."""
    return f"{file.subject.size_bytes / 1000:,.0f} kB"


def number(value: float, form: str = ".4f") -> str:
    """A number, or that it is none."""
    return format(value, form) if abs(value) < float("inf") else "no number"


def changed(paired: Paired | None) -> str:
    """``+1.2 (-0.3 to +2.7)``: points with their interval."""
    if paired is None:
        return NONE
    difference, interval = points(paired)
    return f"{difference} ({interval})"


def strangers_note(result: Compared) -> str:
    """What the strangers' column is about."""
    people = result.pictures.stranger_people
    return f"strangers: {len(people):,} faces of people who were not enrolled" + (
        f" ({len(set(people))} people)" if people else ""
    )
