"""The window detector beside Haar and YuNet: what each finds, what it takes for faces, how fast.

    python benchmarks/detectors.py --data DIR --yunet FILE --window BUNDLE [BUNDLE...]

``--data`` holds ``stills/`` and ``video/`` as ``benchmarks/detectors.faces.json`` lists them, which
has the middle of the eyes and of the mouth of every face on them, annotated by eye. From these two
points follows Haar's square, by the medians of ``detector_boxes.json``. The rule:

- A face counts if that square has `LEAST_PX` and more, the least that Haar is let search for.
- It is found if a box overlaps with its square by `MATCH` (intersection over union) or more; every
  box is given to one face, the surest boxes first.
- A box is false if it is given to no face. One on a smaller face, or with its centre in a region
  to be ignored, counts neither way.

Each window file of the first bundle has a row, and the smallest of every further one (the network
as documented, for example). Timing: one thread each, all detectors on a picture after one another,
`ROUNDS` times; opening them is not counted. Both the time that passed and the processor's are kept;
on a busy machine the second is what an idle one would take.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.board import read_board, read_state
from edgeface.bundle import Bundle
from edgeface.evaluate import wilson
from edgeface.geometry import Detections, iou
from edgeface.images import Picture, read_picture
from edgeface.records import plain
from edgeface.sealed import sha256
from edgeface.vision.detect import Detector, open_detector
from edgeface.vision.haar import HAAR_LEAST_SIDE_PX

HERE = Path(__file__).resolve().parent
LEAST_PX = HAAR_LEAST_SIDE_PX
MATCH = 0.4
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture and the faces on it.

    Attributes:
        name: Of its file, and the frame of a clip.
        group: ``stills``, or the clip.
        picture: (height, width, 3) uint8, blue-green-red.
        boxes: (n, 4) of the faces, in the Haar convention.
        ignored: (m, 4) regions.
    """

    name: str
    group: str
    picture: Picture
    boxes: NDArray[np.float32]
    ignored: NDArray[np.float32]


def squares(faces: list[list[float]]) -> NDArray[np.float32]:
    """Haar's squares from the middles of eyes and mouths, (n, 4) each."""
    measured = json.loads((HERE / "results" / "x86-64" / "detector_boxes.json").read_text("utf-8"))
    below = {name: at["down"]["median"] for name, at in measured["offset"].items()}
    eyes, middle = below["middle of the eyes"], below["middle of eyes and mouth"]
    distance = 2 * (eyes - middle)  # from eyes to mouth, in YuNet's unit
    points = np.asarray(faces, np.float64).reshape(-1, 4)
    away = points[:, 2:] - points[:, :2]
    half = np.hypot(*away.T)[:, None] * measured["side"]["median"] / distance / 2
    centre = points[:, :2] + away * eyes / distance
    return np.asarray(np.concatenate([centre - half, centre + half], axis=1), np.float32)


def frames(path: Path, wanted: set[int]) -> dict[int, Picture]:
    """Frames of a clip by number; a photograph is its own frame 0."""
    if path.parent.name == "stills":
        return {0: read_picture(path)}
    capture, found = cv2.VideoCapture(str(path)), {}
    for number in range(max(wanted) + 1):
        going, frame = capture.read()
        if not going:
            sys.exit(f"{path}: it ends before frame {number}")
        if number in wanted:
            found[number] = np.asarray(frame, np.uint8)
    capture.release()
    return found


def pictures(data: Path) -> Iterator[Shown]:
    """Every annotated picture, after its file was found to be the annotated one."""
    annotated = json.loads((HERE / "detectors.faces.json").read_text("utf-8"))
    for entry in annotated["files"]:
        path = data / entry["file"]
        if sha256(path) != entry["sha256"]:
            sys.exit(f"{path}: not the file that was annotated")
        held = frames(path, {p["frame"] for p in entry["pictures"]})
        group = "stills" if path.parent.name == "stills" else path.name
        for one in entry["pictures"]:
            yield Shown(
                f"{entry['file']}#{one['frame']}",
                group,
                held[one["frame"]],
                squares(one["faces"]),
                np.asarray(one["ignore"], np.float32).reshape(-1, 4),
            )


def judge(shown: Shown, found: Detections) -> dict[str, Any]:
    """What was found on a picture, held against its faces."""
    sides = shown.boxes[:, 2] - shown.boxes[:, 0]
    counts = sides >= LEAST_PX
    overlap = iou(shown.boxes, found.boxes)
    free = np.ones(len(sides), bool)
    given: list[float] = []
    false: list[dict[str, Any]] = []
    for at, box in enumerate(found.boxes):
        fit = np.where(free, overlap[:, at], 0)
        if len(fit) and fit.max() >= MATCH:
            free[fit.argmax()] = False
            given.append(round(float(fit.max()), 3))
            continue
        x, y = (box[:2] + box[2:]) / 2
        ignored = shown.ignored
        within = (ignored[:, 0] <= x) & (x <= ignored[:, 2])
        within &= (ignored[:, 1] <= y) & (y <= ignored[:, 3])
        if not within.any():
            false.append({"box": box.tolist(), "score": round(float(found.scores[at]), 6)})
    return {
        "picture": shown.name,
        "group": shown.group,
        "faces": int(counts.sum()),
        "found": int((counts & ~free).sum()),
        "small_faces": int((~counts).sum()),
        "small_found": int((~counts & ~free).sum()),
        "overlaps": given,
        "false": false,
        "scores": [round(float(s), 6) for s in found.scores],
    }


def opened(yunet: Path, bundles: list[Bundle]) -> dict[str, Detector]:
    """The detectors by the name of their row, each on one thread."""
    cv2.setNumThreads(1)
    made = {"Haar": open_detector("haar"), "YuNet": open_detector("yunet", yunet)}
    first, *others = bundles
    for file in first.manifest.windows:
        made[f"window {file.scheme}"] = open_detector("window", first.path(file))
    for bundle in others:
        made[f"window of {bundle.folder.name}"] = open_detector("window", bundle.folder)
    return made


def measure(detectors: dict[str, Detector], data: Path) -> dict[str, Any]:
    """All rows: judgements a picture, and samples in nanoseconds."""
    rows: dict[str, Any] = {name: {"pictures": [], "samples_ns": []} for name in detectors}
    for shown in pictures(data):
        samples: dict[str, list[tuple[int, int]]] = {name: [] for name in detectors}
        for turn in range(1 + ROUNDS):
            for name, detector in detectors.items():
                start, start_cpu = time.perf_counter_ns(), time.process_time_ns()
                found = detector.detect(shown.picture)
                cpu = time.process_time_ns() - start_cpu
                passed = time.perf_counter_ns() - start
                if turn:
                    samples[name].append((passed, cpu))
                else:  # the first look also makes ready what depends on the picture's size
                    rows[name]["pictures"].append(judge(shown, found))
        for name, taken in samples.items():
            passed_ns, cpu_ns = zip(*taken, strict=True)
            rows[name]["samples_ns"].append(
                {"picture": shown.name, "passed": passed_ns, "cpu": cpu_ns}
            )
        print(shown.name, flush=True)
    return rows


def share(hits: int, n: int) -> str:
    """``53 of 61: 0.87 (0.76 to 0.93)``."""
    if not n:
        return "–"
    low, high = wilson(hits, n)
    return f"{hits} of {n}: {hits / n:.3f} ({low:.3f} to {high:.3f})"


def line(name: str, row: dict[str, Any], groups: set[str]) -> list[str]:
    """A row of the table, over some groups of pictures."""
    judged = [p for p in row["pictures"] if p["group"] in groups]
    names = {p["picture"] for p in judged}
    found = sum(p["found"] for p in judged)
    false = sum(len(p["false"]) for p in judged)
    overlaps = [o for p in judged for o in p["overlaps"]]
    samples = [s for s in row["samples_ns"] if s["picture"] in names]
    passed, cpu = ([n for s in samples for n in s[kind]] for kind in ("passed", "cpu"))
    small = sum(p["small_faces"] for p in judged)
    return [
        name,
        share(found, sum(p["faces"] for p in judged)),
        share(found, found + false),
        f"{sum(p['small_found'] for p in judged)} of {small}" if small else "–",
        f"{np.median(overlaps):.2f}" if overlaps else "–",
        f"{np.median(passed) / 1e6:.1f}",
        f"{np.median(cpu) / 1e6:.1f}",
    ]


HEAD = (
    "detector",
    "recall (95 %)",
    "precision (95 %)",
    "smaller ones",
    "overlap",
    "ms",
    "ms of CPU",
)


def page(result: dict[str, Any]) -> str:
    """The tables as Markdown."""
    rows = result["rows"]
    judged = next(iter(rows.values()))["pictures"]
    groups = list(dict.fromkeys(p["group"] for p in judged))
    board, state = result["board"], result["state_before"]
    lines = [
        "# Detectors on photographs and clips",
        "",
        f"{result['time']}, {board['model'] or board['cpu'] or board['architecture']}, one thread, "
        f"load {state['load_1m']} before. {len(judged)} pictures, "
        f"{sum(p['faces'] for p in judged)} faces of {LEAST_PX} px and more. Made by "
        "`benchmarks/detectors.py`, whose first lines state the rule; every box's score and every "
        "sample stand in the JSON beside.",
        "",
        "Frames of a clip show the same person: the intervals are those of as many independent "
        "faces and so too narrow.",
        "",
    ]
    blocks = [("All", set(groups)), *((group, {group}) for group in groups)]
    for title, wanted in blocks:
        chosen = [p for p in judged if p["group"] in wanted]
        if len(blocks) == 2 and title != "All":
            continue
        faces = sum(p["faces"] for p in chosen)
        lines += [
            f"## {title}: {len(chosen)} pictures, {faces} faces",
            "",
            "| " + " | ".join(HEAD) + " |",
            "|---" * len(HEAD) + "|",
            *("| " + " | ".join(line(name, row, wanted)) + " |" for name, row in rows.items()),
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--yunet", type=Path, required=True, metavar="FILE")
    parser.add_argument("--window", type=Path, required=True, nargs="+", metavar="BUNDLE")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "x86-64", metavar="DIR")
    asked = parser.parse_args()
    bundles = [Bundle.load(folder) for folder in asked.window]
    detectors = opened(asked.yunet, bundles)
    result: dict[str, Any] = {
        "schema": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "opencv": cv2.__version__,
        "yunet": asked.yunet.name,
        "windows": [
            {
                "bundle": bundle.folder.name,
                "network": bundle.manifest.network,
                "weights_sha256": bundle.manifest.origin.weights_sha256,
                "files": [plain(file) for file in bundle.manifest.windows],
            }
            for bundle in bundles
        ],
        "rule": {"least_px": LEAST_PX, "match_iou": MATCH},
        "board": plain(read_board()),
        "state_before": plain(read_state()),
    }
    result["rows"] = measure(detectors, asked.data)
    result["state_after"] = plain(read_state())
    asked.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, separators=(",", ":"))
    (asked.out / "detectors.json").write_text(text + "\n", "utf-8")
    (asked.out / "detectors.md").write_text(page(result), "utf-8")
    print(page(result))


if __name__ == "__main__":
    main()
