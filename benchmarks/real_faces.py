"""Real photographs the whole way: train, export, compare, bench; accuracy, int8 and strangers.

Runs the commands that a user would type, several seeds, and writes every figure they printed.

    python benchmarks/real_faces.py lfw_dev_ids.zip --people Ariel_Sharon,Colin_Powell,Hugo_Chavez
    python benchmarks/real_faces.py orl_pgm.zip

Everybody in the data set who is not in ``--people`` counts as a stranger. Written are NAME.json
(all that the commands printed, without single latency samples, which ``edgeface bench --out``
keeps) and NAME.md (the table).
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def edgeface(*words: str | Path) -> tuple[dict[str, Any], float]:
    """Run a command; what it printed as JSON, and its seconds."""
    typed = [str(w) for w in words]
    print("$ edgeface", shlex.join(typed), file=sys.stderr, flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "edgeface", *typed, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout), time.monotonic() - started


def one_seed(data: Path, people: str, seed: int, place: Path) -> dict[str, Any]:
    """The whole way once."""
    run, bundle = place / f"run{seed}", place / f"bundle{seed}"
    chosen = ["--people", people] if people else []
    trained, train_seconds = edgeface(
        "train", "friends", data, *chosen, "--out", run, "--seed", str(seed)
    )
    exported, export_seconds = edgeface("export", run, "--int8", "--out", bundle)
    # With --people the others in the data set are the strangers; without, there are none.
    compared, _ = edgeface("compare", bundle, data) if people else edgeface("compare", bundle)
    benched, _ = edgeface("bench", bundle)
    for cell in benched["cells"]:
        del cell["samples_ns"]
    return {
        "seed": seed,
        "train": trained,
        "train_seconds": round(train_seconds, 1),
        "export": exported,
        "export_seconds": round(export_seconds, 1),
        "compare": compared,
        "bench": benched,
    }


def spread(values: list[float], digits: int = 3) -> str:
    """Median, and the range where there are several."""
    text = f"{statistics.median(values):.{digits}f}"
    if len(values) > 1:
        text += f" ({min(values):.{digits}f} to {max(values):.{digits}f})"
    return text


def p50(seed: dict[str, Any], file: str) -> float:
    """Median latency of a file in the run of a seed, in milliseconds."""
    return next(float(c["p50_ms"]) for c in seed["bench"]["cells"] if c["file"] == file)


def table(seeds: list[dict[str, Any]]) -> list[str]:
    """A Markdown row a file: medians over the seeds, and their range."""
    lines = [
        "| file | accuracy | points | agreement | kB | p50 ms | p50 ratio | strangers named |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for i, row in enumerate(seeds[0]["compare"]["files"]):
        rows = [s["compare"]["files"][i] for s in seeds]
        p50s = [p50(s, row["file"]) for s in seeds]
        float32 = row["file"].replace(".int8.", ".float32.")
        ratios = [ms / p50(s, float32) for s, ms in zip(seeds, p50s, strict=True)]
        named = [r.get("strangers_named_share") for r in rows]
        told = spread([100 * n for n in named], 1) + " %" if None not in named else "–"
        lines.append(
            f"| {row['file']} | {spread([r['accuracy'] for r in rows])} "
            f"| {spread([r['delta_points'] for r in rows], 1)} "
            f"| {spread([r['agreement'] for r in rows])} | {row['size_bytes'] / 1000:.0f} "
            f"| {spread(p50s)} | {spread(ratios, 2)} | {told} |"
        )
    return lines


def page(name: str, people: str, seeds: list[dict[str, Any]]) -> str:
    """The table and what has to stand beside it."""
    first = seeds[0]["train"]
    left = sum(first["left_out"].values())
    held, strangers = first["validation"]["pictures"], seeds[0]["compare"]["strangers"]
    accuracies = [s["train"]["validation"]["accuracy"] for s in seeds]
    seconds = [s["train_seconds"] for s in seeds]
    verdicts = [cell["verdict"] for s in seeds for cell in s["bench"]["cells"]]
    steady = verdicts.count("VALID")
    who = people.replace(",", ", ") if people else f"all {len(first['validation']['per_class'])}"
    return "\n".join(
        [
            f"# {name}",
            "",
            f"People: {who}. {first['training']['pictures']} pictures to train on, {held} held "
            f"back, {left} left out (no face, or several). Strangers: {strangers} faces.",
            f"Validation accuracy of the trained network over {len(seeds)} seeds, each with a "
            f"split of its own: {spread(accuracies)}. Training took {spread(seconds, 1)} s, all "
            "included.",
            "",
            *table(seeds),
            "",
            "Medians over the seeds and their range. The kept epoch and the threshold were chosen "
            "on the pictures that the accuracy is reported on. Latency: LiteRT and ONNX Runtime, "
            f"one thread, {seeds[0]['bench']['board']['cpu']}; the ratio is to the float32 file of "
            f"the same format in the same interleaved run. {steady} of {len(verdicts)} timings "
            "were steady (VALID); the others were disturbed by something else on the machine.",
            "",
        ]
    )


def main() -> None:
    """Go through the seeds and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--people", default="")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--name", default="")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    name = asked.name or asked.data.stem
    with tempfile.TemporaryDirectory() as place:
        seeds = [one_seed(asked.data, asked.people, s, Path(place)) for s in asked.seeds]
    for made in seeds:
        made["train"]["run"], made["export"]["bundle"] = "run", "bundle"
        made["compare"]["compared"], made["compare"]["on"] = ["bundle"], name
        for file in made["compare"]["files"]:
            del file["path"]
    asked.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"data": name, "people": asked.people, "seeds": seeds}, indent=1)
    (asked.out / f"{name}.json").write_text(text + "\n", "utf-8")
    (asked.out / f"{name}.md").write_text(page(name, asked.people, seeds), "utf-8")
    print(page(name, asked.people, seeds))


if __name__ == "__main__":
    main()
