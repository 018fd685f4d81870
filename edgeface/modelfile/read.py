"""Reading what a model file says of itself, before any runtime sees it."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import get_args

from edgeface.bundle import Tensor
from edgeface.bundlefolder import Format
from edgeface.errors import BackendError, UsageError
from edgeface.modelfile import own
from edgeface.modelfile.facts import RAW, SCALINGS, Facts, Scaling
from edgeface.modelfile.labels import distinct
from edgeface.modelfile.standard import ENTRY, Standard, read_standard
from edgeface.runtime import onnxfile, tflitefile
from edgeface.runtime.graph import MOST_BYTES
from edgeface.runtime.metadata import entry


def read_facts(path: Path) -> Facts:
    """Read a model file, ours or anybody's.

    Args:
        path: A ``.tflite`` or ``.onnx`` file.

    Raises:
        UsageError: There is no such file, or it has another suffix.
        BackendError: It cannot be read, is too large, cut or broken, or its metadata is not what
            `edgeface export` writes.
    """
    format, content = _content(path)
    tflite = format == "tflite"
    graph = (tflitefile if tflite else onnxfile).read_graph(content, str(path))
    if not graph.inputs or not graph.outputs:
        msg = f"{path}: a model without an input or an output"
        raise BackendError(msg, remedy="convert the model again")
    ours = own.read_tflite(path, content) if tflite else own.read_onnx(graph)
    facts = Facts(
        path=path,
        format=format,
        foreign=not ours,
        task=None,
        scheme=graph.scheme,
        network=None,
        labels=None,
        preprocess=None,
        threshold=None,
        weights_sha256=None,
        edgeface=None,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        graph=graph,
    )
    if ours:
        return own.with_own(facts, ours)
    found = entry(content, ENTRY, str(path)) if tflite else None
    told = Standard() if found is None else read_standard(found, content, str(path))
    return _as_told(facts, told)


def _content(path: Path) -> tuple[Format, bytes]:
    suffix = path.suffix.lstrip(".")
    if suffix not in get_args(Format):
        msg = f"{path}: a model file ends in .tflite or .onnx"
        raise UsageError(msg)
    if not path.is_file():
        msg = f"{path}: no such file"
        raise UsageError(msg)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            msg = f"{path}: {size} bytes; model files of up to {MOST_BYTES} are read"
            raise BackendError(msg)
        return ("tflite" if suffix == "tflite" else "onnx"), path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror})"
        raise BackendError(msg) from error


def _as_told(facts: Facts, told: Standard) -> Facts:
    """What the tensors of a foreign file tell, and its metadata; the tensors cannot be wrong."""
    shape, head, labels = facts.picture_shape, facts.graph.heads[0], told.labels
    if shape is not None and shape[2] == 1:
        facts = replace(facts, colour="gray")
    elif shape is not None and told.colour == "rgb":
        facts = replace(facts, colour="rgb")
    if facts.classes is not None and head is not None:
        facts = replace(facts, answers="logits" if head == "linear" else "probs")
    if labels is not None and facts.classes is not None and len(labels) != facts.classes:
        aside = f"{len(labels)} names, left aside: it tells {facts.classes} apart"
        facts, labels = replace(facts, more=(("its labels", aside),)), None
    if shape is not None and told.scaling and len(told.scaling.scale) not in (1, shape[2]):
        msg = f"{facts.path}: its {ENTRY} normalises other channels than the input has"
        raise BackendError(msg, remedy="convert the model again")
    if labels is not None:
        facts = replace(facts, labels=distinct(labels))
    return replace(facts, scaling=_scaling_of(facts.input) or told.scaling)


def _scaling_of(port: Tensor) -> Scaling | None:
    """The scaling that fills the range of a quantised input; raw pixels of a plain uint8 one."""
    if port.dtype == "uint8" and not port.scale:
        return RAW
    if port.dtype not in ("uint8", "int8") or not port.scale:
        return None
    least, most = (0, 255) if port.dtype == "uint8" else (-128, 127)
    low, high = ((end - port.zero_point) * port.scale for end in (least, most))
    for scaling in SCALINGS.values():
        begin = scaling.offset[0]
        end = 255 * scaling.scale[0] + begin
        if max(abs(low - begin), abs(high - end)) <= 1.01 * port.scale:
            return scaling
    return None
