"""How long each cell is measured: the modes of `edgeface bench`."""

from typing import Literal

from edgeface.report import Method, Mode

PROCESSES = 2
OFFICIAL_SECONDS = 60.0
OFFICIAL_SAMPLES = 1024
# What all cells together may take. The fewest samples of a cell come first, so that slow models
# take longer; six in every window, for an interval of its median.
_TOTAL_S = {"quick": 10.0, "default": 60.0}
_WINDOWS = {"quick": 8, "default": 16, "official": 40}
# A model of two microseconds would make reports of a hundred megabytes; p99.9 takes 6,636.
_MOST_SAMPLES = 8192
_FEWEST_S = {"quick": 0.1, "default": 0.25}
_WARMUP_S = (0.02, 0.3)
_WARMUP_SHARE = 0.1
_START_S = 1.0  # of one process, with its imports: short of this on a PC, above it on a board
_IN_A_WINDOW = 6


def plan(
    mode: Mode,
    cells: int,
    *,
    seconds: float | None = None,
    processes: int = PROCESSES,
    seed: int = 0,
    input: Literal["golden", "random"] = "golden",
) -> Method:
    """The method of a mode.

    Args:
        mode: ``quick``: about 10 s for all cells together; ``default``: about a minute; less where
            8,192 samples of a cell are there before. ``official``: at least 60 s and 1,024 samples
            a cell; ``seconds``: so long a cell.
        cells: How many share the time, at least 1.
        seconds: Of one cell, for ``seconds``.
        processes: How many take turns.
        seed: Of the order, and of random input.
        input: What is fed.
    """
    if mode == "seconds":
        if seconds is None:
            msg = "mode 'seconds' needs a number of seconds"
            raise ValueError(msg)
        # Turns of a quarter of a second: what happens to the board meets every cell alike.
        windows = _even(min(max(16, round(seconds * 4)), _WINDOWS["official"]), processes)
        least, warmup = windows * _IN_A_WINDOW, _WARMUP_S[1]
    elif mode == "official":
        seconds, windows = OFFICIAL_SECONDS, _even(_WINDOWS[mode], processes)
        least, warmup = OFFICIAL_SAMPLES, _WARMUP_S[1]
    else:
        windows, total = _even(_WINDOWS[mode], processes), _TOTAL_S[mode]
        warmup = min(max(total * _WARMUP_SHARE / cells / processes, _WARMUP_S[0]), _WARMUP_S[1])
        left = total - processes * (_START_S + cells * warmup)
        least, seconds = windows * _IN_A_WINDOW, max(left / cells, _FEWEST_S[mode])
    return Method(
        seconds=round(seconds, 3),
        samples=_MOST_SAMPLES if mode in _TOTAL_S else None,
        least=least,
        windows=windows,
        warmup_s=round(warmup, 3),
        seed=seed,
        input=input,
        mode=mode,
        processes=processes,
    )


def _even(windows: int, processes: int) -> int:
    """Every process has as many windows as any other."""
    return -(-windows // processes) * processes
