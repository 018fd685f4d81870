"""The audit of a data set: everything read once, and everything that is wrong with it told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgeface.datasets.audit.balance import Count, count, of_labels
from edgeface.datasets.audit.findings import Finding, in_order, of_pictures
from edgeface.datasets.audit.sides import Sides
from edgeface.datasets.audit.survey import survey
from edgeface.datasets.audit.twins import Leak, find_twins
from edgeface.datasets.photos import Photos
from edgeface.errors import InputError
from edgeface.images import Preprocess
from edgeface.vision.detect import Detector

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found.

    Attributes:
        data: Where the data set stands.
        pictures: How many there are, readable or not.
        ignored: How many other files are in it.
        counts: Of every label.
        findings: The gravest first.
        split: What split was looked at: ``official``, or the record of a run; None: there is none.
        missing: Pictures of that record that are not there.
        leak: How far the split leaks; None where there is none.
        detector: Which looked for faces; None: nobody did.
        judged: In how many pictures faces were looked for.
    """

    data: str
    pictures: int
    ignored: int
    counts: tuple[Count, ...]
    findings: tuple[Finding, ...]
    split: str | None
    missing: int
    leak: Leak | None
    detector: str | None
    judged: int

    @property
    def leaks(self) -> bool:
        """Whether something is trained on that has a near-duplicate held back."""
        return self.leak is not None and self.leak.training > 0

    @property
    def readable(self) -> int:
        """How many pictures could be read."""
        return sum(c.pictures for c in self.counts)

    def as_data(self) -> dict[str, Any]:
        """Plain values, for JSON: every case of every finding."""
        return {
            "schema": SCHEMA,
            "data": self.data,
            "pictures": self.pictures,
            "readable": self.readable,
            "ignored": self.ignored,
            "labels": [asdict(c) for c in self.counts],
            "split": self.split,
            "missing": self.missing,
            "leaks": self.leaks,
            "leak": None if self.leak is None else asdict(self.leak),
            "faces": {"detector": self.detector, "judged": self.judged},
            "findings": [
                {
                    "kind": f.kind,
                    "title": f.title,
                    "pictures": f.pictures,
                    "items": [asdict(item) for item in f.items],
                }
                for f in self.findings
            ],
        }


def audit(
    photos: Photos,
    people: Mapping[str, Sequence[str]],
    sides: Sides | None,
    preprocess: Preprocess,
    detector: Detector | None,
    track: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> Audit:
    """Look at a data set.

    Args:
        photos: Where the pictures are.
        people: Label → names, of those to look at.
        sides: The split, where there is one.
        preprocess: What a network is shown of a picture: its size, and the margin around a face.
        detector: Finds faces; None: the pictures are not searched.
        track: Wraps the names, for a progress bar.

    Raises:
        InputError: Not one picture can be read; the first is named.
    """
    looked = survey(photos, people, detector, preprocess, track)
    if not looked.seen:
        first = looked.broken[0]
        msg = (
            f"{photos.root}: none of {len(looked.broken)} pictures can be read "
            f"({first.name}: {first.reason})"
        )
        raise InputError(msg, remedy="copy them again from where they came")
    of = None if sides is None else sides.of
    twins, leak = find_twins(looked, of)
    counts = count(tuple(people), looked, of)
    size = min(preprocess.height, preprocess.width)
    return Audit(
        data=str(photos.root),
        pictures=len(looked.seen) + len(looked.broken),
        ignored=len(photos.ignored),
        counts=counts,
        findings=in_order([*twins, *of_pictures(looked, size), *of_labels(counts)]),
        split=None if sides is None else sides.source,
        missing=0 if sides is None else sides.missing,
        leak=leak,
        detector=None if detector is None else detector.name,
        judged=looked.judged,
    )
