"""HTML for pages: what users named is text, never markup."""

import base64

from edgeface.markup import STYLE, figure, file_name, table, whole


def test_cells_are_escaped_and_first_ones_may_lead_somewhere() -> None:
    made = table(("a", "<b>"), [("x", "1 < 2"), ("y", "&")], {"x": '#"to'})
    assert "<th scope=col>&lt;b&gt;</th>" in made
    assert '<td><a href="#&quot;to">x</a></td><td>1 &lt; 2</td>' in made
    assert "<td>y</td><td>&amp;</td>" in made


def test_a_figure_carries_its_picture_and_says_what_it_is() -> None:
    made = figure(b"\x89PNG", 'a "small" one', "1 < 2")
    assert (
        f'src="data:image/png;base64,{base64.b64encode(bytes([137, 80, 78, 71])).decode()}"' in made
    )
    assert 'alt="a &quot;small&quot; one"' in made
    assert "<figcaption>1 &lt; 2</figcaption>" in made
    assert "figcaption" not in figure(b"", "x")


def test_a_page_has_both_looks_and_takes_nothing_from_elsewhere() -> None:
    page = whole("<t>", "<p>body</p>")
    assert "<title>&lt;t&gt;</title>" in page
    assert "<p>body</p>" in page
    assert "prefers-color-scheme: dark" in STYLE
    assert "url(" not in page
    assert "<script" not in page


def test_a_file_name_breaks_between_its_parts_and_stays_text() -> None:
    assert file_name("a_net.int8.tflite") == "a_<wbr>net.<wbr>int8.<wbr>tflite"
    assert file_name("<b>.onnx") == "&lt;b&gt;.<wbr>onnx"
    assert "<wbr>" not in file_name("plain")
