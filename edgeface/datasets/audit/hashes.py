"""Telling near-duplicates: a hash that survives rescaling and recompression, and their groups.

The hash is of our own design, out of known parts. Like the perceptual hash of Zauner
("Implementation and Benchmarking of Perceptual Image Hash Functions", 2010) it keeps the lowest
frequencies of a small gray copy; but it keeps their values instead of their signs, weighted by
frequency because the spectrum of natural pictures falls with it (Field, "Relations between the
statistics of natural images and the response properties of cortical cells", 1987), so that two
hashes are compared by a correlation. Beside it stand the colours of a copy of 4x4 cells.
"""

from collections.abc import Iterator

from edgeface.images import Picture  # first: it silences OpenCV before OpenCV is loaded

# isort: split
import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32  # of the gray copy
KEPT = 16  # frequencies in either direction
CELLS = 4  # of the coloured copy, in either direction
BYTES = KEPT * KEPT + CELLS * CELLS * 3

# Chosen by measurement: what they give stands in `near_groups`.
LEAST_ALIKE = 0.9
# A picture of one edge or of a gradient is like any other of its kind; it has few frequencies, as
# no photograph of a face has, and only what is all but the same picture counts.
PLAIN_BELOW = 20.0
PLAIN_LEAST_ALIKE = 0.97
PLAIN_MOST_TONES_APART = 8.0
# A grey card taken with noise of up to 20 levels has 350, the plainest of 1,570 photographs 5,700.
FLAT_BELOW = 350.0

_TONE_SIDE_PX = 64  # enough of a picture for the mean of a sixteenth of it
_BLOCK = 2048  # hashes that are held against as many others at a time: 16 MiB
_CHUNK = 65536  # pairs whose tones are compared at a time

_SQUARES = np.add.outer(np.arange(KEPT) ** 2, np.arange(KEPT) ** 2)
_WEIGHTS = np.sqrt(_SQUARES).astype(np.float32)  # 0 for the mean


def picture_hash(picture: Picture) -> NDArray[np.uint8]:
    """What a picture looks like, in a form that rescaling and recompression hardly change.

    Args:
        picture: (height, width, 3) uint8, blue-green-red.

    Returns:
        (304,) uint8: 256 weighted frequencies of the gray picture, of which the largest is 127 away
        from 128, and all of them 128 where it is flat; then the 4x4x3 mean colours.
    """
    gray = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:KEPT, :KEPT] * _WEIGHTS
    scale = 0.0 if np.linalg.norm(low) < FLAT_BELOW else 127.0 / float(np.abs(low).max())
    step = max(1, min(picture.shape[:2]) // _TONE_SIDE_PX)
    thinned = np.ascontiguousarray(picture[::step, ::step])
    tones = cv2.resize(thinned, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return np.concatenate([np.rint(low * scale + 128).ravel(), tones.ravel()]).astype(np.uint8)


def near_groups(hashes: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Number the groups of near-duplicates: the transitive closure of `near_pairs`.

    Measured by `python benchmarks/near_duplicates.py DATA`, 300 copies of each kind a set, on the
    400 ORL portraits, 1,570 LFW photographs, 6,433 Simpsons frames, and 9,000 pictures of 64 px of
    faces and of what is none:

    - copies saved as JPEG of quality 30 to 95, at half to twice the size, or both: all were told in
      the first three sets, 94 to 100 % in the fourth, where the rest are flat pieces of walls and
      sky; with 1 % cut off each side 100 % (86 % in the fourth), with 2 % 60 %, with 5 % none;
    - pairs of two labels taken for near-duplicates: 0 of 37 million;
    - pairs of one label: of ORL 41 of 1,800, one person in one pose a moment later, so that 362
      groups are left of 400 pictures; of LFW 3 of 32,908, each a photograph twice; of the Simpsons
      868 of 5.5 million, all of those looked at one scene a moment later or one frame twice.

    Of the smallest pictures, 19 px, recompression changes more: quality 50 leaves 43 %.

    A chain is not cut anywhere: whatever is near stays together, so that no split can part it, and
    the frames of one take are one group. What would chain without being alike, flat and plain
    pictures, is kept from it by what `near_pairs` asks of them.

    Args:
        hashes: (n, 304) uint8 of `picture_hash`.

    Returns:
        (n,) group numbers 0, 1, … in the order of their first members.
    """
    root = np.arange(len(hashes), dtype=np.intp)
    for first, second, _ in near_pairs(hashes):
        _join(root, first, second)
    _, groups = np.unique(root, return_inverse=True)
    return np.asarray(groups, np.intp)


def _join(root: NDArray[np.intp], first: NDArray[np.intp], second: NDArray[np.intp]) -> None:
    """Hang the higher of two roots below the lower, until no pair has two."""
    while True:
        low = np.minimum(root[first], root[second])
        high = np.maximum(root[first], root[second])
        apart = low != high
        if not apart.any():
            return
        np.minimum.at(root, high[apart], low[apart])
        while not np.array_equal(root, higher := root[root]):
            root[:] = higher


def near_pairs(
    hashes: NDArray[np.uint8],
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]]:
    """Every pair of near-duplicates, a block at a time: no n x n numbers are ever held.

    Args:
        hashes: (n, 304) uint8 of `picture_hash`.

    Yields:
        (m,) first and (m,) second of each pair, first < second, and (m,) how much alike they are: a
        correlation, at most 1. Of several equal hashes each is paired with the first of them only.
    """
    if not len(hashes):
        return
    _, places, of = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    first = places[of.ravel()]
    second = np.arange(len(hashes))
    copies = first != second
    yield first[copies], second[copies], np.ones(int(copies.sum()), np.float32)
    different = np.sort(places)
    marks = _Marks(hashes[different])
    for i, j, alike in marks.near():
        yield different[i], different[j], alike


def likeness(some: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How much alike pictures are: (n, m) correlations of -1 to 1, and 1 for equal hashes.

    Args:
        some: (n, 304) uint8 of `picture_hash`.
        others: (m, 304) uint8.
    """
    alike = np.clip(_unit(some) @ _unit(others).T, -1, 1)
    _, which = np.unique(np.concatenate([some, others]), axis=0, return_inverse=True)
    first, second = which.ravel()[: len(some)], which.ravel()[len(some) :]
    return np.where(first[:, np.newaxis] == second, np.float32(1), alike)


def _unit(hashes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The frequencies, (n, 256), of length 1; of flat pictures, 0."""
    values = hashes[:, : KEPT * KEPT].astype(np.float32) - 128
    values /= np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)
    return values


class _Marks:
    """Hashes as they are compared.

    Args:
        hashes: (n, 304) uint8, all different.
    """

    def __init__(self, hashes: NDArray[np.uint8]) -> None:
        self._values = values = _unit(hashes)
        self._tones = hashes[:, KEPT * KEPT :]
        # How many frequencies share the energy (the participation ratio): 1 for a single one.
        energy = values**2
        shared = 1 / np.maximum((energy**2).sum(axis=1), 1e-6)
        self._plain = shared < PLAIN_BELOW

    def near(
        self,
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]]:
        """Every near pair, a block at a time."""
        n = len(self._values)
        for top in range(0, n, _BLOCK):
            rows = self._values[top : top + _BLOCK]
            for left in range(top, n, _BLOCK):
                alike = rows @ self._values[left : left + _BLOCK].T
                i, j = np.nonzero(alike >= LEAST_ALIKE)
                score = alike[i, j]
                i, j = i + top, j + left
                for at in range(0, len(i), _CHUNK):
                    part = slice(at, at + _CHUNK)
                    yield self._checked(i[part], j[part], score[part])

    def _checked(
        self, i: NDArray[np.intp], j: NDArray[np.intp], alike: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        once = i < j
        i, j, alike = i[once], j[once], alike[once]
        plain = np.flatnonzero(self._plain[i] | self._plain[j])
        apart = self._tones[i[plain]].astype(np.float32) - self._tones[j[plain]]
        near = np.ones(len(i), np.bool_)
        near[plain] = (alike[plain] >= PLAIN_LEAST_ALIKE) & (
            np.sqrt((apart**2).mean(axis=1)) <= PLAIN_MOST_TONES_APART
        )
        return i[near], j[near], np.minimum(alike[near], 1)
