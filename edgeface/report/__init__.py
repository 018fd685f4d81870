"""The latency report, ``*.bench.json``: every sample, and what can be concluded from them.

The file holds facts: the board, the method, the raw nanoseconds. Quantiles, intervals and verdicts
are computed when it is read, so that a better rule applies to old measurements too.
"""

from edgeface.report.cell import Cell, Skipped
from edgeface.report.cost import ColdStart, Energy, Memory, Resident
from edgeface.report.file import SCHEMA, SUFFIX, Report
from edgeface.report.method import Method, Mode
from edgeface.report.verdict import Verdict, Word
from edgeface.report.window import Conditions, Window

__all__ = [
    "SCHEMA",
    "SUFFIX",
    "Cell",
    "ColdStart",
    "Conditions",
    "Energy",
    "Memory",
    "Method",
    "Mode",
    "Report",
    "Resident",
    "Skipped",
    "Verdict",
    "Window",
    "Word",
]
