"""Importing a package to see whether it loads, in a child process that may die of it.

A wheel that was built for another processor ends the process that imports it with SIGILL; a broken
one may abort, or hang. A child that does so is a finding.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from edgeface.doctor.machine import Ended, Machine

State = Literal["loads", "missing", "broken", "dies", "hangs"]
SECONDS = 60.0  # a cold SD card takes ten for a large package
_SAID = "edgeface-doctor:"

# It searches where the parent searches; a death leaves no core file behind.
_BEGIN = """
import json, sys
sys.path[:] = json.loads(sys.argv.pop(1))
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except Exception:
    pass
"""
# What is not found is missing only if it is the package itself, not one that it needs.
_IMPORT = (
    _BEGIN
    + """
import importlib
name, about = sys.argv[1], {}
try:
    module = importlib.import_module(name)
    about["version"] = str(getattr(module, "__version__", ""))
    about["file"] = str(getattr(module, "__file__", "") or "")
    if name == "cv2":
        import os
        from glob import glob
        about["haar"] = hasattr(module, "CascadeClassifier")
        about["yunet"] = hasattr(module, "FaceDetectorYN")
        folder = str(getattr(getattr(module, "data", None), "haarcascades", "") or "")
        about["cascades"] = sorted(glob(os.path.join(folder, "*.xml"))) if folder else []
    state = "loads" if getattr(module, "__file__", None) else "broken"
    about["error"] = "" if state == "loads" else "its folder holds no module"
except ModuleNotFoundError as error:
    state = "missing" if error.name in (name, name.partition(".")[0]) else "broken"
    about["error"] = str(error)
except BaseException as error:
    state, about["error"] = "broken", f"{type(error).__name__}: {error}"
print("\\n" + sys.argv[2] + json.dumps({"state": state, **about}), flush=True)
import os
os._exit(0)  # nothing that it started can keep it, or crash it, on the way out
"""
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of importing a package.

    Attributes:
        name: Of the module.
        state: ``loads``; ``missing``; ``broken``: its import raises; ``dies``: the process does;
            ``hangs``.
        error: What it said, in a line.
        version: As the module itself says.
        about: What else was asked of it: of cv2 ``haar``, ``yunet`` and ``cascades``.
    """

    name: str
    state: State
    error: str = ""
    version: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def loads(self) -> bool:
        """Whether it can be used."""
        return self.state == "loads"


def child(machine: Machine, code: str, *words: str, seconds: float = SECONDS) -> Ended:
    """Run Python code as this Python would run it; ``sys.argv[1:]`` are ``words``.

    Args:
        machine: Whose interpreter runs it.
        code: Begins with the search path set.
        words: For the code.
        seconds: How long it may take.
    """
    python = machine.python
    begun = code if code.startswith(_BEGIN) else _BEGIN + code
    path = json.dumps(python.path)
    return machine.run((python.executable, "-c", begun, path, *words), seconds)


def try_import(machine: Machine, name: str) -> Imported:
    """Import a module in a child process."""
    ended = child(machine, _IMPORT, name, _SAID)
    said = [line for line in ended.out.splitlines() if line.startswith(_SAID)]
    if ended.code == 0 and said:
        about = json.loads(said[-1].removeprefix(_SAID))
        error = " ".join(str(about.pop("error")).split())[:300]
        hint = _hint(ended.err)
        if about["state"] != "loads" and hint and hint not in error:
            error = f"{error} ({hint})"
        return Imported(name, about.pop("state"), error, about.pop("version", ""), about)
    if ended.code is None:
        return Imported(name, "hangs", ended.err)
    how = f"it dies of {ended.signal}" if ended.signal else f"it ends Python with {ended.code}"
    return Imported(name, "dies", how)


def _hint(said: str) -> str:
    """What numpy tells of packages that were compiled for another of its versions, and only it."""
    told = ("compiled using NumPy 1.x", "_ARRAY_API not found", "compiled against ABI version")
    return next((words for words in told if words in said), "")
