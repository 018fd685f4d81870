"""``edgeface data``: checking data sets, and making them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edgeface.cli import output
from edgeface.cli.datacheck import check
from edgeface.cli.drawpoints import draw_points
from edgeface.cli.options import Json, Seed

app = typer.Typer(no_args_is_help=True, help="Check data sets, and make them.")


@app.callback()
def _root() -> None:
    """Check data sets, and make them."""


app.command()(check)


@app.command()
def draw(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the data set goes.")],
    people: Annotated[int, typer.Option(min=1, help="People to know; a folder each.")] = 4,
    pictures: Annotated[int, typer.Option(min=1, help="Photographs of each.")] = 60,
    strangers: Annotated[
        int, typer.Option(min=0, help="Other people; they go to DIR-strangers.")
    ] = 0,
    seed: Seed = 0,
    clip: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also a clip of them all (.avi, .mkv, .mp4)."),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Length of the clip.")] = 12.0,
    force: Annotated[bool, typer.Option("--force", help="Replace what was drawn before.")] = False,
    json: Json = False,
) -> None:
    """Draw people that nobody had to photograph.

    A folder of pictures for each, and with --clip also a clip in which they walk by.
    """
    from edgeface.datasets.drawn import clip as drawn_clip
    from edgeface.datasets.drawn import folders as drawn

    known, others = drawn.cast(people, strangers, seed)
    if clip is not None:  # whatever is wrong is said before anything is drawn
        drawn_clip.check_clip(clip, force=force)
        film = drawn_clip.DrawnClip(known, others, seconds=seconds, seed=seed)
    else:
        film = None
    faces, unknown = drawn.write_dataset(
        folder,
        people=people,
        pictures=pictures,
        strangers=strangers,
        seed=seed,
        force=force,
        through=output.track,
    )
    rows = [(str(folder), len(faces.people), len(faces.pictures), ", ".join(faces.people))]
    if unknown is not None:
        place = drawn.strangers_folder(folder)
        names = ", ".join(unknown.people)
        rows.append((str(place), len(unknown.people), len(unknown.pictures), names))
    result: dict[str, Any] = {
        "schema": 1,
        "seed": seed,
        "folders": [
            dict(zip(("path", "people", "pictures", "names"), r, strict=True)) for r in rows
        ],
        "clip": None,
    }
    if clip is not None and film is not None:
        truth = drawn_clip.write_clip(clip, film, force=force, through=output.track)
        result["clip"] = {"path": str(clip), "frames": film.frames, "truth": str(truth)}
    if json:
        output.as_json(result)
    else:
        output.table(("folder", "people", "pictures", "names"), rows)
        if result["clip"] is not None:
            output.result("clip {path}, {frames} frames; truth {truth}".format(**result["clip"]))
    output.next_command("edgeface", "train", "friends", folder)


app.command("draw-points")(draw_points)
