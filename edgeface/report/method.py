"""How samples were taken."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["quick", "default", "official", "seconds"]


@dataclass(frozen=True, slots=True)
class Method:
    """How the samples were taken; given to `edgeface.bench.measure` and kept with its result.

    Attributes:
        seconds: A cell is timed for at most this long, all windows of all processes together,
        samples: or until it has this many samples (None: time alone decides),
        least: but always for this many, however long they take.
        windows: Into how many turns a cell's samples are divided, all processes together.
        warmup_s: In every process every cell runs unrecorded at least this long at first,
        warmup_calls: and at least this often.
        settle_calls: Unrecorded calls at the start of each window: another cell had the caches.
        order: ``shuffled``: in every round each cell has one window, in an order drawn anew.
        clock: ``perf_counter_ns``.
        seed: Of the order, and of random input.
        input: ``golden``: the crops of the bundle, in turn; ``random``: drawn for the file's dtype.
        mode: What was asked for: ``quick``, ``default``, ``official``, or ``seconds``, a time of
            the caller's own.
        processes: How many processes took turns, each of which opened every cell itself.
    """

    seconds: float
    samples: int | None
    least: int
    windows: int
    warmup_s: float = 0.3
    warmup_calls: int = 10
    settle_calls: int = 3
    order: Literal["shuffled"] = "shuffled"
    clock: str = "perf_counter_ns"
    seed: int = 0
    input: Literal["golden", "random"] = "golden"
    mode: Mode = "seconds"
    processes: int = 1
