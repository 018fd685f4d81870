"""Checks of numpy and OpenCV."""

import re
from collections.abc import Iterator

from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding
from edgeface.doctor.imports import Imported
from edgeface.doctor.release import package_of

# As in `edgeface.vision.haar`, which needs cv2.
HAAR_FILE = "haarcascade_frontalface_alt2.xml"
HEADLESS = "opencv-python-headless>=4.14,<5"
NARROW_HEADLESS = "opencv-python-headless>=4.11,<4.12"  # the last that does without numpy 2
_LIBRARY = re.compile(r"(lib[\w.+-]+?\.so[.\d]*): cannot open shared object file")
# What packages say that were compiled for another numpy.
_OTHER_NUMPY = (
    "_ARRAY_API",
    "ABI version",
    "compiled using NumPy 1.x",
    "multiarray failed to import",
    "numpy.dtype size changed",
    "numpy.ndarray size changed",
)


def missing_library(error: str) -> str | None:
    """The library of the system that a package did not find: ``libGL.so.1``."""
    found = _LIBRARY.search(error)
    return found[1] if found else None


def wants_other_numpy(error: str) -> bool:
    """Whether a package does not load because it was compiled for another numpy."""
    return any(words in error for words in _OTHER_NUMPY)


def library_mend(facts: Facts, library: str) -> tuple[str, tuple[str, ...]]:
    """Remedy and commands for a library of the system that is missing."""
    package = package_of(library)
    lines = facts.release.install(package) if package else ()
    if lines:
        return "", lines
    search = (f"apt-file search {library}",) if facts.release.has_apt else ()
    return f"install the package of your system that holds {library}", search


def check_numpy(facts: Facts) -> Iterator[Finding]:
    """The package numpy loads."""
    numpy = facts.imported("numpy")
    if numpy.loads:
        return
    why = "everything that edgeface computes with pictures and answers is done with it"
    wanted = "numpy<2" if facts.python.bits == 32 else "numpy>=1.26"
    if library := missing_library(numpy.error):
        remedy, lines = library_mend(facts, library)
        found = f"numpy does not load: the system has no {library}"
        yield Finding("numpy", "stops run", found, why, remedy, lines)
    elif numpy.state == "missing":
        line = facts.python.install(wanted)
        yield Finding("numpy", "stops run", "numpy is not installed", why, commands=(line,))
    else:
        line = facts.python.install(wanted, again=True)
        yield Finding("numpy", "stops run", does_not_load("numpy", numpy), why, commands=(line,))


def check_opencv(facts: Facts) -> Iterator[Finding]:
    """OpenCV loads."""
    cv2 = facts.imported("cv2")
    if cv2.loads or (cv2.state != "missing" and not facts.imported("numpy").loads):
        return
    why = "it reads pictures and cameras, and finds faces"
    wanted = NARROW_HEADLESS if facts.python.bits == 32 else HEADLESS
    again = facts.python.install(wanted, again=True)
    full = sorted(
        d for d in facts.machine.packages if d.startswith("opencv") and "headless" not in d
    )
    if cv2.state == "missing":
        line = facts.python.install(wanted)
        yield Finding("opencv", "stops run", "OpenCV is not installed", why, commands=(line,))
    elif library := missing_library(cv2.error):
        found = f"OpenCV does not load: the system has no {library}"
        remedy, lines = library_mend(facts, library)
        if full:  # made for windows on a screen, which edgeface does not open
            # The loader names one library and stops; it wants both of these.
            keep = facts.release.install("libgl1", "libglib2.0-0")
            otherwise = f"to keep {full[0]}: {keep[0]}" if keep else ""
            lines = (facts.python.uninstall(*full), again)
            yield Finding("opencv", "stops run", found, why, "", lines, otherwise)
            return
        yield Finding("opencv", "stops run", found, why, remedy, lines)
    else:
        found = does_not_load("OpenCV", cv2)
        if wants_other_numpy(cv2.error):
            found = (
                f"OpenCV was compiled for another numpy than {facts.imported('numpy').version}: "
                f"it does not load ({cv2.error})"
            )
        lines = (again,) if not full else (facts.python.uninstall(*full), again)
        yield Finding("opencv", "stops run", found, why, commands=lines)


def check_wheels(facts: Facts) -> Iterator[Finding]:
    """One OpenCV, not several in one folder."""
    held = sorted(d for d in facts.machine.packages if d.startswith("opencv"))
    if len(held) < 2:
        return
    wanted = NARROW_HEADLESS if facts.python.bits == 32 else HEADLESS
    yield Finding(
        "opencv",
        "slower or worse",
        f"{' and '.join(f'{d} {facts.version(d)}' for d in held)} are both installed",
        "they share the folder cv2: what loads is whatever was written last, and removing one "
        "breaks the other",
        commands=(facts.python.uninstall(*held), facts.python.install(wanted)),
    )


def check_cascades(facts: Facts) -> Iterator[Finding]:
    """OpenCV has its Haar cascades, which find the faces unless something else was asked for."""
    cv2 = facts.imported("cv2")
    if not cv2.loads:
        return
    if not cv2.about.get("haar"):
        found = f"OpenCV {cv2.version} has no Haar cascades (they left with version 5)"
    elif not any(path.endswith(f"/{HAAR_FILE}") for path in cv2.about.get("cascades", ())):
        found = f"OpenCV {cv2.version} comes without the file {HAAR_FILE}"
    else:
        return
    held = sorted(d for d in facts.machine.packages if d.startswith("opencv"))
    wanted = NARROW_HEADLESS if facts.python.bits == 32 else HEADLESS
    clear = (facts.python.uninstall(*held),) if held else ()
    yield Finding(
        "detector",
        "stops run" if facts.held.detector == "haar" else "slower or worse",
        found,
        "the detector haar, which is the default, needs them; --detector yunet does without",
        commands=(*clear, facts.python.install(wanted)),
    )


def does_not_load(what: str, tried: Imported) -> str:
    """A line on a package that is there and does not load."""
    if tried.state == "dies" and "SIGILL" in tried.error:
        return f"{what} uses instructions that this processor has not ({tried.error})"
    return f"{what} is installed and does not load: {tried.error}"
