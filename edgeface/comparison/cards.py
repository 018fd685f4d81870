"""A picture with what two files say of it, side by side: a card of the page."""

import base64
import html as escaping
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edgeface.comparison.changes import NO_NUMBER, Change
from edgeface.comparison.cutting import Cut
from edgeface.comparison.measure import Measured
from edgeface.comparison.pictures import Pictures, same
from edgeface.images import Colour, Pixels
from edgeface.markup import file_name

_WIDTH_PX = 160  # about: small crops are shown larger by a whole number, for sharp pixels
_MOST_TIMES = 4
_KINDS = {
    "lost": "lost",
    "gained": "gained",
    "other": "both wrong",
    "same": "same answer",
}


def cards(
    changes: Sequence[Change],
    file: Measured,
    reference: Measured,
    pictures: Pictures,
    labels: Sequence[str],
) -> str:
    """A grid of cards.

    Args:
        changes: The pictures.
        file: What answers otherwise.
        reference: What it is held against.
        pictures: Where the crops are.
        labels: In the order of the answers.
    """
    made = "".join(
        f"<li class=card>{_card(c, file, reference, pictures, labels)}</li>" for c in changes
    )
    return f"<ul class=cards>{made}</ul>"


def _card(
    change: Change, file: Measured, reference: Measured, pictures: Pictures, labels: Sequence[str]
) -> str:
    kind = change.kind
    tag = f'<span class="tag {kind}">{_KINDS[kind]}</span>'
    head = (
        f"<header>{tag} <b>{escaping.escape(change.truth)}</b><br>"
        f"<span class=faint>{file_name(change.name)}</span></header>"
    )
    # What the two say of the same few classes: the right one, and what either answers.
    told = dict.fromkeys((change.truth, change.expected, change.answered))
    shown = [label for label in told if label != NO_NUMBER]
    own = file.subject.cut
    apart = own != reference.subject.cut
    sides = []
    for one, answer in ((reference, change.expected), (file, change.answered)):
        picture = _picture(pictures, one.subject.cut, change) if apart else ""
        scores = _scores(one.probs[change.row], answer, change.truth, shown, labels)
        name = file_name(one.subject.name)
        sides.append(f"<div class=side><h4>{name}</h4>{picture}{scores}</div>")
    before = "" if apart else _picture(pictures, own, change)
    return f"{head}<div class=both>{before}{''.join(sides)}</div>"


def _scores(
    probs: NDArray[np.float32],
    answer: str,
    truth: str,
    shown: Sequence[str],
    labels: Sequence[str],
) -> str:
    if answer == NO_NUMBER:
        return '<div class="score best wrong"><span>no number</span></div>'
    lines = []
    for label in shown:
        score = float(probs[labels.index(label)])
        looks = "score"
        if label == answer:
            looks += " best right" if answer == truth else " best wrong"
        lines.append(
            f'<div class="{looks}"><span>{escaping.escape(label)}</span>'
            f"<span>{score:.3f}</span>"
            f'<i style="width:{100 * min(max(score, 0.0), 1.0):.1f}%"></i></div>'
        )
    return "".join(lines)


def _picture(pictures: Pictures, cut: Cut, change: Change) -> str:
    pixels = pictures.crops[cut][change.row]
    height, width = pixels.shape[:2]
    times = min(max(round(_WIDTH_PX / width), 1), _MOST_TIMES)
    data = base64.b64encode(png(pixels, cut.preprocess.colour)).decode("ascii")
    alt = escaping.escape(f"the crop of {same(change.name)}", quote=True)
    return (
        f'<img src="data:image/png;base64,{data}" alt="{alt}" '
        f'width="{times * width}" height="{times * height}">'
    )


def png(pixels: Pixels, colour: Colour) -> bytes:
    """A crop as a file: (height, width, channels) uint8 in the order that the network takes."""
    blue_first = pixels[..., ::-1] if colour == "rgb" else pixels
    encoded = cv2.imencode(".png", np.ascontiguousarray(blue_first))[1]
    return encoded.tobytes()
