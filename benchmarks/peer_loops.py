"""The contestants of ``peers.py``: raw loops as people write them, our calls, and other tools.

A contestant is a callable that answers one input. Those of one file and runtime stand in one
process and take turns call by call; tools and Keras have processes of their own.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgeface.bench.inputs import random_inputs
from edgeface.errors import BackendError
from edgeface.runtime import open_backend

Call = Callable[[], Any]
OPENVINO = {
    "PERFORMANCE_HINT": "LATENCY",
    "INFERENCE_PRECISION_HINT": "f32",
    "NUM_STREAMS": "1",
    "INFERENCE_NUM_THREADS": "1",
}


def groups(path: Path, seed: int) -> tuple[dict[str, dict[str, Call]], str]:
    """Runtime → its contestants: ``raw``, ``edgeface``, and ``invoke``, the runtime alone.

    The text says why OpenVINO is not among them, where it does not take the file.
    """
    first = "litert" if path.suffix == ".tflite" else "onnxruntime"
    raw = _litert if path.suffix == ".tflite" else _onnxruntime
    found = {first: _group(path, first, raw, seed)}
    try:
        return found | {"openvino": _group(path, "openvino", _ov, seed)}, ""
    except BackendError as refused:
        return found, f"{path.name}: {str(refused).partition(': ')[2]}"


def _group(path: Path, runtime: str, raw: Any, seed: int) -> dict[str, Call]:
    ours, alone = (open_backend(path, backend=runtime) for _ in range(2))
    inputs = random_inputs(ours, seed)
    one = inputs[0]
    return {
        "raw": raw(path, one[None]),
        "edgeface": lambda: ours.infer(one),
        "invoke": alone.bind(one),
    }


def _litert(path: Path, batch: Any) -> Call:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    given = interpreter.get_input_details()[0]["index"]
    # The first output alone: the other ones of a foreign file are not asked for here.
    found = interpreter.get_output_details()[0]["index"]

    def call() -> Any:
        interpreter.set_tensor(given, batch)
        interpreter.invoke()
        return interpreter.get_tensor(found)

    return call


def _onnxruntime(path: Path, batch: Any) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(str(path), options, providers=providers)
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: batch})


def _ov(path: Path, batch: Any) -> Call:
    import openvino

    compiled = openvino.Core().compile_model(str(path), "CPU", OPENVINO)
    return lambda: compiled(batch)[0]


def litert_benchmark(path: Path, calls: int) -> float:
    """Milliseconds, the median that ``litert-benchmark`` prints, to a hundredth."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        numbers = ("--num_runs", str(calls), "--warmup_runs", "20", "--num_threads", "1")
        _tool("litert-benchmark", "--model", str(path), *numbers, "--result_json", str(told))
        return float(json.loads(told.read_text("utf-8"))["latency"]["median_ms"])


def benchmark_app(path: Path, seconds: int) -> float:
    """Milliseconds, the median that OpenVINO's ``benchmark_app`` prints."""
    how = ("-api", "sync", "-hint", "none", "-nthreads", "1", "-nstreams", "1")
    told = _tool(
        *("benchmark_app", "-m", str(path), "-d", "CPU", *how),
        *("-infer_precision", "f32", "-t", str(seconds)),
    )
    found = re.search(r"Median:\s+([\d.]+) (us|ms)", told)
    if found is None:
        msg = f"benchmark_app printed no median for {path.name}"
        raise ValueError(msg)
    return float(found[1]) * {"us": 1e-3, "ms": 1.0}[found[2]]


def _tool(name: str, *words: str) -> str:
    command = [str(Path(sys.executable).with_name(name)), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr[-2000:])
        done.check_returncode()
    return done.stdout


class Keras:
    """A process with the trained networks themselves, which answers a run's name with samples.

    Args:
        runs: The runs.
        calls: Per window.
    """

    def __init__(self, runs: list[Path], calls: int) -> None:
        words = [sys.executable, __file__, str(calls), *map(str, runs)]
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def window(self, run: int) -> dict[str, list[int]]:
        """Nanoseconds of ``predict`` and of a plain call of the network."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{run}\n")
        self._process.stdin.flush()
        found: dict[str, list[int]] = json.loads(self._process.stdout.readline())
        return found

    def end(self) -> None:
        """Let it go."""
        self._process.communicate()


def _serve(calls: int, runs: list[str]) -> None:
    """What that process does: the networks are loaded once, then a window a line."""
    import os
    import time

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from edgeface.train.reference import open_run

    ways = {
        way: [open_run(Path(run), f"keras-{way}") for run in runs] for way in ("predict", "call")
    }
    inputs = [random_inputs(network, 0)[0] for network in ways["predict"]]
    for networks in ways.values():
        for network, one in zip(networks, inputs, strict=True):
            for _ in range(3):
                network.infer(one)
    for line in sys.stdin:
        number = int(line)
        one = inputs[number]
        samples: dict[str, list[int]] = {}
        for way, networks in ways.items():
            samples[way] = []
            for _ in range(calls):
                before = time.perf_counter_ns()
                networks[number].infer(np.asarray(one))
                samples[way].append(time.perf_counter_ns() - before)
        answers.write(json.dumps(samples) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), sys.argv[2:])
