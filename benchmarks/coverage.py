"""How often the intervals that edgeface reports hold the truth, and its verdicts are right.

Samples are drawn whose truth is known, and given to the functions that `edgeface compare` calls
(`coverage_cells.py`). A 95 % interval should hold the truth in 93 to 97 of 100 samples. Where a
handful of pictures decides, none can: there it should hold it more often, not less. Shares
(accuracy, a false-accept rate) are not drawn but summed over all that may come up, which is exact.
The result is the same on every machine.

    python benchmarks/coverage.py [--repeats 10000] [--seed 0] [--out benchmarks/results/coverage]
"""

import argparse
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from coverage_cells import Row, areas, errors, paired, shares, strangers, verdicts

LEAST, MOST = 0.93, 0.97

BANDS = {
    "accuracy": (0, 2, 5, 20, math.inf),
    "false-accept rate": (0, 2, 5, 20, math.inf),
    "strangers": (0, 2, 5, 20, math.inf),
    "paired difference": (0, 2, 5, 10, 20, math.inf),
    "area under the ROC": (0, 2, 5, 20, math.inf),
    "error of a regression": (0, 30, 50, 80, math.inf),
}
DECIDING = {
    "accuracy": "pictures expected of the rarer kind",
    "false-accept rate": "strangers expected to pass",
    "strangers": "pictures expected to pass, ten a stranger",
    "paired difference": "pictures expected to change",
    "area under the ROC": "pictures whose rank changed, mean",
    "error of a regression": "points",
}


def tables(rows: list[Row]) -> Iterator[str]:
    """Coverage by how many pictures decide."""
    for of, edges in BANDS.items():
        yield f"\n## {of[0].upper()}{of[1:]}\n"
        columns = "interval | cells | mean | least | most | < 93 % | > 97 % | width"
        yield f"| {DECIDING[of]} | {columns} |"
        yield "|---|---|---|---|---|---|---|---|---|"
        own = [row for row in rows if row["of"] == of]
        for low, high in pairwise(edges):
            name = f"{low} and more" if high == math.inf else f"{low} to {high}"
            for method in dict.fromkeys(row["method"] for row in own):
                cells = [
                    r for r in own if r["method"] == method and low <= r["deciding"] + 1e-9 < high
                ]
                if cells:
                    yield f"| {name} | {method} | {_cells(cells)} |"


def _cells(cells: list[Row]) -> str:
    held = np.array([row["coverage"] for row in cells])
    width = np.mean([row["width"] for row in cells])
    shares = [held.mean(), held.min(), held.max(), (held < LEAST).mean(), (held > MOST).mean()]
    texts = [f"{100 * share:.1f} %" for share in shares[:3]]
    texts += [f"{100 * share:.0f} %" for share in shares[3:]]
    return " | ".join([str(len(cells)), *texts, f"{width:.3g}"])


def by_cell(rows: list[Row]) -> list[Row]:
    """One a cell instead of one an interval: coverage and width by the name of the interval."""
    cells: dict[str, Row] = {}
    for row in rows:
        facts = {k: v for k, v in row.items() if k not in ("method", "coverage", "width")}
        cell = cells.setdefault(json.dumps(facts), {**facts, "coverage": {}, "width": {}})
        cell["coverage"][row["method"]] = row["coverage"]
        cell["width"][row["method"]] = row["width"]
    return list(cells.values())


def verdict_table(rows: list[Row]) -> Iterator[str]:
    """What is said, by pictures, changes and loss."""
    kinds = ("loses", "no loss found", "cannot tell", "gains")
    yield "\n## Verdicts\n\nThe margin is 0.5 points.\n"
    yield f"| pictures | change anyway | loss, points | {' | '.join(kinds)} |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        said = " | ".join(f"{100 * row[kind]:.1f} %" for kind in kinds)
        yield f"| {row['n']:,} | {100 * row['changed']:.1f} % | {row['loss_points']} | {said} |"
    nothing = [row["loses"] for row in rows if row["loss_points"] == 0]
    beyond = [row["no loss found"] for row in rows if row["loss_points"] >= 0.5]
    yield f"\n*loses* where nothing is lost: at most {100 * max(nothing):.2f} % of samples."
    yield f"*no loss found* where 0.5 points or more are lost: at most {100 * max(beyond):.2f} %."


def main() -> None:
    """Draw, print the tables, write them and every cell."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--repeats", type=int, default=10_000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--out", type=Path, default=Path("benchmarks/results/coverage"))
    args = asked.parse_args()
    rng = np.random.default_rng(args.seed)
    slow = max(1, args.repeats // 5)  # for what is not counted, but sorted or drawn again
    cells = [*shares(), *strangers(slow, rng), *paired(args.repeats, rng)]
    cells += [*areas(slow, rng), *errors(slow, rng)]
    said = list(verdicts(args.repeats, rng))
    lines = [
        "# How often the intervals hold the truth",
        f"\n{args.repeats:,} samples a cell ({slow:,} for strangers, areas and regressions; shares "
        f"are summed, not drawn), seed {args.seed}. Made by `benchmarks/coverage.py`, which says "
        "how; all cells in the JSON beside. Widths are in points; those of regressions in the unit "
        "of y.",
        *tables(cells),
        *verdict_table(said),
    ]
    print("\n".join(lines))
    args.out.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = ",\n".join(json.dumps(cell) for cell in by_cell(cells))
    told = ",\n".join(json.dumps(row) for row in said)
    args.out.with_suffix(".json").write_text(
        f'{{"schema": 1, "repeats": {args.repeats}, "seed": {args.seed},\n'
        f'"cells": [\n{rows}\n],\n"verdicts": [\n{told}\n]}}\n'
    )


if __name__ == "__main__":
    main()
