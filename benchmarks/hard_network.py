"""A network made hard to quantise: what plain int8 loses, and what the search gets back.

    python benchmarks/hard_network.py RUN [--decades 2] [--max-drop 0.5] [--out FILE.json]

The channels of a trained network are multiplied by factors of 10 to the power of -DECADES to
DECADES, drawn anew for every layer, and what reads them is divided by the same, so that the network
answers what it answered before; but the channels of a tensor share the steps of int8, and the small
ones round to nothing. A network whose channels cannot be scaled so (MobileNet's ReLU6 minds) is
searched as it is.

Photographs stand where the run says. Two of the searches are made: with all rungs, and without
equalising, which undoes just this, so that the rungs above are seen as well.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np


def unbalanced(model: Any, decades: float, seed: int) -> Any:
    """A copy of a network with very unequal channels that answers the same.

    Args:
        model: A functional Keras network.
        decades: Channels are multiplied by 10 to the power of -decades to decades.
        seed: Of the factors.
    """
    from edgeface.convert.search.equalise import copied
    from edgeface.convert.search.pairs import pairs_of, scale

    rng = np.random.default_rng(seed)
    twin = copied(model)
    for pair in pairs_of(twin)[0]:
        first = twin.get_layer(pair.first)
        factors = 10 ** rng.uniform(-decades, decades, int(first.output.shape[-1]))
        scale(twin, pair, factors.astype(np.float32))
    return twin


class _Teller:
    def say(self, text: str) -> None:
        print(text, file=sys.stderr)

    def track(self, items: Any, doing: str) -> Any:
        print(f"{doing} …", file=sys.stderr)
        return items


def searched(run: Any, network: Any, recipe: Any, sides: Any, rungs: Any) -> dict[str, Any]:
    """One search, and what plain int8 and its results do on the pictures that it never saw."""
    from edgeface.convert.search import halves, job, tries
    from edgeface.convert.search.quantiser import quantisers

    apart = halves.of_run(run, sides, network, recipe.seed, _Teller())
    found = job.search(recipe, network, apart, _Teller(), rungs)
    final = []
    with tempfile.TemporaryDirectory() as folder:
        judge = tries.Judge(apart.final, recipe.gates, Path(folder))
        for one in found.climbed:
            plain = quantisers(one.format, network, sides.calibration).int8()
            best = one.best
            final.append(
                {
                    "format": one.format,
                    "plain": _plain(judge.judge("plain", one.format, "int8", plain)),
                    "found": _plain(
                        judge.judge(best.rung, one.format, best.scheme, one.content, best.quantised)
                    ),
                }
            )
    return {"search": found.as_data(), "unseen": final, "said": apart.said}


def _plain(row: Any) -> dict[str, Any]:
    from edgeface import records

    data: dict[str, Any] = records.plain(row)
    return data


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--decades", type=float, default=2.0)
    parser.add_argument("--max-drop", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    from edgeface.convert import sides as pictures
    from edgeface.convert.network import Network
    from edgeface.convert.search.pairs import pairs_of
    from edgeface.convert.search.tries import RUNGS
    from edgeface.gates import Gates
    from edgeface.recipe import Recipe
    from edgeface.train.run import Run

    run = Run.load(asked.run)
    gates = Gates(max_drop_points=asked.max_drop)
    recipe = Recipe(
        "hard", "any machine", ("tflite", "onnx"), ("int8",), seed=asked.seed, gates=gates
    )
    trained = Network.take(run.model())
    sides = pictures.of_run(run, recipe, trained, _Teller())
    hard = Network.take(unbalanced(trained.model, asked.decades, asked.seed))
    probs = hard.infer(sides.pixels)
    print(f"float: moved by {np.abs(probs - sides.probs).max():.2g}", file=sys.stderr)
    sides = replace(sides, probs=probs)
    results = {}
    fewer = tuple(rung for rung in RUNGS if rung != "equalised")
    ways = {"all rungs": RUNGS, "without equalising": fewer}
    if not pairs_of(trained.model)[0]:
        ways.pop("without equalising")  # it is without already
    for name, rungs in ways.items():
        began = time.monotonic()
        print(f"== {name}", file=sys.stderr)
        results[name] = searched(run, hard, recipe, sides, rungs)
        results[name]["seconds"] = round(time.monotonic() - began, 1)
        for row in results[name]["unseen"]:
            plain, best = row["plain"], row["found"]
            print(
                f"{asked.run.name:28} {name:20} {row['format']:7} on unseen pictures: plain int8 "
                f"{plain['delta_points']:+6.1f} points {plain['size_bytes']:>10,} bytes; "
                f"{best['rung']} {best['delta_points']:+.1f} points {best['size_bytes']:>10,} bytes"
            )
    data = {
        "schema": 1,
        "run": asked.run.name,
        "decades": asked.decades,
        "max_drop_points": asked.max_drop,
        "seed": asked.seed,
        "machine": platform.machine(),
        "results": results,
    }
    if asked.out:
        asked.out.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
