"""What int8 and the other schemes cost or save in time, on every system and every backend.

    python benchmarks/int8_latency.py BUNDLES [--reports DIR]

BUNDLES holds a bundle for every system, as ``schemes.py`` makes them; the first seed's is taken.
``edgeface bench BUNDLE --backend all`` measures each, all of its files on all installed backends in
turns, and its report with every sample is kept in DIR: what stands there is not measured again.
The table gives the ratio of medians to the float32 file of the same format on the same backend,
with the interval of `edgeface.bench.ratio`. Wants an idle machine.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from peers import SYSTEMS, table

from edgeface import board
from edgeface.bench.findings import beside_float32
from edgeface.bench.words import milliseconds
from edgeface.report import SUFFIX, Report

HEAD = ["system", "format", "backend", "scheme", "float32 ms", "ms", "ratio (95 %)", "", "verdict"]


def measured(system: str, bundle: Path, reports: Path) -> Report:
    """The report of a system, made where it is not there yet."""
    kept = reports / f"{system}{SUFFIX}"
    if not kept.exists():
        words = ["bench", str(bundle), "--backend", "all", "--out", str(kept)]
        command = [sys.executable, "-m", "edgeface", *words]
        print("$ edgeface", *words, file=sys.stderr)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return Report.load(kept)


def rows(system: str, report: Report) -> list[list[str]]:
    """A row for every file but float32, on every backend."""
    found = []
    for cell, base, ratio in beside_float32(report.cells):
        times = f"{ratio.value:.2f}"
        if ratio.low is not None and ratio.high is not None:
            times += f" ({ratio.low:.2f} to {ratio.high:.2f})"
        verdicts = {report.verdict(one).word for one in (cell, base)}
        medians = [cell.quantile_ms(0.5), base.quantile_ms(0.5)]
        own, float32 = ("–" if m is None else milliseconds(m) for m in medians)
        found.append(
            [
                *(system, cell.format, cell.backend.partition(" ")[0], cell.scheme or "–"),
                *(float32, own, times, ratio.way, ", ".join(sorted(verdicts))),
            ]
        )
    return found


def page(reports: dict[str, Report]) -> str:
    """The table, and where int8 loses."""
    made = [row for system, report in reports.items() for row in rows(system, report)]
    slower = [row for row in made if row[3] == "int8" and row[7] == "slower"]
    first = next(iter(reports.values()))
    lost = [f"- {row[0]}: {row[1]} on {row[2]}: {row[6]} times as long" for row in slower]
    return "\n".join(
        [
            "# Every scheme on every backend, in time",
            "",
            board.describe(first.board, first.before) + "; one thread.",
            "",
            table(HEAD, made),
            "",
            "Where int8 is slower than float32:",
            "",
            *(lost or ["- nowhere"]),
            "",
        ]
    )


def main() -> None:
    """Measure what is missing and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundles", type=Path)
    parser.add_argument("--reports", type=Path, default=Path("benchmarks/results/int8-latency"))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    asked = parser.parse_args()
    asked.reports.mkdir(parents=True, exist_ok=True)
    made = {s: measured(s, asked.bundles / f"{s}_default_0", asked.reports) for s in SYSTEMS}
    (asked.out / "int8-latency.md").write_text(page(made), "utf-8")
    print(page(made))


if __name__ == "__main__":
    main()
