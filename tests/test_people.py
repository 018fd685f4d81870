"""Who is meant, and whether a classifier can be trained on them."""

import unicodedata
from pathlib import Path

import pytest

from edgeface.datasets.people import check_for_training, choose_people
from edgeface.errors import InputError, UsageError

NAMES = ("Zoë Ünal", "-rf", "🙂 Smile", "Bob")
OK = {"ada": ["ada/1.jpg", "ada/2.jpg"], "bob": ["bob/1.jpg", "bob/2.jpg"]}
TWO = ["x/1.jpg", "x/2.jpg"]


def test_what_can_be_trained_on_passes() -> None:
    check_for_training(OK, Path("photos"))
    check_for_training(dict.fromkeys((*NAMES, "👩‍💻 Kim"), TWO), Path("ph otos"))


@pytest.mark.parametrize(
    ("people", "message"),
    [
        ({"ada": TWO}, "only one person"),
        ({**OK, "cyd": ["cyd/1.jpg"]}, "'cyd' has a single photograph"),
        ({**OK, "Ada": TWO}, "'ada' and 'Ada' differ in case"),
        ({**OK, "straße": TWO, "STRASSE": TWO}, "differ in case"),
        ({**OK, "Zoë": TWO, unicodedata.normalize("NFD", "Zoë"): TWO}, "spelling form"),
        ({**OK, "unknown": TWO}, "what strangers are called"),
        ({**OK, "nobody": TWO}, "what strangers are called"),
        ({**OK, "cy\nd": ["cy\nd/1.jpg", "cy\nd/2.jpg"]}, "cannot be written down"),
        ({**OK, "cyd": ["cyd/\udcfc.jpg", "cyd/2.jpg"]}, "cannot be written down"),
        ({**OK, "cyd": ["cyd/\u2028.jpg", "cyd/2.jpg"]}, "cannot be written down"),
    ],
)
def test_what_cannot_be_trained_on_is_said_at_once(
    people: dict[str, list[str]], message: str
) -> None:
    with pytest.raises(InputError, match=message) as wrong:
        check_for_training(people, Path("photos"))
    assert wrong.value.remedy
    str(wrong.value).encode()  # it can be shown


def test_a_path_that_is_no_text_is_said_before_it_is_recorded() -> None:
    with pytest.raises(InputError, match="cannot be written down"):
        check_for_training(OK, Path("pho\udcfctos"))


def test_who_is_asked_for_is_taken_in_either_unicode_form() -> None:
    decomposed = unicodedata.normalize("NFD", "Jörg")
    there = {"ada": ["ada/1.jpg"], "bob": ["bob/1.jpg"], decomposed: ["x/1.jpg"]}
    assert choose_people(there, [], Path("set")) == there
    assert list(choose_people(there, ["Jörg", " ada", "ada"], Path("set"))) == [decomposed, "ada"]
    assert choose_people(there, ["bob", ""], Path("set")) == {"bob": ["bob/1.jpg"]}


def test_whom_nobody_is_called_like_is_named_beside_those_who_are_there() -> None:
    there = {f"p{n:02d}": ["x"] for n in range(20)}
    with pytest.raises(UsageError, match="set: nobody called 'ada'") as wrong:
        choose_people(there, ["p01", "ada"], Path("set"))
    assert wrong.value.remedy.endswith("p10, p11, …")
    with pytest.raises(UsageError, match="names nobody"):
        choose_people(there, [" "], Path("set"))
