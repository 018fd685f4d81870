"""What every test shares: where the real data lies, what is skipped and why, and the fakes."""

import dataclasses
import importlib.util
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from edgeface import records, sealed
from edgeface.bundle import Manifest, Measured, ModelFile, Origin, Tensor
from edgeface.golden import tolerances
from edgeface.images import Preprocess
from edgeface.runtime import Placement

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(os.environ.get("EDGEFACE_DATA", ROOT.parent / "shared" / "data"))
_ALONE = "EDGEFACE_TEST_ALONE"
FIXTURES = Path(__file__).resolve().parent / "fixtures"

# Of the training toolchain about itself; warnings about our own use of it stay errors.
THEIR_WARNINGS = (
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",
    r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning",
)

# A busy machine is no failure: nothing here is held to a time.
settings.register_profile("edgeface", deadline=None)
settings.load_profile("edgeface")


def pytest_configure() -> None:
    # Whoever starts a script in the background has Ctrl-C ignored in it, and in all it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is marked ``alone`` by a pytest of its own.

    Now and then the kernel could not hand SIGINT to a process that had all the runtimes loaded.
    """
    if pyfuncitem.get_closest_marker("alone") is None or _ALONE in os.environ:
        return None
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", pyfuncitem.nodeid]
    done = subprocess.run(
        command,
        cwd=pyfuncitem.config.rootpath,
        env={**os.environ, _ALONE: "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    has_tf = importlib.util.find_spec("tensorflow") is not None
    for item in items:
        if item.get_closest_marker("real_data") and not REAL_DATA.is_dir():
            reason = f"no real data at {REAL_DATA}; set EDGEFACE_DATA"
            item.add_marker(pytest.mark.skip(reason=reason))
        if item.get_closest_marker("tf"):
            for theirs in THEIR_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(theirs))
            if not has_tf:
                item.add_marker(pytest.mark.skip(reason="the training half is not installed"))


@pytest.fixture
def real_data() -> Path:
    """The folder of real faces, clips and models; use with the marker ``real_data``."""
    return REAL_DATA


@pytest.fixture
def checkout() -> Path:
    """The root of the repository; skipped where only the tests were copied."""
    if not (ROOT / "pyproject.toml").is_file() or not (ROOT / "edgeface").is_dir():
        pytest.skip("these tests do not lie in a checkout of the repository")
    return ROOT


@pytest.fixture
def fixtures() -> Path:
    """The folder of committed files of every schema."""
    return FIXTURES


@pytest.fixture
def fixture_bundle() -> Path:
    """A committed bundle of schema 1: friends at 32 px, trained on drawn faces."""
    return FIXTURES / "bundle-schema1"


@pytest.fixture
def fixture_run() -> Path:
    """A committed run of schema 1: the one that `fixture_bundle` was exported from."""
    return FIXTURES / "run-schema1"


@pytest.fixture(scope="session")
def drawn_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drawn people with 24 photographs each; beside it, -strangers with one more."""
    from edgeface.datasets.drawn.folders import write_dataset

    folder = tmp_path_factory.mktemp("drawn") / "photos"
    write_dataset(folder, people=3, pictures=24, strangers=1, seed=5)
    return folder


def write_small_pictures(
    root: Path, people: Sequence[str] = ("ada", "bob"), count: int = 6, side: int = 40
) -> Path:
    """Pictures that are taken for crops: noise, and for everybody a bright band elsewhere."""
    import cv2

    rng = np.random.default_rng(0)
    for i, who in enumerate(people):
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = rng.integers(0, 100, (side, side, 3), np.uint8)
            picture[side // 4 * i : side // 4 * (i + 1)] += 150
            path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())
    return root


@pytest.fixture
def small_pictures() -> Callable[..., Path]:
    """Writes a folder a person of small pictures, that anybody can be told by."""
    return write_small_pictures


_MAT_CLASSES = {"f8": 6, "f4": 7, "i1": 8, "u1": 9, "i2": 10, "u2": 11, "i4": 12, "u4": 13}
_MAT_CLASSES |= {"i8": 14, "u8": 15}
_MAT_TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9}
_MAT_TYPES |= {"i8": 12, "u8": 13}


def mat_element(kind: int, data: bytes, order: str = "<") -> bytes:
    """An element of a mat file: type, size, content, padded to eight bytes."""
    return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)


def mat_array(
    name: str, array: NDArray[Any], order: str = "<", *, stored: str = "", flags: int = 0
) -> bytes:
    """An array as MATLAB saves it; text as a matrix of letters; ``stored`` narrows the numbers."""
    if array.dtype.kind == "U":
        width = array.dtype.itemsize // 4
        rows = [list(str(text).ljust(width)) for text in array]
        letters = np.asarray([[ord(c) for c in row] for row in rows], "u2").reshape(-1, width)
        number, kind, array = 4, 4, letters
    else:
        code = "u1" if array.dtype.kind == "b" else array.dtype.str[1:]
        flags |= 0x0200 if array.dtype.kind == "b" else 0
        number, kind = _MAT_CLASSES[code], _MAT_TYPES[stored or code]
        array = array.astype(stored or code)
    shape = array.shape if array.ndim > 1 else (1, array.size)
    content = array.astype(array.dtype.newbyteorder(order)).tobytes(order="F")
    return mat_element(
        14,
        mat_element(6, struct.pack(f"{order}II", number | flags, 0), order)
        + mat_element(5, struct.pack(f"{order}{len(shape)}i", *shape), order)
        + mat_element(1, name.encode(), order)
        + mat_element(kind, content, order),
        order,
    )


def mat_file(*elements: bytes, order: str = "<", packed: bool = False) -> bytes:
    """A mat file of version 5; ``packed`` as -v7 saves it."""
    begin = b"MATLAB 5.0 MAT-file, written by a test".ljust(124)
    begin += b"\x00\x01IM" if order == "<" else b"\x01\x00MI"
    for element in elements:
        small = zlib.compress(element)
        begin += struct.pack(f"{order}II", 15, len(small)) + small if packed else element
    return begin


def save_mat(path: Path, *, packed: bool = True, **arrays: NDArray[Any]) -> Path:
    """What MATLAB's save(FILE, '-v7') writes."""
    path.write_bytes(mat_file(*(mat_array(n, a) for n, a in arrays.items()), packed=packed))
    return path


@pytest.fixture(name="mat")
def _mat() -> SimpleNamespace:
    """Writes mat files, whole ones and odd ones."""
    return SimpleNamespace(element=mat_element, array=mat_array, file=mat_file, save=save_mat)


class QuietTeller:
    """Remembers what a job says; its epochs may be watched by ``after_epoch``."""

    def __init__(self, after_epoch: Callable[[Mapping[str, float]], None] | None = None) -> None:
        self.said: list[str] = []
        self.rows: list[Mapping[str, float]] = []
        self.steps: list[tuple[int, int]] = []
        self._after_epoch = after_epoch

    def say(self, text: str) -> None:
        self.said.append(text)

    def track(self, items: Sequence[Any], doing: str) -> Sequence[Any]:
        return items

    def step(self, done: int, of: int) -> None:
        self.steps.append((done, of))

    def epoch(self, row: Mapping[str, float], of: int) -> None:
        self.rows.append(row)
        if self._after_epoch is not None:
            self._after_epoch(row)


@pytest.fixture
def teller() -> QuietTeller:
    return QuietTeller()


@pytest.fixture(scope="session")
def prepared(drawn_photos: Path) -> tuple[Any, Any]:
    """What training the small run was asked for, and its crops and sides."""
    from edgeface.train.prepare import prepare
    from edgeface.train.request import Request
    from edgeface.vision.detect import open_detector

    asked = Request("friends", str(drawn_photos), size=32, seed=3).changed(epochs=20)
    return asked, prepare(asked, lambda: open_detector("haar"), QuietTeller())


@pytest.fixture(scope="session")
def small_run(prepared: tuple[Any, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run trained in a few seconds; use with the marker ``tf``, and change nothing in it."""
    from edgeface.train.job import train

    folder = tmp_path_factory.mktemp("runs") / "small"
    train(*prepared, folder, QuietTeller())
    return folder


@pytest.fixture(scope="session")
def mobilenet_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of weights for MobileNet 0.25 without its top; use with the marker ``tf``.

    They are random, but with batch-norm statistics that go with them: without these it answers
    every picture alike, and nothing below its head could be trained.
    """
    from edgeface.datasets.crops import CropStore
    from edgeface.train import toolchain
    from edgeface.train.networks import Design, mobilenet, network
    from edgeface.train.prepare import Part
    from edgeface.train.statistics import estimate_again

    toolchain.seed_everything(0)
    model = network("mobilenet").build(Design(32, 32, 3, 2, "default", 0.25))
    noise = np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3), np.uint8)
    estimate_again(model, Part(CropStore.of(noise), np.arange(64), np.zeros(64, np.intp)))
    base = mobilenet.base(64, 48, 3, 0.25)  # of another size: weights know none
    for layer in base.layers:
        if layer.weights:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    path = tmp_path_factory.mktemp("weights") / "base.weights.h5"
    base.save_weights(path)
    return path


@pytest.fixture(scope="session")
def small_bundle(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All four files of the small run; use with the marker ``tf``, and change nothing in it."""
    from edgeface.convert.export import export
    from edgeface.recipe import Recipe
    from edgeface.train.run import Run

    folder = tmp_path_factory.mktemp("bundles") / "small"
    recipe = Recipe("all", "any machine", ("tflite", "onnx"), ("float32", "int8"))
    export(Run.load(small_run), recipe, folder, QuietTeller())
    return folder


class FakeBackend:
    """A backend whose answer is computed from the mean grey of its input, and that counts calls."""

    def __init__(self, classes: int = 3, shape: tuple[int, int, int] = (32, 32, 1)) -> None:
        self.name = "fake 1"
        self.threads = 1
        self.device, self.precision = "cpu", ""
        self.input = Tensor("pixels", "uint8", (1, *shape))
        self.output = Tensor("probs", "float32", (1, classes))
        self.outputs = (self.output,)
        self.calls = 0

    def infer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert pixels.shape == self.input.shape[1:]
        assert pixels.dtype == np.uint8
        self.calls += 1
        classes = self.output.shape[1]
        probs = np.full(classes, 0.1 / max(classes - 1, 1), np.float32)
        probs[int(pixels.mean()) * classes // 256] = 0.9
        return probs

    def bind(self, pixels: NDArray[np.uint8]) -> Callable[[], object]:
        return lambda: self.infer(pixels)

    def placement(self) -> Placement:
        return Placement("fake", 3, 4)


@pytest.fixture
def fake_backend() -> FakeBackend:
    return FakeBackend()


def write_fake_bundle(folder: Path) -> None:
    """A bundle of four files whose bytes mean nothing; its golden answers are FakeBackend's."""
    backend = FakeBackend()
    crops = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1), np.uint8)
    crops[1], crops[2] = 0, 255
    answers = np.stack([backend.infer(crop) for crop in crops])
    files = []
    with sealed.new_folder(folder) as new:
        for format, scheme in [(f, s) for f in ("tflite", "onnx") for s in ("float32", "int8")]:
            path = new / f"tiny.{scheme}.{format}"
            path.write_bytes(f"{format} {scheme}".encode())
            files.append(
                ModelFile(
                    path.name,
                    format,
                    scheme,
                    sealed.sha256(path),
                    path.stat().st_size,
                    backend.input,
                    backend.output,
                    0.5,
                    Measured(60, 0.95, 0.98, 0.01, 0.95),
                    tolerances=tolerances(format, scheme),
                )
            )
        np.savez(new / "golden.npz", pixels=crops, **{f.name: answers for f in files})
        manifest = Manifest(
            1,
            "tiny",
            "2026-01-02T03:04:05+00:00",
            "0.1.0",
            "friends",
            ("ada", "bob", "cyd"),
            Preprocess(32, 32),
            "haar",
            tuple(files),
            None,
            Origin("tiny", "0" * 64, "1" * 64, {"keras": "3.0"}),
        )
        (new / "manifest.json").write_text(records.to_json(records.plain(manifest)))


@pytest.fixture
def fake_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The newest bundle below the current folder; FakeBackend runs its files."""
    from edgeface.runtime import BACKENDS

    folder = tmp_path / "bundles" / "tiny"
    write_fake_bundle(folder)
    monkeypatch.chdir(tmp_path)
    for format in ("tflite", "onnx"):
        monkeypatch.setitem(BACKENDS, format, {"fake": lambda path, threads: FakeBackend()})
    return folder


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run ``edgeface WORDS`` in this process."""
    from edgeface.cli.app import main

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["edgeface", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return run


@pytest.fixture(scope="session")
def blended() -> tuple[Any, Any]:
    """The network of the fixture run, and sides of 160 pictures blended of the fixture's crops.

    Use with the marker ``tf``. What is right is what the network answers, so those that it is not
    sure of are left out: whatever moves it at all makes an error of them.
    """
    from edgeface.bundle import Bundle
    from edgeface.calibration import Calibration
    from edgeface.convert.calibration import with_black_and_white
    from edgeface.convert.network import Network
    from edgeface.convert.sides import Sides
    from edgeface.train.run import Run

    network = Network.take(Run.load(FIXTURES / "run-schema1").model())
    crops, _ = Bundle.load(FIXTURES / "bundle-schema1").golden()
    rng = np.random.default_rng(0)
    made = []
    for _ in range(320):
        one, other = crops[rng.integers(len(crops), size=2)].astype(np.float64)
        share = rng.uniform(0, 0.45)
        picture = np.roll((1 - share) * one + share * other, rng.integers(-2, 3, 2), (0, 1))
        lit = picture * rng.uniform(0.7, 1.2) + rng.normal(0, 4, picture.shape)
        made.append(np.clip(lit, 0, 255).astype(np.uint8))
    pixels = np.stack(made)
    sure = np.flatnonzero(network.infer(pixels).max(axis=1) > 0.95)[:160]
    pixels = pixels[sure]
    probs = network.infer(pixels)
    record = Calibration(pictures=(), seed=0)
    shown = with_black_and_white(pixels[:40])
    return network, Sides(shown, record, pixels[40:], probs[40:].argmax(axis=1), probs[40:])


def timed_cell(
    scheme: str | None = "int8",
    level_ns: float | Sequence[float] = 1e6,
    *,
    n: int = 20,
    windows: int = 8,
    **changes: Any,
) -> Any:
    """A cell of a latency report: two processes in turns, a little noise that is always the same.

    ``level_ns`` is about the median, of all windows or of each.
    """
    from edgeface.report import Cell, Window

    levels = np.broadcast_to(level_ns, windows)
    rng = np.random.default_rng(int(np.mean(level_ns)) % 1000)
    taken = [(level * rng.uniform(0.99, 1.01, n)).astype(int).tolist() for level in levels]
    made = Cell(
        f"tiny.{scheme}.tflite", str(scheme).ljust(64, "0")[:64], 1000, "tflite", scheme, "fake 1",
        "cpu", 1, "infer", "uint8 (1, 32, 32, 1)", 5_000_000, 2_000_000,
        tuple(Window(i % 2, 10**9 + 10**8 * i, tuple(samples)) for i, samples in enumerate(taken)),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def timed_report(*cells: Any, **changes: Any) -> Any:
    """A latency report of a machine that does not exist."""
    from edgeface.board import Board, State
    from edgeface.report import SCHEMA, Method, Report

    board = Board(
        "Raspberry Pi 4 Model B Rev 1.1", "Cortex-A72", "aarch64", 64, 4, 4, 1800.0, 4 * 10**9,
        "Debian GNU/Linux 12 (bookworm)", "6.6", "3.11.2", {"numpy": "2.4.0"},
    )  # fmt: skip
    state = State("ondemand", 1800.0, 51.5, 0.25, 3 * 10**9, 0)
    method = Method(seconds=3.0, samples=None, least=48, windows=8, mode="quick", processes=2)
    made = Report(
        SCHEMA, "2026-01-02T03:04:05+00:00", "0.1.0", "tiny", board, state, state, method, False,
        cells, (), command=("edgeface", "bench", "bundles/tiny", "--quick"),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


@pytest.fixture(name="timed")
def _timed() -> SimpleNamespace:
    """Makes cells and latency reports without measuring anything."""
    return SimpleNamespace(cell=timed_cell, report=timed_report)
