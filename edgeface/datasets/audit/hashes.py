"""Telling near-duplicates: a hash that survives rescaling and recompression, and its groups."""

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
KEPT = 16
MOST_BITS_APART = 28
BLOCK = 1024


def picture_hash(picture: Picture) -> NDArray[np.uint8]:
    """256 signs of the lowest frequencies of a picture: (32,) uint8.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:KEPT, :KEPT].ravel()
    return np.packbits(low > np.median(low[1:]))


def near_groups(hashes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Number the groups of near-duplicates, transitively closed.

    Args:
        hashes: (n, k) uint8 of `picture_hash`.

    Returns:
        (n,) group numbers 0, 1, … in the order of their first members.
    """
    n = len(hashes)
    parent = np.arange(n)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    signs = np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1
    least = signs.shape[1] - 2 * MOST_BITS_APART
    for at in range(0, n, BLOCK):
        rows = signs[at : at + BLOCK]
        for to in range(at, n, BLOCK):
            alike = rows @ signs[to : to + BLOCK].T
            for i, j in np.argwhere(alike >= least):
                a, b = root(int(at + i)), root(int(to + j))
                parent[max(a, b)] = min(a, b)
    roots = np.asarray([root(i) for i in range(n)], np.intp)
    _, groups = np.unique(roots, return_inverse=True)
    return np.asarray(groups, np.intp)
