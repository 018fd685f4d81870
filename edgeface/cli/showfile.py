"""What ``edgeface show`` says of a model file that stands alone, ours or another program's."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeface.cli import output, targets
from edgeface.errors import BackendMissing, EdgefaceError

if TYPE_CHECKING:
    from edgeface.bundle import Tensor
    from edgeface.modelfile import Facts

_MOST_LABELS, _MOST_KINDS, _MOST_TENSORS = 8, 12, 6


def show(path: Path, *, json: bool) -> None:
    """Read a file, load it where its runtime is installed, and say what it is.

    Raises:
        BackendError: It is cut or broken, or its metadata was altered.
    """
    from edgeface.modelfile import read_facts
    from edgeface.runtime import open_backend

    facts = read_facts(path)
    try:
        backend = open_backend(path)
    except BackendMissing as absent:
        name, remedy = None, absent.remedy
    else:
        name, remedy = backend.name, ""
    if json:
        output.as_json(_as_data(facts, name, remedy))
    else:
        whose = "edgeface wrote it" if not facts.foreign else "another program wrote it"
        output.result(f"{path}: a model file that stands alone; {whose}")
        rows = _rows(facts, name or f"its runtime is not installed: {remedy}")
        width = max(map(len, rows))
        for key, value in rows.items():
            output.result(f"  {key.ljust(width)}  {value}")
    output.next_command("edgeface", "bench", path)


def _as_data(facts: "Facts", backend: str | None, remedy: str) -> dict[str, Any]:
    from edgeface import records
    from edgeface.modelfile import missing

    why_not = _why_not(facts)
    return {
        "kind": "file",
        "file": str(facts.path),
        "format": facts.format,
        "size_bytes": facts.size_bytes,
        "sha256": facts.sha256,
        "backend": backend,
        "remedy": remedy,
        "foreign": facts.foreign,
        "task": facts.task,
        "scheme": facts.scheme,
        "network": facts.network,
        "labels": None if facts.labels is None else list(facts.labels),
        "preprocess": None if facts.preprocess is None else facts.preprocess.as_dict(),
        "detector": facts.detector,
        "threshold": facts.threshold,
        "score": None if facts.threshold is None else facts.score,
        "scaling": None if facts.scaling is None else facts.scaling.name,
        "answers": facts.answers,
        "weights_sha256": facts.weights_sha256,
        "edgeface": facts.edgeface,
        "producer": facts.graph.producer,
        "input": records.plain(facts.input),
        "outputs": [records.plain(tensor) for tensor in facts.graph.outputs],
        "operators": dict(facts.graph.operators),
        "notes": list(facts.notes),
        "more": dict(facts.more),
        "names_pictures": why_not is None,
        "why_not": why_not,
        "missing": [] if why_not else list(missing(facts)),
    }


def _rows(facts: "Facts", backend: str) -> dict[str, str]:
    graph = facts.graph
    kinds = [f"{kind} {count}" for kind, count in graph.operators.items()]
    told = {
        "network": facts.network,
        "task": "regression: numbers in, a number out" if facts.task == "regress" else None,
        "labels": _labels(facts),
        "pixels": _pixels(facts),
        "detector": facts.detector,
        "threshold": facts.threshold_text,
        "weights": None if facts.weights_sha256 is None else facts.weights_sha256[:12],
        "made": _made(facts),
        "says too": _said_too(facts),
        "note": "; ".join(facts.notes) or None,
    }
    return {
        "format": facts.format,
        "scheme": facts.scheme or "its layers do not tell",
        "size": targets.size(facts.size_bytes),
        "sha256": facts.sha256,
        **{key: value for key, value in told.items() if value is not None},
        "input": _tensors(graph.inputs),
        "output": _tensors(graph.outputs),
        "operators": _some(kinds, _MOST_KINDS),
        "backend": backend,
        "use": _use(facts),
    }


def _said_too(facts: "Facts") -> str | None:
    """What stands in its metadata and nowhere above; tensors are read from the file itself."""
    tensors = () if facts.task == "regress" else ("input", "output")
    return "; ".join(f"{key}: {value}" for key, value in facts.more if key not in tensors) or None


def _labels(facts: "Facts") -> str | None:
    if facts.labels is None:
        return (
            None
            if facts.classes is None or facts.task == "regress"
            else f"{facts.classes}, it does not say which"
        )
    return f"{len(facts.labels)}: {_some(list(facts.labels), _MOST_LABELS)}"


def _pixels(facts: "Facts") -> str | None:
    prepare = facts.preprocess
    if prepare is None:
        return None
    return (
        f"{prepare.height}x{prepare.width} px {prepare.colour}, uint8 0 to 255; "
        f"{prepare.framing}, margin {prepare.margin:g}"
    )


def _made(facts: "Facts") -> str | None:
    by = f"by edgeface {facts.edgeface}" if facts.edgeface else ""
    return by or facts.graph.producer or None


def _tensors(tensors: "tuple[Tensor, ...]") -> str:
    return _some([_tensor(tensor) for tensor in tensors], _MOST_TENSORS, "; ")


def _tensor(tensor: "Tensor") -> str:
    from edgeface.runtime.graph import shape_text

    scale = f", {tensor.scale:.6g} x (n {-tensor.zero_point:+d})" if tensor.scale else ""
    return f"{tensor.name}: {tensor.dtype} {shape_text(tensor)}{scale}"


def _use(facts: "Facts") -> str:
    """What commands work with it, and what has to be said to them."""
    from edgeface.modelfile import missing

    why_not = _why_not(facts)
    if min(facts.input.shape[1:], default=1) < 1:
        return "none but show: only its user knows the size of its input"
    if why_not is not None:
        return f"bench; not predict or compare: {why_not}"
    options = " ".join(f"{o} {v}" for o, v in missing(facts).items())
    return f"bench, predict, compare{', these two with ' + options if options else ''}"


def _why_not(facts: "Facts") -> str | None:
    from edgeface.modelfile import check_kind

    try:
        check_kind(facts)
    except EdgefaceError as error:
        return str(error).removeprefix(str(facts.path)).strip(": ")
    return None


def _some(items: list[str], most: int, between: str = ", ") -> str:
    more = f"{between}{len(items) - most} more" if len(items) > most else ""
    return between.join(items[:most]) + more
