import cv2
import numpy as np
import pytest

from edgeface.datasets.audit import sheet
from edgeface.datasets.audit.findings import Finding, Item
from edgeface.datasets.audit.sheet import MOST_CASES, TILE_PX, WIDTH_PX, draw_sheet, encode_sheet
from edgeface.datasets.photos import open_photos

RED, BLUE = (0, 0, 200), (200, 0, 0)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "set"
    (folder / "Zoë").mkdir(parents=True)
    for name, colour in (("red", RED), ("blue", BLUE)):
        done, data = cv2.imencode(".png", np.full((60, 30, 3), colour, np.uint8))
        assert done
        (folder / "Zoë" / f"{name}.png").write_bytes(data.tobytes())
    (folder / "Zoë" / "broken.png").write_bytes(b"")
    with open_photos(folder) as opened:
        yield opened


def counted(picture, colour):
    return int((picture == np.asarray(colour)).all(axis=2).sum())


def test_a_pair_is_shown_side_by_side_in_its_proportions(photos):
    near = Finding("near", 2, (Item(("Zoë/red.png", "Zoë/blue.png"), "alike 0.950", 0.95),))
    drawn = draw_sheet(photos, [near])
    assert drawn.shape[1] == WIDTH_PX
    assert drawn.dtype == np.uint8
    for colour in (RED, BLUE):
        assert counted(drawn, colour) == TILE_PX * TILE_PX // 2
    columns = [
        np.flatnonzero((drawn == np.asarray(c)).all(axis=2).any(axis=0)) for c in (RED, BLUE)
    ]
    assert columns[0].max() < columns[1].min()


def test_a_broken_picture_is_crossed_out(photos):
    drawn = draw_sheet(photos, [Finding("broken", 1, (Item(("Zoë/broken.png",), "empty file"),))])
    assert counted(drawn, sheet._RED) > TILE_PX


def red_ink(picture):
    """Pixels of text are paler than its colour."""
    blue, _, red = (picture[..., i].astype(int) for i in range(3))
    return int(((red > blue + 40) & (blue > RED[0])).sum())


def test_what_is_wrong_is_written_below(photos):
    said = [Item(("Zoë/blue.png",), detail) for detail in ("", "level 3", "level 3 of 255")]
    ink = [red_ink(draw_sheet(photos, [Finding("dark", 1, (item,))])) for item in said]
    assert ink[0] == 0
    assert 0 < ink[1] < ink[2]


def test_a_line_that_is_too_long_stays_within_its_tile(photos):
    long = Finding("dark", 1, (Item(("Zoë/red.png",), "far too long " * 20),))
    drawn = draw_sheet(photos, [long])
    row = drawn[sheet._HEAD_PX :]
    assert (row[:, TILE_PX + 3 * sheet._GAP_PX :] == 255).all()


def test_only_so_many_cases_are_shown_and_they_wrap(photos):
    item = Item(("Zoë/red.png",), "dark")
    few, many = (draw_sheet(photos, [Finding("dark", n, (item,) * n)]) for n in (1, 50))
    assert counted(many, RED) == MOST_CASES * counted(few, RED)
    assert many.shape[0] > few.shape[0]
    assert many.shape[1] == few.shape[1] == WIDTH_PX


def test_findings_about_labels_are_not_drawn(photos):
    nothing = draw_sheet(photos, [])
    labels = draw_sheet(photos, [Finding("few", 3, (Item(("Zoë",), "3 to train on"),))])
    assert np.array_equal(nothing, labels)


def test_the_file_is_a_png(photos):
    drawn = draw_sheet(photos, [])
    data = encode_sheet(drawn)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(read, drawn)


def test_letters_that_the_font_lacks_lose_their_marks():
    assert sheet._ascii("Zoë/Jürgen 李.jpg") == "Zoe/Jurgen ?.jpg"
