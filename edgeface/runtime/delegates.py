"""How many nodes of a TFLite file a delegate took, found out from a ready interpreter.

An interpreter lists a file's nodes and, behind them, one node for every part of the graph that a
delegate took over. How many nodes such a part replaced it does not say; they are those on every way
from the part's inputs to its outputs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgeface.runtime.placement import Placement

XNNPACK = "XNNPACK"
PLAIN = "built-in kernels"
_DELEGATES = ("DELEGATE", "TfLiteXNNPackDelegate")


def placement(interpreter: Any) -> Placement:
    """Of an interpreter whose tensors are allocated.

    Args:
        interpreter: LiteRT's or tflite-runtime's; without its list of nodes nothing is told.
    """
    listed = getattr(interpreter, "_get_ops_details", None)
    if listed is None:
        return Placement("not told")
    nodes: Sequence[Mapping[str, Any]] = listed()
    parts = [node for node in nodes if node["op_name"] in _DELEGATES]
    own = [node for node in nodes if node["op_name"] not in _DELEGATES]
    if not parts:
        return Placement(PLAIN, len(own), len(own))
    taken = replaced(own, parts)
    rest = {PLAIN: len(own) - taken} if taken < len(own) else None
    return Placement(XNNPACK, taken, len(own), rest)


def replaced(nodes: Sequence[Mapping[str, Any]], parts: Iterable[Mapping[str, Any]]) -> int:
    """How many of a file's nodes were replaced.

    Args:
        nodes: Of the file: ``inputs`` and ``outputs`` are numbers of tensors.
        parts: That replace some of them.
    """
    made_by = {int(t): i for i, node in enumerate(nodes) for t in node["outputs"]}
    found: set[int] = set()
    for part in parts:
        given = {int(t) for t in part["inputs"]}
        waiting = [int(t) for t in part["outputs"]]
        while waiting:
            tensor = waiting.pop()
            node = made_by.get(tensor)
            if node is None or node in found or tensor in given:
                continue
            found.add(node)
            waiting += [int(t) for t in nodes[node]["inputs"]]
    return len(found)
