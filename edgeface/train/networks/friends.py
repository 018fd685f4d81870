"""``friends``: a small CNN that tells a few people apart by 64x64 gray crops of their faces.

Source: the documented three-friends system. Layers: Conv32 3x3, pool, Conv32 3x3, pool,
Conv64 3x3, pool, Flatten, Dense64, Dropout 0.5, Dense N softmax; ReLU; unpadded convolutions, 2x2
maximum pooling; 22 px are the least (22 → 20 → 10 → 8 → 4 → 2 → 1). 175,779 parameters for three
people at 64 px (320 + 9,248 + 18,496 + 147,520 + 195).
"""

import keras

INIT = "he_normal"  # for ReLU (He et al. 2015, arXiv:1502.01852)


def build(size: int, classes: int) -> keras.Model:
    """The network, uncompiled.

    Args:
        size: Side of the square input, in pixels.
        classes: Number of people.

    Returns:
        (batch, size, size, 1) float32 0 to 255 → (batch, classes) float32 probabilities.
    """
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((size, size, 1), name="pixels"),
            # Around zero, not 0 to 1 as documented: on three people it saves the 40 epochs in which
            # nothing is learned yet, and in int8 the scale 1/128 and zero point 128 are exact.
            layers.Rescaling(1 / 128, offset=-1, name="scaling"),
            layers.Conv2D(32, 3, activation="relu", kernel_initializer=INIT, name="conv1"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(32, 3, activation="relu", kernel_initializer=INIT, name="conv2"),
            layers.MaxPooling2D(name="pool2"),
            layers.Conv2D(64, 3, activation="relu", kernel_initializer=INIT, name="conv3"),
            layers.MaxPooling2D(name="pool3"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, activation="relu", kernel_initializer=INIT, name="dense"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(classes, activation="softmax", name="probs"),
        ],
        name="friends",
    )
