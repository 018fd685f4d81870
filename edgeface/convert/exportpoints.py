"""The export job of a regression: run + recipe → bundle, every file held against the network."""

import datetime
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeface import __version__, bundlefolder, records, residuals, sealed
from edgeface.bundlefolder import Format, Scheme
from edgeface.convert import onnx, onnxfloat16, pointpage, points, pointtflite, tflite
from edgeface.convert.files import BYTES
from edgeface.convert.latency import p50_ms
from edgeface.convert.source import Teller
from edgeface.convert.versions import versions
from edgeface.errors import ConversionError, GateNotMet
from edgeface.gates import GateResult, held
from edgeface.pointbundle import (
    PointBundle,
    PointCalibration,
    PointFile,
    PointManifest,
    PointMeasured,
    PointOrigin,
)
from edgeface.recipe import Recipe
from edgeface.runtime import open_backend
from edgeface.train.fitpoints import values_of
from edgeface.train.pointrun import POINTS, PointRun

GOLDEN_POINTS = 16

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ExportedPoints:
    """What an export made.

    Attributes:
        bundle: The bundle; None where a gate was not met and nothing was kept.
        files: What was measured of every file.
        float_l2: L2 error of the trained network on the same points.
        gates: What was asked and measured.
    """

    bundle: PointBundle | None
    files: tuple[PointFile, ...]
    float_l2: float
    gates: tuple[GateResult, ...]


class PointsMissed(GateNotMet):
    """Carries what was measured out of the block that removes the files."""

    def __init__(self, made: ExportedPoints) -> None:
        missed = sum(not g.met for g in made.gates)
        super().__init__(
            f"{missed} of {len(made.gates)} gates were not met; no bundle was written",
            remedy="see the table; add --keep to keep the files nevertheless",
        )
        self.made = made


@dataclass(frozen=True, slots=True)
class _Trained:
    """A run's network, and what it answers.

    Attributes:
        run: The run.
        model: Its Keras network.
        values: (n,) its answers to all points of the run.
        calibration: (m, inputs) what sets the ranges of int8.
        chosen: SHA-256 of those points.
    """

    run: PointRun
    model: Any
    values: Values
    calibration: points.Inputs
    chosen: tuple[str, ...]


def export_points(
    run: PointRun,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
    keep: bool = False,
) -> ExportedPoints:
    """Convert a run of points into the files that a recipe asks for.

    Args:
        run: What was trained.
        recipe: Formats, schemes, calibration, gates.
        out: Where the bundle goes.
        teller: Is told how it goes on.
        force: Replace what stands at ``out``.
        keep: Keep the bundle though a gate was not met.

    Raises:
        UsageError: ``out`` is taken.
        RecipeError: A gate is about names.
        PointsMissed: A gate was not met and ``keep`` is off; it carries what was measured.
        ConversionError: A file is not the network that was trained.
    """
    recipe.check_for_regression()
    sealed.check_free(out, force=force)
    trained = _take(run, recipe)
    with sealed.new_folder(out, force=force) as folder:
        files, answers = _convert(trained, recipe, folder, teller)
        l2 = residuals.l2(trained.values[run.held], run.validation.y)
        x = run.validation.x.astype(np.float32)
        timed = p50_ms(files, folder, x) if recipe.gates.max_p50_ms is not None else {}
        gates = tuple(recipe.gates.check(files, None, timed))
        if not keep and not all(gate.met for gate in gates):
            raise PointsMissed(ExportedPoints(None, files, l2, gates))
        _finish(folder, _manifest(trained, recipe, out.name, files, gates), trained, answers, l2)
    return ExportedPoints(PointBundle.load(out), files, l2, gates)


def _take(run: PointRun, recipe: Recipe) -> _Trained:
    model = run.model()
    points.check_weights(model)
    values = values_of(model, run.points.x)
    found = residuals.l2(values[run.held], run.validation.y)
    recorded = run.metrics()["validation"].get("l2")
    if recorded is None or abs(found - recorded) > 1e-3 * (1 + abs(recorded)):
        msg = (
            f"{run.folder}: L2 error {found:.4g}, when it was trained {recorded}: edgeface "
            f"{__version__} does not build the network of {run.config.edgeface}"
        )
        raise ConversionError(msg, remedy="train again, or export with the version that trained it")
    if np.ptp(values) == 0:
        msg = f"{run.folder}: the network answers every point alike; no comparison would mean much"
        raise ConversionError(msg, remedy="train it for longer, or on more points")
    training = run.training
    shown, chosen = points.calibration_of(training.x, recipe.calibration, recipe.seed)
    return _Trained(run, model, values, shown, tuple(training.only(chosen).digests()))


def _convert(
    trained: _Trained, recipe: Recipe, folder: Path, teller: Teller
) -> tuple[tuple[PointFile, ...], dict[str, Values]]:
    files, answers = [], {}
    if recipe.impossible:
        teller.say(f"left out: {recipe.left_out}")
    for format, scheme in teller.track(recipe.pairs, "converting"):
        path = folder / f"{trained.run.config.network}.{scheme}.{format}"
        content = _content(format, scheme, trained)
        _check_size(path.name, content, trained.model, scheme)
        path.write_bytes(content)
        file, values = _measure(path, format, scheme, trained)
        _describe(path, file, trained.run)
        if not np.array_equal(_answers(path, trained.run), values):
            msg = f"{path.name}: other answers after its metadata was written"
            raise ConversionError(msg, remedy="please report this with your packages' versions")
        files.append(replace(file, sha256=sealed.sha256(path), size_bytes=path.stat().st_size))
        answers[path.name] = values
    return tuple(files), answers


def _content(format: Format, scheme: Scheme, trained: _Trained) -> bytes:
    model, shown = trained.model, trained.calibration
    match format, scheme:
        case "tflite", "float16":
            return pointtflite.to_float16(model)
        case "tflite", "dynamic":
            return pointtflite.to_dynamic(model)
        case "tflite", "int8":
            return pointtflite.to_int8(model, shown)
        case "tflite", "int16x8":
            return pointtflite.to_int16x8(model, shown)
        case "onnx", "float16":
            return onnxfloat16.halved(points.to_onnx(model))
        case "onnx", "int8":
            return points.quantise_onnx(points.to_onnx(model), shown)
        case _:
            pass
    return points.to_onnx(model) if format == "onnx" else pointtflite.to_float32(model)


def _answers(path: Path, run: PointRun) -> Values:
    return residuals.answers(open_backend(path).infer, run.points.x)


def _check_size(name: str, content: bytes, model: Any, scheme: Scheme) -> None:
    """A file has to hold its weights; a well-known wrong path writes one without them."""
    least = model.count_params() * BYTES[scheme]
    if not least <= len(content) <= 2 * least + 262_144:
        msg = f"{name}: {len(content)} bytes cannot be {model.count_params()} parameters"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")


def _measure(
    path: Path, format: Format, scheme: Scheme, trained: _Trained
) -> tuple[PointFile, Values]:
    run, backend = trained.run, open_backend(path)
    expected = (1, run.config.design.inputs), (1, 1)
    if len(backend.outputs) != 1 or (backend.input.shape, backend.output.shape) != expected:
        msg = f"{path.name}: input {backend.input}, outputs {backend.outputs}: not the contract"
        raise ConversionError(msg)
    values = residuals.answers(backend.infer, run.points.x)
    parity = points.check_parity(path.name, scheme, values, trained.values)
    held, y = values[run.held], run.validation.y
    measured = PointMeasured(
        len(y), residuals.l2(held, y), residuals.rmse(held, y), residuals.worst(held, y), parity
    )
    file = PointFile(path.name, format, scheme, "", 0, backend.input, backend.output, measured)
    return file, values


def _describe(path: Path, file: PointFile, run: PointRun) -> None:
    """Write into the file what it is, so that it can be understood without its manifest."""
    facts = {
        "edgeface": __version__,
        "network": run.config.network,
        "task": "regress",
        "scheme": file.scheme,
        "inputs": json.dumps(run.points.inputs, ensure_ascii=False),
        "output": run.points.output,
        "weights_sha256": run.weights_sha256,
    }
    content = path.read_bytes()
    if file.format == "onnx":
        path.write_bytes(onnx.with_metadata(content, facts))
    else:
        path.write_bytes(tflite.with_metadata(content, json.dumps(facts, ensure_ascii=False)))


def _manifest(
    trained: _Trained,
    recipe: Recipe,
    name: str,
    files: tuple[PointFile, ...],
    gates: tuple[GateResult, ...],
) -> PointManifest:
    run = trained.run
    quantised = any(f.scheme in bundlefolder.CALIBRATED for f in files)
    return PointManifest(
        schema=bundlefolder.SCHEMA,
        task="regress",
        name=name,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        edgeface=__version__,
        network=run.config.network,
        inputs=run.points.inputs,
        output=run.points.output,
        files=files,
        calibration=PointCalibration(trained.chosen, recipe.seed) if quantised else None,
        origin=PointOrigin(
            run=str(run.folder),
            weights_sha256=run.weights_sha256,
            points_sha256=sealed.read_sums(run.folder, "run")[POINTS],
            versions=versions(),
        ),
        gates=held(gates),
    )


def _finish(
    folder: Path,
    manifest: PointManifest,
    trained: _Trained,
    answers: dict[str, Values],
    l2: float,
) -> None:
    """Golden values, the list of what it was trained on, manifest, report."""
    run = trained.run
    # Along the curve, its ends among them.
    order = np.argsort(run.points.x[:, 0], kind="stable")
    spread = np.linspace(0, len(order) - 1, min(GOLDEN_POINTS, len(order))).round().astype(int)
    chosen = order[np.unique(spread)]
    outputs: dict[str, Any] = {name: values[chosen, None] for name, values in answers.items()}
    x = run.points.x[chosen].astype(np.float32)
    np.savez(folder / bundlefolder.GOLDEN, x=x, **outputs)
    seen = sorted(digest[: bundlefolder.SEEN_DIGITS] for digest in run.training.digests())
    (folder / bundlefolder.SEEN).write_text("".join(f"{digest}\n" for digest in seen), "ascii")
    text = records.to_json(records.plain(manifest))
    (folder / bundlefolder.MANIFEST).write_text(text, "utf-8")
    (folder / "report.md").write_text(pointpage.markdown(manifest, l2), "utf-8")
    page = pointpage.html(manifest, l2, pointpage.picture(folder, manifest, run))
    (folder / "report.html").write_text(page, "utf-8")
