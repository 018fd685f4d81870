"""Model files of regressions on the same points, and what is said of the differences.

As `edgeface.comparison` does it for pictures.
"""

from edgeface.pointcomparison.page import html, markdown
from edgeface.pointcomparison.result import Compared, Measured, compare, quantisation_cost
from edgeface.pointcomparison.subjects import (
    PointSubject,
    Shown,
    from_file,
    from_points,
    subjects_of,
)

__all__ = [
    "Compared",
    "Measured",
    "PointSubject",
    "Shown",
    "compare",
    "from_file",
    "from_points",
    "html",
    "markdown",
    "quantisation_cost",
    "subjects_of",
]
