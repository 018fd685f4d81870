"""Options that several commands share, so that they read the same everywhere."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from edgeface.datasets.photos import Reading

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what stands at --out.")]
Seed = Annotated[
    int,
    typer.Option(
        "--seed", min=0, max=2**32 - 1, metavar="NUMBER", help="Seed of every random choice."
    ),
]
Threads = Annotated[int, typer.Option("--threads", min=1, help="Threads of the computation.")]
BundleArgument = Annotated[
    Path | None, typer.Argument(metavar="BUNDLE", help="A bundle; by default the newest.")
]
Detector = Annotated[
    str, typer.Option("--detector", help="haar (comes with OpenCV), yunet, window (by file), none.")
]
DetectorModel = Annotated[
    Path | None,
    typer.Option(
        "--detector-model",
        metavar="FILE",
        help="YuNet's ONNX file; for window a window file, or the bundle it is in.",
    ),
]

# Of npz and mat files, where they do not say it themselves.
ArrayColour = Annotated[
    str, typer.Option("--colour", help="Order of the channels in arrays: rgb or bgr.")
]
ArrayLabels = Annotated[
    str,
    typer.Option(
        "--labels", metavar="'A,B'", help="Names of the target numbers 0, 1, … in arrays."
    ),
]
ArrayPixels = Annotated[
    str, typer.Option("--pixels", metavar="NAME", help="The array that holds the pictures.")
]
ArrayTargets = Annotated[
    str, typer.Option("--targets", metavar="NAME", help="The array that says what they show.")
]

RUNS = Path("runs")
BUNDLES = Path("bundles")


def bundle_folder(named: Path | None) -> Path:
    """The bundle that was named, or the newest below ``bundles/``, said aloud."""
    from edgeface import bundle, sealed
    from edgeface.cli import output

    if named is not None:
        return named
    folder = sealed.newest(BUNDLES, "bundle", bundle.MANIFEST)
    output.say(f"bundle: {folder} (the newest)")
    return folder


def free_name(path: Path) -> Path:
    """``path``, or the first of path-2, path-3, … that is not taken."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


def one_of(option: str, value: Any, known: Sequence[str]) -> Any:
    """``value`` where it is known, or None.

    Raises:
        UsageError: It is not; the known ones are listed.
    """
    from edgeface.errors import UsageError

    if value is not None and value not in known:
        msg = f"{option} {value}: one of {', '.join(known)}"
        raise UsageError(msg)
    return value


def reading(colour: str, labels: str, pixels: str, targets: str) -> "Reading":
    """How arrays are meant, from the four options that say it.

    Raises:
        UsageError: There is no such order of colours, or a label is empty or stands twice.
    """
    from edgeface.datasets.photos import Reading
    from edgeface.errors import UsageError

    names = tuple(name.strip() for name in labels.split(",")) if labels else ()
    if "" in names or len(set(names)) < len(names):
        msg = f"--labels {labels}: every target number needs a name of its own"
        raise UsageError(msg, remedy="for example --labels nonface,face for 0 and 1")
    return Reading(one_of("--colour", colour, ("rgb", "bgr")), names, pixels, targets)
