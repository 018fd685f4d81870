"""What is new in a result: a decision is said once, not once a frame.

Sinks that speak to people or to other programs share this; whoever wants every frame takes the
result itself.
"""

from dataclasses import dataclass
from typing import Literal

from edgeface.camera.frame import Result
from edgeface.vision.decide import NOBODY
from edgeface.vision.pipeline import Face

What = Literal["decided", "ended", "nobody"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to say.

    Attributes:
        what: ``decided``: who a face is, for the first time or otherwise than before; ``ended``: a
            face of which something was said is there no more; ``nobody``: nobody is there.
        face: Whose; None for ``nobody``.
        name: A label, `unknown` or `nobody`; of what has ended the name that was said last.
    """

    what: What
    face: Face | None
    name: str


class Changes:
    """Remembers what was said of the faces that are there; it forgets those that are not.

    Faces that are not followed are told every time: nothing is known of them but one picture.
    """

    def __init__(self) -> None:
        self._said: dict[int, str] = {}
        self._nobody: bool | None = None

    def __call__(self, result: Result) -> list[Change]:
        """What to say of a result, in the order in which it happened."""
        seen = result.seen
        changes: list[Change] = []
        for face in seen.ended:
            assert face.tracked is not None
            said = self._said.pop(face.tracked.id, None)
            if said is None:
                if not face.tracked.settled:
                    continue
                said = face.decision.name  # decided in a frame in which it was not shown
                changes.append(Change("decided", face, said))
            changes.append(Change("ended", face, said))
        for face in seen.faces:
            track = face.tracked
            if track is None:
                changes.append(Change("decided", face, face.decision.name))
            elif track.settled and self._said.get(track.id) != face.decision.name:
                self._said[track.id] = face.decision.name
                changes.append(Change("decided", face, face.decision.name))
        # A face that was missed for a moment, or is not known yet, is somebody.
        nobody = seen.nobody and not seen.others and not self._said
        if nobody and self._nobody is not True:
            changes.append(Change("nobody", None, NOBODY))
        self._nobody = nobody
        return changes
