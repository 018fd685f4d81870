"""A TFLite file as C: a header and a source, for devices without a file system.

What a program needs beside the bytes stands there too: labels, the input's size and colour order,
the threshold, and the scales and zero points of both ends.
"""

import math
import re
import string
import textwrap
from pathlib import Path

import numpy as np

from edgeface.bundle import ModelFile, Tensor
from edgeface.convert.source import Source

_SAFE = set(string.printable.encode()) - set(b'?"\\\t\n\r\v\f')


def write(folder: Path, file: ModelFile, source: Source) -> tuple[Path, Path]:
    """Write ``NAME.h`` and ``NAME.c`` beside a file.

    Args:
        folder: Where the file lies.
        file: A TFLite file.
        source: What was exported.

    Returns:
        The header and the source.
    """
    stem = Path(file.name).stem
    header, body = folder / f"{stem}.h", folder / f"{stem}.c"
    name = identifier(stem)
    header.write_text(_header(name, file, source), "ascii")
    content = (folder / file.name).read_bytes()
    body.write_text(_source(name, header.name, content, source.labels), "ascii")
    return header, body


def identifier(text: str) -> str:
    """A name as C takes it: ``friends.int8.io`` → ``friends_int8_io``."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return name if name[:1].isalpha() else f"model_{name}"


def literal(text: str) -> str:
    r"""Text as a C string of its UTF-8 bytes.

    All but plain letters and signs is written in three octal digits: a hexadecimal escape would
    swallow letters behind it, and two question marks may begin a trigraph (C11, 5.2.1.1, 6.4.4.4).
    """
    written = "".join(chr(b) if b in _SAFE else f"\\{b:03o}" for b in text.encode())
    return f'"{written}"'


def _header(name: str, file: ModelFile, source: Source) -> str:
    upper, to = name.upper(), source.preprocess
    guard = f"EDGEFACE_{upper}_H"
    values = {
        "HEIGHT": str(to.height),
        "WIDTH": str(to.width),
        "CHANNELS": str(to.channels),
        "COLOUR": literal(to.colour),
        "CLASSES": str(len(source.labels)),
        "SCORE": literal(file.score),
        "THRESHOLD": _number(file.threshold),
        **_ends("INPUT", file.input),
        **_ends("OUTPUT", file.output),
    }
    if file.output.scale and file.score == "maximum":
        least = math.ceil(round(file.threshold / file.output.scale + file.output.zero_point, 6))
        values["LEAST_OUTPUT"] = str(least)
    lines = [f"#define {upper}_{key} {value}" for key, value in values.items()]
    said = textwrap.fill(_SAID, 96)
    return "\n".join(
        [
            f"/* {said} */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            "#include <stddef.h>",
            "",
            *lines,
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"extern const unsigned char {name}_model[]; /* a TFLite file, aligned to 16 bytes */",
            f"extern const size_t {name}_model_length;",
            f"extern const char *const {name}_labels[{upper}_CLASSES]; /* UTF-8 */",
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "",
            "#endif",
            "",
        ]
    )


_SAID = (
    "Written by edgeface. An int8 input holds pixels - 128, in the order height, width, channel; a "
    "real output is (stored - OUTPUT_ZERO_POINT) * OUTPUT_SCALE. A best score below THRESHOLD "
    "(stored: below LEAST_OUTPUT) is unknown."
)


def _ends(which: str, tensor: Tensor) -> dict[str, str]:
    """Type, scale and zero point of an input or output."""
    return {
        f"{which}_TYPE": literal(tensor.dtype),
        f"{which}_SCALE": _number(tensor.scale),
        f"{which}_ZERO_POINT": f"({tensor.zero_point})",
    }


def _number(value: float) -> str:
    """A float as C reads it, with all its digits."""
    text = f"{float(np.float32(value)):.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"


def _source(name: str, header: str, content: bytes, labels: tuple[str, ...]) -> str:
    rows = [
        "  " + "".join(f"{byte}," for byte in content[at : at + 24])
        for at in range(0, len(content), 24)
    ]
    return "\n".join(
        [
            f'#include "{header}"',
            "",
            "#include <stdalign.h>",
            "",
            f"alignas(16) const unsigned char {name}_model[] = {{",
            *rows,
            "};",
            f"const size_t {name}_model_length = sizeof {name}_model;",
            "",
            f"const char *const {name}_labels[{name.upper()}_CLASSES] = {{",
            *(f"  {literal(label)}," for label in labels),
            "};",
            "",
        ]
    )
