"""The pictures that set the ranges of int8: drawn, audited, and measured for what they are worth.

Which they are is `draw` and `candidates`; whether they are fit for it `audit`, with `levels`,
`resemblance` and `marks`; what they were worth `ranges`, `halves` and `curve`; what of them sets a
range `methods`.
"""

from edgeface.convert.calibration.draw import draw as draw
from edgeface.convert.calibration.draw import with_black_and_white as with_black_and_white
