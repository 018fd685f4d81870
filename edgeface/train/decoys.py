"""Decoys: pieces and misplaced views of the training pictures, which show no face whole.

A network that only ever saw faces in the middle of its window, and pictures without any, calls half
a face a face, and so does a scan of it with every window near one. Shown these as the other class
it answers for windows that hold a face as those of the training do, and for no others: its boxes
become tighter, and single features (an eye, a collar) are taken for faces less often.
"""

from dataclasses import replace

import numpy as np

from edgeface.images import Pixels
from edgeface.train.augment import Augmentation, draw, lit, matrices, warp

# Pieces: this much of a picture's side is shown, from anywhere near its middle.
PIECE = (0.3, 0.6)
PIECE_OFF = 0.25
# Misplaced: all of it, moved by this much of its side, so that a centred face is cut.
MOVED = (0.28, 0.5)
MOVED_ZOOM = (0.85, 1.2)
_OWN = Augmentation(rotation=20, stretch=0.1, flip=True, fill="reflect")


def decoys(pixels: Pixels, how: Augmentation, rng: np.random.Generator) -> Pixels:
    """A decoy of every picture, by chance a piece or a misplaced view.

    Args:
        pixels: (n, height, width, channels) uint8, of either class: a piece of nothing is nothing.
        how: Its light and fade are those of the decoys too.
        rng: Where the draws come from; the same state gives the same bytes.

    Returns:
        (n, height, width, channels) uint8.
    """
    count = len(pixels)
    drawn = draw(count, replace(_OWN, light=how.light, fade=how.fade), rng)
    is_piece = rng.random(count) < 0.5
    zoom = np.where(is_piece, rng.uniform(*PIECE, count), rng.uniform(*MOVED_ZOOM, count))
    far = np.where(is_piece, PIECE_OFF * rng.random(count), rng.uniform(*MOVED, count))
    towards = rng.uniform(0, 2 * np.pi, count)
    drawn = replace(
        drawn,
        zoom_x=drawn.zoom_x * zoom,
        zoom_y=drawn.zoom_y * zoom,
        shift_x=far * np.cos(towards),
        shift_y=far * np.sin(towards),
    )
    return lit(warp(pixels, matrices(drawn, *pixels.shape[1:3]), _OWN.fill), drawn)
