"""What edgeface takes for a near-duplicate: measures the rates in datasets/audit/hashes.py.

Of every data set, pictures are drawn and copied in several ways; counted is how many of the copies
are told. Then every picture is held against every other; counted is how many pairs are taken for
near-duplicates, among pairs of one label and of two. What those show is for eyes: frames of one
scene are rightly joined, two poses of one person are not.

    python benchmarks/near_duplicates.py DATA… [--copies 300] [--seed 0] [--out FILE.json]
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.datasets.audit.hashes import near_groups, near_pairs, picture_hash
from edgeface.datasets.photos import open_photos
from edgeface.errors import InputError
from edgeface.images import Picture


def jpeg(picture: Picture, quality: int) -> Picture:
    """Compressed and read again."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def scaled(picture: Picture, by: float) -> Picture:
    """Larger or smaller."""
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    size = (max(1, round(picture.shape[1] * by)), max(1, round(picture.shape[0] * by)))
    return cv2.resize(picture, size, interpolation=way)


def cropped(picture: Picture, share: float) -> Picture:
    """Without so much of its height and width on every side."""
    rows, columns = (round(share * side) for side in picture.shape[:2])
    return picture[rows : picture.shape[0] - rows, columns : picture.shape[1] - columns]


COPIES: dict[str, Callable[[Picture], Picture]] = {
    "JPEG 95": lambda p: jpeg(p, 95),
    "JPEG 75": lambda p: jpeg(p, 75),
    "JPEG 50": lambda p: jpeg(p, 50),
    "JPEG 30": lambda p: jpeg(p, 30),
    "50 %": lambda p: scaled(p, 0.5),
    "75 %": lambda p: scaled(p, 0.75),
    "150 %": lambda p: scaled(p, 1.5),
    "200 %": lambda p: scaled(p, 2.0),
    "50 %, JPEG 50": lambda p: jpeg(scaled(p, 0.5), 50),
    "200 %, JPEG 30": lambda p: jpeg(scaled(p, 2.0), 30),
    "gray": lambda p: cv2.cvtColor(cv2.cvtColor(p, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR),
    "15 % brighter": lambda p: np.minimum(p * 1.15, 255).astype(np.uint8),
    "1 % cut off each side": lambda p: cropped(p, 0.01),
    "2 % cut off each side": lambda p: cropped(p, 0.02),
    "3 % cut off each side": lambda p: cropped(p, 0.03),
    "5 % cut off each side": lambda p: cropped(p, 0.05),
}


def told(pictures: list[Picture], copy: Callable[[Picture], Picture]) -> float:
    """The share of pictures whose copy is told: one pair at a time, so that no third one helps."""
    pairs = ([picture_hash(p), picture_hash(copy(p))] for p in pictures)
    return float(np.mean([near_groups(np.stack(pair))[1] == 0 for pair in pairs]))


def others(hashes: NDArray[np.uint8], labels: NDArray[np.intp]) -> dict[str, int]:
    """How many pairs of different pictures are taken for near-duplicates."""
    counts = np.bincount(labels).astype(np.int64)
    one_label = int((counts * (counts - 1) // 2).sum())
    every = len(labels) * (len(labels) - 1) // 2
    near = [0, 0]
    for first, second, _ in near_pairs(hashes):
        same = int((labels[first] == labels[second]).sum())
        near[0] += same
        near[1] += len(first) - same
    return {
        "pairs_of_one_label": one_label,
        "near": near[0],
        "pairs_of_two_labels": every - one_label,
        "near_of_two": near[1],
    }


def measure(data: Path, copies: int, seed: int) -> dict[str, object]:
    """Everything that is printed about a data set, as plain values."""
    chosen: list[Picture] = []
    hashes, labels = [], []
    with open_photos(data) as photos:
        names = [(n, i) for i, own in enumerate(photos.people.values()) for n in own]
        drawn = set(np.random.default_rng(seed).permutation(len(names))[:copies].tolist())
        for at, (name, label) in enumerate(names):
            try:
                picture = photos.picture(name)
            except InputError:
                continue
            hashes.append(picture_hash(picture))
            labels.append(label)
            if at in drawn:
                chosen.append(picture)
    marks = np.stack(hashes)
    begun = time.perf_counter()
    sizes = np.bincount(near_groups(marks))
    seconds = time.perf_counter() - begun
    return {
        "data": data.name,
        "pictures": len(hashes),
        "copies": len(chosen),
        "told": {name: told(chosen, copy) for name, copy in COPIES.items()},
        "others": others(marks, np.asarray(labels)),
        "groups": len(sizes),
        "in_groups_of_several": int(sizes[sizes > 1].sum()),
        "largest": int(sizes.max()),
        "grouping_s": round(seconds, 3),
    }


def main() -> None:
    """Measure, print a table, and write the numbers where that is asked."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("data", type=Path, nargs="+")
    asked.add_argument("--copies", type=int, default=300)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--out", type=Path)
    args = asked.parse_args()
    found = [measure(data, args.copies, args.seed) for data in args.data]
    for row in found:
        print(f"{row['data']}: {row['pictures']} pictures, {row['groups']} groups")
        print(f"  of several: {row['in_groups_of_several']} pictures, largest {row['largest']}")
        print("  " + ", ".join(f"{name} {share:.1%}" for name, share in row["told"].items()))
        print(f"  {row['others']}, grouping {row['grouping_s']} s")
    if args.out:
        args.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
