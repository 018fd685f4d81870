"""The tables of a report: heads and rows, for the terminal, for Markdown and for the page."""

from edgeface.bench import words
from edgeface.bench.limits import QUANTILES
from edgeface.quantiles import quantile
from edgeface.report import Cell, ColdStart, Report

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
_TAILS = ("p90", "p95", "p99")


def cells(report: Report) -> Table:
    """Latency, a row a cell; files that were not measured last."""
    tails = [name for name in _TAILS if _supported(report, name)]
    staged = len({cell.stage for cell in report.cells}) > 1
    head = ["file", "size", "backend", "threads"]
    head += ["stage"] if staged else []
    head += ["n", "p50 ms", "95 % of p50", *(f"{name} ms" for name in tails)]
    rows = []
    for cell in report.cells:
        row = [cell.file, words.size(cell.size_bytes), words.runtime(cell), str(cell.threads)]
        row += [cell.stage] if staged else []
        row += [f"{len(cell.samples_ns):,}", words.ms(cell.quantile_ms(0.5))]
        row += [words.interval_ms(cell.interval_ms(0.5))]
        row += [words.ms(cell.quantile_ms(QUANTILES[name])) for name in tails]
        rows.append((*row, words.verdict(report, cell)))
    none = (words.NOTHING,) * (len(head) - 1)
    rows += [(s.file, *none, f"not measured: {s.reason}; {s.remedy}") for s in report.skipped]
    return (*head, "verdict"), rows


def _supported(report: Report, name: str) -> bool:
    return any(cell.quantile_ms(QUANTILES[name]) is not None for cell in report.cells)


def opening(report: Report) -> Table:
    """Opening a file, its first answer, and what took its nodes; a row a cell that opened one."""
    files: dict[tuple[str, ...], Cell] = {}  # both infer and invoke open it: it stands once
    for cell in report.cells:
        if cell.load_ns and words.opens_a_file(cell):
            files.setdefault((cell.file, words.runtime(cell), str(cell.threads)), cell)
    head = ("file", "backend", "threads", "load ms", "first inference ms", "placed")
    return head, [
        (
            cell.file,
            words.runtime(cell),
            str(cell.threads),
            words.milliseconds(cell.load_ns / 1e6),
            words.milliseconds(cell.first_ns / 1e6),
            cell.placed or words.NOTHING,
        )
        for cell in files.values()
    ]


def cold(report: Report) -> Table:
    """From process start to first result: the whole and its steps, medians of all starts."""
    steps = list(dict.fromkeys(step for one in report.cold for step in one.steps))
    head = ("file", "backend", "threads", "starts", "p50 ms", "range", *(f"{s} ms" for s in steps))
    return head, [_cold(one, steps) for one in report.cold]


def _cold(one: ColdStart, steps: list[str]) -> tuple[str, ...]:
    totals = [total / 1e6 for total in one.totals_ns]
    columns = dict(zip(one.steps, zip(*one.starts_ns, strict=True), strict=True))
    parts = [_middle(columns[step]) if step in columns else words.NOTHING for step in steps]
    spread = f"{words.milliseconds(min(totals))} to {words.milliseconds(max(totals))}"
    count = str(len(totals))
    whole = _middle(one.totals_ns)
    return (one.file, one.backend, str(one.threads), count, whole, spread, *parts)


def _middle(samples: tuple[int, ...]) -> str:
    value = quantile(samples, 0.5)
    return words.NOTHING if value is None else words.milliseconds(value / 1e6)


def memory(report: Report) -> Table:
    """Resident memory of a process of its own, in parts."""
    head = ("file", "backend", "threads", "Python and edgeface", "runtime", "model", "peak")
    return head, [
        (
            one.file,
            one.backend,
            str(one.threads),
            words.size(one.base_bytes),
            words.size(one.runtime_bytes),
            words.size(one.model_bytes),
            words.size(one.peak_bytes),
        )
        for one in report.memory
    ]


def energy(report: Report) -> Table:
    """What counters of the machine say."""
    head = ("counter", "during", "J", "s", "W", "mJ a call")
    return head, [
        (
            one.source,
            "the whole run" if one.cell is None else words.called(_cell(report, one.cell)),
            f"{one.joules:.3g}",
            f"{one.seconds:.3g}",
            f"{one.watts:.3g}",
            f"{1000 * one.joules / one.calls:.3g}" if one.calls else words.NOTHING,
        )
        for one in report.energy
    ]


def _cell(report: Report, index: int) -> Cell:
    return report.cells[index]
