"""Why `edgeface tune` chose what it chose, in sentences."""

from collections.abc import Mapping, Sequence

from edgeface.bench.candidates import error_of
from edgeface.bench.contenders import Cell
from edgeface.bench.summary import milliseconds
from edgeface.bench.tune import Found
from edgeface.board import State
from edgeface.bundle import ModelFile
from edgeface.pointbundle import AnyBundle, AnyFile
from edgeface.tuned import Objective, Tried, count

_BUSY = 0.5  # load a core that other programs have while nothing is timed yet


def reasons(
    found: Found,
    cells: Sequence[Cell],
    bundle: AnyBundle,
    objective: Objective,
) -> tuple[str, ...]:
    """The choice and what it rests on; the first sentence is enough for one line."""
    files = {file.name: file for file in bundle.manifest.files}
    chosen = cells[found.chosen]
    tried = {(t.file, t.backend, t.threads): t for t in found.tried}
    result = tried[chosen.file, chosen.backend, chosen.threads]
    said = [
        _choice(found, cells, objective),
        _ending(found, result),
        _float_or_int(chosen, result, found.tried, files),
        _accuracy(chosen, found.tried, files),
    ]
    return tuple(line for line in said if line)


def _choice(found: Found, cells: Sequence[Cell], objective: Objective) -> str:
    chosen, fastest = cells[found.chosen], cells[found.fastest]
    least = "median" if objective == "p50" else "90th percentile"
    equals = len(found.equals)
    if equals == 1:
        return f"{chosen.words}, has the lowest {least}"
    among = f"of {equals} that cannot be told apart within 2 % it has"
    if not found.tie:
        return f"{chosen.words}: {among} the lowest {least}, and none has fewer threads"
    what = {
        "threads": f"the fewest threads ({chosen.threads}, where the fastest has "
        f"{fastest.threads})",
        "error": "as few threads as any and the best accuracy",
        "size": "as few threads as any, the best accuracy and the smallest file",
    }[found.tie]
    return f"{chosen.words}: {among} {what}"


def _ending(found: Found, result: Tried) -> str:
    rounds = f"{found.rounds} round{'' if found.rounds == 1 else 's'}"
    out = sum(t.fate in ("slower", "far slower") for t in found.tried)
    slower = f"{out} other{'' if out == 1 else 's'} surely slower" if out else "no other"
    figure = "" if result.p50_ms is None else f"p50 {milliseconds(result.p50_ms)} ms; "
    match found.ended:
        case "one left":
            return f"{figure}{slower}, after {rounds} and {found.seconds:.0f} s"
        case "close":
            return (
                f"{figure}{slower}; those left are surely within 5 % of each other, after "
                f"{rounds} and {found.seconds:.0f} s"
            )
        case "time":
            left = [t for t in found.tried if t.fate == "as fast"]
            untried = sum(t.fate == "not tried" for t in found.tried)
            more = f", {untried} not tried" if untried else ""
            return (
                f"{figure}{slower}; the time was up with {len(left)} not surely slower{more}, "
                f"after {rounds} and {found.seconds:.0f} s: --seconds gives it more"
            )


def _float_or_int(
    chosen: Cell, result: Tried, tried: Sequence[Tried], files: Mapping[str, AnyFile]
) -> str:
    """That float32 won over int8, or the other way round, where both were tried."""
    other = {"float32": "int8", "int8": "float32"}.get(chosen.scheme)
    rivals = [t for t in tried if t.scheme == other and t.p50_ms is not None]
    if not rivals or result.p50_ms is None:
        return ""
    best = min(rivals, key=lambda t: t.p50_ms or 0.0)
    assert best.p50_ms is not None
    times = best.p50_ms / result.p50_ms
    if best.fate not in ("slower", "far slower") or times <= 1:
        return f"{chosen.scheme} and {other} cannot be told apart here"
    text = (
        f"{chosen.scheme} is faster than {other} here: the best {other} takes "
        f"{milliseconds(best.p50_ms)} ms, {times:.2f} times as long ({best.file} on "
        f"{best.backend}, {count(best.threads)})"
    )
    if chosen.scheme != "float32":
        return text
    return f"{text}; {_figure(files[chosen.file])}, {other}: {_figure(files[best.file])}"


def _accuracy(chosen: Cell, tried: Sequence[Tried], files: Mapping[str, AnyFile]) -> str:
    """What the choice gives away to the most accurate file that was timed."""
    timed = [t for t in tried if t.p50_ms is not None and t.fate != "failed"]
    if not timed:
        return ""
    best = min(timed, key=lambda t: (error_of(files[t.file]), t.p50_ms))
    if error_of(files[best.file]) >= chosen.error:
        return ""
    return (
        f"{chosen.file} has {_figure(files[chosen.file])}; the most accurate, {best.file}, "
        f"{_figure(files[best.file])}"
    )


def _figure(file: AnyFile) -> str:
    if isinstance(file, ModelFile):
        return f"accuracy {file.measured.accuracy:.3f}"
    return f"RMSE {file.measured.rmse:.4g}"


def gates_said(bundle: AnyBundle, recipe: str | None) -> str:
    """By which gates files were let in."""
    if recipe is not None:
        return f"gates: those of {recipe}"
    if bundle.manifest.gates:
        return "gates: those that the bundle was exported with"
    return (
        "gates: none: the bundle does not say that its recipe asked any, so every file may be "
        "chosen; --recipe FILE holds them against one"
    )


def board_said(before: State, after: State, cores: int | None) -> tuple[str, ...]:
    """What the board was doing that makes the choice doubtful."""
    said = []
    if after.throttled_now or before.throttled_now:
        what = ", ".join(after.throttled_now or before.throttled_now)
        said.append(f"the board was held back meanwhile ({what}): mend that and tune again")
    if before.load_1m is not None and before.load_1m > _BUSY * (cores or 1):
        said.append(
            f"other programs were running (load {before.load_1m:.1f}): stop them and tune again"
        )
    return tuple(said)
