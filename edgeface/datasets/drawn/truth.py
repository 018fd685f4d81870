"""The truth about a drawn clip: who is where in every frame."""

from dataclasses import dataclass
from pathlib import Path

from edgeface import records
from edgeface.errors import InputError

SCHEMA = 1

FaceBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Truth:
    """One head in one frame; a line of the truth file.

    Attributes:
        schema: 1.
        frame: From 0.
        person: Who.
        known: Whether they are of the data set; the others are strangers.
        box: The face, xyxy in pixels.
        shown: Whether the whole face can be seen: inside the picture, behind nobody.
    """

    schema: int
    frame: int
    person: str
    known: bool
    box: FaceBox
    shown: bool


def truth_path(clip: Path) -> Path:
    """Where the truth of a clip lies: ``clip.avi`` → ``clip.truth.jsonl``."""
    return clip.with_suffix(".truth.jsonl")


def read_truth(path: Path) -> list[Truth]:
    """The lines of a truth file.

    Raises:
        InputError: It cannot be read, or a line is not of schema 1; the line is named.
    """
    truth = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read ({error})"
        raise InputError(msg) from error
    for number, line in enumerate(lines, 1):
        where = f"{path}, line {number}"
        data = records.from_json(line, where, InputError)
        records.check_schema(data, SCHEMA, where, InputError)
        truth.append(records.build(Truth, data, where, InputError))
    return truth
