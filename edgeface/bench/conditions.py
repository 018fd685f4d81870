"""How the machine is around a window, outside of what is timed."""

import resource
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from edgeface.board import Run, sources
from edgeface.report import Conditions


def watch(root: Path = Path("/"), run: Run | None = None) -> Callable[[], Conditions]:
    """Begin to count context switches of this process.

    Args:
        root: Where ``proc`` and ``sys`` are.
        run: Runs a command; tests pass their own.

    Returns:
        To be called after the last call of the window.
    """
    before = resource.getrusage(resource.RUSAGE_SELF)

    def end() -> Conditions:
        after = resource.getrusage(resource.RUSAGE_SELF)
        return Conditions(
            clock_mhz=sources.clock_mhz(root),
            temperature_c=sources.temperature_c(root),
            throttle_bits=_throttle_bits(root, run),
            voluntary=after.ru_nvcsw - before.ru_nvcsw,
            involuntary=after.ru_nivcsw - before.ru_nivcsw,
        )

    return end


def _throttle_bits(root: Path, run: Run | None) -> int | None:
    """Looking for the command on every board that is no Pi would cost a process each time."""
    if run is None and not _has_vcgencmd():
        return None
    return sources.throttle_bits((run or sources.run)(("vcgencmd", "get_throttled")))


@lru_cache(maxsize=1)
def _has_vcgencmd() -> bool:
    return shutil.which("vcgencmd") is not None
