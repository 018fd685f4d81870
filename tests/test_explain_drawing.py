"""The pictures: what is in them, pixel by pixel, and what they say of themselves."""

import io
from typing import Any

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image")  # of the training half

pytestmark = pytest.mark.tf
RED, BLUE, WHITE = (103, 0, 31), (5, 48, 97), (247, 246, 246)  # the ends and the middle of RdBu
DARK, BRIGHT = (68, 1, 84), (253, 231, 37)  # the ends of viridis


def opened(png: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def at(picture: Any, row: int, column: int) -> tuple[int, ...]:
    return tuple(int(v) for v in picture[row, column])


def test_signed_maps_are_blue_white_and_red_in_their_places() -> None:
    from edgeface.train.explain.drawing import maps_sheet

    values = np.zeros((2, 2, 1), np.float32)
    values[0, 1], values[1, 0] = 2, -2
    png, said = maps_sheet(values)
    picture = opened(png)  # 10 px of edge, 48 px for each number
    assert at(picture, 20, 20) == WHITE
    assert at(picture, 20, 80) == RED
    assert at(picture, 80, 20) == BLUE
    assert said == "the one map of 2×2"


def test_maps_of_a_layer_share_one_range() -> None:
    from edgeface.train.explain.drawing import maps_sheet

    values = np.zeros((2, 2, 2), np.float32)
    values[..., 0], values[..., 1] = 4, 0
    png, said = maps_sheet(values)
    picture = opened(png)
    assert at(picture, 20, 20) == BRIGHT
    assert at(picture, 20, 10 + 96 + 6 + 10) == DARK
    assert said == "all 2 maps of 2×2; 1 of 2 are 0 everywhere on this picture"


def test_more_channels_than_are_shown_are_counted() -> None:
    from edgeface.train.explain.drawing import maps_sheet

    values = np.random.default_rng(0).normal(size=(4, 4, 100)).astype(np.float32)
    png, said = maps_sheet(values)
    assert said == "the first 32 of 100 maps of 4×4"
    all_of_them, said = maps_sheet(values, most=100)
    assert said == "all 100 maps of 4×4"
    assert opened(all_of_them).shape[0] > 3 * opened(png).shape[0] - 100


@pytest.mark.parametrize("size", [1, 4, 64, 300, 10_816])
def test_vectors_of_any_length_have_a_picture(size: int) -> None:
    from edgeface.train.explain.drawing import maps_sheet

    values = np.arange(1, size + 1, dtype=np.float32)
    png, said = maps_sheet(values)
    picture = opened(png)
    assert picture.shape[0] < 600
    assert picture.shape[1] < 900
    assert said == ("one number" if size == 1 else f"{size} numbers")
    # The last number is the brightest; what is behind it in its row is paper.
    assert BRIGHT in {tuple(int(v) for v in p) for p in np.unique(picture.reshape(-1, 3), axis=0)}


def test_large_maps_are_made_smaller() -> None:
    from edgeface.train.explain.drawing import maps_sheet

    png, _ = maps_sheet(np.ones((500, 250, 2), np.float32))
    assert opened(png).shape[0] < 200


def test_all_zeros_can_be_drawn() -> None:
    from edgeface.train.explain.drawing import first_sheet, maps_sheet
    from edgeface.train.explain.maps import FirstWeights

    png, said = maps_sheet(np.zeros((3, 3, 2), np.float32))
    assert at(opened(png), 20, 20) == DARK
    assert said.endswith("2 of 2 are 0 everywhere on this picture")
    assert maps_sheet(np.zeros(5, np.float32))[1] == "5 numbers, 5 of them 0"
    dead = FirstWeights("conv", "filters", np.zeros((2, 3, 3, 1), np.float32))
    assert at(opened(first_sheet(dead, "gray")[0]), 20, 20) == WHITE


def test_beside_the_network_the_channels_that_differ_most_are_shown() -> None:
    from edgeface.train.explain.drawing import beside_sheet

    reference = np.ones((4, 4, 20), np.float32)
    values = reference.copy()
    values[..., 15] += 0.5
    values[..., 3] -= 0.25
    png, said = beside_sheet(reference, [("tflite int8", values)])
    assert said == "the 8 of 20 channels that differ most"
    colours = {tuple(int(v) for v in p) for p in np.unique(opened(png).reshape(-1, 3), axis=0)}
    assert RED in colours  # channel 15, by the largest difference
    few, said = beside_sheet(reference[..., :4], [("tflite int8", values[..., :4])])
    assert said == "all 4 channels"
    assert opened(few).shape[1] < opened(png).shape[1]


def test_filters_of_three_colours_are_shown_in_colour() -> None:
    from edgeface.train.explain.drawing import first_sheet
    from edgeface.train.explain.maps import FirstWeights

    weights = np.zeros((2, 1, 1, 3), np.float32)
    weights[0, 0, 0] = (1, 0, -1)
    png, said = first_sheet(FirstWeights("conv1", "filters", weights), "rgb")
    assert at(opened(png), 20, 20) == (255, 128, 0)
    assert said == "all 2 filters of 1×1; gray is 0, the brightest colour 1"
    png, _ = first_sheet(FirstWeights("conv1", "filters", weights), "bgr")
    assert at(opened(png), 20, 20) == (0, 128, 255)


def test_a_crop_is_shown_as_the_network_gets_it() -> None:
    from edgeface.train.explain.drawing import crop_sheet

    gray = np.zeros((8, 8, 1), np.uint8)
    gray[:4] = 200
    picture = opened(crop_sheet(gray, "gray"))
    assert at(picture, 20, 20) == (200, 200, 200)
    assert at(picture, 190, 20) == (0, 0, 0)
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 0] = 255
    assert at(opened(crop_sheet(blue, "bgr")), 20, 20) == (0, 0, 255)
    assert at(opened(crop_sheet(blue, "rgb")), 20, 20) == (255, 0, 0)


def test_charts_are_pictures_of_the_layers_they_are_given() -> None:
    from edgeface.train.explain.charts import cost_chart, noise_chart
    from edgeface.train.explain.layers import Layer

    def layers(count: int) -> list[Any]:
        return [Layer(f"conv{i}", "Conv2D", (4, 4, 8), 100 * i, 1000 * i) for i in range(count)]

    small, large = opened(cost_chart(layers(3))), opened(cost_chart(layers(60)))
    assert large.shape[0] > 3 * small.shape[0]
    noise = opened(
        noise_chart(["a", "b"], {"tflite int8": [40.0, None], "onnx int8": [None, -3.0]})
    )
    assert noise.std() > 0
    assert opened(cost_chart([Layer("flatten", "Flatten", (4,), 0, 0)])).size  # nothing to show
