"""All checks, in their order, and what they make of a machine."""

from collections.abc import Callable, Iterable, Iterator

from edgeface import __version__
from edgeface.board import describe
from edgeface.doctor import (
    bundles,
    camera,
    interpreter,
    opencv,
    picamera,
    room,
    runtimes,
    speed,
)
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import SCHEMA, Examination, Finding, Untold, worst_first

Check = Callable[[Facts], Iterator[Finding]]

# A new check is one function and one line.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", interpreter.check_version),
    ("bits", interpreter.check_bits),
    ("libc", interpreter.check_libc),
    ("numpy", opencv.check_numpy),
    ("opencv", opencv.check_opencv),
    ("opencv", opencv.check_wheels),
    ("tflite", runtimes.check_tflite),
    ("tflite", runtimes.check_both),
    ("tflite", runtimes.check_kernels),
    ("onnxruntime", runtimes.check_onnx),
    ("bundle", bundles.check_bundle),
    ("bundle", bundles.check_answers),
    ("detector", opencv.check_cascades),
    ("camera", camera.check_camera),
    ("camera", camera.check_picture),
    ("picamera2", picamera.check_picamera2),
    ("governor", speed.check_governor),
    ("power", speed.check_power),
    ("heat", speed.check_heat),
    ("memory", room.check_memory),
    ("disk", room.check_disk),
    ("clock", room.check_clock),
)


def examine(facts: Facts, checks: Iterable[tuple[str, Check]] = CHECKS) -> Examination:
    """Let every check look; one that fails itself is told as one that could not tell.

    Args:
        facts: Of the machine.
        checks: Name → check; a progress bar may stand around `CHECKS`.
    """
    findings: list[Finding] = []
    untold: list[Untold] = []
    for name, check in checks:
        try:
            findings += check(facts)
        except Exception as error:  # whatever it is, the others still have to look
            untold.append(Untold(name, f"{type(error).__name__}: {error}"))
    told: dict[str, str] = {}
    for name, tell in _TOLD.items():
        try:
            told[name] = tell(facts)
        except Exception as error:  # as above
            untold.append(Untold(name, f"{type(error).__name__}: {error}"))
    return Examination(SCHEMA, __version__, told, worst_first(findings), tuple(untold))


def _python(facts: Facts) -> str:
    python = facts.python
    where = f"environment {python.prefix}" if python.in_environment else python.executable
    return f"{python.words}, {python.bits} bits, {where}"


def _packages(facts: Facts) -> str:
    held = facts.machine.packages
    return ", ".join(f"{name} {version}" for name, version in sorted(held.items())) or "none"


def _bundle(facts: Facts) -> str:
    held = facts.held
    if held.folder is None:
        return "none"
    more = f", {held.others} more beside it" if held.others else ""
    which = "" if held.named else " (the newest)"
    return f"{held.folder}{which}: {', '.join(sorted(held.formats)) or 'no files'}{more}"


def _detector(facts: Facts) -> str:
    cascades = facts.imported("cv2").about.get("cascades", ())
    haar = next((p for p in cascades if p.endswith(f"/{opencv.HAAR_FILE}")), "none")
    here = facts.machine.here
    folders = [here, here / "models", *([facts.held.folder] if facts.held.folder else [])]
    yunet = [p for folder in folders for p in sorted(folder.glob("face_detection_yunet*.onnx"))]
    return f"haar {haar}; yunet {yunet[0] if yunet else 'none (--detector-model names it)'}"


def _camera(facts: Facts) -> str:
    cameras = facts.cameras
    found = [f"{node.path} ({node.name})" for node in cameras.ready]
    found += [f"Pi camera {name}" for name in cameras.ribbon or ()]
    return ", ".join(found) or "none"


_TOLD: dict[str, Callable[[Facts], str]] = {
    "machine": lambda facts: describe(facts.board, facts.state),
    "python": _python,
    "packages": _packages,
    "bundle": _bundle,
    "detector": _detector,
    "camera": _camera,
}
