"""One line out of what a runtime says when it does not take a file."""

import re
from pathlib import Path

from edgeface.errors import BackendError, EdgefaceError
from edgeface.runtime import onnxfile, tflitefile

# How the runtimes name an operation that they do not have. LiteRT: "Encountered unresolved custom
# op: X." ONNX Runtime: "d:X(-1) is not a registered function/op", "No Op registered for X", "Could
# not find an implementation for X(1)". OpenVINO: "No translator found for X node", "No conversion
# rule found for operations: X-17".
_UNKNOWN = (
    re.compile(r"unresolved custom op: ([^\s.]+)"),
    re.compile(r"([\w.:]+)\(-?\d+\) is not a registered function/op"),
    re.compile(r"No Op registered for ([\w.:]+)"),
    re.compile(r"find an implementation for ([\w.:]+)\("),
    re.compile(r"No translator found for ([\w.:]+)"),
    re.compile(
        r"No conversion rule found for operations: ([\w.:]+?)(?:-\d+)?(?:,|$)", re.MULTILINE
    ),
)
# OpenVINO begins with places in its own source, one a line.
_PLACES = re.compile(r"^(Exception from |Check '|FrontEnd API failed|While validating |\s*$)")
_MOST = 200  # letters of somebody else's message


def refusal(path: Path, name: str, error: Exception) -> BackendError:
    """Our error for whatever a runtime raised when it was given a file.

    Args:
        path: The file.
        name: Of the backend.
        error: What the runtime raised.
    """
    missing = _unknown_operation(path, str(error))
    if missing is not None:
        msg = f"{path}: needs the operation {missing}, which {name} does not have"
        remedy = "convert the model without custom operations, or try another backend"
        return BackendError(msg, remedy=remedy)
    msg = f"{path}: {name} does not take this file ({first_line(error)})"
    remedy = "copy it again from where it was made"
    if name == "openvino":  # it is asked for by name, so there is another one
        remedy = "run it without --backend openvino; if that fails too, " + remedy
    return BackendError(msg, remedy=remedy)


def first_line(error: Exception) -> str:
    """The first line that says something, shortened; the kind of error where none does."""
    lines = [line.strip() for line in str(error).splitlines() if not _PLACES.match(line)]
    lines += str(error).strip().splitlines()
    return (lines or [type(error).__name__])[0][:_MOST]


def _unknown_operation(path: Path, said: str) -> str | None:
    for form in _UNKNOWN:
        if found := form.search(said):
            return found[1][:60]
    if "ustom" not in said:
        return None
    # It speaks of custom operations and does not name it: the file's bytes do.
    try:
        reader = tflitefile if path.suffix == ".tflite" else onnxfile
        operators = reader.read_graph(path.read_bytes(), str(path)).operators
    except (EdgefaceError, OSError):
        return None
    return next((kind for kind in operators if kind.startswith("CUSTOM")), None)
