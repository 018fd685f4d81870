"""The tree of errors, and how the command line shows one."""

import re
from pathlib import Path

import pytest

from edgeface import errors
from edgeface.cli import app
from edgeface.errors import EdgefaceError, UsageError


def _classes() -> dict[str, type[EdgefaceError]]:
    found = vars(errors).values()
    return {c.__name__: c for c in found if isinstance(c, type) and issubclass(c, EdgefaceError)}


def test_the_drawing_in_the_docstring_is_the_tree() -> None:
    drawn = re.findall(r"^    ([│ ├└─]*)(\w+) +(\d)   ", errors.__doc__ or "", re.MULTILINE)
    assert {name for _, name, _ in drawn} == set(_classes())
    above: list[str] = []
    for prefix, name, code in drawn:
        depth = len(prefix) // 4
        above[depth:] = [name]
        found = _classes()[name]
        assert found.exit_code == int(code), name
        if depth:
            assert found.__bases__ == (_classes()[above[depth - 1]],), name


def test_every_error_keeps_its_line_and_its_remedy() -> None:
    for kind in _classes().values():
        error = kind("what is wrong", remedy="what to do")
        assert str(error) == "what is wrong"
        assert error.remedy == "what to do"
        assert kind("alone").remedy == ""


@pytest.mark.parametrize("kind", sorted(_classes()))
def test_the_command_line_prints_one_line_a_remedy_and_the_exit_code(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        msg = "photos/: empty"
        raise _classes()[kind](msg, remedy="put some there")

    monkeypatch.setattr(app, "app", fails)
    with pytest.raises(SystemExit) as stop:
        app.main()
    assert stop.value.code == _classes()[kind].exit_code
    said = capsys.readouterr()
    assert said.err == "error: photos/: empty\nremedy: put some there\n"
    assert said.out == ""


def test_other_exceptions_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app, "app", fails)
    with pytest.raises(ZeroDivisionError):
        app.main()


def test_no_module_raises_a_bare_exception(checkout: Path) -> None:
    for path in sorted((checkout / "edgeface").rglob("*.py")):
        assert not re.search(r"raise (Base)?Exception\b", path.read_text("utf-8")), path


def test_usage_errors_exit_like_a_wrong_option() -> None:
    assert UsageError.exit_code == 2
