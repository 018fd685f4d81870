"""The page and the Markdown of a comparison: whole, without scripts, the pictures right."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface.comparison import Cut, Pictures, Subject, compare, html, markdown
from edgeface.comparison.cards import png
from edgeface.comparison.page import MOST_FLIPS
from edgeface.datasets.crops import CropStore
from edgeface.images import Preprocess
from edgeface.runtime import BACKENDS
from edgeface.vision.unknown import Rule

EVIL = "<script>alert('&')</script>|*_`\nx"
VOID = {"meta", "img", "br", "wbr", "line", "circle", "polyline"}


class Strict(HTMLParser):
    """Fails where a tag is not closed in order; remembers what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    @classmethod
    def read(cls, page: str) -> "Strict":
        parser = cls()
        parser.feed(page)
        assert parser.open == []
        return parser


def subject(name: str, labels: tuple[str, ...], cut: Cut, scheme: str) -> Subject:
    return Subject(
        *(name, Path(f"{scheme}.tflite"), "tflite", scheme, 1234, labels, cut, Path("b")),
        sha256="0" * 64,
        rule=Rule(0.5),
    )


RGB = Cut.of(Preprocess(8, 8, "rgb"), "haar")
BGR = Cut.of(Preprocess(8, 8, "bgr"), "haar")


def shades(n: int) -> np.ndarray:
    pixels = np.zeros((n, 8, 8, 3), np.uint8)
    pixels[..., 0] = 250  # of rgb: red
    pixels[..., 2] = np.arange(n)[:, None, None] % 200
    return pixels


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_backend):
    """Compares two files of which the second answers every picture below ``flips`` otherwise."""
    kind = type(fake_backend)
    monkeypatch.chdir(tmp_path)
    for scheme in ("float32", "int8"):
        Path(f"{scheme}.tflite").touch()

    def make(n: int = 6, flips: int = 2, labels=("ada", "bob", "cyd"), cut: Cut = RGB, **names):
        class Plain(kind):  # type: ignore[misc,valid-type]
            def __init__(self) -> None:
                super().__init__(classes=len(labels), shape=(8, 8, 3))

            def infer(self, pixels):
                number = int(min(pixels[0, 0, 0], pixels[0, 0, 2]))
                probs = np.full(len(labels), 0.2 / (len(labels) - 1), np.float32)
                probs[number % len(labels)] = 0.8
                return probs

        class Flipping(Plain):
            def infer(self, pixels):
                number = int(min(pixels[0, 0, 0], pixels[0, 0, 2]))
                probs = super().infer(pixels)
                return np.roll(probs, 1) if number < flips else probs

        def opened(path: Path, threads: int):
            return Flipping() if "int8" in path.name else Plain()

        monkeypatch.setitem(BACKENDS, "tflite", {"fake": opened})
        pixels = shades(n)
        pictures = Pictures(
            names.get("what", "photos"),
            tuple(names.get("name", f"{labels[i % len(labels)]}/{i}.png") for i in range(n)),
            np.arange(n) % len(labels),
            {RGB: CropStore.of(pixels), BGR: CropStore.of(pixels[..., ::-1])},
            {RGB: CropStore.of(pixels[:4]), BGR: CropStore.of(pixels[:4, ..., ::-1])},
            ("eve", "eve", "fay", "gus"),
            left_out={"no face found": 3},
        )
        files = (
            subject(names.get("file", "m.float32"), labels, RGB, "float32"),
            subject("m.int8", labels, cut, "int8"),
        )
        return compare(files, pictures, 1, lambda rows, doing: rows)

    return make


def images(page: str) -> list[np.ndarray]:
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [cv2.imdecode(np.frombuffer(base64.b64decode(d), np.uint8), 1) for d in found]


def test_a_whole_page_without_scripts_or_anything_from_elsewhere(compared) -> None:
    page = html(compared())
    read = Strict.read(page)
    assert read.tags >= {"table", "svg", "img", "details", "figure"}
    assert not read.tags & {"script", "link", "iframe", "object", "embed", "base"}
    for tag, name, value in read.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href"):
            assert value.startswith("data:image/png;base64,")
    assert "url(" not in page
    assert "@import" not in page
    assert "http" not in page.split("</style>")[1]
    assert "prefers-color-scheme: dark" in page
    for said in (
        "m.int8",
        "2 lost, 0 gained",
        "3 left out: no face found",
        "4 faces of people who",
    ):
        assert said in page


def test_flips_side_by_side_in_the_right_colours(compared) -> None:
    page = html(compared(flips=2))
    cards = page.split("<li class=card>")[1:3]
    assert "ada/0.png" in cards[0]
    assert "bob/1.png" in cards[1]
    first = cards[0]
    assert first.count("<img") == 1  # both were shown the same crop
    before, after = first.split("<div class=side>")[1:]
    assert re.search(r'score best right"><span>ada</span><span>0.800', before)
    assert re.search(r'score best wrong"><span>bob</span><span>0.800', after)
    (picture,) = images(first)
    assert picture.shape == (8, 8, 3)
    assert picture[4, 4].tolist() == [0, 0, 250]  # OpenCV has blue first: it is red


def test_files_that_are_shown_other_crops_each_have_theirs(compared) -> None:
    page = html(compared(cut=BGR))
    card = page.split("<li class=card>")[1]
    assert card.count("<img") == 2
    one, other = images(card)
    assert one[4, 4].tolist() == other[4, 4].tolist() == [0, 0, 250]


def test_a_crop_as_a_picture() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 5, 3), np.uint8)
    for colour, expected in (("bgr", pixels), ("rgb", pixels[..., ::-1])):
        assert np.array_equal(
            cv2.imdecode(np.frombuffer(png(pixels, colour), np.uint8), 1), expected
        )
    gray = cv2.imdecode(np.frombuffer(png(pixels[..., :1], "gray"), np.uint8), -1)
    assert np.array_equal(gray, pixels[..., 0])


def test_what_is_too_much_is_counted(compared) -> None:
    page = html(compared(n=MOST_FLIPS + 20, flips=MOST_FLIPS + 7))
    flipped = page.split("<h2>Who gets a name")[0]
    assert flipped.count("<li class=card>") == MOST_FLIPS
    assert f"{MOST_FLIPS + 7} pictures flipped" in page
    assert "7 more are not shown" in page


def test_names_are_escaped(compared) -> None:
    labels = (EVIL, "bob", "cyd")
    result = compared(labels=labels, name=EVIL, file=EVIL, what=EVIL)
    page = html(result)
    assert "script" not in Strict.read(page).tags
    assert "<script" not in page
    text = markdown(result)
    assert "<script" not in text.replace("\\<script", "")
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert tables
    assert not [line for line in tables if line.count(" | ") > 12]  # no cell was torn


def test_many_classes_have_no_matrix(compared) -> None:
    many = tuple(f"person {i}" for i in range(13))
    page = html(compared(n=26, labels=many))
    assert "class=confusion" not in page
    assert "The commonest mix-ups" in page
    few = html(compared(n=26))
    assert "class=confusion" in few


def test_two_classes_have_a_curve_and_more_have_none(compared) -> None:
    assert "<h2>ROC" not in html(compared())
    result = compared(labels=("nonface", "face"))
    page = html(result)
    Strict.read(page)
    assert "<h2>ROC" in page
    assert page.count("<polyline") == 2
    assert "## ROC" in markdown(result)


def test_nothing_flipped(compared) -> None:
    result = compared(flips=0)
    assert "No picture flipped with m.int8." in html(result)
    assert "m.int8: no picture flipped" in markdown(result)


def test_a_file_without_a_number_has_a_page(compared, monkeypatch, fake_backend) -> None:
    result = compared(flips=0)
    kind = type(fake_backend)

    class Nan(kind):  # type: ignore[misc,valid-type]
        def infer(self, pixels):
            return np.full(3, np.nan, np.float32)

    def opened(path: Path, threads: int):
        return Nan(shape=(8, 8, 3))

    monkeypatch.setitem(BACKENDS, "tflite", {"fake": opened})
    files = tuple(file.subject for file in result.files)
    page = html(compare(files, result.pictures, 1, lambda rows, doing: rows))
    Strict.read(page)
    assert "no number" in page


def test_markdown_has_the_same_figures(compared) -> None:
    text = markdown(compared())
    for said in (
        "- **m.int8**: ",
        "| m.int8 | 0.667 |",
        "| ada/0.png | ada | ada 0.800 | bob 0.800 | lost |",
        "strangers: 4 faces of people who were not enrolled (3 people)",
        "## Who gets a name",
    ):
        assert said in text
