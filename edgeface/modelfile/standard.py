"""What other programs write into a TFLite file about its use: TFLite's own metadata.

It is a FlatBuffer in the entry ``TFLITE_METADATA``, and files that it names lie in a zip archive
behind the model. Of ``metadata_schema.fbs``, version 1.5: ModelMetadata 3 (subgraphs);
SubGraphMetadata 2 (inputs), 3 (outputs); TensorMetadata 3 (content), 4 (process units), 6 (files);
Content 0 and 1 (what it is; 2: a picture), of that 0 (colours); ProcessUnit 0 and 1 (1: to
normalise), of that 0 (mean), 1 (deviation); AssociatedFile 0 (name), 2 (type; 2: labels).
"""

import io
import zipfile
import zlib
from dataclasses import dataclass

from edgeface.errors import BackendError, UsageError
from edgeface.images import Colour
from edgeface.modelfile.facts import SCALINGS, Scaling
from edgeface.modelfile.labels import MOST_LABEL_BYTES, parse_labels
from edgeface.runtime.flatbuffer import BROKEN, FlatBuffer

ENTRY = "TFLITE_METADATA"
_COLOURS: dict[int, Colour] = {1: "rgb", 2: "gray"}
_PICTURE, _NORMALISE, _LABELS = 2, 1, 2
_CLOSE = 1e-4
# What zipfile raises at an archive that is none, is cut, or lacks a file; RuntimeError: it wants a
# password, or has a method of its own.
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
    EOFError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Standard:
    """What that metadata says of the first input and the first output; None where it does not."""

    labels: tuple[str, ...] | None = None
    colour: Colour | None = None
    scaling: Scaling | None = None


def read_standard(found: bytes, content: bytes, where: str) -> Standard:
    """Read it.

    Args:
        found: The entry.
        content: The whole model file.
        where: The file, for the error.

    Raises:
        BackendError: It is broken, or a file that it names is missing or no list of labels.
    """
    try:
        return _read(FlatBuffer(found), content, where)
    except (*BROKEN, UsageError) as error:
        told = f" ({error})" if isinstance(error, UsageError) else ""
        msg = f"{where}: its {ENTRY} is broken{told}"
        raise BackendError(msg, remedy="copy it again from where it was made") from error


def _read(file: FlatBuffer, content: bytes, where: str) -> Standard:
    graphs = file.tables(file.follow(0), 3)[:1]
    inputs = [tensor for graph in graphs for tensor in file.tables(graph, 2)[:1]]
    outputs = [tensor for graph in graphs for tensor in file.tables(graph, 3)[:1]]
    names = [
        file.text(named, 0)
        for tensor in outputs
        for named in file.tables(tensor, 6)
        if file.value(named, 2, "<b") == _LABELS
    ]
    return Standard(
        labels=_labels(names[0], content, where) if names else None,
        colour=_colour(file, inputs[0]) if inputs else None,
        scaling=_scaling(file, inputs[0]) if inputs else None,
    )


def _colour(file: FlatBuffer, tensor: int) -> Colour | None:
    content = file.table(tensor, 3)
    if content is None or file.value(content, 0, "<B") != _PICTURE:
        return None
    picture = file.table(content, 1)
    return None if picture is None else _COLOURS.get(file.value(picture, 0, "<b"))


def _scaling(file: FlatBuffer, tensor: int) -> Scaling | None:
    for unit in file.tables(tensor, 4):
        options = file.table(unit, 1)
        if file.value(unit, 0, "<B") != _NORMALISE or options is None:
            continue
        mean, deviation = file.floats(options, 0), file.floats(options, 1)
        channels = max(len(mean), len(deviation))
        if not mean or not deviation or 0 in deviation:
            raise IndexError(channels)
        means, deviations = (
            v * channels if len(v) == 1 else v for v in (tuple(mean), tuple(deviation))
        )
        scale = tuple(1 / d for d in deviations)
        offset = tuple(-m / d for m, d in zip(means, deviations, strict=False))
        return _known(Scaling(f"(pixels - {list(means)}) / {list(deviations)}", scale, offset))
    return None


def _known(scaling: Scaling) -> Scaling:
    """One that users have a name for, where it is one."""
    for known in SCALINGS.values():
        ends = zip(scaling.scale, scaling.offset, strict=True)
        scale, offset = known.scale[0], known.offset[0]
        if all(abs(s / scale - 1) < _CLOSE and abs(o - offset) < _CLOSE for s, o in ends):
            return known
    return scaling


def _labels(name: str, content: bytes, where: str) -> tuple[str, ...]:
    """The file of labels that lies in the zip archive behind the model."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as packed:
            data = packed.read(MOST_LABEL_BYTES + 1)
    except _UNREADABLE as error:
        msg = f"{where}: it names {name[:60]!r}, which cannot be read from the archive behind it"
        raise BackendError(msg, remedy="copy it again from where it was made") from error
    return parse_labels(data, f"{name[:60]} in {where}")
