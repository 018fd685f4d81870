"""``edgeface compare``: accuracy after quantisation, every file on the same pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output, points
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edgeface.bundle import Bundle
    from edgeface.comparison import Compared, Pictures


def compare(
    bundle: options.BundleArgument = None,
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="PHOTOS|POINTS",
            help="A folder per person, or points; by default what the run held back.",
        ),
    ] = None,
    strangers: Annotated[
        Path | None,
        typer.Option("--strangers", metavar="PHOTOS", help="People whom nobody trained on."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run, where it moved since the export.")
    ] = None,
    detector: Annotated[
        str | None, typer.Option("--detector", help="By default the bundle's own.")
    ] = None,
    detector_model: options.DetectorModel = None,
    skip_broken: Annotated[
        bool, typer.Option("--skip-broken", help="Leave broken pictures out and go on.")
    ] = False,
    threads: options.Threads = 1,
    json: options.Json = False,
) -> None:
    """Compare the files of a bundle: accuracy, agreement, strangers; of a regression the L2 error.

    Every file on the same pictures or points, each held against the float32 one.
    """
    from edgeface.comparison import compare_files, from_folder, with_strangers
    from edgeface.pointbundle import PointBundle, open_bundle
    from edgeface.vision.detect import open_detector

    loaded = open_bundle(options.bundle_folder(bundle))
    if isinstance(loaded, PointBundle):
        if strangers is not None or detector or detector_model or skip_broken:
            msg = f"{loaded.folder} is the bundle of a regression: it looks at no pictures"
            raise UsageError(msg, remedy=f"edgeface compare {loaded.folder} POINTS.csv")
        points.compare(loaded, data, run, threads, json=json)
        return
    if data is None and strangers is None and (detector or detector_model):
        msg = "--detector, but no photographs: the faces of the run's own were found in training"
        raise UsageError(msg, remedy="name photographs too, or leave --detector out")
    name = detector or loaded.manifest.detector
    unneeded = data is None and strangers is None
    eyes = None if unneeded else open_detector(name, detector_model)
    if data is None or eyes is None:
        pictures = _own_validation(loaded, run)
    else:
        pictures = from_folder(loaded, data, eyes, _finding, skip_broken=skip_broken)
    if strangers is not None and eyes is not None:
        pictures = with_strangers(
            pictures, loaded, strangers, eyes, _finding, skip_broken=skip_broken
        )
    result = compare_files(loaded, pictures, threads, output.track)
    if json:
        output.as_json(result.as_data())
    else:
        _tell(result)
    output.next_command("edgeface", "bench", loaded.folder)


def _own_validation(bundle: "Bundle", named: Path | None) -> "Pictures":
    """The validation side of the run that the bundle was made from."""
    from edgeface.comparison import Pictures
    from edgeface.train.run import Run

    folder = named or Path(bundle.manifest.origin.run)
    if not folder.is_dir():
        msg = f"the run {folder} that {bundle.folder} was made from is not here"
        raise UsageError(msg, remedy="name it with --run, or name a folder of photographs")
    run = Run.load(folder)
    if run.weights_sha256 != bundle.manifest.origin.weights_sha256:
        msg = f"{folder} is not the run that {bundle.folder} was made from (other weights)"
        raise UsageError(msg, remedy="name the right one with --run, or a folder of photographs")
    pixels, truth = run.crops("validation", lambda e: output.track(e, "reading pictures"))
    return Pictures(f"validation side of {folder}", pixels, truth)


def _finding(names: "Sequence[str]") -> "Iterable[str]":
    return output.track(names, "finding faces")


def _tell(result: "Compared") -> None:
    pictures = result.pictures
    output.result(f"on {pictures.what}: {len(pictures.truth)} pictures of enrolled people")
    if pictures.trained_on and pictures.only_trained:
        output.result(
            "CAUTION: all of them are pictures that the network was trained on; "
            "the accuracy below says nothing about others"
        )
    elif pictures.trained_on:
        output.result(f"{pictures.trained_on} more were trained on and are not counted")
    for reason, count in pictures.left_out.items():
        output.result(f"{count} left out: {reason}")
    head = ["file", "accuracy", "95 %", "delta", "agreement", "flips", "size", "unknown"]
    strangers = len(pictures.strangers)
    if strangers:
        head += ["strangers named"]
    output.table(head, [_row(row, strangers) for row in result.rows])
    output.result(
        "delta: points against the float32 file. unknown: enrolled people under the threshold."
    )
    if strangers:
        output.result(f"strangers: {strangers} faces of people who were not enrolled")
    else:
        output.say(
            "how many strangers would be given a name was not measured: --strangers PHOTOS does"
        )


def _row(row: dict[str, Any], strangers: int) -> list[str]:
    cells = [
        row["file"],
        f"{row['accuracy']:.3f}",
        f"{row['accuracy_low']:.3f} to {row['accuracy_high']:.3f}",
        f"{row['delta_points']:+.1f}",
        f"{row['agreement']:.3f}",
        str(row["flips"]),
        f"{row['size_bytes'] / 1000:,.0f} kB",
        f"{row['unknown_share']:.3f}",
    ]
    if strangers:
        cells.append(f"{row['strangers_named']} ({100 * row['strangers_named_share']:.1f} %)")
    return cells
