"""``edgeface data draw-points``: points on a bent curve, for ``edgeface train curve``."""

from pathlib import Path
from typing import Annotated

import typer

from edgeface.cli import options, output

COUNT, NOISE = 120, 8.0


def draw_points(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Where the points go.")],
    points: Annotated[int, typer.Option("--points", help="How many.")] = COUNT,
    noise: Annotated[
        float, typer.Option("--noise", help="Standard deviation of what is added to y.")
    ] = NOISE,
    seed: options.Seed = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Replace what stands at FILE.csv.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Draw points on a bent curve: x³/2 - x²/2 + 5x + 30 between -10 and 10, with noise.

    The points of the documented regression are not to be had; these are of its kind, with a range
    of y from about -570 to 530 and a best straight line whose L2 error is about 845.
    """
    from edgeface import sealed
    from edgeface.datasets.drawn import curve
    from edgeface.datasets.pointfile import to_csv
    from edgeface.errors import UsageError

    if file.suffix.lower() != ".csv":
        msg = f"{file}: drawn points go into a .csv file"
        raise UsageError(msg)
    if file.is_dir() or (file.exists() and not force):
        msg = f"{file} exists already"
        raise UsageError(msg, remedy="choose another name, or add --force to replace it")
    drawn = curve.draw_points(points, noise, seed)
    sealed.check_writable(file)
    sealed.write_file(file, to_csv(drawn))
    low, high = float(drawn.y.min()), float(drawn.y.max())
    if json:
        output.as_json(
            {"schema": 1, "file": str(file), "points": points, "noise": noise, "seed": seed}
        )
    else:
        output.result(f"{file}: {points} points, y from {low:g} to {high:g}, noise {noise:g}")
    output.next_command("edgeface", "train", "curve", file)
