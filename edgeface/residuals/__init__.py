"""How far from the points? The errors of a regression, in numpy alone, so that it runs on the Pi.

Everywhere: ``values`` (n,) what was answered, ``y`` (n,) what is right, both in the unit of y.
"""

from edgeface.residuals.change import Comparison, compare
from edgeface.residuals.errors import Values, answers, l2, rmse, worst
from edgeface.residuals.verdict import MARGIN, judge

__all__ = [
    "MARGIN",
    "Comparison",
    "Values",
    "answers",
    "compare",
    "judge",
    "l2",
    "rmse",
    "worst",
]
