"""Reading somebody's own ``.keras`` file without letting it run anything.

A ``.keras`` file is a zip of a description in JSON and weights in HDF5. The description may name
code: a Lambda layer holds Python bytecode, a custom object names a module to import. It is read
here first, and anything but Keras' own layers is refused by name; Keras then loads it in safe mode.
"""

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgeface.train import toolchain  # first: it silences what is imported next

# isort: split
import keras

from edgeface.errors import ConversionError, InputError, UsageError

SUFFIX = ".keras"
MOST_BYTES = 2 << 30  # unpacked
MOST_TEXT = 16 << 20
_DESCRIPTION, _COMPILED = "config.json", "compile_config"
_OWN = ("keras", "builtins")
_PARTS = {_DESCRIPTION, "metadata.json", "model.weights.h5"}
_AGAIN = "write it with model.save('NAME.keras') of Keras 3"


def load(path: Path) -> keras.Model:
    """The network of a ``.keras`` file.

    Raises:
        UsageError: There is no such file.
        InputError: It is none, is broken or too large, or cannot be loaded.
        ConversionError: It holds code of its own.
    """
    if not path.is_file():
        msg = f"{path}: no such file"
        raise UsageError(msg, remedy="name a run, or a .keras file")
    _check_code(path, _description(path))
    try:
        with toolchain.quiet():
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever Keras runs into: it is their file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        msg = f"{path}: Keras {keras.__version__} cannot load it ({reason})"
        raise InputError(msg, remedy=_AGAIN) from error
    if not isinstance(model, keras.Model):
        msg = f"{path} holds a {type(model).__name__}, no network"
        raise InputError(msg, remedy=_AGAIN)
    return model


def _description(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {one.filename: one.file_size for one in file.infolist()}
            if sum(sizes.values()) > MOST_BYTES or sizes.get(_DESCRIPTION, 0) > MOST_TEXT:
                msg = f"{path}: over {MOST_BYTES >> 30} GiB, or a description over 16 MiB"
                raise InputError(msg)
            strange = sorted(name for name in sizes if name not in _PARTS)
            if strange:
                msg = f"{path} holds {strange[0]!r}, which a network of weights alone does not"
                raise InputError(msg, remedy="take layers with vocabularies or tables out of it")
            return json.loads(file.read(_DESCRIPTION))
    except (OSError, ValueError, KeyError, RecursionError, EOFError) as error:
        msg = f"{path}: no .keras file ({type(error).__name__})"
        raise InputError(msg, remedy=_AGAIN) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        msg = f"{path}: no .keras file ({error})"
        raise InputError(msg, remedy=_AGAIN) from error


def _check_code(path: Path, description: Any) -> None:
    """Refuse what names code, before Keras looks at it."""
    if not isinstance(description, dict) or "class_name" not in description:
        msg = f"{path}: {_DESCRIPTION} describes no network"
        raise InputError(msg, remedy=_AGAIN)
    layers = {key: value for key, value in description.items() if key != _COMPILED}
    for one in _objects(layers):
        kind, module, name = (one.get(k) for k in ("class_name", "module", "registered_name"))
        if kind in ("Lambda", "__lambda__"):
            msg = f"{path} has a {kind.strip('_')} layer, which is code inside a file: not run"
            raise ConversionError(msg, remedy="put what it does into layers of Keras, save again")
        foreign = isinstance(module, str) and module.split(".")[0] not in _OWN
        custom = isinstance(name, str) and ">" in name
        if foreign or custom or (kind == "function" and module == "builtins" and name != kind):
            msg = (
                f"{path} needs {name or kind!s:.80} of {module or 'its author'!s:.80}, not of Keras"
            )
            raise ConversionError(msg, remedy="replace it by layers of Keras, and save again")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in a description that names a class, outermost first."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if "class_name" in one:
                yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
