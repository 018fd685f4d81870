"""What ``edgeface compare`` was given: bundles and model files, and what to compare them on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.datasets.photos import Reading

Labels = Annotated[
    str,
    typer.Option(
        "--labels",
        metavar="'A,B'|FILE",
        help="Class names of foreign model files, and of the numbers 0, 1, … of arrays.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments, told apart.

    Attributes:
        subjects: Bundles and model files; at least one.
        data: Photographs or points; None: what the run held back.
    """

    subjects: tuple[Path, ...]
    data: Path | None


def tell_apart(given: Sequence[Path], data: Path | None) -> Asked:
    """Tell bundles and model files from photographs and points, by what they are.

    A folder with a manifest is a bundle, a file that ends in .tflite or .onnx a model file; any
    other folder, and zip, npz, mat and csv files, is what to compare on.

    Args:
        given: In any order; without a bundle or a file the newest bundle is meant.
        data: Of ``--data``.

    Raises:
        UsageError: Something is neither, or there are several sets of photographs.
    """
    subjects = [path for path in given if _is_subject(path)]
    others = [path for path in given if path not in subjects]
    missing = [path for path in others if not path.exists() and not _is_name(path)]
    if missing and (len(others) > 1 or not subjects):
        msg = f"{missing[0]}: no such folder or file"
        raise UsageError(msg, remedy="name bundles and model files, and photographs or points last")
    if data is not None:
        others.append(data)
    if len(others) > 1:
        msg = f"{others[0]} and {others[1]}: one set of photographs or points can be compared on"
        raise UsageError(msg, remedy="people who are not enrolled are named with --strangers")
    for path in others:
        if path is not data:
            _check_no_half_bundle(path)
    found = others[0] if others else None
    return Asked(tuple(subjects) or (options.bundle_folder(None),), found)


def _is_name(path: Path) -> bool:
    from edgeface.datasets.photos import is_name

    return is_name(str(path))


def _is_subject(path: Path) -> bool:
    from edgeface.bundlefolder import MANIFEST
    from edgeface.runtime import BACKENDS
    from edgeface.sealed import SUMS

    if path.suffix.lstrip(".") in BACKENDS and not path.is_dir():
        return True
    # What is sealed and has no manifest is a damaged bundle, or a run: reading it says which.
    return (path / MANIFEST).is_file() or (path / SUMS).is_file()


def _check_no_half_bundle(path: Path) -> None:
    """Say of a folder of model files that it is no bundle, before pictures are looked for in it."""
    from edgeface.runtime import BACKENDS

    if not path.is_dir():
        return
    models = [p.name for p in path.iterdir() if p.suffix.lstrip(".") in BACKENDS]
    if models:
        msg = f"{path} holds {models[0]} and no manifest.json: it is no bundle"
        raise UsageError(
            msg, remedy="name the files themselves, or copy the bundle whole; photographs: --data"
        )


def names(labels: str) -> tuple[str, ...]:
    """Class names from ``A,B`` or from a file with one a line; none where nothing was given.

    Raises:
        UsageError: The file cannot be read, or a name is empty.
    """
    from edgeface.modelfile import read_labels

    if not labels:
        return ()
    if Path(labels).is_file():
        return read_labels(Path(labels))
    found = tuple(name.strip() for name in labels.split(","))
    if "" in found or len(found) < 2:
        msg = f"--labels {labels}: no such file, and no list of names either"
        raise UsageError(msg, remedy="for example --labels nonface,face or --labels labels.txt")
    return found


def reading(data: Path | None, labels: tuple[str, ...]) -> "Reading":
    """How arrays are meant: their numbers are called as the classes of foreign files are."""
    from edgeface.datasets.photos import ARRAY_SUFFIXES, PLAIN, Reading

    is_array = data is not None and data.suffix.lower() in ARRAY_SUFFIXES and not data.is_dir()
    return Reading(labels=labels) if is_array and labels else PLAIN
