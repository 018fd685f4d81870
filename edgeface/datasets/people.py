"""Who of a data set is meant, and whether a classifier can be trained on them."""

import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgeface.errors import InputError, UsageError

RESERVED = ("unknown", "nobody")  # `edgeface.vision.decide` says so of strangers and empty frames
# Control characters, halves of characters (names that are no UTF-8), line and paragraph separators.
_UNWRITABLE = ("Cc", "Cs", "Zl", "Zp")


def choose_people(
    there: Mapping[str, list[str]], people: Iterable[str], root: Path
) -> dict[str, list[str]]:
    """The people that were asked for, of those that are there; all of them if none were.

    Raises:
        UsageError: Somebody is not there; who is, stands in the remedy.
    """
    asked = list(people)
    if not asked:
        return dict(there)
    wanted = [unicodedata.normalize("NFC", p.strip()) for p in asked if p.strip()]
    if not wanted:
        msg = f"--people {','.join(asked)!r} names nobody"
        raise UsageError(msg)
    by_name = {unicodedata.normalize("NFC", p): p for p in there}
    for person in wanted:
        if person not in by_name:
            msg = f"{root}: nobody called {person!r}"
            some = ", ".join(sorted(by_name)[:12]) + (", …" if len(by_name) > 12 else "")
            raise UsageError(msg, remedy=f"it has {some}")
    return {by_name[p]: there[by_name[p]] for p in sorted(set(wanted))}


def check_for_training(people: Mapping[str, list[str]], root: Path) -> None:
    """What a classifier cannot be trained on is said before anything is read.

    Raises:
        InputError: Fewer than two people, somebody with a single picture, a name that cannot be
            written down or that means something else here, or two names that differ in case or in
            Unicode form only (one person, or one folder on another system).
    """
    if len(people) < 2:
        msg = f"{root}: only one person ({next(iter(people))!r}); a classifier needs at least two"
        raise InputError(msg, remedy="add a folder with photographs of somebody else")
    for name in (str(root.absolute()), *(n for names in people.values() for n in names)):
        if any(unicodedata.category(c) in _UNWRITABLE for c in name):
            msg = f"{name!r}: a name with characters that cannot be written down"
            raise InputError(msg, remedy="rename it")
    seen: dict[str, str] = {}
    for person in people:
        if person in RESERVED:
            msg = f"{root}: {person!r} is what strangers are called"
            remedy = "rename it, or take it out: nobody trains on strangers to reject them"
            raise InputError(msg, remedy=remedy)
        key = unicodedata.normalize("NFKC", person).casefold()
        if key in seen:
            msg = f"{root}: {seen[key]!r} and {person!r} differ in case or spelling form only"
            raise InputError(msg, remedy="merge the two, or rename one")
        seen[key] = person
    for person, names in people.items():
        if len(names) < 2:
            msg = f"{root}: {person!r} has a single photograph; two are the least"
            remedy = "add photographs (one is trained on, one held back), or use --people"
            raise InputError(msg, remedy=remedy)
