"""From the faces of one frame to the same faces in the next: tracks.

A track is a face that was found again and again. Detections are given to tracks by how much they
overlap with the place where the track is expected (a point of constant velocity, as in the filter
of Benedict & Bordner 1962, whose gains are fixed), the best pair first. The best pairs first and
the best sum of all pairs, which takes the Hungarian method, differ only where three boxes or more
overlap each other, which faces that can be seen do not.

Numbers are given in the order of the scores, whatever the order in which faces were found.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeface.geometry import Boxes, Detections, iou

Box = tuple[float, float, float, float]

_POSITION_GAIN = 0.7  # of a detection, over the expected place
_SIZE_GAIN = 0.5
_VELOCITY_GAIN = 0.3
_AHEAD_S = 0.4  # nothing is expected to go on for longer
_SAME_FACE_IOU = 0.4  # one face that was found twice
_SLOW_S = 2.0  # frames that lie further apart are not one scene
# A detection may be somebody else's below this affinity, or with another track that is as near.
_SURE = 0.4
_AS_NEAR = 0.6
_PAUSE_S = 0.5  # whoever was not found for longer may have gone behind somebody
_STALE = 0.1  # affinity that a second without a detection costs


@dataclass(frozen=True, slots=True)
class TrackRules:
    """When a detection continues a track.

    Attributes:
        life_s: A track ends when it was not found for so long, three intervals between searches
            at least.
        confirm: So many detections make a face of what was found; a false one rarely comes twice.
        least_iou: With the expected place, to be the same face; below it the nearer of two
            may be it, see ``reach``.
        reach: How far the centres may lie apart otherwise, in sides of the face.
        resize: By what factor it may grow or shrink meanwhile.
    """

    life_s: float = 1.0
    confirm: int = 2
    least_iou: float = 0.2
    reach: float = 1.0
    resize: float = 1.5


class Track:
    """One face through time; places in pixels, times in seconds.

    Attributes:
        id: From 1, never given twice by one `Tracker`.
        born_s: When it was first found.
        seen_s: When it was last found, or known to stand still.
        hits: How often it was found.
        score: Of its last detection.
        best: The best score of its detections.
        found: Whether it was found in the frame of the last update.
        doubtful: Whether its last detection may be somebody else: far from where it was expected,
            after a pause, or as near to another track.
    """

    __slots__ = (
        "_at_s",
        "_side",
        "_vx",
        "_vy",
        "_x",
        "_y",
        "best",
        "born_s",
        "doubtful",
        "found",
        "hits",
        "id",
        "score",
        "seen_s",
    )

    def __init__(self, number: int, box: Boxes, score: float, at_s: float) -> None:
        self.id, self.born_s, self.seen_s = number, at_s, at_s
        self.hits, self.found, self.doubtful = 1, True, False
        self.score = self.best = score
        self._x, self._y, self._side = _middle(box)
        self._vx = self._vy = 0.0
        self._at_s = at_s

    def box(self, at_s: float) -> Box:
        """Where it is expected, xyxy; a square."""
        ahead = min(max(at_s - self._at_s, 0.0), _AHEAD_S)
        x, y, half = self._x + self._vx * ahead, self._y + self._vy * ahead, self._side / 2
        return x - half, y - half, x + half, y + half

    def meet(self, box: Boxes, score: float, at_s: float) -> None:
        """Take a detection."""
        elapsed = at_s - self._at_s
        x, y, side = _middle(box)
        left, top, right, bottom = self.box(at_s)
        expected_x, expected_y = (left + right) / 2, (top + bottom) / 2
        off_x, off_y = x - expected_x, y - expected_y
        self._x = expected_x + _POSITION_GAIN * off_x
        self._y = expected_y + _POSITION_GAIN * off_y
        self._side += _SIZE_GAIN * (side - self._side)
        if elapsed > 0:
            # Of the first pair all is known that there is; later ones correct it.
            gain = (1.0 if self.hits == 1 else _VELOCITY_GAIN) / elapsed
            self._vx += gain * off_x
            self._vy += gain * off_y
        self._at_s = self.seen_s = at_s
        self.score, self.best = score, max(self.best, score)
        self.hits += 1
        self.found = True

    def keep(self, at_s: float) -> None:
        """Nothing moved where it is: it is there still."""
        x0, y0, x1, y1 = self.box(at_s)
        self._x, self._y = (x0 + x1) / 2, (y0 + y1) / 2
        self._vx = self._vy = 0.0
        self._at_s = self.seen_s = at_s


class Tracker:
    """The tracks of one scene. It holds nothing of a track that has ended.

    Args:
        rules: When a detection continues a track.
        every: Faces are searched in every so manieth frame.
    """

    def __init__(self, rules: TrackRules | None = None, every: int = 1) -> None:
        self.rules = rules or TrackRules()
        self._every = every
        self.tracks: list[Track] = []
        self._next = 1
        self._at_s: float | None = None
        self._interval_s = 0.0

    def confirmed(self, track: Track) -> bool:
        """Whether it was found often enough to be a face."""
        return track.hits >= self.rules.confirm

    def begin(self, at_s: float) -> list[Track]:
        """Start a frame: end the tracks of another scene.

        A frame older than the one before, as of a clip that begins again, and one after a gap, as
        of a camera that was unplugged, show another scene.

        Args:
            at_s: Of the frame.

        Returns:
            The tracks that ended.
        """
        before, self._at_s = self._at_s, at_s
        if before is None:
            return []
        gap_s = at_s - before
        ended = gap_s < 0 or gap_s > self._life_s
        if 0 <= gap_s <= _SLOW_S:
            self._interval_s += 0.2 * (gap_s - self._interval_s)
        return self.clear() if ended else []

    def clear(self) -> list[Track]:
        """End all tracks; they are returned."""
        ended, self.tracks = self.tracks, []
        return ended

    def keep(self, at_s: float) -> None:
        """Of a frame in which nothing moved: whoever was found last is there still."""
        for track in self.tracks:
            if track.found:
                track.keep(at_s)

    def update(
        self, found: Detections, at_s: float, searched: Box | None = None
    ) -> tuple[list[Track | None], list[Track]]:
        """Take what was found in a frame.

        Args:
            found: Its faces.
            at_s: Of the frame.
            searched: What of the frame was searched, xyxy; None: all. Tracks outside of it stay as
                they are: nothing moved there.

        Returns:
            The track of every detection, in the order of ``found``; None for one that shows
            a face a second time. And the tracks that ended.
        """
        looked = [t for t in self.tracks if searched is None or _inside(t.box(at_s), searched)]
        for track in self.tracks:
            if track not in looked and track.found:
                track.keep(at_s)
        for track in looked:
            track.found = False
        given: list[Track | None] = [None] * len(found)
        if len(found):
            for track, number in self._pairs(looked, found, at_s):
                track.meet(found.boxes[number], float(found.scores[number]), at_s)
                given[number] = track
            self._bear(found, given, at_s)
        ended = [t for t in self.tracks if at_s - t.seen_s > self._life_s]
        if ended:
            self.tracks = [t for t in self.tracks if t not in ended]
        return given, ended

    @property
    def _life_s(self) -> float:
        return max(self.rules.life_s, 3 * self._every * self._interval_s)

    def _pairs(
        self, tracks: list[Track], found: Detections, at_s: float
    ) -> Iterator[tuple[Track, int]]:
        """Tracks and the numbers of their detections, the best pair first."""
        if not tracks:
            return
        expected = np.asarray([t.box(at_s) for t in tracks], np.float32)
        affinity = self._affinity(expected, found.boxes)
        unseen = np.asarray([at_s - t.seen_s for t in tracks], np.float32)
        affinity -= _STALE * unseen[:, None].clip(0, 1) * (affinity > 0)
        rows, columns = np.nonzero(affinity > 0)
        order = sorted(
            zip(rows.tolist(), columns.tolist(), strict=True),
            # Of equals the older track and then the better detection, so that no order matters.
            key=lambda pair: (-affinity[pair], tracks[pair[0]].id, _rank(found, pair[1])),
        )
        met_tracks: set[int] = set()
        met: set[int] = set()
        for row, column in order:
            if row not in met_tracks and column not in met:
                met_tracks.add(row)
                met.add(column)
                rival = np.delete(affinity[:, column], row).max(initial=0)
                own = affinity[row, column]
                paused = unseen[row] > max(_PAUSE_S, 2.5 * self._every * self._interval_s)
                tracks[row].doubtful = bool(own < _SURE or rival > _AS_NEAR * own or paused)
                yield tracks[row], column

    def _affinity(self, expected: Boxes, boxes: Boxes) -> Boxes:
        """How well a detection continues a track, (tracks, detections); 0: not at all."""
        overlap = iou(expected, boxes)
        sides = expected[:, 2] - expected[:, 0]
        own = boxes[:, 2:] - boxes[:, :2]
        ratio = own.mean(axis=1)[None] / np.maximum(sides[:, None], 1e-3)
        between = (expected[:, None, :2] + expected[:, None, 2:] - boxes[:, :2] - boxes[:, 2:]) / 2
        apart = np.hypot(between[..., 0], between[..., 1]) / np.maximum(sides[:, None], 1e-3)
        rules = self.rules
        alike = (ratio <= rules.resize) & (ratio >= 1 / rules.resize) & (apart < rules.reach)
        near = np.where(alike, rules.least_iou * (1 - apart / rules.reach), 0)
        return np.asarray(np.where(overlap >= rules.least_iou, overlap, near), np.float32)

    def _bear(self, found: Detections, given: list[Track | None], at_s: float) -> None:
        """A track for every detection that continues none, the best first."""
        fresh = sorted((n for n, t in enumerate(given) if t is None), key=lambda n: _rank(found, n))
        if not fresh:
            return
        overlap = iou(found.boxes, found.boxes)
        taken = [n for n, t in enumerate(given) if t is not None]
        for number in fresh:
            if any(overlap[number, other] > _SAME_FACE_IOU for other in taken):
                continue
            track = Track(self._next, found.boxes[number], float(found.scores[number]), at_s)
            self._next += 1
            self.tracks.append(track)
            given[number] = track
            taken.append(number)


def _rank(found: Detections, number: int) -> tuple[float, ...]:
    return (-float(found.scores[number]), *map(float, found.boxes[number]))


def _middle(box: Boxes) -> tuple[float, float, float]:
    x0, y0, x1, y1 = (float(v) for v in box)
    return (x0 + x1) / 2, (y0 + y1) / 2, ((x1 - x0) + (y1 - y0)) / 2


def _inside(box: Box, region: Box) -> bool:
    """Whether the centre of a box lies in a region."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return region[0] <= x <= region[2] and region[1] <= y <= region[3]
