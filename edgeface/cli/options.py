"""Options that several commands share, so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

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
    str, typer.Option("--detector", help="haar (comes with OpenCV), yunet (by file), none.")
]
DetectorModel = Annotated[
    Path | None, typer.Option("--detector-model", metavar="FILE", help="YuNet's ONNX file.")
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
