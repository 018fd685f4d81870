"""``curve`` and ``curve_single``: a smooth curve fitted to points, and the network that cannot.

Source: the documented regression. ``curve``: Dense64, Dense64 tanh, Dense64, Dense1; 8,513
parameters for one input (128 + 4,160 + 4,160 + 65). ``curve_single``: Dense64, Dense1; 193
parameters (128 + 65). The other layers have no activation, so that the single one is a straight
line, whatever it learns, and cannot bend. Batch 16, rate 1e-2, 500 epochs; the optimiser and the
loss are not documented, Adam on the mean squared error is taken for them.

Recorded is an L2 error of 148.8 for ``curve`` and of 856 for ``curve_single``; the goal is below
200. The L2 error is here the square root of the sum of the squared errors over all points of the
file, those that were trained on and those held back, in the unit of y (`edgeface.residuals.l2`);
what is held back is told beside it. The original's own points are not to be had: drawn points of
its kind are used in their place (`edgeface.datasets.drawn.curve`, chosen before any network was
fitted to them), so that the recorded figures are a yardstick and no target.
"""

from typing import Any

from edgeface.train.networks.points import PointDesign, PointNetwork, PointPlan

# The scaling layers of the default networks.
FIRST, LAST = "standard", "value"

_RECORDED = "L2 error {}, on points that are not to be had"
_DOCUMENTED = PointPlan(500, 16, 1e-2, "none", 0.0, "last")
_DEFAULT = PointPlan(500, 16, 3e-3, "cosine", 1.0, "best")
_CHANGES = (
    "x and y are brought to mean 0 and deviation 1 in the network's first layer, and back in its "
    "last: whatever the unit of y, the same rate does",
    "the rate begins at 3e-3 and falls along half a cosine to nothing: at a constant 1e-2 the last "
    "epochs jump about",
    "gradients are clipped, and the weights of the best epoch are kept instead of the last one's",
)
# A network of small start weights is nearly a straight line; from there it takes hundreds of epochs
# to bend at all, or stays one.
_BENDS = (
    "tanh in all three layers, and start weights and biases of the first with deviation 1: its "
    "units begin bent, each at a place of its own",
)


def _construct(design: PointDesign, hidden: tuple[str | None, ...], name: str) -> Any:
    import keras

    layers, standard = keras.layers, design.standard
    bends = design.variant == "default" and any(hidden)
    raw = keras.Input((design.inputs,), name="x")
    ours = design.variant == "default"
    values = raw
    if ours:
        scale = [1 / deviation for deviation in standard.x_deviation]
        offset = [-m * s for m, s in zip(standard.x_mean, scale, strict=True)]
        one = design.inputs == 1
        values = layers.Rescaling(
            scale[0] if one else scale, offset[0] if one else offset, name=FIRST
        )(values)
    for number, activation in enumerate(hidden, start=1):
        start: dict[str, Any] = {}
        if bends and number == 1:
            wide = keras.initializers.RandomNormal
            start = {"kernel_initializer": wide(stddev=1.0), "bias_initializer": wide(stddev=1.0)}
        used = "tanh" if bends else activation
        values = layers.Dense(64, activation=used, name=f"dense{number}", **start)(values)
    values = layers.Dense(1, name="unit" if ours else LAST)(values)
    if ours:
        values = layers.Rescaling(standard.y_deviation, standard.y_mean, name=LAST)(values)
    return keras.Model(raw, values, name=name)


NETWORK = PointNetwork(
    name="curve",
    source="the documented regression",
    recorded=_RECORDED.format("148.8"),
    documented=_DOCUMENTED,
    default=_DEFAULT,
    changes=(*_CHANGES, *_BENDS),
    construct=lambda design: _construct(design, (None, "tanh", None), "curve"),
)

SINGLE = PointNetwork(
    name="curve_single",
    source="the documented regression, the variant that fails",
    recorded=_RECORDED.format("856"),
    documented=_DOCUMENTED,
    default=_DEFAULT,
    changes=_CHANGES,
    construct=lambda design: _construct(design, (None,), "curve_single"),
)
