"""One file of a bundle: made, held against the trained network, measured and described."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeface import __version__, evaluate, records, sealed
from edgeface import bundle as bundles
from edgeface.acceptance import as_text
from edgeface.bundlefolder import Format, Scheme
from edgeface.convert import carray, onnx, parity, tflite, tfliteio
from edgeface.convert.beside import check_beside, every
from edgeface.convert.network import Network
from edgeface.convert.schemes import Converter
from edgeface.convert.sides import Sides
from edgeface.convert.source import Source, Teller
from edgeface.errors import ConversionError
from edgeface.images import Pixels
from edgeface.runtime import open_backend
from edgeface.vision.decide import fit_threshold
from edgeface.vision.unknown import PROBS, Rule

# Of a weight.
BYTES: dict[Scheme, int] = {"float32": 4, "float16": 2, "dynamic": 1, "int8": 1, "int16x8": 1}


@dataclass(frozen=True, slots=True)
class Made:
    """A file that lies in its folder.

    Attributes:
        file: What the manifest says of it.
        probs: (n, classes) its answers to the pictures held back.
    """

    file: bundles.ModelFile
    probs: evaluate.Probs


def make(
    source: Source,
    network: Network,
    sides: Sides,
    pairs: Sequence[tuple[Format, Scheme]],
    folder: Path,
    teller: Teller,
) -> tuple[Made, ...]:
    """Write a file a format and scheme into a folder.

    Args:
        source: What is exported.
        network: Its network.
        sides: Its pictures.
        pairs: Formats and schemes.
        folder: Where to.
        teller: Is told how it goes on.

    Raises:
        ConversionError: A file is not the network that was trained.
    """
    method = sides.record.method
    converted = Converter(network, sides.calibration, method)
    made = []
    for format, scheme in teller.track(pairs, "converting"):
        content = converted(format, scheme)
        path = folder / f"{source.network}.{scheme}.{format}"
        own = method if format == "onnx" else "minmax"
        how = bundles.Quantised(own) if scheme in bundles.CALIBRATED else None
        made.append(keep(path, content, format, scheme, source, network, sides, how))
    return tuple(made)


def make_io(source: Source, network: Network, sides: Sides, folder: Path, *, c_array: bool) -> Made:
    """Write the file with int8 ends into a folder.

    Args:
        source: What is exported.
        network: Its network.
        sides: Its pictures.
        folder: Where to.
        c_array: Whether to write it as a C header and source too.

    Raises:
        ConversionError: The file is not the network that was trained.
    """
    alone = replace(network, beside=None)
    if sides.unknown is not None and sides.unknown.needs is not None:
        sides = replace(sides, unknown=None)  # it answers probabilities alone
    path = folder / f"{source.network}.int8.io.tflite"
    content = tfliteio.to_int8_tensors(alone, sides.calibration)
    how = bundles.Quantised()
    made = keep(path, content, "tflite", "int8", source, alone, sides, how)
    if c_array:
        carray.write(folder, made.file, source)
    return made


def keep(
    path: Path,
    content: bytes,
    format: Format,
    scheme: Scheme,
    source: Source,
    network: Network,
    sides: Sides,
    quantised: bundles.Quantised | None = None,
    *,
    judged: bool = False,
) -> Made:
    """Write one file, hold it against the network, measure it, and write into it what it is.

    Args:
        path: Where to.
        content: What the converter gave.
        format: Of the file.
        scheme: Of the file.
        source: What is exported.
        network: Its network.
        sides: Its pictures.
        quantised: How, of a scheme that says less than that.
        judged: Whether it was held against gates already: then it may differ as far as they say.

    Raises:
        ConversionError: It is not the network that was trained.
    """
    partly = quantised is not None and bool(quantised.in_float)
    check_size(path.name, content, network, scheme, partly=partly)
    path.write_bytes(content)
    file, probs = _measure(path, format, scheme, sides, network, bounded=not judged)
    _describe(path, file, source, sides)
    _check_same(path, sides.pixels[:64], probs[:64], network.classes)
    sized = replace(
        file, sha256=sealed.sha256(path), size_bytes=path.stat().st_size, quantised=quantised
    )
    return Made(sized, probs)


def check_size(
    name: str, content: bytes, network: Network, scheme: Scheme, *, partly: bool = False
) -> None:
    """A file has to hold its weights; a well-known wrong path writes one without them.

    Args:
        name: Of the file, for the error.
        content: The file.
        network: What it was made of.
        scheme: Of the file.
        partly: Whether some of its layers are in float nevertheless.

    Raises:
        ConversionError: It is too small or too large for the network's parameters.
    """
    least = network.folded_parameters * BYTES[scheme]
    most = 2 * network.folded_parameters * (BYTES["float32"] if partly else BYTES[scheme])
    if not least <= len(content) <= most + 262_144:
        msg = f"{name}: {len(content)} bytes cannot be {network.model.count_params()} parameters"
        raise ConversionError(msg, remedy="the converter wrote a broken file; please report this")


def _measure(
    path: Path, format: Format, scheme: Scheme, sides: Sides, network: Network, *, bounded: bool
) -> tuple[bundles.ModelFile, evaluate.Probs]:
    backend = open_backend(path)
    if len(backend.outputs) != len(network.outputs) or backend.input.shape != (1, *network.shape):
        msg = f"{path.name}: input {backend.input}, outputs {backend.outputs}: not the contract"
        raise ConversionError(msg)
    answers = every(backend.infer_all, sides.pixels)
    probs = answers[network.outputs[0]] if network.beside else next(iter(answers.values()))
    # Of int8 probabilities each may be half a step off.
    steps = network.classes / 2 * backend.output.scale
    largest = parity.check(path.name, scheme, probs, sides.probs, bounded=bounded, rounded=steps)
    rule, unknown = Rule(fit_threshold(probs, sides.truth)), None
    if sides.unknown is not None:
        if network.beside is not None:
            check_beside(path.name, network.beside, answers, network, sides.pixels)
        rule = sides.unknown.fit(path.name, backend.infer_all)
        unknown = sides.unknown.measure(rule, backend.infer_all, answers, sides.truth)
    right = probs.argmax(axis=1) == sides.truth
    kept = rule.named(answers | {PROBS: probs})[right]
    measured = bundles.Measured(
        pictures=len(sides.truth),
        accuracy=evaluate.accuracy(probs, sides.truth),
        agreement=evaluate.agreement(probs, sides.probs),
        parity=largest,
        threshold_kept=float(kept.mean()) if len(kept) else 0.0,
    )
    file = bundles.ModelFile(
        name=path.name,
        format=format,
        scheme=scheme,
        sha256="",
        size_bytes=0,
        input=backend.input,
        output=backend.outputs[0],
        threshold=rule.threshold,
        measured=measured,
        unknown=unknown,
    )
    return file, probs


def _describe(path: Path, file: bundles.ModelFile, source: Source, sides: Sides) -> None:
    """Write into the file what it is, so that it can be understood without its manifest."""
    facts = {
        "edgeface": __version__,
        "network": source.network,
        "scheme": file.scheme,
        "labels": json.dumps(source.labels, ensure_ascii=False),
        "preprocess": json.dumps(source.preprocess.as_dict()),
        "detector": source.detector,
        "threshold": repr(file.threshold),
        "weights_sha256": source.origin.weights_sha256,
    }
    if file.integer_ends:
        facts["input"] = json.dumps(records.plain(file.input))
        facts["output"] = json.dumps(records.plain(file.output))
    if file.unknown is not None:
        facts["score"] = file.score
    if sides.unknown is not None and sides.unknown.means is not None:
        facts["class_means"] = as_text(sides.unknown.means)
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
