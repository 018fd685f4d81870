"""``edgeface data check``: a data set → what is wrong with it, before anything is trained on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import options, output
from edgeface.errors import GateNotMet, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgeface.datasets.audit.check import Audit
    from edgeface.datasets.audit.findings import Finding, Item
    from edgeface.datasets.faces import CropMode
    from edgeface.datasets.photos import Reading

_EXAMPLES = 3
_MOST_LABELS = 20  # in a table; of more the extremes are told


def check(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A folder per class (or split already into train and test), a zip of such "
            "folders, an npz or mat file, or sklearn:olivetti.",
        ),
    ],
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="RUN",
            help="Look at the sides that this run has drawn (its folder, or a split.json). "
            "[default: those that DATA is published with]",
        ),
    ] = None,
    people: Annotated[
        str,
        typer.Option(
            "--people", metavar="'A,B,C'", help="Only these people, as their folders are called."
        ),
    ] = "",
    size: Annotated[
        int, typer.Option("--size", min=8, max=1024, help="Side of the network's input in pixels.")
    ] = 64,
    crop: Annotated[
        str,
        typer.Option(
            "--crop", help="always looks for faces, never takes whole pictures, auto by their size."
        ),
    ] = "auto",
    detector: options.Detector = "haar",
    detector_model: options.DetectorModel = None,
    colour: options.ArrayColour = "rgb",
    labels: options.ArrayLabels = "",
    pixels: options.ArrayPixels = "",
    targets: options.ArrayTargets = "",
    sheet: Annotated[
        Path | None,
        typer.Option("--sheet", metavar="FILE.png", help="Draw the worst cases there."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file that stands at --sheet.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Tell what is wrong with a data set.

    Broken pictures, copies and near-duplicates, those of them that a split holds back although they
    are trained on, too few of a label, too small, blurred or badly exposed ones, no face or
    several. Ends with exit code 3 where the split leaks; anything else is told only.
    """
    from edgeface.datasets.faces import CROP_MODES

    asked = options.reading(colour, labels, pixels, targets)
    mode = options.one_of("--crop", crop, CROP_MODES)
    if sheet is not None:
        _check_sheet(sheet, force=force)
    wanted = people.split(",") if people else []
    eyes = (detector, detector_model)
    found = _look(data, asked, run, wanted, size=size, crop=mode, detector=eyes, to=sheet)
    if json:
        output.as_json({**found.as_data(), "sheet": None if sheet is None else str(sheet)})
    else:
        _tell(found, detector)
        if sheet is not None:
            output.result(f"sheet: {sheet}")
    _next(found, data, run, wanted, asked)
    if found.leaks:
        raise typer.Exit(GateNotMet.exit_code)


def _check_sheet(sheet: Path, *, force: bool) -> None:
    from edgeface import sealed

    if sheet.suffix.lower() != ".png":
        msg = f"--sheet {sheet}: a PNG is written, so the name has to end with .png"
        raise UsageError(msg, remedy=f"--sheet {sheet.with_suffix('.png')}")
    if sheet.is_dir() or (sheet.exists() and not force):
        msg = f"{sheet} exists already"
        raise UsageError(msg, remedy="choose another --sheet, or add --force to replace it")
    sealed.check_writable(sheet)


def _look(
    data: Path,
    reading: "Reading",
    run: Path | None,
    wanted: list[str],
    *,
    size: int,
    crop: "CropMode",
    detector: tuple[str, Path | None],
    to: Path | None,
) -> "Audit":
    from dataclasses import replace

    from edgeface import sealed
    from edgeface.datasets.audit import sheet, sides
    from edgeface.datasets.audit.check import audit
    from edgeface.datasets.faces import framing
    from edgeface.datasets.photos import open_photos
    from edgeface.vision.detect import open_detector

    opened = open_detector(*detector)
    with open_photos(data, reading) as photos:
        chosen = photos.chosen(wanted)
        names = [name for own in chosen.values() for name in own]
        split = sides.published(photos) if run is None else sides.recorded(run, names)
        shown = replace(framing(photos, chosen, crop), height=size, width=size)
        searched = shown.framing == "face" and opened.name != "none"
        found = audit(
            photos,
            chosen,
            split,
            shown,
            opened if searched else None,
            track=lambda them: output.track(them, "reading pictures"),
        )
        if to is not None:
            picture = sheet.draw_sheet(photos, found.findings)
            sealed.write_file(to, sheet.encode_sheet(picture))
    return found


def _tell(found: "Audit", detector: str) -> None:
    of = f"{len(found.counts)} labels" if len(found.counts) > 1 else "one label"
    others = f"; other files, not looked at: {found.ignored}" if found.ignored else ""
    output.result(f"{found.data}: {found.pictures} pictures of {of}{others}")
    _tell_labels(found)
    output.result("")
    if found.findings:
        rows = [row for finding in found.findings for row in _rows(finding)]
        output.table(("finding", "pictures", "for example"), rows)
    else:
        output.result("nothing wrong was found")
    output.result("")
    _tell_split(found)
    _tell_faces(found, detector)


def _tell_labels(found: "Audit") -> None:
    counts = found.counts
    if len(counts) > _MOST_LABELS:
        ordered = sorted(counts, key=lambda c: (c.to_train_on, c.label))
        least, most = ordered[0], ordered[-1]
        to_train = "" if found.split is None else " to train on"
        output.result(
            f"pictures of a label{to_train}: {least.to_train_on} ({least.label}) to "
            f"{most.to_train_on} ({most.label})"
        )
        return
    if found.split is None:
        output.table(("label", "pictures"), [(c.label, c.pictures) for c in counts])
        return
    output.table(
        ("label", "pictures", "training", "validation", "test"),
        [(c.label, c.pictures, c.training, c.validation, c.test) for c in counts],
    )


def _rows(finding: "Finding") -> "Iterator[tuple[str, object, str]]":
    for number, item in enumerate(finding.items[:_EXAMPLES]):
        first = (finding.title, finding.pictures) if number == 0 else ("", "")
        yield (*first, _example(item))
    more = len(finding.items) - _EXAMPLES
    if more > 0:
        yield "", "", f"and {more} more, which --json lists"


def _example(item: "Item") -> str:
    shown = " = ".join(item.names[:2])
    more = f" and {len(item.names) - 2} more" if len(item.names) > 2 else ""
    return f"{shown}{more}: {item.detail}"


def _tell_split(found: "Audit") -> None:
    leak = found.leak
    if leak is None:
        output.result(
            "split: none yet; edgeface train draws one that keeps copies and near-duplicates on "
            "one side"
        )
        return
    output.result(
        f"split ({found.split}): {leak.training} of {leak.of_training} training pictures have a "
        f"near-duplicate held back, {leak.held_back} of {leak.of_held_back} held-back pictures one "
        "that is trained on"
    )
    if found.missing:
        output.result(f"{found.missing} pictures of that split are not here")


def _tell_faces(found: "Audit", detector: str) -> None:
    why = f" by {detector}; the others are broken"
    if found.judged == found.pictures:
        why = f" by {detector}"
    elif found.detector is None and detector == "none":
        why = ": --detector none looks for none"
    elif found.detector is None:
        why = ": they are taken for crops already (--crop always looks for faces)"
    output.result(f"faces: looked for in {found.judged} of {found.pictures} pictures{why}")


def _next(
    found: "Audit", data: Path, run: Path | None, wanted: list[str], reading: "Reading"
) -> None:
    if found.leaks:
        leak = found.leak
        known = f"{leak.held_back} of {leak.of_held_back}" if leak is not None else ""
        output.say(f"the split leaks: {known} held-back pictures are known from training")
    elif run is not None:
        output.next_command("edgeface", "export", run, "--int8")
        return
    words: list[str | Path] = ["edgeface", "train", "friends", data]
    if found.leaks and found.split == "official":
        words.append("--drop-leaks")
    if found.readable < found.pictures:
        words.append("--skip-broken")
    if wanted:
        words += ["--people", ",".join(wanted)]
    words += _said(reading)
    output.next_command(*words)


def _said(reading: "Reading") -> list[str]:
    """The options that say how arrays are meant, where they were given."""
    said = {
        "--colour": "" if reading.colour == "rgb" else reading.colour,
        "--labels": ",".join(reading.labels),
        "--pixels": reading.pixels,
        "--targets": reading.targets,
    }
    return [word for option, value in said.items() if value for word in (option, value)]
