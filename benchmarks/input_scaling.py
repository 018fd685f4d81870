"""What a picture costs the input pipeline at 1,000, 10,000 and 100,000 pictures: time and memory.

Pictures are drawn as JPEG files into a temporary folder, then read and taken as augmented batches
by a process of its own, which imports nothing but edgeface's pipeline. ``input_pipeline.py`` calls
this; alone:

    python benchmarks/input_scaling.py [SIZE …]

prints what was measured as JSON.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from edgeface.datasets.faces import class_numbers, cut_faces
from edgeface.datasets.photos import open_photos
from edgeface.images import Preprocess
from edgeface.train.augment import Augmentation
from edgeface.train.batches import Batches
from edgeface.train.prepare import Part
from edgeface.vision.detect import open_detector

SIDE, BATCH = 64, 32
HOW = Augmentation(shear=0.2, stretch=0.2, shift=0.2, flip=True)
SIZES = (1_000, 10_000, 100_000)
CLASSES = 4
LATER = 3


def read(folder: Path, *, hashes: bool) -> Part:
    """Read, check, decode and crop every picture once."""
    to = Preprocess(SIDE, SIDE, "rgb", 0.0, "stretched")
    with open_photos(folder) as photos:
        # Whole pictures: the detector is not asked.
        faces = cut_faces(photos, photos.people, to, open_detector("haar"), hashes=hashes)
    labels = sorted({entry.label for entry in faces.used})
    return Part(faces.pixels, np.arange(len(faces.used)), class_numbers(faces.used, labels))


def draw(folder: Path, count: int) -> None:
    """So many JPEG files of 96x96, all different, in a folder per class."""
    rng = np.random.default_rng(count)
    for number in range(count):
        person = folder / f"class{number % CLASSES}"
        person.mkdir(exist_ok=True)
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        picture = cv2.resize(coarse, (96, 96), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(person / f"{number:06d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 80])


def run(folder: Path) -> dict[str, Any]:
    """One process: read everything, then the epochs; seconds and the peak of its memory."""
    before = peak_mib()
    clock = Clock()
    part = read(folder, hashes=False)
    reading, after_reading = clock.lap(), peak_mib()
    training, epochs = Batches(part, HOW, BATCH, seed=0), []
    for number in range(1, 1 + LATER):
        count = sum(len(truth) for _, truth in training.epoch(number))
        epochs.append(clock.lap())
    return {
        "pictures": count,
        "crops": "in memory" if part.crops.in_memory else "in a file",
        "read": reading,
        "epochs": epochs,
        "peak_mib": {"imported": before, "read": after_reading, "trained": peak_mib()},
        "load_1m": os.getloadavg()[0],
    }


class Clock:
    """Seconds since the last lap: of the wall, and of all threads of this process."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self) -> dict[str, float]:
        """Both, and start anew."""
        wall, cpu = self._wall, self._cpu
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return {"wall_s": self._wall - wall, "cpu_s": self._cpu - cpu}


def peak_mib() -> float:
    """The most memory that this process has had so far; rusage would begin with its parent's."""
    text = Path("/proc/self/status").read_text("ascii")
    (line,) = (row for row in text.splitlines() if row.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def measure(sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """A process for every number of pictures."""
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            draw(Path(place), size)
            command = [sys.executable, __file__, "--run", place]
            done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        found.append(json.loads(done.stdout))
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    return found


def section(found: list[dict[str, Any]]) -> list[str]:
    """The table as Markdown; empty where nothing was measured."""
    if not found:
        return []
    lines = [
        "## Cost of a picture, and memory",
        "",
        "| pictures | crops are | reading: wall, processor µs | augmented epochs: wall µs "
        "| processor µs | peak MiB imported / read / trained | load |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in found:
        reading = ", ".join(each([one["read"]], kind, one) for kind in ("wall_s", "cpu_s"))
        epochs = " | ".join(each(one["epochs"], kind, one) for kind in ("wall_s", "cpu_s"))
        peaks = " / ".join(f"{mib:.0f}" for mib in one["peak_mib"].values())
        cells = (f"{one['pictures']:,}", one["crops"], reading, epochs, peaks)
        lines.append(f"| {' | '.join(cells)} | {one['load_1m']:.1f} |")
    return [
        *lines,
        "",
        "µs a picture. Drawn JPEG files of 96x96, each size in a process of its own; what other "
        "processes do to the wall clock, they hardly do to the time of the processor.",
        "",
    ]


def each(laps: list[dict[str, float]], kind: str, one: dict[str, Any]) -> str:
    """Microseconds a picture of every lap."""
    return " / ".join(f"{1e6 * lap[kind] / one['pictures']:.1f}" for lap in laps)


def main() -> None:
    """Measure the sizes that were named, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--run", type=Path, metavar="DIR", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    print(json.dumps(run(asked.run) if asked.run else measure(tuple(asked.sizes)), indent=1))


if __name__ == "__main__":
    main()
