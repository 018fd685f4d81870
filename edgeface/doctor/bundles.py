"""Checks of the bundle that `edgeface run` would take."""

import json
from collections.abc import Iterator
from typing import Any

from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding
from edgeface.doctor.imports import child

_SECONDS = 60.0
_SAID = "edgeface-verify:"
_WHY = "edgeface run takes it"
# The file that run takes, on the runtime that it takes, and no other: files of rare schemes may
# take minutes. A child may import what the parent must not, the command line among it.
_VERIFY = """
from functools import partial
from pathlib import Path
from edgeface.cli.looking import choose
from edgeface.errors import EdgefaceError
from edgeface.runtime import open_backend
from edgeface.verify import verify
try:
    took = choose(Path(sys.argv[1]), None, None, {})
    opened = partial(
        open_backend, backend=took.backend, threads=took.threads, device=took.device or "cpu"
    )
    done = verify(took.bundle, [took.file], open_file=opened)[0]
    said = {"file": done.file, "status": done.status, "remedy": done.remedy}
except EdgefaceError as error:
    said = {"file": None, "status": str(error), "remedy": error.remedy}
print("\\n" + sys.argv[2] + json.dumps(said), flush=True)
import os
os._exit(0)
"""


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
    """The file that run takes answers here as it did where it was exported."""
    held = facts.held
    if held.folder is None or held.problem or not facts.imported("numpy").loads:
        return
    ended = child(facts.machine, _VERIFY, str(held.folder.absolute()), _SAID, seconds=_SECONDS)
    said = [line for line in ended.out.splitlines() if line.startswith(_SAID)]
    if ended.code == 0 and said:
        yield from _judged(facts, json.loads(said[-1].removeprefix(_SAID)))
    elif ended.code is None:
        found = f"{held.folder}: its golden crops took longer than {_SECONDS:.0f} s"
        line = f"edgeface bench {held.folder}"
        yield Finding("bundle", "slower or worse", found, _WHY, "see how slow it is:", (line,))
    else:
        how = f"ends the process ({ended.signal})" if ended.signal else f"fails: {ended.last_line}"
        line = f"edgeface verify {held.folder}"
        found = f"{held.folder} {how}"
        yield Finding("bundle", "stops run", found, _WHY, "see which file it is:", (line,))


def _judged(facts: Facts, said: dict[str, Any]) -> Iterator[Finding]:
    held, status = facts.held, str(said["status"])
    if status == "different":
        found = f"{held.folder}: {said['file']} answers otherwise than where it was exported"
        why = "its accuracy and its threshold were measured on the answers that it gave there"
        line = f"edgeface verify {held.folder}"
        yield Finding("bundle", "slower or worse", found, why, str(said["remedy"]), (line,))
    elif said["file"] is None:
        yield Finding("bundle", "stops run", status, _WHY, str(said["remedy"]))
    # What is not verified lacks its runtime: that check has said so.
