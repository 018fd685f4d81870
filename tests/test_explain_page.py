"""The folder and its page: what is drawn, what is said, and that nothing comes from elsewhere."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeface import sealed
from edgeface.errors import UsageError

pytestmark = pytest.mark.tf


def explained(name: str, run: str, labels: tuple[str, ...] = ("Ada", "Bob")) -> Any:
    """A network with fresh weights, and a bright round thing for a face."""
    import keras

    from edgeface.train.explain.explanation import Explained
    from edgeface.train.explain.layers import layers_of
    from edgeface.train.explain.maps import feature_maps, first_weights
    from edgeface.train.networks import Design, network

    keras.utils.set_random_seed(3)
    model = network(name).build(Design(64, 64, 1, 2))
    rows, columns = np.mgrid[:64, :64]
    round_ = 200 * np.exp(-((rows - 32) ** 2 + (columns - 30) ** 2) / 400)
    crop = round_.astype(np.uint8)[..., None]
    confusion = ((3, 1), (0, 4))
    maps = feature_maps(model, crop)
    return Explained(
        run,
        name,
        labels,
        "gray",
        crop,
        layers_of(model),
        maps,
        first_weights(model),
        0.875,
        8,
        confusion,
    )


def subject(label: str = "Ada") -> Any:
    from edgeface.train.explain.subject import Subject

    picture = np.zeros((64, 64, 3), np.uint8)
    return Subject("Ada/1.png", label, picture, None, "the whole picture")


@pytest.fixture(scope="module")
def pair() -> Any:
    """The CNN beside the dense network."""
    from edgeface.train.explain.explanation import Explanation

    return Explanation(
        subject(), explained("olivetti", "cnn"), beside=explained("olivetti_dense", "plain")
    )


class Page(HTMLParser):
    """What a page refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if given.get("id"):
            self.ids.add(str(given["id"]))
        if tag == "a":
            self.links.append(str(given["href"]))
        if tag == "img":
            self.images.append(given)

    def handle_data(self, data: str) -> None:
        self.words += data


def written(found: Any, folder: Path) -> tuple[Page, set[str]]:
    from edgeface.train.explain.folder import PAGE, write

    write(found, folder, force=False)
    sealed.check(folder, "explanation")
    page = (folder / PAGE).read_text("utf-8")
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    return Page(page), {path.name for path in folder.iterdir()}


def test_olivetti_shows_four_filters_and_its_maps(pair: Any, tmp_path: Path) -> None:
    page, names = written(pair, tmp_path / "out")
    for said in (
        "conv1 of cnn: all 4 filters of 8×8.",
        "conv1: all 4 maps of 57×57",
        "pool1: all 4 maps of 14×14",
        "dense of plain: all 4 units of 64×64.",
        "3,405 parameters",
        "834,884 multiply-adds",
    ):
        assert said in page.words, said
    layers = [layer for layer in pair.main.layers if layer.kind != "InputLayer"]
    for at, layer in enumerate(layers, start=1):
        assert f"{at:02d}-{layer.name}.png" in names
    assert {"crop.png", "filters.png", "cost.png", "beside-filters.png", "beside-cost.png"} <= names


def test_the_cnn_and_the_dense_network_stand_side_by_side(pair: Any, tmp_path: Path) -> None:
    from edgeface.train.explain.tables import beside_rows

    rows = {row[0]: row[1:] for row in beside_rows(pair.main, pair.beside)}
    assert rows["network"] == ("olivetti", "olivetti_dense")
    assert rows["parameters"] == ("3,405", "16,393")
    assert rows["multiply-adds"] == ("834,884", "16,388")
    assert rows["validation accuracy"] == ("0.875 of 8", "0.875 of 8")
    page, _ = written(pair, tmp_path / "one")
    assert "Both were measured on the same held-back pictures." in page.words
    other, _ = written(replace(pair, same_pictures=False), tmp_path / "two")
    assert "measured on different pictures" in other.words


def test_every_picture_has_a_text_and_every_link_leads_somewhere(pair: Any, tmp_path: Path) -> None:
    page, names = written(pair, tmp_path / "out")
    assert len(page.images) == len([name for name in names if name.endswith(".png")])
    for image in page.images:
        assert str(image["src"]).startswith("data:image/png;base64,")
        assert image["alt"]
    assert len(page.links) == len(pair.main.layers) - 1
    assert {link.removeprefix("#") for link in page.links} <= page.ids


def test_names_are_shown_and_never_obeyed(tmp_path: Path) -> None:
    from edgeface.train.explain.explanation import Explanation

    bad = '<script>alert("x")</script>'
    main = explained("olivetti_dense", "r<b>un", (bad, "Bob & Co"))
    page, _ = written(Explanation(subject(bad), main), tmp_path / "out")
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert bad in page.words


def test_only_the_layers_that_were_asked_for_are_drawn(pair: Any, tmp_path: Path) -> None:
    from edgeface.train.explain.explanation import check_layers

    page, names = written(replace(pair, chosen=("pool1",)), tmp_path / "out")
    assert [name for name in names if name[0].isdigit()] == ["03-pool1.png"]
    assert page.links == ["#layer-pool1"]
    check_layers(["pool1", "conv1"], pair.main.layers)
    with pytest.raises(UsageError, match="--layer conv9: the network has no layer") as caught:
        check_layers(["pool1", "conv9"], pair.main.layers)
    assert "scaling, conv1, pool1" in caught.value.remedy


def test_what_a_layer_hands_on_is_not_drawn_twice(tmp_path: Path) -> None:
    from edgeface.train.explain.explanation import Explanation

    page, names = written(Explanation(subject(), explained("friends", "f")), tmp_path / "out")
    assert "it hands on what dense gave, unchanged: Dropout acts in training only" in page.words
    assert not [name for name in names if "dropout" in name]


def test_the_numbers_are_there_for_machines(pair: Any, tmp_path: Path) -> None:
    from edgeface.train.explain.folder import NUMBERS

    written(pair, tmp_path / "out")
    told = json.loads((tmp_path / "out" / NUMBERS).read_text())
    assert (told["schema"], told["kind"]) == (1, "explanation")
    assert told["picture"] == {"name": "Ada/1.png", "label": "Ada", "cut": "the whole picture"}
    assert told["macs"] == sum(layer["macs"] for layer in told["layers"]) == 834_884
    assert told["layers"][2] == {
        "name": "conv1",
        "kind": "Conv2D",
        "shape": [57, 57, 4],
        "parameters": 260,
        "macs": 831_744,
    }
    assert set(told["answer"]) == {"Ada", "Bob"}
    assert sum(told["answer"].values()) == pytest.approx(1)
    assert told["files"] == []
    assert told["beside"]["parameters"] == 16_393
    assert told["beside"]["confusion"] == [[3, 1], [0, 4]]


def test_a_failure_leaves_nothing(
    pair: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgeface.train.explain import drawing, folder

    def broken(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(drawing, "maps_sheet", broken)
    with pytest.raises(MemoryError):
        folder.write(pair, tmp_path / "out", force=False)
    assert not list(tmp_path.iterdir())


def test_the_documentation_names_every_key(pair: Any, checkout: Path) -> None:
    from edgeface.train.explain.record import as_dict

    text = (checkout / "docs" / "explain.md").read_text("utf-8")
    told = as_dict(pair)
    keys = {*told, *told["picture"], *told["layers"][0], *told["beside"]}
    assert {key for key in keys if f"`{key}`" not in text} == set()
