"""What ``edgeface compare`` leaves: a table and verdicts on the terminal, pages where asked."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import output
from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.comparison import Compared, Measured

_MOST_MIX_UPS = 20


@dataclass(frozen=True, slots=True)
class Pages:
    """The files that were asked for.

    Attributes:
        html: Of ``--html``.
        markdown: Of ``--markdown``.
        force: Replace what stands there.
    """

    html: Path | None
    markdown: Path | None
    force: bool

    def check(self) -> None:
        """Say before a long job that its result would have no place.

        Raises:
            UsageError: Something stands there and is not to be replaced, or both are one.
            EdgefaceError: Nothing can be written there.
        """
        from edgeface import sealed

        if self.html and self.markdown and self.html.absolute() == self.markdown.absolute():
            msg = f"--html and --markdown both name {self.html}"
            raise UsageError(msg, remedy="name two files")
        for option, path in (("--html", self.html), ("--markdown", self.markdown)):
            if path is None:
                continue
            if path.is_dir():
                msg = f"{option} {path}: a folder, not a file"
                raise UsageError(msg, remedy=f"{option} {path / 'compare'}.{option[2:]}")
            if path.exists() and not self.force:
                msg = f"{option} {path} exists already"
                raise UsageError(msg, remedy="name another file, or add --force to replace it")
            sealed.check_writable(path)

    def write(self, html: Callable[[], str], markdown: Callable[[], str]) -> None:
        """Write what was asked for, each beside its place and renamed."""
        from edgeface import sealed

        if self.html is not None:
            sealed.write_file(self.html, html())
        if self.markdown is not None:
            sealed.write_file(self.markdown, markdown())

    def say(self) -> None:
        """Say where they are."""
        for path in (self.html, self.markdown):
            if path is not None:
                output.say(f"written: {path}")


def tell(result: "Compared", *, per_class: bool, confusion: bool) -> None:
    """A comparison on the terminal."""
    from edgeface.comparison import tables, words

    for line in words.shown(result):
        output.result(line)
    for name, why in result.skipped.items():
        output.say(f"not compared: {name}: {why}")
    strangers = bool(result.pictures.stranger_people)
    rules = any(file.accepting is not None for file in result.files)
    head = ["file", "accuracy", "95 %", "delta", "agree", "flips", "size"]
    head += ["unknown"] if rules else []
    head += ["strangers"] if rules and strangers else []
    output.table(head, _grouped([_row(file)[: len(head)] for file in result.files]))
    output.result(f"delta: points, {words.reference(result)}")
    if rules:
        output.result("unknown: share of enrolled people's pictures that are under the threshold")
    if strangers:
        output.result(f"{words.strangers_note(result)}, and how many get a name")
    elif rules:
        output.say(
            "how many strangers would be given a name was not measured: --strangers PHOTOS does"
        )
    for file, said in words.verdicts(result):
        output.result(f"{file.subject.name}: {said}")
    if per_class:
        output.result("")
        output.table(*tables.classes(result))
        output.result("*: more than chance at 5 %, given how many classes there are")
    if confusion:
        output.result("")
        output.table(*tables.mix_ups(result, _MOST_MIX_UPS))


def _grouped(rows: list[list[str]]) -> list[list[str]]:
    """Files that are told apart by their folders stand below these: the table stays narrow."""
    made: list[list[str]] = []
    group = ""
    for name, *cells in rows:
        folder, _, file = name.rpartition("/")
        if folder not in ("", group):
            made.append([f"{folder}/", *[""] * len(cells)])
        group = folder
        made.append([f"  {file}" if folder else file, *cells])
    return made


def _row(file: "Measured") -> list[str]:
    """All cells; the last are cut off where no file has a threshold, or there are no strangers."""
    from edgeface.comparison import words

    against, reference = file.against, file.is_reference
    rate = None if file.accepting is None else file.accepting.strangers
    return [
        file.subject.name,
        f"{against.accuracy:.3f}",
        f"{against.accuracy_low:.3f}–{against.accuracy_high:.3f}",
        output.NONE if reference else words.signed(against.delta_points, 1),
        output.NONE if reference else f"{against.agreement:.3f}",
        output.NONE if reference else str(against.flips),
        words.size(file),
        output.NONE if file.accepting is None else f"{1 - file.accepting.named.mean():.3f}",
        output.NONE if rate is None else f"{rate.accepted} ({100 * rate.share:.1f} %)",
    ]
