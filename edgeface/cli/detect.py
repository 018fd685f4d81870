"""``edgeface detect``: where a detector sees faces on photographs, without naming them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output, photographs
from edgeface.errors import InputError

if TYPE_CHECKING:
    from edgeface.vision.detect import Detector


def detect(
    things: Annotated[
        list[Path], typer.Argument(metavar="PICTURES", help="Pictures and folders of pictures.")
    ],
    detector: options.Detector = "haar",
    detector_model: options.DetectorModel = None,
    draw: photographs.Draw = None,
    force: photographs.ForceDraw = False,
    json: options.Json = False,
) -> None:
    """Find the faces on photographs: a box and a score for each.

    Boxes are squares from the brows to below the mouth, whichever detector found them.
    """
    from edgeface.vision.detect import open_detector

    files = photographs.named(things, "edgeface detect PICTURES...", "a folder without pictures")
    opened = open_detector(detector, detector_model)
    drawn = photographs.copies(draw, files, force=force)
    rows = [
        row
        for path in output.track(files, "looking")
        for row in _look(path, opened, drawn.get(path))
    ]
    if json:
        output.as_json({"detector": detector, "faces": rows})
    else:
        output.table(("file", "box", "score"), [_line(row) for row in rows])
    if draw is not None:
        output.say(f"drawn: {draw}")
    broken = [row["error"] for row in rows if row["error"]]
    if broken:
        msg = f"{len(broken)} of {len(files)} pictures could not be used; the first: {broken[0]}"
        others = "" if len(broken) == len(files) else "; the others were looked at"
        raise InputError(msg, remedy=f"remove or replace them{others}")
    words: list[str | Path] = ["--detector", detector]
    if detector_model is not None:
        words += ["--detector-model", detector_model]
    output.next_command("edgeface", "run", *words, "--source", "0")


def _look(path: Path, detector: "Detector", place: Path | None) -> list[dict[str, Any]]:
    """One row a face; one row without a box where there is none, or for a broken picture."""
    from edgeface.camera.overlay import NAMED, draw_boxes
    from edgeface.errors import EdgefaceError
    from edgeface.images import read_picture

    base: dict[str, Any] = {"file": str(path), "box": None, "score": None, "error": None}
    try:
        picture = read_picture(path)
        found = detector.detect(picture)
    except EdgefaceError as error:
        return [base | {"error": str(error)}]
    pairs = list(zip(found.boxes.tolist(), found.scores.tolist(), strict=True))
    if place is not None:
        boxes = [(box, f"{score:.3f}", NAMED) for box, score in pairs]
        photographs.write(place, draw_boxes(picture, boxes))
    rows = [base | {"box": box, "score": round(score, 6)} for box, score in pairs]
    return rows or [base]


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    if row["error"]:
        return (row["file"], "cannot be used", output.NONE)
    if row["box"] is None:
        return (row["file"], "nobody", output.NONE)
    return (row["file"], " ".join(f"{v:.0f}" for v in row["box"]), f"{row['score']:.3f}")
