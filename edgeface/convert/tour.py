"""The page of ``edgeface quickstart``: what was made on the way, and how well it did."""

import base64
import html
import shlex
from pathlib import Path
from typing import Any

import cv2

from edgeface import sealed
from edgeface.datasets.drawn.score import ClipScore, score_clip
from edgeface.datasets.drawn.truth import truth_path
from edgeface.errors import InputError
from edgeface.markup import table, whole

PICTURE = "report.png"
CROPS = "Crops, as they come out of <code>images.crop</code>; the loop uses the same function."
KEPT = "The epoch with the lowest validation loss was kept."


def tour_page(place: Path, done: dict[str, Any], seconds: float) -> str:
    """Write the page's picture into ``place`` and give the page.

    Args:
        place: The folder of the quickstart.
        done: Step name → what the command printed as JSON; ``steps`` lists them in order.
        seconds: What all of it took.
    """
    score = score_clip(truth_path(place / "clip.mp4"), place / "events.jsonl")
    picture = _telling_frame(place / "named.mp4", place / "events.jsonl")
    sealed.write_file(place / PICTURE, picture)
    run = place / "runs" / "drawn"
    body = "".join(
        (
            "<h1>From drawn faces to a loop that names them</h1>",
            f"<p class=lead>{_headline(done, score)}</p>",
            _figure(picture, "A frame of the clip as the loop saw it, int8 on this machine."),
            "<h2>Four files, one network</h2>",
            _files(done),
            _notes(done),
            "<h2>The clip, held against its truth</h2>",
            _clip(score),
            "<h2>What the network was shown, and how it learned</h2>",
            _figure((run / "crops.png").read_bytes(), CROPS),
            _figure((run / "history.png").read_bytes(), KEPT),
            "<h2>The commands</h2>",
            _commands(done, seconds),
        )
    )
    return whole("edgeface quickstart", body)


def _headline(done: dict[str, Any], score: ClipScore) -> str:
    small = next(r for r in done["compare"]["files"] if r["file"] == "friends.int8.tflite")
    full = next(r for r in done["compare"]["files"] if r["file"] == "friends.float32.tflite")
    ratio = full["size_bytes"] / small["size_bytes"]
    return (
        f"The int8 file is <strong class=number>{ratio:.1f} times smaller</strong> and answers "
        f"<strong class=number>{small['agreement']:.1%}</strong> of {small['n']} held-back "
        f"pictures as the float32 file does. In the clip it named "
        f"<strong class=number>{score.known_right} of {score.known_detected}</strong> found faces "
        f"of enrolled people rightly and gave <strong class=number>{score.strangers_named} of "
        f"{score.strangers_detected}</strong> faces of strangers a name."
    )


def _files(done: dict[str, Any]) -> str:
    cells = {cell["file"]: cell for cell in done["bench"]["cells"]}
    strangers = done["compare"]["strangers"]
    rows = []
    for row in done["compare"]["files"]:
        cell = cells[row["file"]]
        rows.append(
            (
                row["file"],
                f"{row['accuracy']:.3f} ({row['accuracy_low']:.3f} to {row['accuracy_high']:.3f})",
                f"{row['agreement']:.3f}",
                f"{row['size_bytes'] / 1000:,.0f} kB",
                f"{cell['p50_ms']:.3f} ms",
                cell["verdict"].lower(),
                f"{row['strangers_named']} of {strangers}",
            )
        )
    head = ("file", "accuracy (95 %)", "agreement", "size", "p50", "timing", "strangers named")
    return table(head, rows)


def _notes(done: dict[str, Any]) -> str:
    said = "".join(f"<li>{html.escape(line)}</li>" for line in done["bench"]["findings"])
    return (
        "<p class=faint>Drawn faces are easier than real ones, and these latencies are of the "
        f"machine that made this page, not of a Pi.</p><ul class=faint>{said}</ul>"
    )


def _clip(score: ClipScore) -> str:
    known = (score.known_shown, score.known_detected, score.known_right, score.known_wrong)
    strange = (score.strangers_shown, score.strangers_detected, "–", score.strangers_named)
    rows = (
        ("enrolled", *known, score.known_unknown),
        ("strangers", *strange, score.strangers_unknown),
    )
    head = ("faces of", "shown", "found", "right name", "wrong name", "unknown")
    return table(head, [tuple(str(cell) for cell in row) for row in rows]) + (
        "<p class=faint>One face a person and frame, decided frame by frame; faces that are partly "
        "hidden are not counted.</p>"
    )


def _commands(done: dict[str, Any], seconds: float) -> str:
    lines = [
        f"edgeface {shlex.join(step['typed'])}    # {step['seconds']:.0f} s"
        for step in done["steps"]
    ]
    return (
        f"<p>All of it took {seconds:.0f} s, by these commands:</p>"
        f"<pre>{html.escape(chr(10).join(lines))}</pre>"
        "<p>Now with your own photographs, a folder per person:</p>"
        "<pre>edgeface train friends PHOTOS --out runs/mine\nedgeface export runs/mine --int8\n"
        "edgeface run --source 0</pre>"
    )


def _figure(content: bytes, caption: str) -> str:
    data = base64.b64encode(content).decode("ascii")
    plain = caption.replace("<code>", "").replace("</code>", "")
    return (
        f"<figure><img src='data:image/png;base64,{data}' alt='{html.escape(plain, quote=True)}'>"
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _telling_frame(video: Path, events: Path) -> bytes:
    """The frame with the most different answers, `unknown` among them, as a PNG."""
    import json

    said: dict[int, set[str]] = {}
    for line in events.read_text("utf-8").splitlines():
        event = json.loads(line)
        if event["box"] is not None:
            said.setdefault(event["frame"], set()).add(event["name"])
    best = max(said, key=lambda f: (len(said[f]), "unknown" in said[f]), default=0)
    capture = cv2.VideoCapture(str(video))
    try:
        frame = None
        for _ in range(best + 1):
            _, frame = capture.read()
    finally:
        capture.release()
    if frame is None:
        msg = f"{video}: frame {best} cannot be read"
        raise InputError(msg)
    encoded = cv2.imencode(".png", frame)[1]
    return encoded.tobytes()
