"""What a report says of the calibration."""

from edgeface.calibration import Calibration, Finding, Halves, LayerRange
from edgeface.convert.calibration import page

PLAIN = Calibration(("a" * 64,) * 12, 0)
FULL = Calibration(
    ("a" * 64,) * 12,
    0,
    method="mse",
    source="<photos>",
    left_out=3,
    findings=(Finding("too few", "warning", "12 <pictures>", "add some"),),
    ranges=(
        LayerRange("conv_2", 0.0, 2.5, -0.5, 4.0, 0.0123),
        LayerRange("conv_1", 0.0, 1.0, 0.0, 1.1, 2e-7),
    ),
    halves=(Halves("onnx", "int8", 6, 0.995, -0.5),),
)


def test_of_a_plain_calibration_there_is_a_line_and_no_section() -> None:
    assert page.fact(PLAIN) == "12 pictures (training side), a black and a white one"
    assert page.markdown(PLAIN) == []
    assert page.html(PLAIN) == ""


def test_what_was_found_and_measured_is_told() -> None:
    line = page.fact(FULL)
    assert "mse in ONNX" in line
    assert "3 more were not drawn" in line
    text = "\n".join(page.markdown(FULL))
    assert "- too few (warning): 12 <pictures>" in text
    assert "| conv_2 | 0 to 2.5 | -0.5 to 4 | 1.230 % |" in text
    assert "| 0 to 1.1 | under 0.001 % |" in text
    assert "| onnx int8 | 6 pictures | 0.9950 | -0.50 points |" in text


def test_the_page_escapes_and_carries_the_curve() -> None:
    html = page.html(FULL, b"\x89PNG")
    assert "12 &lt;pictures&gt;" in html
    assert "<pictures>" not in html
    assert "<td>1.230 %</td>" in html
    assert "data:image/png;base64," in html
    assert "img" not in page.html(FULL)
    assert "<h2>Calibration</h2>" in page.html(PLAIN, b"\x89PNG")
