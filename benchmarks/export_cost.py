"""What ``edgeface export`` costs beside the bare converter calls for the same files.

    python benchmarks/export_cost.py RUN [RUN …] [--rounds 5]

Both are whole processes that begin with an import of TensorFlow and end with float32 and int8
files, TFLite and ONNX. The bare one is what somebody writes who knows the way: it loads
``model.keras``, takes calibration crops that lie ready in a file, and calls the converters; it
measures, checks and records nothing. Rounds alternate between the two. Written are
export-cost.json, raw, and export-cost.md: medians with their range, the ratio, and the peak memory
of either process; and whether two exports from the same seed gave the same files.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BARE = """
import os, sys, tempfile
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
from pathlib import Path
import keras, numpy as np, onnx, tensorflow as tf, tf2onnx
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process

run, crops, out = Path(sys.argv[1]), np.load(sys.argv[2]), Path(sys.argv[3])
model = keras.models.load_model(run / "model.keras")
signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.uint8, name="pixels")]


def graph(pixels):
    return {"probs": model(tf.cast(pixels, tf.float32), training=False)}


with tempfile.TemporaryDirectory() as saved:
    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", graph, input_signature=signature)
    archive.write_out(saved, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    (out / "float32.tflite").write_bytes(converter.convert())
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({"pixels": c[None]} for c in crops)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    (out / "int8.tflite").write_bytes(converter.convert())
model_proto, _ = tf2onnx.convert.from_function(
    tf.function(lambda p: graph(p)["probs"], input_signature=signature), signature, opset=17
)
onnx.save(model_proto, out / "float32.onnx")
quant_pre_process(str(out / "float32.onnx"), str(out / "folded.onnx"), skip_symbolic_shape=True)


class Reader(quantization.CalibrationDataReader):
    def __init__(self):
        self.rest = iter(crops)

    def get_next(self):
        crop = next(self.rest, None)
        return None if crop is None else {"pixels": crop[None]}


quantization.quantize_static(
    str(out / "folded.onnx"), str(out / "int8.onnx"), Reader(), per_channel=True,
    activation_type=quantization.QuantType.QInt8, weight_type=quantization.QuantType.QInt8,
)
"""


def process(*command: str | Path) -> dict[str, float]:
    """Seconds, processor seconds and peak memory of a process and its children."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen([str(w) for w in command], stdout=said, stderr=said)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace")[-3000:])
            raise subprocess.CalledProcessError(child.returncode, child.args)
    return {
        "seconds": time.monotonic() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "load_1m": os.getloadavg()[0],
    }


CROPS = """
import sys
from pathlib import Path
import numpy as np
from edgeface.convert import calibration
from edgeface.train.run import Run

pixels, truth = Run.load(Path(sys.argv[1])).crops("training")
chosen = calibration.draw(truth, 200, 0)
np.save(sys.argv[2], calibration.with_black_and_white(pixels[chosen]))
"""


def sums(bundle: Path) -> dict[str, str]:
    """File name → SHA-256 of a bundle."""
    lines = (bundle / "SHA256SUMS").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split(maxsplit=1) for line in lines)}


def one_run(run: Path, rounds: int) -> dict[str, Any]:
    """All rounds for one run."""
    made: dict[str, Any] = {"edgeface": [], "bare": []}
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        crops = place / "crops.npy"
        process(sys.executable, "-c", CROPS, run, crops)
        for number in range(rounds):
            bundle, bare = place / f"bundle{number}" / run.name, place / f"bare{number}"
            bare.mkdir()
            ours = (sys.executable, "-m", "edgeface", "export", run, "--int8", "--out", bundle)
            theirs = (sys.executable, "-c", BARE, run, crops, bare)
            for key, command in (("edgeface", ours), ("bare", theirs)):
                made[key].append(process(*command))
                print(run.name, number, key, f"{made[key][-1]['seconds']:.1f} s", file=sys.stderr)
        first, second = (sums(place / f"bundle{n}" / run.name) for n in (0, 1))
        made["same"] = sorted(n for n in first if first[n] == second[n])
        made["different"] = sorted(n for n in first if first[n] != second[n])
        made["manifest"] = differences(*(place / f"bundle{n}" / run.name for n in (0, 1)))
    return made


def differences(one: Path, other: Path) -> list[str]:
    """The keys of the manifest that two exports from one seed disagree on."""
    texts = [json.loads((b / "manifest.json").read_text("utf-8")) for b in (one, other)]
    return sorted(_apart("", *texts))


def _apart(where: str, one: Any, other: Any) -> list[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted(one.keys() | other.keys())
        return [d for k in keys for d in _apart(f"{where}.{k}", one.get(k), other.get(k))]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = enumerate(zip(one, other, strict=True))
        return [d for i, pair in pairs for d in _apart(f"{where}[{i}]", *pair)]
    return [] if one == other else [where.lstrip(".")]


def told(values: list[float], digits: int = 1) -> str:
    """Median and range."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def page(results: dict[str, dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "# What an export costs",
        "",
        "Whole processes, float32 and int8, TFLite and ONNX; medians and range. `edgeface export` "
        "also cuts the crops from the photographs, draws and audits the calibration pictures, "
        "measures every file, fits thresholds and writes golden values and reports.",
        "",
        "| run | edgeface s | bare s | ratio a round | CPU s | bare CPU s | MiB | bare MiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, made in results.items():
        ours, bare = made["edgeface"], made["bare"]
        ratios = [a["seconds"] / b["seconds"] for a, b in zip(ours, bare, strict=True)]
        cells = [
            *(told([m["seconds"] for m in side]) for side in (ours, bare)),
            told(ratios, 2),
            *(told([m["cpu_seconds"] for m in side]) for side in (ours, bare)),
            *(told([m["peak_mib"] for m in side], 0) for side in (ours, bare)),
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "Two exports of one run from one seed, in processes of their own:", ""]
    for name, made in results.items():
        lines.append(
            f"- {name}: the same bytes in {', '.join(made['same']) or 'nothing'}; others in "
            f"{', '.join(made['different']) or 'nothing'}, where the manifests differ in "
            f"{', '.join(made['manifest'])}"
        )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    if asked.rounds < 2:
        parser.error("--rounds: at least 2, for the comparison of two exports")
    asked.out.mkdir(parents=True, exist_ok=True)
    results = {run.name: one_run(run, asked.rounds) for run in asked.runs}
    text = json.dumps({"schema": 1, "cores": os.cpu_count(), "runs": results}, indent=1)
    (asked.out / "export-cost.json").write_text(text + "\n", "utf-8")
    (asked.out / "export-cost.md").write_text(page(results), "utf-8")
    print(page(results))


if __name__ == "__main__":
    main()
