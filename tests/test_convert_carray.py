"""A TFLite file as C: what a compiler makes of it is what was in it."""

import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest

from edgeface.bundle import Measured, ModelFile, Origin, Tensor
from edgeface.convert import carray
from edgeface.convert.source import Source
from edgeface.images import Preprocess

LABELS = (
    "ada",
    'Ann "the ace" Lee',
    "Zoë 🙂 Ωmega",
    "C:\\new\\table",
    "what??/ or ??=",
    "%d 100% /* no comment */",
    "1\t2\n3",
    "É4711",
)
MAIN = r"""
#include <stdint.h>
#include <stdio.h>
#include "tiny_net.int8.io.h"

int main(void) {
  uint32_t sum = 1, other = 0;  /* Adler-32 */
  for (size_t i = 0; i < tiny_net_int8_io_model_length; i++) {
    sum = (sum + tiny_net_int8_io_model[i]) % 65521;
    other = (other + sum) % 65521;
  }
  printf("%lu %lu %d\n", (unsigned long)tiny_net_int8_io_model_length,
         (unsigned long)(other << 16 | sum), (int)((uintptr_t)tiny_net_int8_io_model % 16));
  printf("%d %d %d %s %s\n", TINY_NET_INT8_IO_HEIGHT, TINY_NET_INT8_IO_WIDTH,
         TINY_NET_INT8_IO_CHANNELS, TINY_NET_INT8_IO_COLOUR, TINY_NET_INT8_IO_SCORE);
  printf("%.9g %d %.9g %d %.9g %d\n", TINY_NET_INT8_IO_INPUT_SCALE,
         TINY_NET_INT8_IO_INPUT_ZERO_POINT, TINY_NET_INT8_IO_OUTPUT_SCALE,
         TINY_NET_INT8_IO_OUTPUT_ZERO_POINT, TINY_NET_INT8_IO_THRESHOLD,
         TINY_NET_INT8_IO_LEAST_OUTPUT);
  for (int i = 0; i < TINY_NET_INT8_IO_CLASSES; i++) {
    for (const char *c = tiny_net_int8_io_labels[i]; *c; c++) printf("%02x", (unsigned char)*c);
    printf("\n");
  }
  return 0;
}
"""


@pytest.fixture
def written(tmp_path: Path) -> tuple[bytes, tuple[Path, Path]]:
    content = np.random.default_rng(0).integers(0, 256, 5003, np.uint8).tobytes()
    path = tmp_path / "tiny-net.int8.io.tflite"
    path.write_bytes(content)
    file = ModelFile(
        path.name,
        "tflite",
        "int8",
        "0" * 64,
        len(content),
        Tensor("pixels", "int8", (1, 24, 32, 3), 1 / 255, -128),
        Tensor("probs", "int8", (1, len(LABELS)), 1 / 256, -128),
        0.7300001,
        Measured(10, 0.9, 0.9, 0.1, 0.9),
    )
    source = Source(
        "somewhere",
        "tiny-net",
        LABELS,
        Preprocess(24, 32, "bgr"),
        "none",
        Origin("x", "0" * 64, "0" * 64, {}),
        (),
    )
    return content, carray.write(tmp_path, file, source)


def test_a_compiler_finds_what_was_written(written, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler is installed")
    content, (header, body) = written
    assert (header.name, body.name) == ("tiny-net.int8.io.h", "tiny-net.int8.io.c")
    main = tmp_path / "main.c"
    main.write_text(MAIN.replace("tiny_net.int8.io.h", header.name))
    strict = ["-std=c11", "-trigraphs", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    program = tmp_path / "program"
    command = [compiler, *strict, str(main), str(body), "-o", str(program)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    ran = subprocess.run([str(program)], capture_output=True, text=True, check=True)
    first, shape, numbers, *labels = ran.stdout.splitlines()
    assert first == f"{len(content)} {zlib.adler32(content)} 0"
    assert shape == "24 32 3 bgr maximum"
    found = [float(n) for n in numbers.split()]
    assert np.float32(found[0]) == np.float32(1 / 255)
    assert np.float32(found[2]) == np.float32(1 / 256)
    assert np.float32(found[4]) == np.float32(0.7300001)
    assert (found[1], found[3]) == (-128, -128)
    # The least stored value whose probability reaches the threshold: 59 / 256 = 0.73046875 - 0.5.
    assert found[5] == 59
    assert (found[5] + 128) / 256 >= 0.7300001 > (found[5] + 127) / 256
    assert [bytes.fromhex(label).decode() for label in labels] == list(LABELS)


def test_both_files_are_plain_ascii(written) -> None:
    for path in written[1]:
        text = path.read_bytes()
        assert text.isascii()
        assert b"??" not in text
        assert max(len(line) for line in text.splitlines()) <= 120


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("friends.int8.io", "friends_int8_io"),
        ("Their Net-2", "their_net_2"),
        ("5x", "model_5x"),
        ("Ünï", "n"),
        ("名前", "model_"),
    ],
)
def test_names_are_what_c_takes(name: str, found: str) -> None:
    assert carray.identifier(name) == found
