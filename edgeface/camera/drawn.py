"""A clip that is drawn while it plays: people with names, strangers, and the truth about them."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from edgeface import sealed
from edgeface.camera.frame import Given
from edgeface.camera.reader import Taken
from edgeface.datasets.drawn.clip import HEIGHT, WIDTH, DrawnClip
from edgeface.datasets.drawn.folders import cast
from edgeface.datasets.drawn.truth import Truth
from edgeface.errors import UsageError


@dataclass(frozen=True, slots=True)
class Script:
    """What is drawn; the same numbers give the same clip as ``edgeface data draw --clip``.

    Attributes:
        seed: Of everything; 7 is the one of ``edgeface quickstart``.
        people: Who belong to the data set of that seed.
        strangers: Who do not.
        seconds: Length of the clip.
        fps: Frames per second.
    """

    seed: int = 7
    people: int = 4
    strangers: int = 3
    seconds: float = 12.0
    fps: float = 15.0

    def clip(self) -> DrawnClip:
        """Cast it.

        Raises:
            UsageError: Too many or too few people, seconds or frames.
        """
        known, others = cast(self.people, self.strangers, self.seed)
        return DrawnClip(known, others, seconds=self.seconds, fps=self.fps, seed=self.seed)


def read_script(spec: str) -> Script:
    """``drawn``, or ``drawn:seed=7,people=4,strangers=3,seconds=12,fps=15``, any of them.

    Raises:
        UsageError: A name is unknown or a number is none; or such a clip cannot be drawn.
    """
    script = Script()
    whole = {f.name for f in fields(Script) if f.type is int}
    known = [f.name for f in fields(Script)]
    _, _, rest = spec.partition(":")
    for word in rest.split(",") if rest else []:
        name, equals, value = word.strip().partition("=")
        if name not in known or not equals:
            msg = f"--source {spec}: unknown {name!r}; what can be said is {', '.join(known)}"
            raise UsageError(msg, remedy="write it as drawn:seed=7,seconds=12")
        try:
            number = int(value) if name in whole else float(value)
        except ValueError as error:
            kind = "a whole number" if name in whole else "a number"
            msg = f"--source {spec}: {name}={value} is not {kind}"
            raise UsageError(msg) from error
        changed: dict[str, Any] = {name: number}
        script = replace(script, **changed)
    if script.seed < 0:
        msg = f"--source {spec}: seed={script.seed}: 0 or more"
        raise UsageError(msg)
    script.clip()
    return script


class DrawnReader:
    """Draws a frame when it is asked for one.

    Args:
        script: What to draw.
        truth: Where the truth goes, whole or not at all: that of every frame that was drawn.
        clock: Monotonic, ns.
    """

    reopened = 0

    def __init__(
        self,
        script: Script,
        truth: Path | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name, self.fps = f"drawn:seed={script.seed}", script.fps
        self.given = Given(HEIGHT, WIDTH, script.fps, "drawn", "bgr", "read")
        self._clip, self._truth, self._clock = script.clip(), truth, clock
        self._told: list[Truth] = []
        self._frames = 0

    def read(self) -> Taken | None:
        """See `Reader.read`."""
        if self._frames == self._clip.frames:
            return None
        number, self._frames = self._frames, self._frames + 1
        picture, truth = self._clip.frame(number)
        if self._truth is not None:
            self._told += truth
        position = round(number * 1e9 / self._clip.fps)
        return Taken(lambda: picture, self._clock(), position)

    def wake(self) -> None:
        """See `Reader.wake`: drawing does not wait."""

    def close(self) -> None:
        """Write the truth about what was drawn.

        Raises:
            EdgefaceError: The disk is full, or the folder cannot be written.
        """
        if self._truth is not None:
            lines = (json.dumps(asdict(t), ensure_ascii=False) + "\n" for t in self._told)
            sealed.write_file(self._truth, "".join(lines))
