"""How YuNet's answers lead to Haar's boxes: measures the constants in edgeface/vision/yunet.py.

Both detectors look at every picture of a folder. Where each finds exactly one face, and it is the
same, Haar's square is expressed in YuNet's answer: its side per mean of YuNet's width and height,
and the place of its centre from several points of YuNet's, in that same unit.

    python benchmarks/detector_boxes.py PICTURES --yunet FILE [--every 2] [--out FILE.json]
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.geometry import iou
from edgeface.images import SUFFIXES, read_picture
from edgeface.vision import search, yunet
from edgeface.vision.detect import open_detector


def pairs(folder: Path, yunet_file: Path, every: int) -> Iterator[tuple[NDArray, NDArray, float]]:
    """(Haar's box, YuNet's raw row, overlap of Haar's box with our mapped one) of each picture."""
    haar, mapped = open_detector("haar"), open_detector("yunet", yunet_file)
    raw = cv2.FaceDetectorYN.create(
        str(yunet_file), "", (320, 320), yunet.YUNET_LEAST_SCORE, yunet.YUNET_MAX_IOU
    )
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    for path in files[::every]:
        picture = read_picture(path)
        if max(picture.shape[:2]) > search.SEARCH_SIDE_PX:
            continue  # measured at the scale at which both search
        boxes = haar.detect(picture).boxes
        raw.setInputSize(picture.shape[1::-1])
        rows = raw.detect(picture)[1]
        if len(boxes) != 1 or rows is None or len(rows) != 1:
            continue
        ours = mapped.detect(picture).boxes
        overlap = float(iou(boxes, ours)[0, 0])
        if overlap > 0.2:  # else one of them found something else
            yield boxes[0], rows[0], overlap


def spread(values: NDArray) -> dict[str, float]:
    """Median, interquartile range and standard deviation."""
    low, middle, high = np.percentile(values, [25, 50, 75])
    numbers = {"median": middle, "iqr": high - low, "std": values.std()}
    return {name: round(float(value), 4) for name, value in numbers.items()}


def measure(folder: Path, yunet_file: Path, every: int) -> dict[str, object]:
    """Everything that is printed, as plain values."""
    boxes, rows, overlaps = map(np.asarray, zip(*pairs(folder, yunet_file, every), strict=True))
    side, centre = boxes[:, 2] - boxes[:, 0], (boxes[:, :2] + boxes[:, 2:]) / 2
    unit = rows[:, 2:4].mean(axis=1)
    marks = rows[:, 4:14].reshape(-1, 5, 2)
    points = {
        "centre of YuNet's box": rows[:, :2] + rows[:, 2:4] / 2,
        "middle of the eyes": marks[:, :2].mean(axis=1),
        "middle of eyes and mouth": (marks[:, :2].mean(axis=1) + marks[:, 3:].mean(axis=1)) / 2,
    }
    offsets = {
        name: {
            "right": spread((centre[:, 0] - point[:, 0]) / unit),
            "down": spread((centre[:, 1] - point[:, 1]) / unit),
        }
        for name, point in points.items()
    }
    return {
        "opencv": cv2.__version__,
        "yunet": yunet_file.name,
        "pictures": len(boxes),
        "side": spread(side / unit),
        "offset": offsets,
        "overlap_with_mapped_box": spread(overlaps),
        "in_code": {"side": yunet.YUNET_SIDE, "below_eyes": yunet.YUNET_BELOW_EYES},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--yunet", type=Path, required=True, metavar="FILE")
    parser.add_argument("--every", type=int, default=1, help="take every n-th picture")
    parser.add_argument("--out", type=Path, help="write the numbers as JSON")
    args = parser.parse_args()
    found = json.dumps(measure(args.pictures, args.yunet, args.every), indent=2)
    if args.out:
        args.out.write_text(found + "\n")
    print(found)


if __name__ == "__main__":
    main()
