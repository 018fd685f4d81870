"""Somebody's own network as a thing to export: where it comes from, and its pictures."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeface import bundle as bundles
from edgeface import sealed
from edgeface.convert import kerasfile
from edgeface.convert.adopt import Wanted, adopt
from edgeface.convert.calibration.candidates import Candidates, Held
from edgeface.convert.calibration.study import drawn
from edgeface.convert.network import Network
from edgeface.convert.sides import Sides, check_moves
from edgeface.convert.source import Source, Teller
from edgeface.convert.versions import versions
from edgeface.datasets.audit.hashes import near_groups
from edgeface.datasets.faces import Faces, cut_faces
from edgeface.datasets.folder import Photo
from edgeface.datasets.photos import open_photos
from edgeface.datasets.sides import OfficialSide
from edgeface.datasets.split import Side, draw_sides, official_sides
from edgeface.errors import InputError
from edgeface.images import Framing, Preprocess
from edgeface.recipe import Recipe
from edgeface.vision.detect import open_detector

MEASURED = 0.5  # share of the photographs that the files are measured on
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Own:
    """A ``.keras`` file, and what is said of it.

    Attributes:
        path: The file.
        labels: Class names in the order of its output.
        wanted: What it wants of pixels.
        photos: A folder a class, for calibration and for measuring.
        framing: What of a photograph it looks at.
        skip_broken: Whether broken photographs are left out.
    """

    path: Path
    labels: tuple[str, ...]
    wanted: Wanted
    photos: Path
    framing: Framing = "whole"
    skip_broken: bool = False

    def network(self, teller: Teller) -> Network:
        """The network under the contract.

        Raises:
            InputError: The file cannot be read.
            ConversionError: It is not a network that can be exported.
            UsageError: What was said of it does not go with it.
        """
        adopted = adopt(kerasfile.load(self.path), self.wanted, len(self.labels))
        for line in adopted.told:
            teller.say(f"{self.path}: {line}")
        return Network.take(adopted.model)

    def preprocess(self, network: Network) -> Preprocess:
        """From a photograph to its pixels."""
        height, width, _ = network.shape
        return Preprocess(height, width, self.wanted.colour, margin=0.0, framing=self.framing)

    def source(self, network: Network, sides: Sides) -> Source:
        """What its files and the manifest say of it.

        What it was trained on is not known; its calibration pictures take the place of that, so
        that no accuracy is reported on them.
        """
        digest = sealed.sha256(self.path)
        listed = "".join(f"{one}\n" for one in sorted(sides.record.pictures))
        origin = bundles.Origin(
            run=str(self.path),
            weights_sha256=digest,
            split_sha256=hashlib.sha256(listed.encode()).hexdigest(),
            versions=versions(),
            kind="keras",
        )
        return Source(
            where=str(self.path),
            network=_NAME.sub("-", self.path.stem).strip("-.") or "network",
            labels=self.labels,
            preprocess=self.preprocess(network),
            detector="none",
            origin=origin,
            seen=sides.record.pictures,
        )

    def sides(self, recipe: Recipe, network: Network, teller: Teller) -> Sides:
        """Its photographs on two sides: some to calibrate on, the others to measure on.

        A set that is split already is measured on what it holds back. Near-duplicates stay on one
        side. The draw is that of the recipe's seed.

        Raises:
            InputError: The photographs are not of its classes, too few, or broken.
            ConversionError: It answers every picture alike.
        """
        preprocess = self.preprocess(network)
        with open_photos(self.photos) as folder:
            people = self._named(folder.people)
            faces = cut_faces(
                folder,
                folder.people,
                preprocess,
                open_detector("none"),
                skip_broken=self.skip_broken,
                hashes=True,
                track=lambda names: teller.track(names, "reading photographs"),
            )
            sides = _drawn_sides(faces, folder.official, recipe.seed, self.photos)
        truth = np.asarray([people[entry.label] for entry in faces.used], np.intp)
        held = np.flatnonzero([side != "training" for side in sides])
        free = np.flatnonzero([side == "training" for side in sides])
        pixels = faces.pixels[held]
        probs = network.infer(pixels)
        check_moves(str(self.path), probs)
        digests = tuple(entry.sha256 for entry in faces.used)
        offered = Candidates(
            faces.pixels[free], truth[free], tuple(digests[i] for i in free), str(self.photos)
        )
        shown, chosen, record = drawn(
            offered,
            Held(pixels, frozenset(digests[i] for i in held)),
            self.labels,
            preprocess.colour,
            recipe,
            network,
            teller,
        )
        return Sides(shown, record, pixels, truth[held], probs, offered, chosen)

    def _named(self, people: Mapping[str, Sequence[str]]) -> dict[str, int]:
        """Folder → class number."""
        number = {unicodedata.normalize("NFC", label): i for i, label in enumerate(self.labels)}
        found = {name: number.get(unicodedata.normalize("NFC", name)) for name in people}
        strange = [name for name, at in found.items() if at is None]
        if strange:
            msg = f"{self.photos}: {strange[0]!r} is none of the labels"
            some = ", ".join(self.labels[:12])
            raise InputError(msg, remedy=f"a folder a class, called as its label: {some}")
        if len(found) < 2:
            msg = f"{self.photos} shows one class alone"
            raise InputError(msg, remedy="add a folder of another one: a measure needs two")
        return {name: at for name, at in found.items() if at is not None}


def _drawn_sides(
    faces: Faces, official: Mapping[str, OfficialSide], seed: int, photos: Path
) -> list[Side]:
    assert faces.hashes is not None  # they were asked for
    groups = near_groups(faces.hashes)
    shown = [Photo(entry.name, entry.label, entry.sha256) for entry in faces.used]
    if official:
        return official_sides(shown, official, "official", seed, groups=groups, drop_leaks=True)
    few = [label for label in dict.fromkeys(p.label for p in shown) if _different(shown, label) < 2]
    if few:
        msg = f"{photos}: {few[0]!r} has fewer than two different pictures"
        raise InputError(msg, remedy="one to calibrate on and one to measure on are the least")
    return draw_sides(shown, MEASURED, seed, groups=groups)


def _different(shown: Sequence[Photo], label: str) -> int:
    return len({photo.sha256 for photo in shown if photo.label == label})
