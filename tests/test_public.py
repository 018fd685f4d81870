"""What ``import edgeface`` gives, and what it does not load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import edgeface


def test_every_public_name_is_there_and_lives_where_the_types_say() -> None:
    for name in edgeface.__all__:
        value = getattr(edgeface, name)
        assert value.__name__ == name
        assert value.__doc__
    assert edgeface._HOMES.keys() == set(edgeface.__all__)
    assert set(edgeface.__all__) <= set(dir(edgeface))

    tree = ast.parse(Path(edgeface.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    typed = {alias.name: node.module for node in imports for alias in node.names}
    assert typed == edgeface._HOMES


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'edgeface' has no attribute 'opne_backend'"):
        _ = edgeface.opne_backend
    assert not hasattr(edgeface, "train_everything")


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_import_edgeface_loads_nothing_heavy() -> None:
    loaded = _loaded("import edgeface")
    assert "edgeface" in loaded
    assert not {name for name in loaded if name.startswith("edgeface.")}
    assert not loaded & {"numpy", "cv2", "typer"}


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_the_help_loads_nothing_heavy(words: list[str]) -> None:
    code = (
        f"sys.argv = ['edgeface', *{words}]\nfrom edgeface.cli.app import main\n"
        "try: main()\nexcept SystemExit as done: assert not done.code"
    )
    loaded = _loaded(code)
    assert "edgeface.cli.app" in loaded
    assert not loaded & {"numpy", "cv2", "tensorflow", "matplotlib", "onnxruntime", "PIL"}


def test_one_name_loads_only_its_home() -> None:
    loaded = _loaded("from edgeface import EdgefaceError")
    assert {m for m in loaded if m.startswith("edgeface")} == {"edgeface", "edgeface.errors"}
