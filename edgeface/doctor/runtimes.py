"""Checks of what runs model files: LiteRT, tflite-runtime, ONNX Runtime."""

from collections.abc import Iterator

from edgeface.board import sources
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding, Level
from edgeface.doctor.interpreter import FLASH, NARROW
from edgeface.doctor.opencv import does_not_load, library_mend, missing_library

LITERT, OLDER = "ai_edge_litert.interpreter", "tflite_runtime.interpreter"
_WHY = "it runs the TFLite files of a bundle, which edgeface run takes first"
_WHY_ONNX = "it runs the ONNX files of a bundle"


def check_tflite(facts: Facts) -> Iterator[Finding]:
    """A TFLite runtime loads, and works with the numpy that is there."""
    litert = facts.imported(LITERT)
    if litert.loads or not facts.imported("numpy").loads:
        return
    formats = facts.held.formats
    level: Level = "stops run" if not formats or "tflite" in formats else "note"
    if litert.state != "missing":
        yield _broken("tflite", level, "ai-edge-litert", litert.error, _WHY, facts, LITERT)
        return
    older = facts.imported(OLDER)
    narrow = facts.python.bits == 32
    if older.state not in ("loads", "missing"):
        yield _broken("tflite", level, "tflite-runtime", older.error, _WHY, facts, OLDER)
    elif not older.loads:
        yield _none(facts, level)
    elif _major(facts.imported("numpy").version) >= 2:
        wanted = NARROW[:2] if narrow else ("ai-edge-litert>=2.1",)
        yield Finding(
            "tflite",
            level,
            f"tflite-runtime {facts.version('tflite-runtime')} with numpy "
            f"{facts.imported('numpy').version}",
            "it was compiled for numpy 1: it loads, and the process dies when it opens a file",
            commands=(facts.python.install(*wanted),),
            otherwise=""
            if narrow
            else f"to keep tflite-runtime: {facts.python.install(*NARROW[:2])}",
        )
    elif not narrow:
        yield Finding(
            "tflite",
            "slower or worse",
            f"tflite-runtime {facts.version('tflite-runtime')} and no LiteRT, its successor",
            "int8 files run several times slower on it, and dynamic ones of today's converter "
            "not at all",
            commands=(facts.python.install("ai-edge-litert>=2.1"),),
        )


def _none(facts: Facts, level: Level) -> Finding:
    python = facts.python
    found = "no TFLite runtime is installed"
    if python.bits != 32:
        lines = (python.install("ai-edge-litert>=2.1"),)
        else_onnx = facts.imported("onnxruntime").loads and "onnx" in facts.held.formats
        until = "edgeface run --format onnx" if else_onnx else ""
        return Finding("tflite", level, found, _WHY, commands=lines, otherwise=until)
    if python.machine == "armv6l" or python.version[:2] != (3, 11):
        has = "ARMv6" if python.machine == "armv6l" else f"32-bit Python {python.short}"
        why = f"{_WHY}; none has a wheel for {has}"
        return Finding("tflite", level, found, why, FLASH)
    return Finding("tflite", level, found, _WHY, commands=(python.install(*NARROW),))


def check_both(facts: Facts) -> Iterator[Finding]:
    """Which TFLite runtime answers, where there are two."""
    if not facts.imported(LITERT).loads or not facts.version("tflite-runtime"):
        return
    numpy = facts.imported("numpy").version
    fails = f", and the latter does not work with numpy {numpy}" if _major(numpy) >= 2 else ""
    yield Finding(
        "tflite",
        "note",
        f"LiteRT and tflite-runtime {facts.version('tflite-runtime')} are both installed{fails}",
        "LiteRT is used; the other only where it is asked for by its name",
        commands=(facts.python.uninstall("tflite-runtime"),),
    )


def check_onnx(facts: Facts) -> Iterator[Finding]:
    """ONNX Runtime loads, where the bundle has files for it or it is installed."""
    onnx, formats = facts.imported("onnxruntime"), facts.held.formats
    only = formats == {"onnx"}
    if facts.version("onnxruntime") and facts.version("onnxruntime-gpu"):
        yield Finding(
            "onnxruntime",
            "slower or worse",
            "onnxruntime and onnxruntime-gpu are both installed",
            "they share a folder: whichever was written last decides whether a GPU is seen",
            "onnxruntime in the second line, in place of onnxruntime-gpu, leaves the GPU alone",
            (
                facts.python.uninstall("onnxruntime", "onnxruntime-gpu"),
                facts.python.install("onnxruntime-gpu"),
            ),
        )
    if onnx.loads or not facts.imported("numpy").loads:
        return
    if onnx.state != "missing":
        level: Level = "stops run" if only else "slower or worse"
        yield _broken(
            "onnxruntime", level, "onnxruntime", onnx.error, _WHY_ONNX, facts, "onnxruntime"
        )
    elif "onnx" in formats:
        lines = () if facts.python.bits == 32 else (facts.python.install("onnxruntime>=1.20"),)
        remedy = f"it has no 32-bit wheel: {FLASH}" if not lines else ""
        found = f"onnxruntime is not installed, and {facts.held.folder} has ONNX files"
        yield Finding(
            "onnxruntime", "stops run" if only else "note", found, _WHY_ONNX, remedy, lines
        )


def check_kernels(facts: Facts) -> Iterator[Finding]:
    """LiteRT finds the processors, without which it computes by its slow kernels."""
    if not facts.imported(LITERT).loads:
        return
    if sources.text(facts.machine.root / "sys/devices/system/cpu/possible") is None:
        yield Finding(
            "tflite",
            "slower or worse",
            "there is no /sys/devices/system/cpu",
            "LiteRT then leaves XNNPACK out: slower, and answers that differ in the last digits",
            commands=("sudo mount -t sysfs sysfs /sys",),
        )


def _broken(
    check: str, level: Level, package: str, error: str, why: str, facts: Facts, module: str
) -> Finding:
    if library := missing_library(error):
        remedy, lines = library_mend(facts, library)
        found = f"{package} does not load: the system has no {library}"
        return Finding(check, level, found, why, remedy, lines)
    line = facts.python.install(package, again=True)
    found = does_not_load(package, facts.imported(module))
    return Finding(check, level, found, why, commands=(line,))


def _major(version: str) -> int:
    digits = version.partition(".")[0]
    return int(digits) if digits.isdigit() else 0
