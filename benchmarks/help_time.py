"""How long ``edgeface --help`` takes, in fresh processes; the goal is less than 0.4 s.

Usage: python benchmarks/help_time.py [RUNS]

Prints JSON: every sample, their median and range, and the ten imports that cost most.
"""

import json
import re
import statistics
import subprocess
import sys
import time

GOAL_S = 0.4
COMMAND = [sys.executable, "-m", "edgeface", "--help"]


def wall_s() -> float:
    """One fresh process, from its start to its end."""
    begin = time.perf_counter()
    subprocess.run(COMMAND, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def import_costs(count: int = 10) -> list[tuple[str, float]]:
    """(module, milliseconds of its own), the most expensive first."""
    command = [COMMAND[0], "-X", "importtime", *COMMAND[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr)
    costs = sorted(((int(us) / 1000, name) for us, name in lines), reverse=True)
    return [(name, ms) for ms, name in costs[:count]]


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    wall_s()  # compiles what was not compiled, and fills the page cache
    samples = [wall_s() for _ in range(runs)]
    result = {
        "command": "edgeface --help",
        "goal_s": GOAL_S,
        "median_s": round(statistics.median(samples), 4),
        "lowest_s": round(min(samples), 4),
        "highest_s": round(max(samples), 4),
        "samples_s": [round(s, 4) for s in samples],
        "imports_ms": import_costs(),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
