"""What this process has used so far: seconds since it started, and memory at its peak."""

import os
import resource
import sys
import time
from pathlib import Path

_IMPORTED_NS = time.monotonic_ns()


def seconds_since_start() -> float:
    """Seconds since the kernel started this process, interpreter and imports included.

    From ``/proc/self/stat``, to the hundredth; where there is none, since this module was imported.
    """
    try:
        # The name in parentheses may hold spaces; field 22 is the start in ticks since boot.
        fields = Path("/proc/self/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, IndexError, ValueError, AttributeError):
        return (time.monotonic_ns() - _IMPORTED_NS) / 1e9


def peak_memory_mib() -> float:
    """The largest resident size so far, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
