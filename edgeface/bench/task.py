"""What is to be measured, as data that another process can be told, and what opening it gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Feed:
    """What a file is fed.

    Attributes:
        kind: ``golden``: the crops or points of a bundle, in turn; ``random``: drawn for the
            file's dtype; ``photographs``: what the stages before made of photographs.
        bundle: The bundle's folder, for ``golden`` and ``photographs``.
        seed: Of the draw, for ``random``, and for ``photographs`` that are drawn.
    """

    kind: Literal["golden", "random", "photographs"] = "random"
    bundle: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """A cell to be measured: everything a process of its own needs to open it.

    Attributes:
        path: The model file.
        sha256: Of the file.
        size_bytes: Of the file.
        format: ``tflite`` or ``onnx``.
        scheme: None where nothing tells.
        threads: For the computation.
        feed: What it is fed.
        backend: A name in `edgeface.runtime.BACKENDS`; None is the format's default.
        device: ``cpu``, ``gpu`` or ``npu``.
        stage: A key of `edgeface.bench.opening.OPENERS`.
        precision: ``f32`` or ``bf16`` where a backend may choose, else empty.
        options: What a stage needs beyond that, by name.
    """

    path: str
    sha256: str
    size_bytes: int
    format: str
    scheme: str | None
    threads: int = 1
    feed: Feed = Feed()
    backend: str | None = None
    device: str = "cpu"
    stage: str = "infer"
    precision: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> str:
        """Name, without its folder."""
        return Path(self.path).name


@dataclass(frozen=True, slots=True)
class Opened:
    """A task that is ready to be timed.

    Attributes:
        backend: Runtime and version.
        input: dtype and shape of one input, for people.
        inputs: A sequence of what is fed, in turn.
        call: What is timed, with one of the inputs or what ``before`` made of it.
        before: What comes before each call and is not timed; None where nothing does.
        device: What really computes.
        placed: Tells what took how many nodes, which may load the file once more; empty where the
            runtime does not tell.
        precision: In which it computes, where the backend may choose.
    """

    backend: str
    input: str
    inputs: Any
    call: Callable[[Any], Any]
    before: Callable[[Any], Any] | None = None
    device: str = "cpu"
    placed: Callable[[], str] = str
    precision: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a process tells of a cell that it opened.

    Attributes:
        backend: As in `Opened`, and so the next four.
        input: See there.
        device: See there.
        placed: See there.
        precision: See there.
        load_ns: Opening it, with the runtime loaded already.
        first_ns: The first call.
    """

    backend: str
    input: str
    device: str
    placed: str
    precision: str
    load_ns: int
    first_ns: int


Opener = Callable[[Task], Opened]
