"""What is said of arrays before they are loaded."""

from pathlib import Path

import pytest

from edgeface.datasets import arrayfile
from edgeface.datasets.arrayfile import Header, check_readable, too_large
from edgeface.errors import InputError

PATH = Path("set.npz")


def test_a_header_reads_as_shape_and_type() -> None:
    assert str(Header((3, 64, 64), "number", "uint8", 12_288)) == "3x64x64 uint8"
    assert str(Header((), "other", "cell", 0)) == "single cell"


def test_numbers_and_text_up_to_the_limit_are_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrayfile, "MAX_ARRAY_BYTES", 2**20)
    check_readable("x", Header((2**20,), "number", "uint8", 2**20), PATH, "save it otherwise")
    check_readable("y", Header((3,), "text", "str32", 12), PATH, "save it otherwise")
    with pytest.raises(InputError, match=r"set\.npz: x takes 0\.0 GiB, over the limit") as wrong:
        check_readable("x", Header((2**20 + 1,), "number", "uint8", 2**20 + 1), PATH, "no")
    assert "a folder per person" in wrong.value.remedy


def test_what_holds_objects_is_not_and_how_to_save_it_is_said() -> None:
    objects = Header((2,), "other", "object", 16)
    with pytest.raises(InputError, match="Python objects, which could run a program") as wrong:
        check_readable("x", objects, PATH, "save it otherwise")
    assert wrong.value.remedy == "save it otherwise"
    with pytest.raises(InputError, match="y is of type cell; numbers or text are read"):
        check_readable("y", Header((2,), "other", "cell", 0), PATH, "save it otherwise")


def test_several_arrays_are_too_large_together() -> None:
    wrong = too_large(["x_train", "x_test"], 3 * 2**30, PATH)
    assert "x_train, x_test together take 3.0 GiB, over the limit of 2 GiB" in str(wrong)
