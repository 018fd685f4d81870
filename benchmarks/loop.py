"""The camera loop on clips: `edgeface run` with Haar and with YuNet, each in a process.

Every clip is run twice with each detector: as a file (every frame, as fast as it goes) and with
--live (real time, newest frame only, as from a camera). Nothing else should run meanwhile: the load
of the machine stands in the result.

    python benchmarks/loop.py BUNDLE --clips DIR --yunet FILE --out FILE.json

Writes FILE.json with what every run said and the faces of every frame, and FILE.md, a table.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edgeface.board import read_board, read_state
from edgeface.records import plain

CLIPS = (".mkv", ".mp4", ".avi", ".mov", ".gif")
TRAINING = ("tensorflow", "keras", "tf2onnx", "onnx")

# The command as it is, and what it had imported when it ended.
_PROCESS = """
import json, sys
from edgeface.cli.app import main
path, sys.argv = sys.argv[1], ["edgeface", *sys.argv[2:]]
try:
    main()
finally:
    with open(path, "w") as file:
        json.dump(sorted(name for name in sys.modules if "." not in name), file)
"""


def run_once(bundle: Path, clip: Path, detector: str, yunet: Path, *, live: bool) -> dict[str, Any]:
    """One run in a process of its own: its sum, its faces per frame, what it imported."""
    with tempfile.TemporaryDirectory() as folder:
        events, modules = Path(folder, "events.jsonl"), Path(folder, "modules.json")
        words = [
            "run",
            bundle,
            "--source",
            clip,
            "--detector",
            detector,
            "--events",
            events,
            "--every-frame",
        ]
        words += ["--detector-model", yunet] if detector == "yunet" else []
        words += ["--live"] if live else []
        command = [sys.executable, "-c", _PROCESS, modules, *words, "--json"]
        ran = subprocess.run([str(w) for w in command], capture_output=True, text=True, check=False)
        if ran.returncode:
            sys.exit(f"{clip} with {detector}: {ran.stderr}")
        lines = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
        imported = set(json.loads(modules.read_text()))
    faces = Counter(line["frame"] for line in lines if line["box"] is not None)
    return {
        "clip": clip.name,
        "detector": detector,
        "live": live,
        "sum": json.loads(ran.stdout) | {"source": clip.name, "bundle": bundle.name},
        "faces_of_frames": {str(frame): count for frame, count in sorted(faces.items())},
        "ages_ms_of_faces": [line["age_ms"] for line in lines if line["box"] is not None],
        "training_packages_imported": sorted(imported.intersection(TRAINING)),
    }


def row(one: dict[str, Any]) -> list[str]:
    """A row of the table."""
    found = one["sum"]
    age = found["age_ms"]
    share = found["frames_with_face"] / found["frames"] if found["frames"] else 0
    return [
        one["clip"],
        one["detector"],
        "live" if one["live"] else "file",
        f"{found['frames']} + {found['dropped']}",
        _number(found["faces_per_frame"], ".2f"),
        f"{share:.0%}",
        _number(found["fps"], ".1f"),
        _number(found["stages_p50_ms"]["detect"], ".1f"),
        _number(found["stages_p50_ms"]["infer"], ".2f"),
        " / ".join(_number(age[q], ".0f") for q in ("p50", "p90", "p95")),
        _number(found["peak_memory_mib"], ".0f"),
        _number(found["start_to_first_decision_s"], ".2f"),
        ", ".join(one["training_packages_imported"]) or "none",
    ]


HEAD = [
    "clip",
    "detector",
    "as",
    "frames + dropped",
    "faces a frame",
    "frames with a face",
    "frames/s",
    "detect p50 ms",
    "infer p50 ms",
    "age p50 / p90 / p95 ms",
    "peak MiB",
    "first decision s",
    "training packages",
]


def _number(value: float | None, style: str) -> str:
    return "–" if value is None else format(value, style)


def page(result: dict[str, Any]) -> str:
    """The table as Markdown."""
    board, state = result["board"], result["state_before"]
    lines = [
        f"# The loop on {board['model'] or board['cpu'] or board['architecture']}",
        "",
        f"{result['time']}, {board['cores_usable']} cores, load {state['load_1m']} before, "
        f"bundle {result['bundle']}. A quantile stands where there are enough frames for it "
        "(p90 from 64, p95 from 130). Made by `benchmarks/loop.py`; raw values in the JSON beside.",
        "",
        "| " + " | ".join(HEAD) + " |",
        "|---" * len(HEAD) + "|",
        *("| " + " | ".join(row(one)) + " |" for one in result["runs"]),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run everything and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--clips", type=Path, required=True, metavar="DIR")
    parser.add_argument("--yunet", type=Path, required=True, metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    args = parser.parse_args()
    clips = sorted(p for p in args.clips.iterdir() if p.suffix.lower() in CLIPS)
    if not clips:
        parser.error(f"{args.clips}: no clips ({', '.join(CLIPS)})")
    result: dict[str, Any] = {
        "schema": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "bundle": args.bundle.name,
        "yunet": args.yunet.name,
        "board": plain(read_board()),
        "state_before": plain(read_state()),
        "runs": [],
    }
    for clip in clips:
        for detector in ("haar", "yunet"):
            for live in (False, True):
                one = run_once(args.bundle, clip, detector, args.yunet, live=live)
                result["runs"].append(one)
                print(" | ".join(row(one)), flush=True)
    result["state_after"] = plain(read_state())
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    args.out.with_suffix(".md").write_text(page(result), "utf-8")


if __name__ == "__main__":
    main()
