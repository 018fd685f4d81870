"""What ``edgeface bench`` leaves: a table and sentences, files where asked, and an exit code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import output
from edgeface.errors import GateNotMet, ReportError, UsageError

if TYPE_CHECKING:
    from edgeface.bench.against import Against
    from edgeface.bench.kept import Kept
    from edgeface.bench.limits import Limit
    from edgeface.report import Report


@dataclass(frozen=True, slots=True)
class Leaving:
    """The files that were asked for.

    Attributes:
        out: The report.
        markdown: A table for a README.
        html: A page with distributions.
        force: Replace what stands there.
    """

    out: Path | None = None
    markdown: Path | None = None
    html: Path | None = None
    force: bool = False

    def check(self) -> None:
        """Before the measurement, not after it.

        Raises:
            UsageError: Something stands there and is not to be replaced, or two are one.
            EdgefaceError: Nothing can be written there.
        """
        from edgeface.report import SUFFIX
        from edgeface.sealed import check_writable

        if self.out is not None and not self.out.name.endswith(SUFFIX):
            msg = f"--out {self.out}: a latency report ends in {SUFFIX}"
            raise UsageError(msg)
        seen: dict[Path, str] = {}
        for option, path in self._named():
            twin = seen.setdefault(path.absolute(), option)
            if twin != option:
                msg = f"{twin} and {option} both name {path}"
                raise UsageError(msg, remedy="name two files")
            if path.is_dir():
                msg = f"{option} {path}: a folder, not a file"
                raise UsageError(msg, remedy=f"name a file in it: {path / 'bench'}")
            if path.exists() and not self.force:
                msg = f"{option} {path} exists already"
                raise UsageError(msg, remedy="choose another, or add --force to replace it")
            check_writable(path)

    def write(self, report: "Report", against: "Against | None") -> None:
        """Write what was asked for, each beside its place and renamed."""
        from edgeface import sealed
        from edgeface.bench.marked import markdown
        from edgeface.bench.page import html

        texts: dict[str, Callable[[], str]] = {
            "--out": report.to_json,
            "--markdown": lambda: markdown(report, against),
            "--html": lambda: html(report, against),
        }
        for option, path in self._named():
            sealed.write_file(path, texts[option]())
            output.say(f"written: {path}")

    def _named(self) -> list[tuple[str, Path]]:
        named = (("--out", self.out), ("--markdown", self.markdown), ("--html", self.html))
        return [(option, path) for option, path in named if path is not None]


def tell(report: "Report", against: "Against | None", kept: "Kept") -> None:
    """All of it on the terminal."""
    from edgeface.bench import tables, words
    from edgeface.bench.against import said_of
    from edgeface.bench.findings import findings
    from edgeface.board import describe

    output.result(f"board: {describe(report.board, report.before)}")
    output.result(f"{report.subject}: {words.method(report)}")
    output.table(*tables.cells(report))
    for made in (
        tables.opening(report),
        tables.cold(report),
        tables.memory(report),
        tables.energy(report),
    ):
        if made[1]:
            output.result("")
            output.table(*made)
    if report.cold or report.memory or report.energy:
        output.result("")
    for line in (*report.notes, *findings(report)):
        output.result(line)
    if against is not None:
        output.result(f"against {against.name}, {against.before.created}:")
        for line in said_of(report, against):
            output.result(line)
    for missed in kept.missed:
        output.result(f"not kept: {missed.limit}: {missed.where}: {missed.said}")
    for open_ in kept.unjudged:
        output.result(f"cannot be judged: {open_.limit}: {open_.reason}")


def raise_for(limits: "tuple[Limit, ...]", kept: "Kept") -> None:
    """End with what was not kept, or could not be judged.

    Raises:
        GateNotMet: A limit was not kept.
        ReportError: All that could be judged were, but not all could.
    """
    if kept.missed:
        first, more = kept.missed[0], len(kept.missed) - 1
        others = f"; {more} more" if more else ""
        msg = f"--fail-if {first.limit!r}: {first.where}: {first.said}{others}"
        raise GateNotMet(msg, remedy="a faster file or backend, or another limit")
    if kept.unjudged:
        open_ = kept.unjudged[0]
        msg = f"--fail-if {open_.limit!r} cannot be judged: {open_.reason}"
        raise ReportError(msg, remedy=open_.remedy)
    if limits:
        output.say(f"kept: {', '.join(limit.text for limit in limits)}")
