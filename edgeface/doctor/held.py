"""The bundles that lie here, as far as they can be read without numpy."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from edgeface import sealed
from edgeface.errors import BundleError, UsageError

# As in `edgeface.bundlefolder`, which needs numpy.
MANIFEST = "manifest.json"
_PLAIN = re.compile(r"[a-z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Held:
    """What `edgeface run` would find.

    Attributes:
        folder: The bundle that it would take; None without one.
        named: Whether that was named, and not the newest.
        problem: Why there is none, or why that one is not what was exported.
        remedy: What to do about it.
        formats: Of its files: ``tflite``, ``onnx``.
        detector: That its network was trained with; ``haar`` where nothing says it.
        others: How many other bundles lie beside it.
        damaged: Of those: folder → what is wrong.
    """

    folder: Path | None
    named: bool
    problem: str = ""
    remedy: str = ""
    formats: frozenset[str] = frozenset()
    detector: str = "haar"
    others: int = 0
    damaged: tuple[tuple[str, str], ...] = ()


def read_held(here: Path, named: Path | None) -> Held:
    """Find the bundle that was named, or the newest below ``bundles/``, and check its sums."""
    parent = here / "bundles"
    try:
        folder = sealed.newest(parent, "bundle", MANIFEST) if named is None else here / named
    except UsageError:
        # Its words name a folder; whoever asks for a doctor may stand in the wrong one.
        what = f"there is no bundle in {parent}"
        remedy = "call edgeface doctor where bundles/ lies, or name the bundle behind it"
        return Held(None, named=False, problem=what, remedy=remedy)
    problem, remedy = _problem(folder)
    formats, detector = _told(folder / MANIFEST)
    damaged, others = [], _beside(parent, folder)
    for other in others:
        wrong, _ = _problem(other)
        if wrong:
            damaged.append((str(other), wrong))
    return Held(
        folder,
        named is not None,
        problem,
        remedy,
        formats,
        detector,
        len(others),
        tuple(damaged),
    )


def _problem(folder: Path) -> tuple[str, str]:
    if not folder.is_dir():
        return f"{folder}: no such folder", "name a bundle that edgeface export wrote"
    if not (folder / MANIFEST).is_file():
        return f"{folder} is no bundle: it has no {MANIFEST}", "make one with edgeface export"
    try:
        sealed.check(folder, "bundle", needs=(MANIFEST,))
    except BundleError as error:
        return str(error), error.remedy
    return "", ""


def _told(manifest: Path) -> tuple[frozenset[str], str]:
    """Formats and detector; what is not as it should be is the business of `edgeface verify`."""
    try:
        data = json.loads(manifest.read_text("utf-8"))
        formats = frozenset(f["format"] for f in data["files"] if f["format"] in ("tflite", "onnx"))
        detector = str(data.get("detector", "haar"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return frozenset(), "haar"
    return formats, detector if _PLAIN.fullmatch(detector) else "haar"


def _beside(parent: Path, folder: Path) -> list[Path]:
    found = sorted(p.parent for p in parent.glob(f"*/{MANIFEST}"))
    return [p for p in found if p != folder and not p.name.startswith(".")]
