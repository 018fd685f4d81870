"""A process that does once what `edgeface predict` does, and marks every step of it.

It is started by `edgeface.bench.fresh`, which reads what it answers: the marks, as a line of JSON.
Nothing heavy is imported before its turn, for the imports are among the steps.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeface.bundle import Bundle
    from edgeface.runtime import Backend
    from edgeface.runtime.backend import Precision
    from edgeface.runtime.devices import Device

AGAIN = 100  # inferences behind the first one
# Backend → what its package is imported by; of others the import is part of `open`.
_RUNTIMES = {
    "litert": "ai_edge_litert.interpreter",
    "tflite-runtime": "tflite_runtime.interpreter",
    "onnxruntime": "onnxruntime",
    "onnxruntime-tensorrt": "onnxruntime",
    "openvino": "openvino",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What such a process is to do.

    Attributes:
        path: The model file.
        backend: A name in `edgeface.runtime.BACKENDS`.
        threads: For the computation.
        device: As `edgeface.runtime.open_backend` takes it.
        precision: The same; not where there is a picture.
        picture: A photograph to look at, of which the file's bundle names the faces; empty: the
            file answers random input, and nothing else is done.
        detector: A name; empty takes the bundle's own.
        detector_model: Of the detector; empty for none.
        front: A module to import first: the command that is being measured.
        again: Inferences after the first result.
    """

    path: str
    backend: str
    threads: int = 1
    device: "Device" = "cpu"
    precision: "Precision | None" = None
    picture: str = ""
    detector: str = ""
    detector_model: str = ""
    front: str = ""
    again: int = 0


Mark = Callable[[str], None]


def main(began_ns: int) -> None:
    """Do what the second argument asks, and watch what the first one names.

    Args:
        began_ns: `time.monotonic_ns` when this process came to its first line.
    """
    marks: list[tuple[str, Any]] = []
    seen: dict[str, Callable[[], Any]] = {"time": time.monotonic_ns, "memory": resident}
    watch = seen[sys.argv[2]]

    def mark(step: str) -> None:
        marks.append((step, watch()))

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what runtimes print
    marks.append(("interpreter", began_ns if watch is time.monotonic_ns else watch()))
    asked = Asked(**json.loads(sys.argv[3]))
    said: dict[str, Any]
    try:
        said = {"backend": do(asked, mark), "marks": marks, "uncompiled": uncompiled()}
    except Exception as error:  # ours become errors of the parent; of others it tells as much
        remedy = getattr(error, "remedy", "")
        said = {"error": str(error) or type(error).__name__, "remedy": remedy}
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def do(asked: Asked, mark: Mark) -> str:
    """Every step, each marked when it is done; the name of the backend that answered."""
    if asked.front:
        importlib.import_module(asked.front)
        mark("command line")
    _imports(asked, mark)
    infer, name = (_look if asked.picture else _answer)(asked, mark)
    if asked.again:
        for _ in range(asked.again):
            infer()
        mark(f"{asked.again} inferences")
    return name


def _imports(asked: Asked, mark: Mark) -> None:
    importlib.import_module("numpy")
    mark("numpy")
    importlib.import_module("edgeface.images")  # it silences OpenCV before it loads it
    mark("cv2")
    importlib.import_module("edgeface.vision.pipeline" if asked.picture else "edgeface.runtime")
    mark("edgeface")
    if asked.backend in _RUNTIMES:
        importlib.import_module(_RUNTIMES[asked.backend])
    mark("runtime")


def _look(asked: Asked, mark: Mark) -> tuple[Callable[[], object], str]:
    """From a bundle's file and a photograph to a name."""
    from edgeface.bundle import Bundle
    from edgeface.errors import InputError
    from edgeface.images import read_picture
    from edgeface.vision.classify import open_classifier
    from edgeface.vision.pipeline import detector_of, joined

    path = Path(asked.path)
    bundle = Bundle.load(path.parent)
    file = _listed(bundle, path.name)
    mark("checksums")
    model = Path(asked.detector_model) if asked.detector_model else None
    detector = detector_of(bundle, asked.detector or None, model)
    mark("detector")
    opened = open_classifier(
        bundle, file, threads=asked.threads, backend=asked.backend, device=asked.device
    )
    classifier = joined(detector, opened, bundle.manifest).classifier
    mark("open")
    picture = read_picture(Path(asked.picture))
    mark("picture")
    found = detector.detect(picture)
    mark("detect")
    if not len(found):
        msg = f"{detector.name} found no face on {asked.picture}"
        raise InputError(msg, remedy="give a photograph that shows a face, or --detector none")
    pixels = classifier.crop(picture, None if detector.name == "none" else found.boxes[0])
    mark("crop")
    outputs = classifier.infer(pixels)
    mark("first inference")
    classifier.decide(outputs)
    mark("decide")
    return lambda: classifier.infer(pixels), classifier.backend.name


def _listed(bundle: "Bundle", name: str) -> Any:
    return next(file for file in bundle.manifest.files if file.name == name)


def _answer(asked: Asked, mark: Mark) -> tuple[Callable[[], object], str]:
    """From a file and random input to its answer."""
    from edgeface.bench.inputs import random_inputs

    backend = _open(asked)
    mark("open")
    given = random_inputs(backend, 0)[0]
    mark("input")
    backend.infer(given)
    mark("first inference")
    return lambda: backend.infer(given), backend.name


def _open(asked: Asked) -> "Backend":
    from edgeface.runtime import open_backend

    return open_backend(
        Path(asked.path),
        backend=asked.backend,
        threads=asked.threads,
        device=asked.device,
        precision=asked.precision,
    )


def uncompiled() -> int:
    """How many modules Python compiled for this process, because no bytecode of them is kept."""
    kept = (getattr(m, "__cached__", None) for m in list(sys.modules.values()))
    return sum(path is not None and not Path(path).is_file() for path in kept)


def resident() -> dict[str, int | None]:
    """Memory of this process now, in bytes: resident, its share of what is shared, and the peak.

    The proportional share (PSS) counts a page that n processes have in common as 1/n; None where
    the kernel does not tell. See proc(5), ``status`` and ``smaps_rollup``.
    """
    status, rollup = _kib("/proc/self/status"), _kib("/proc/self/smaps_rollup")
    return {
        "rss_bytes": status.get("VmRSS", 0),
        "pss_bytes": rollup.get("Pss"),
        "peak_bytes": status.get("VmHWM", 0),
    }


def _kib(path: str) -> dict[str, int]:
    """The lines of a file of /proc that end in kB, in bytes."""
    try:
        lines = Path(path).read_text("ascii", "replace").splitlines()
    except OSError:
        return {}
    words = [line.split() for line in lines]
    return {w[0].rstrip(":"): int(w[1]) * 1024 for w in words if len(w) == 3 and w[2] == "kB"}
