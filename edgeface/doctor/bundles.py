"""Checks of the bundle that `edgeface run` would take."""

import re
from collections.abc import Iterator

from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding
from edgeface.doctor.imports import child

_SECONDS = 120.0
_VERIFY = """
import sys
bundle = sys.argv.pop()
sys.argv = ["edgeface", "verify", bundle]
from edgeface.cli.app import main
main()
"""
_WHY = "edgeface run takes it"


def check_bundle(facts: Facts) -> Iterator[Finding]:
    """There is a bundle, and it is byte for byte what was exported."""
    held = facts.held
    if held.folder is None:
        # Before the first export that is as it should be.
        yield Finding("bundle", "note", held.problem, "edgeface run needs one", held.remedy)
    elif held.problem:
        yield Finding("bundle", "stops run", held.problem, _WHY, held.remedy)
    for folder, wrong in held.damaged:
        yield Finding("bundle", "note", wrong, f"{folder} lies beside it", "copy it again")


def check_answers(facts: Facts) -> Iterator[Finding]:
    """The files of the bundle answer here as they did where it was exported."""
    held = facts.held
    if held.folder is None or held.problem or not facts.imported("numpy").loads:
        return
    ended = child(facts.machine, _VERIFY, str(held.folder.absolute()), seconds=_SECONDS)
    if ended.code == 0:
        return
    if ended.signal:
        found = f"{held.folder}: a file of it ends the process ({ended.signal})"
        line = f"edgeface verify {held.folder}"
        yield Finding("bundle", "stops run", found, _WHY, "see which file it is:", (line,))
        return
    if ended.code is None:
        found = f"{held.folder}: its files took longer than {_SECONDS:.0f} s to answer"
        line = f"edgeface bench {held.folder}"
        yield Finding("bundle", "slower or worse", found, _WHY, "see how slow they are:", (line,))
        return
    found, remedy = _said(ended.err)
    yield Finding("bundle", "stops run", found, _WHY, remedy)


def _said(err: str) -> tuple[str, str]:
    """The error and the remedy of another command of ours; of a crash its last line."""
    error = re.search(r"^error: (.+)$", err, re.MULTILINE)
    remedy = re.search(r"^remedy: (.+)$", err, re.MULTILINE)
    last = [line for line in err.splitlines() if line.strip()][-1:]
    return (error[1] if error else " ".join(last)[:300]), (remedy[1] if remedy else "")
