"""The export job: run + recipe → bundle, with every file held against the trained network."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, evaluate, records, sealed
from edgeface import bundle as bundles
from edgeface.convert import calibrate, onnx, page, parity, tflite, window
from edgeface.convert.latency import p50_ms
from edgeface.convert.network import Network
from edgeface.convert.versions import versions
from edgeface.errors import ConversionError, GateNotMet
from edgeface.images import Pixels
from edgeface.recipe import GateResult, Recipe
from edgeface.runtime import open_backend
from edgeface.train.run import Run
from edgeface.vision.decide import fit_threshold

GOLDEN_CROPS = 16


class Teller(Protocol):
    """Who is told how the job goes on."""

    def say(self, text: str) -> None:
        """A line."""

    def track(self, items: Sequence[Any], doing: str) -> Any:
        """Items, with progress."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        bundle: The bundle; None where a gate was not met and nothing was kept.
        files: What was measured of every file.
        float_accuracy: Of the trained network on the same pictures.
        gates: What was asked and measured.
    """

    bundle: bundles.Bundle | None
    files: tuple[bundles.ModelFile, ...]
    float_accuracy: float
    gates: tuple[GateResult, ...]


@dataclass(frozen=True, slots=True)
class _Sides:
    """The pictures of a run, and what the trained network answers on the validation side."""

    calibration: Pixels
    calibration_sha256: tuple[str, ...]
    pixels: Pixels
    truth: NDArray[np.intp]
    probs: evaluate.Probs


def export(
    run: Run,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
    keep: bool = False,
) -> Exported:
    """Convert a run into the files that a recipe asks for.

    Args:
        run: What was trained.
        recipe: Formats, schemes, calibration, gates.
        out: Where the bundle goes.
        teller: Is told how it goes on.
        force: Replace what stands at ``out``.
        keep: Keep the bundle though a gate was not met.

    Raises:
        UsageError: ``out`` is taken.
        Missed: A gate was not met and ``keep`` is off; it carries what was measured.
        InputError: The run's photographs are gone or changed.
        ConversionError: A file is not the network that was trained.
    """
    sealed.check_free(out, force=force)
    network = Network.take(run.model())
    sides = _sides(run, recipe, network, teller)
    with sealed.new_folder(out, force=force) as folder:
        files, outputs = _convert(run, recipe, network, sides, folder, teller)
        accuracy = evaluate.accuracy(sides.probs, sides.truth)
        timed = p50_ms(files, folder, sides.pixels) if recipe.gates.max_p50_ms is not None else {}
        gates = tuple(recipe.gates.check(files, accuracy, timed))
        missed = [g for g in gates if not g.met]
        if missed and not keep:
            raise Missed(Exported(None, files, accuracy, gates))
        held = sides.pixels, sides.truth
        windows = window.files(
            run, recipe.schemes, folder, network, sides.calibration, held, teller
        )
        manifest = _manifest(run, recipe, out.name, files, windows, sides)
        _finish(folder, manifest, sides, outputs, run, accuracy)
    return Exported(bundles.Bundle.load(out), files, accuracy, gates)


class Missed(GateNotMet):
    """Carries what was measured out of the block that removes the files."""

    def __init__(self, made: Exported) -> None:
        missed = sum(not g.met for g in made.gates)
        super().__init__(
            f"{missed} of {len(made.gates)} gates were not met; no bundle was written",
            remedy="see the table; add --keep to keep the files nevertheless",
        )
        self.made = made


def _sides(run: Run, recipe: Recipe, network: Network, teller: Teller) -> _Sides:
    training, training_truth = run.crops(
        "training", lambda entries: teller.track(entries, "training pictures")
    )
    pixels, truth = run.crops(
        "validation", lambda entries: teller.track(entries, "validation pictures")
    )
    probs = network.infer(pixels)
    _check_recorded(run, evaluate.cross_entropy(probs, truth))
    if not parity.moves(np.concatenate([probs, network.infer(training[:64])])):
        msg = (
            f"{run.folder}: the network answers every picture alike; no comparison would mean much"
        )
        raise ConversionError(msg, remedy="train it for longer, or on more pictures")
    chosen = calibrate.draw(training_truth, recipe.calibration, recipe.seed)
    entries = run.split.side("training")
    digests = tuple(entries[i].sha256 for i in chosen)
    shown = calibrate.with_black_and_white(training[chosen])
    return _Sides(shown, digests, pixels, truth, probs)


def _check_recorded(run: Run, loss: float) -> None:
    """A run is rebuilt by today's code: it has to be the network that was measured then."""
    recorded = run.metrics()["validation"].get("loss")
    if recorded is None or abs(loss - recorded) > 1e-3 * (1 + abs(recorded)):
        msg = (
            f"{run.folder}: validation loss {loss:.4f}, when it was trained {recorded}: "
            f"edgeface {__version__} does not build the network of {run.config.edgeface}"
        )
        raise ConversionError(msg, remedy="train again, or export with the version that trained it")


def _convert(
    run: Run, recipe: Recipe, network: Network, sides: _Sides, folder: Path, teller: Teller
) -> tuple[tuple[bundles.ModelFile, ...], dict[str, evaluate.Probs]]:
    files, outputs = [], {}
    float32_onnx = onnx.to_float32(network) if "onnx" in recipe.formats else b""
    wanted = [(f, s) for f in recipe.formats for s in recipe.schemes]
    for format, scheme in teller.track(wanted, "converting"):
        name = f"{run.config.network}.{scheme}.{format}"
        if format == "onnx":
            int8 = scheme == "int8"
            content = onnx.to_int8(float32_onnx, sides.calibration) if int8 else float32_onnx
        elif scheme == "int8":
            content = tflite.to_int8(network, sides.calibration)
        else:
            content = tflite.to_float32(network)
        _check_size(name, content, network, scheme)
        (folder / name).write_bytes(content)
        file, probs = _measure(folder / name, format, scheme, sides, network)
        _describe(folder / name, file, run)
        _check_same(folder / name, sides.pixels[:64], probs[:64], network.classes)
        file = _with_bytes(file, folder / name)
        files.append(file)
        outputs[name] = probs
    return tuple(files), outputs


def _check_size(name: str, content: bytes, network: Network, scheme: bundles.Scheme) -> None:
    """A file has to hold its weights; a well-known wrong path writes one without them."""
    least = network.folded_parameters * (1 if scheme == "int8" else 4)
    if not least <= len(content) <= 2 * least + 262_144:
        msg = f"{name}: {len(content)} bytes cannot be {network.model.count_params()} parameters"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")


def _measure(
    path: Path, format: bundles.Format, scheme: bundles.Scheme, sides: _Sides, network: Network
) -> tuple[bundles.ModelFile, evaluate.Probs]:
    backend = open_backend(path)
    if len(backend.outputs) != 1 or backend.input.shape != (1, *network.shape):
        msg = f"{path.name}: input {backend.input}, outputs {backend.outputs}: not the contract"
        raise ConversionError(msg)
    probs = evaluate.answers(backend.infer, sides.pixels, network.classes)
    largest = parity.check(path.name, scheme, probs, sides.probs)
    threshold = fit_threshold(probs, sides.truth)
    right = probs.argmax(axis=1) == sides.truth
    kept = evaluate.named(probs, threshold)[right]
    measured = bundles.Measured(
        pictures=len(sides.truth),
        accuracy=evaluate.accuracy(probs, sides.truth),
        agreement=evaluate.agreement(probs, sides.probs),
        parity=largest,
        threshold_kept=float(kept.mean()) if len(kept) else 0.0,
    )
    file = bundles.ModelFile(
        path.name, format, scheme, "", 0, backend.input, backend.outputs[0], threshold, measured
    )
    return file, probs


def _describe(path: Path, file: bundles.ModelFile, run: Run) -> None:
    """Write into the file what it is, so that it can be understood without its manifest."""
    facts = {
        "edgeface": __version__,
        "network": run.config.network,
        "scheme": file.scheme,
        "labels": json.dumps(run.labels, ensure_ascii=False),
        "preprocess": json.dumps(run.config.preprocess.as_dict()),
        "threshold": repr(file.threshold),
        "weights_sha256": run.weights_sha256,
    }
    content = path.read_bytes()
    if file.format == "onnx":
        path.write_bytes(onnx.with_metadata(content, facts))
    else:
        path.write_bytes(tflite.with_metadata(content, json.dumps(facts, ensure_ascii=False)))


def _check_same(path: Path, pixels: Pixels, probs: evaluate.Probs, classes: int) -> None:
    """Writing the description into a file rewrites the file: its answers have to be the same."""
    if not np.array_equal(evaluate.answers(open_backend(path).infer, pixels, classes), probs):
        msg = f"{path.name}: other answers after its metadata was written"
        raise ConversionError(msg, remedy="please report this with the versions of your packages")


def _with_bytes(file: bundles.ModelFile, path: Path) -> bundles.ModelFile:
    return replace(file, sha256=sealed.sha256(path), size_bytes=path.stat().st_size)


def _manifest(
    run: Run,
    recipe: Recipe,
    name: str,
    files: tuple[bundles.ModelFile, ...],
    windows: tuple[bundles.WindowFile, ...],
    sides: _Sides,
) -> bundles.Manifest:
    sums = sealed.read_sums(run.folder, "run")
    quantised = any(f.scheme == "int8" for f in files)
    return bundles.Manifest(
        schema=bundles.SCHEMA,
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        network=run.config.network,
        labels=run.labels,
        preprocess=run.config.preprocess,
        detector=run.config.detector,
        files=files,
        calibration=bundles.Calibration(sides.calibration_sha256, recipe.seed)
        if quantised
        else None,
        origin=bundles.Origin(
            run=str(run.folder),
            weights_sha256=run.weights_sha256,
            split_sha256=sums["split.json"],
            versions=versions(),
        ),
        windows=windows,
    )


def _finish(
    folder: Path,
    manifest: bundles.Manifest,
    sides: _Sides,
    outputs: dict[str, evaluate.Probs],
    run: Run,
    accuracy: float,
) -> None:
    """Golden values, manifest, the list of what it was trained on, report."""
    spread = np.linspace(0, len(sides.pixels) - 1, min(GOLDEN_CROPS, len(sides.pixels)))
    chosen = np.unique(spread.round().astype(int))
    # Arrays by file name: keyword arguments of savez take any text.
    np.savez(folder / bundles.GOLDEN, pixels=sides.pixels[chosen], **_only(outputs, chosen))
    seen = sorted(e.sha256[: bundles.SEEN_DIGITS] for e in run.split.side("training"))
    (folder / bundles.SEEN).write_text("".join(f"{digest}\n" for digest in seen), "ascii")
    (folder / bundles.MANIFEST).write_text(records.to_json(records.plain(manifest)), "utf-8")
    (folder / "report.md").write_text(page.markdown(manifest, accuracy), "utf-8")
    (folder / "report.html").write_text(page.html(manifest, accuracy), "utf-8")


def _only(outputs: dict[str, evaluate.Probs], chosen: NDArray[np.intp]) -> dict[str, Any]:
    return {name: probs[chosen] for name, probs in outputs.items()}
