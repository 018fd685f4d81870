"""Labels from a file of text: one a line, in the order of a network's output."""

from collections import Counter
from pathlib import Path

from edgeface.errors import UsageError

MOST_LABELS = 100_000
MOST_LABEL_BYTES = 4 << 20


def read_labels(path: Path) -> tuple[str, ...]:
    """The names in a file of text.

    Raises:
        UsageError: It cannot be read, is too large, holds no text, or a line that is no name.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_LABEL_BYTES + 1)
    except OSError as error:
        msg = f"--labels {path}: cannot be read ({error.strerror})"
        raise UsageError(msg) from error
    return parse_labels(data, f"--labels {path}")


def parse_labels(data: bytes, where: str) -> tuple[str, ...]:
    """The same of bytes; empty lines at the end are none."""
    if len(data) > MOST_LABEL_BYTES:
        msg = f"{where}: over {MOST_LABEL_BYTES >> 20} MiB; a name a line is read"
        raise UsageError(msg)
    try:
        lines = data.decode("utf-8-sig").rstrip().splitlines()
    except UnicodeDecodeError as error:
        msg = f"{where}: not text in UTF-8"
        raise UsageError(msg) from error
    names = tuple(line.strip() for line in lines)
    wrong = [i for i, n in enumerate(names, 1) if not n or not n.isprintable() or len(n) > 1000]
    if not names or wrong or len(names) > MOST_LABELS:
        what = f"line {wrong[0]} is no name" if wrong else f"{len(names)} lines"
        msg = f"{where}: {what}; one name a line is read"
        raise UsageError(msg)
    return names


def distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that stand several times with their place in the output behind them: ``crane (135)``.

    ImageNet has a bird and a machine of that name; neither may be taken for the other.
    """
    counts = Counter(names)
    return tuple(f"{n} ({i})" if counts[n] > 1 else n for i, n in enumerate(names))
