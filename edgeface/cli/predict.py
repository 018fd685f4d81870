"""``edgeface predict``: a name, a score and ``unknown`` for every face of photographs."""

import csv as csv_format
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import foreign, looking, options, output, photographs, targets, tuned
from edgeface.errors import InputError, UsageError

if TYPE_CHECKING:
    from edgeface.vision.pipeline import Pipeline

_FIELDS = ("file", "x0", "y0", "x1", "y1", "name", "nearest", "score", "threshold", "error")


def predict(
    things: Annotated[
        list[Path],
        typer.Argument(
            metavar="[BUNDLE] PICTURES",
            help="Pictures and folders of them; a bundle or model file first. [newest bundle]",
        ),
    ],
    detector: looking.Detector = None,
    detector_model: options.DetectorModel = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    threads: tuned.Threads = None,
    device_file: tuned.DeviceFile = None,
    labels: foreign.Labels = "",
    colour: foreign.Colour = None,
    scaling: foreign.Scaling = None,
    framing: foreign.Framing = None,
    answers: foreign.Answers = None,
    draw: photographs.Draw = None,
    force: photographs.ForceDraw = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print the result as CSV.")] = False,
    json: options.Json = False,
) -> None:
    """Name every face of photographs."""
    if csv and json:
        msg = "--csv and --json were both given"
        raise UsageError(msg, remedy="choose one")
    named, given = _split(things)
    kinds = "neither a bundle nor a folder with pictures"
    files = photographs.named(given, "edgeface predict BUNDLE PICTURES...", kinds)
    drawn = photographs.copies(draw, files, force=force)
    told = foreign.given(labels, colour, scaling, framing, answers)
    chosen = looking.choose(named, format, scheme, told, threads, device_file)
    eyes = looking.open_eyes(chosen, detector=detector, detector_model=detector_model)
    rows = [
        row for path in output.track(files, "looking") for row in _look(path, eyes, drawn.get(path))
    ]
    if json:
        output.as_json({"bundle": str(chosen.home), "file": chosen.name, "faces": rows})
    elif csv:
        with output.to_stdout():
            writer = csv_format.DictWriter(sys.stdout, _FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_flat(row) for row in rows)
    else:
        output.table(("file", "box", "name", "score"), [_line(row) for row in rows])
    if draw is not None:
        output.say(f"drawn: {draw}")
    broken = [row["error"] for row in rows if row["error"]]
    if broken:
        msg = f"{len(broken)} of {len(files)} pictures could not be used; the first: {broken[0]}"
        others = "" if len(broken) == len(files) else "; the others were looked at"
        raise InputError(msg, remedy=f"remove or replace them{others}")
    if chosen.facts is not None and chosen.facts.foreign:
        output.next_command("edgeface", "bench", chosen.home)
    else:
        output.next_command("edgeface", "run", chosen.home, "--source", "0")


def _split(things: list[Path]) -> tuple[Path | None, list[Path]]:
    """A first argument that edgeface wrote is meant as the bundle; so is a model file."""
    from edgeface.bundle import MANIFEST, RUN_CONFIG
    from edgeface.sealed import SUMS

    first = things[0]
    written = any((first / name).is_file() for name in (MANIFEST, SUMS, RUN_CONFIG))
    if written or first.suffix.lower() in (".tflite", ".onnx"):
        return first, things[1:]
    return None, things


def _look(path: Path, eyes: "Pipeline", copy: Path | None) -> list[dict[str, Any]]:
    """One row a face; one row for nobody, or for a picture that cannot be used."""
    import math

    from edgeface.camera.overlay import draw_faces
    from edgeface.errors import EdgefaceError
    from edgeface.images import read_picture
    from edgeface.vision.decide import NOBODY

    nothing: dict[str, Any] = {"nearest": None, "score": None, "threshold": None}
    base: dict[str, Any] = {"file": str(path), "box": None}
    try:
        picture = read_picture(path)
        seen = eyes.look(picture)
    except EdgefaceError as error:  # a broken picture, or one that the detector fails on
        return [base | {"name": None} | nothing | {"error": str(error)}]
    if copy is not None:
        photographs.write(copy, draw_faces(picture, seen.faces))
    if seen.nobody:
        return [base | {"name": NOBODY} | nothing | {"error": None}]
    rows = []
    for face in seen.faces:
        decision = face.decision
        row = base | {"box": list(face.box), "name": decision.name, "nearest": decision.nearest}
        score = round(decision.score, 6) if math.isfinite(decision.score) else None
        rows.append(
            row | {"score": score, "threshold": round(decision.threshold, 6), "error": None}
        )
    return rows


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    box = dict(zip(("x0", "y0", "x1", "y1"), row["box"] or [None] * 4, strict=True))
    return {name: (row | box)[name] for name in _FIELDS}


def _line(row: dict[str, Any]) -> tuple[str, ...]:
    if row["error"]:
        return (row["file"], output.NONE, "cannot be used", output.NONE)
    box = " ".join(f"{v:.0f}" for v in row["box"]) if row["box"] else output.NONE
    score = output.NONE if row["score"] is None else f"{row['score']:.3f}"
    return (row["file"], box, row["name"], score)
