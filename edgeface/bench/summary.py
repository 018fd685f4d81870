"""What ``edgeface bench --json`` prints: the report with its statistics beside the samples."""

from collections.abc import Sequence
from typing import Any

from edgeface import records
from edgeface.bench.against import Against
from edgeface.bench.findings import beside_float32, findings
from edgeface.bench.kept import Kept
from edgeface.bench.limits import QUANTILES
from edgeface.bench.ratio import Ratio
from edgeface.bench.words import milliseconds
from edgeface.report import Cell, ColdStart, Report

__all__ = ["as_data", "findings", "milliseconds"]


def as_data(
    report: Report, against: Against | None = None, kept: Kept | None = None
) -> dict[str, Any]:
    """The report with the statistics beside the samples, in milliseconds; ready for JSON.

    Args:
        report: What was measured.
        against: The older report that it is held against.
        kept: What became of the limits.
    """
    plain = records.plain(report)
    whole = {
        **{key: value for key, value in plain.items() if key not in ("schema", "cells")},
        "cells": [_cell(report, cell) for cell in report.cells],
        "cold": [_cold(cold) for cold in report.cold],
        "beside_float32": [
            {
                "cell": report.cells.index(cell),
                "float32": report.cells.index(base),
                **ratio_data(found),
            }
            for cell, base, found in beside_float32(report.cells)
        ],
        "findings": findings(report),
    }
    if against is not None:
        whole["against"] = _against(against)
    if kept is not None:
        whole["limits"] = {
            "kept": not kept.missed and not kept.unjudged,
            "missed": [records.plain(missed) for missed in kept.missed],
            "unjudged": [records.plain(unjudged) for unjudged in kept.unjudged],
        }
    return whole


def _cell(report: Report, cell: Cell) -> dict[str, Any]:
    verdict = report.verdict(cell)
    quantiles = {f"{name}_ms": cell.quantile_ms(share) for name, share in QUANTILES.items()}
    intervals = {
        f"{name}_interval_ms": _pair(cell.interval_ms(share)) for name, share in QUANTILES.items()
    }
    return {
        "file": cell.file,
        "sha256": cell.sha256,
        "format": cell.format,
        "scheme": cell.scheme,
        "backend": cell.backend,
        "device": cell.device,
        "placed": cell.placed,
        "precision": cell.precision,
        "threads": cell.threads,
        "stage": cell.stage,
        "size_bytes": cell.size_bytes,
        "input": cell.input,
        "n": len(cell.samples_ns),
        **quantiles,
        **intervals,
        "load_ms": cell.load_ns / 1e6,
        "first_ms": cell.first_ns / 1e6,
        "problem": cell.problem,
        "verdict": verdict.word,
        "reason": verdict.reason,
        "remedy": verdict.remedy,
        "samples_ns": list(cell.samples_ns),
    }


def _cold(cold: ColdStart) -> dict[str, Any]:
    return {**records.plain(cold), "totals_ms": [total / 1e6 for total in cold.totals_ns]}


def _pair(found: Sequence[float] | None) -> list[float] | None:
    return None if found is None else list(found)


def ratio_data(found: Ratio) -> dict[str, Any]:
    """A ratio with its interval and what it shows."""
    interval = None if found.low is None or found.high is None else [found.low, found.high]
    return {"ratio": found.value, "interval": interval, "way": found.way}


def _against(against: Against) -> dict[str, Any]:
    return {
        "file": against.name,
        "created": against.before.created,
        "same_board": against.same_board,
        "differences": [records.plain(one) for one in against.differences],
        "cells": [
            {"cell": index, **ratio_data(found), "other_bytes": index in against.other_bytes}
            for index, found in against.ratios.items()
        ],
        "only_now": list(against.only_now),
        "only_before": list(against.only_before),
    }
