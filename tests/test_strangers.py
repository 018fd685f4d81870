"""Cutting strangers, and refusing whoever is none."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras")
pytestmark = pytest.mark.tf

from edgeface.bundle import Origin  # noqa: E402
from edgeface.convert.source import Source  # noqa: E402
from edgeface.convert.strangers import check_detector, cut_strangers  # noqa: E402
from edgeface.errors import InputError, UsageError  # noqa: E402
from edgeface.images import Preprocess  # noqa: E402
from edgeface.sealed import sha256  # noqa: E402

Write = Callable[..., Path]


def source(**changed: Any) -> Source:
    whole = Preprocess(32, 32, framing="whole", margin=0.0)
    plain = Source(
        "run", "friends", ("Jörg", "bob"), whole, "none", Origin("run", "0", "1", {}), ()
    )
    return replace(plain, **changed)


def test_strangers_come_with_who_they_are(
    small_pictures: Write, tmp_path: Path, teller: Any
) -> None:
    folder = small_pictures(tmp_path, ("eve", "dan", "ida"), 3)
    found = cut_strangers(folder, source(), (), None, teller)
    assert found.pixels.shape == (9, 32, 32, 1)
    assert sorted(set(found.people)) == ["dan", "eve", "ida"]


def test_an_enrolled_person_is_no_stranger_however_the_name_is_spelled(
    small_pictures: Write, tmp_path: Path, teller: Any
) -> None:
    folder = small_pictures(tmp_path, ("Jo\u0308rg", "eve"))  # as other systems write the umlaut
    with pytest.raises(InputError, match="is enrolled and is no stranger"):
        cut_strangers(folder, source(), (), None, teller)


@pytest.mark.parametrize("trained", [True, False])
def test_a_picture_of_somebody_enrolled_is_told_by_its_bytes(
    small_pictures: Write, tmp_path: Path, teller: Any, trained: bool
) -> None:
    folder = small_pictures(tmp_path, ("eve", "dan"))
    digest = sha256(folder / "dan" / "3.png")
    seen, held = ((digest,), ()) if trained else ((), (digest,))
    with pytest.raises(InputError, match=r"dan/3\.png is a picture of somebody enrolled"):
        cut_strangers(folder, source(seen=seen), held, None, teller)


def test_a_folder_without_faces_says_how_many_were_looked_at(
    small_pictures: Write, tmp_path: Path, teller: Any
) -> None:
    folder = small_pictures(tmp_path, ("eve", "dan"), 2)
    faces = source(preprocess=Preprocess(32, 32), detector="haar")
    with pytest.raises(InputError, match="no picture with one clear face in 4"):
        cut_strangers(folder, faces, (), None, teller)


def test_a_broken_picture_is_named_or_skipped(
    small_pictures: Write, tmp_path: Path, teller: Any
) -> None:
    folder = small_pictures(tmp_path, ("eve", "dan"), 2)
    (folder / "eve" / "1.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"eve/1\.png"):
        cut_strangers(folder, source(), (), None, teller)
    found = cut_strangers(folder, source(), (), None, teller, skip_broken=True)
    assert len(found.people) == 3


def test_what_is_not_there_or_empty(tmp_path: Path, teller: Any) -> None:
    with pytest.raises(UsageError, match="no such folder or zip"):
        cut_strangers(tmp_path / "nowhere", source(), (), None, teller)
    with pytest.raises(InputError, match="no folder with photographs"):
        cut_strangers(tmp_path, source(), (), None, teller)


def test_a_detector_that_needs_its_file_is_missed_before_a_long_job() -> None:
    with pytest.raises(InputError, match="found by yunet") as error:
        check_detector("yunet", None)
    assert "--detector-model" in error.value.remedy
    check_detector("yunet", Path("yunet.onnx"))
    check_detector("haar", None)
