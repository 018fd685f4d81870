"""Is a calibration set fit to calibrate on? Asked before it is used; every fault has a name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeface.calibration import Finding, Severity
from edgeface.convert.calibration import levels, resemblance
from edgeface.convert.calibration.candidates import Candidates, Held
from edgeface.convert.calibration.marks import hashes_of, near_to
from edgeface.datasets.audit.hashes import near_groups
from edgeface.errors import InputError
from edgeface.images import Pixels

# Different pictures in all: below the first the ranges are those of a few pictures and no more.
# From the second on no layer clipped less with more of them (decision 15).
LEAST, ENOUGH = 5, 50
ENOUGH_OF_CLASS = 2
# Shares of a set: of copies, and of its pictures that are different at all.
COPIES_STOP = 0.5
DIFFERENT_WARNS, DIFFERENT_STOPS = 0.8, 0.25

# Of the evaluation pictures, evenly spread, whose statistics are taken; more changed no verdict.
_MOST = 500

_MORE = "add photographs of other moments, or export without int8"


def audit(
    chosen: Candidates, held: Held, labels: Sequence[str], colour: str, seed: int
) -> tuple[Finding, ...]:
    """Everything that is wrong with the pictures that were drawn, errors first.

    Args:
        chosen: What was drawn; black and white are not among them. Its classes may be guessed.
        held: What the accuracy is reported on.
        labels: Of the network.
        colour: Order of the channels.
        seed: Of what is left to chance.
    """
    hashes = hashes_of(chosen.pixels, colour)
    groups = int(near_groups(hashes).max()) + 1
    last = len(held.pixels) - 1
    some = held.pixels[np.linspace(0, last, min(_MOST, last + 1)).round().astype(int)]
    # Causes before what follows from them: pictures that were divided by 255 are all alike too.
    found = [
        *levels.check(chosen.pixels, some),
        *chosen.findings,
        *_overlap(chosen, held, near_to(hashes, hashes_of(held.pixels, colour))),
        *_classes(chosen, labels),
        *_twice(chosen, groups),
        *_few(chosen, groups, labels),
        *_unlike(chosen.pixels, some, seed),
    ]
    return tuple(sorted(found, key=lambda one: one.severity != "error"))


def check(found: Sequence[Finding]) -> None:
    """Stop where there are errors.

    Raises:
        InputError: There are; it names the first, and counts the others.
    """
    errors = [one for one in found if one.severity == "error"]
    if errors:
        names = ", ".join(
            dict.fromkeys(one.kind for one in errors[1:] if one.kind != errors[0].kind)
        )
        more = f" (also: {names})" if names else ""
        msg = f"these pictures cannot be calibrated on: {errors[0].kind}: {errors[0].said}{more}"
        raise InputError(msg, remedy=errors[0].remedy)


def _severity(stops: bool) -> Severity:
    return "error" if stops else "warning"


def _few(chosen: Candidates, groups: int, labels: Sequence[str]) -> list[Finding]:
    said = f"{groups} different pictures in all"
    if groups < LEAST:
        return [Finding("too few", "error", f"{said}; {LEAST} are the least", _MORE)]
    if groups < ENOUGH:
        return [Finding("too few", "warning", f"{said}; {ENOUGH} are enough", _MORE)]
    if chosen.classes is None:
        return []
    counts = np.bincount(chosen.classes[chosen.classes >= 0], minlength=len(labels))
    few = [label for label, n in zip(labels, counts, strict=True) if 0 < n < ENOUGH_OF_CLASS]
    if not few:
        return []
    said = f"a single picture of {_some(few)}"
    return [Finding("too few", "warning", said, "raise --calibration, or add photographs of them")]


def _twice(chosen: Candidates, groups: int) -> list[Finding]:
    total, files = len(chosen.sha256), len(set(chosen.sha256))
    found = []
    if files < total:
        said = f"{total - files} of {total} files are copies; {files} are different"
        stops = total - files > COPIES_STOP * total
        remedy = "take the copies out"
        found.append(Finding("duplicates", _severity(stops), said, remedy))
    if groups < min(files, DIFFERENT_WARNS * total):
        said = f"{total} pictures look like {groups} different ones"
        stops = groups < DIFFERENT_STOPS * total
        found.append(Finding("near-duplicates", _severity(stops), said, _MORE))
    return found


def _classes(chosen: Candidates, labels: Sequence[str]) -> list[Finding]:
    if chosen.classes is None or len(labels) < 2:
        return []
    there = {int(number) for number in chosen.classes if number >= 0}
    missing = [label for number, label in enumerate(labels) if number not in there]
    if not missing:
        return []
    remedy = "add photographs of them"
    if len(there) <= 1:
        of = labels[there.pop()] if there else "nobody it knows"
        verb = "look to the network like" if chosen.guessed else "are of"
        said = f"all {len(chosen.pixels)} pictures {verb} {of}, one of {len(labels)} classes"
        return [Finding("one class", "error", said, f"{remedy} ({_some(missing)})")]
    if len(chosen.pixels) < len(labels):
        remedy = f"raise --calibration to {len(labels)} or more"
    said = f"no picture of {_some(missing)} ({len(missing)} of {len(labels)} classes)"
    return [Finding("missing classes", "warning", said, remedy)]


def _some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:5]) + (", …" if len(labels) > 5 else "")


def _overlap(chosen: Candidates, held: Held, near: NDArray[np.bool_]) -> list[Finding]:
    same = sum(digest in held.sha256 for digest in chosen.sha256)
    remedy = "train again, so that near-duplicates stay on one side"
    if same:
        said = f"{same} of {len(chosen.sha256)} pictures are held back for the accuracy"
        return [Finding("overlap", "error", said, remedy)]
    if near.any():
        said = f"{int(near.sum())} of {len(near)} pictures are like one that is held back"
        return [Finding("overlap", "warning", said, remedy)]
    return []


def _unlike(chosen: Pixels, held: Pixels, seed: int) -> list[Finding]:
    told = [
        one
        for one in resemblance.compare(chosen, held, seed)
        if one.apart >= resemblance.WARNS and one.chance <= resemblance.CHANCE
    ]
    if not told:
        return []
    # Ranges depend on how bright and how strong pictures are; other things may differ harmlessly.
    strong = [one for one in told if one.statistic in resemblance.OF_RANGE]
    stops = bool(strong) and strong[0].apart >= resemblance.STOPS
    worst = strong[0] if stops else told[0]
    said = (
        f"{worst.statistic} {worst.calibration:.3g}, of those held back {worst.evaluation:.3g} "
        f"(medians): it tells {100 * worst.apart:.0f} % of pairs apart"
    )
    remedy = "calibrate on pictures of the camera and the light that it will be used with"
    return [Finding("not like the evaluation data", _severity(stops), said, remedy)]
