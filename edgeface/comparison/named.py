"""What a user named to be compared: bundles, files of bundles, and files that stand alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeface.bundle import Bundle
from edgeface.bundlefolder import MANIFEST
from edgeface.errors import UsageError
from edgeface.modelfile import Facts, complete, read_facts
from edgeface.pointbundle import AnyBundle, PointBundle, open_bundle
from edgeface.runtime import BACKENDS
from edgeface.sealed import SUMS


@dataclass(frozen=True, slots=True)
class Named:
    """What a user named, before anything is known of what belongs to it.

    Attributes:
        bundles: Bundles, and which of their files; all different.
        lone: What is known of files that stand alone.
    """

    bundles: tuple[tuple[AnyBundle, tuple[str, ...]], ...]
    lone: tuple[Facts, ...]

    @property
    def regressions(self) -> tuple[Path, ...]:
        """Those of them that answer numbers."""
        return tuple(b.folder for b, _ in self.bundles if isinstance(b, PointBundle)) + tuple(
            f.path for f in self.lone if f.task == "regress"
        )

    @property
    def of_pictures(self) -> tuple[Path, ...]:
        """Those that answer names."""
        return tuple(b.folder for b, _ in self.bundles if isinstance(b, Bundle)) + tuple(
            f.path for f in self.lone if f.task != "regress"
        )


def read_named(paths: Sequence[Path], foreign: Mapping[str, Any]) -> Named:
    """Find out what was named: bundles whole, and files, which may be those of a bundle.

    Args:
        paths: Bundles and model files; what is named twice counts once.
        foreign: What files of other programs do not say (see `edgeface.modelfile.complete`).

    Raises:
        UsageError: There is no such thing; or names and numbers are asked for at once.
        BundleError: A bundle is damaged.
        BackendError: A file cannot be read.
    """
    bundles: dict[Path, AnyBundle] = {}
    chosen: dict[Path, list[str]] = {}
    lone: dict[Path, Facts] = {}
    for path in paths:
        folder = _home(path)
        if folder is None:
            facts = read_facts(path)
            lone.setdefault(path.resolve(), complete(facts, **foreign) if facts.foreign else facts)
            continue
        real = folder.resolve()
        bundle = bundles.setdefault(real, open_bundle(folder))
        held = [file.name for file in bundle.manifest.files]
        own = [path.name] if path.is_file() else held
        chosen[real] = [n for n in held if n in own or n in chosen.get(real, ())]
    named = Named(tuple((bundles[r], tuple(chosen[r])) for r in bundles), tuple(lone.values()))
    if named.regressions and named.of_pictures:
        msg = f"{named.regressions[0]} answers numbers, {named.of_pictures[0]} names"
        raise UsageError(msg, remedy="compare each with what answers the same")
    return named


def _home(path: Path) -> Path | None:
    """The bundle that a path is, or that lists the file; None where it stands alone."""
    if not path.is_file():
        return None if path.suffix.lstrip(".") in BACKENDS and not path.is_dir() else path
    beside = path.parent
    if (beside / MANIFEST).is_file() and (beside / SUMS).is_file():
        listed = [file.name for file in open_bundle(beside).manifest.files]
        return beside if path.name in listed else None
    return None
