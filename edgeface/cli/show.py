"""``edgeface show``: what a bundle, a run or a model file is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import options, output, showfile, targets, tuned, windows
from edgeface.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgeface.bundle import Calibration, Manifest, ModelFile, Origin
    from edgeface.pointbundle import (
        AnyFile,
        PointCalibration,
        PointFile,
        PointManifest,
        PointOrigin,
    )

_CONFIG, _RUN_SCHEMA = "config.toml", 1


def show(
    subject: Annotated[
        Path | None,
        typer.Argument(metavar="BUNDLE|RUN|FILE", help="By default the newest bundle."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Say what a bundle, a run or a model file is."""
    from edgeface.vision.windowfile import is_window

    if subject is not None and (subject / _CONFIG).is_file():
        _show_run(subject, json=json)
        return
    if subject is not None and is_window(subject):
        windows.show(subject, json=json)
        return
    target = targets.resolve(subject, None, None)
    if target.bundle is None:
        showfile.show(target.path, json=json)
    elif target.path.is_file():
        _show_member(target, json=json)
    else:
        _show_bundle(target, json=json)


def _show_bundle(target: targets.Target, *, json: bool) -> None:
    from edgeface import records
    from edgeface.bundle import Manifest

    assert target.bundle is not None
    manifest = target.bundle.manifest
    if json:
        there = tuned.beside(target.bundle)
        facts = {"kind": "bundle", "folder": str(target.path), **records.plain(manifest)}
        output.as_json(facts if there is None else {**facts, "tuned": there})
    else:
        output.result(f"{target.path}: a bundle, every checksum right")
        _facts(_about(manifest))
        output.table(*_measured(manifest.files))
        windows.table(manifest.windows if isinstance(manifest, Manifest) else ())
        tuned.mention(target.bundle)
    output.next_command("edgeface", "verify", target.path)


def _about(manifest: "Manifest | PointManifest") -> dict[str, str]:
    from edgeface.bundle import Manifest

    calibration, origin = manifest.calibration, manifest.origin
    versions = ", ".join(f"{name} {version}" for name, version in sorted(origin.versions.items()))
    return {
        "name": manifest.name,
        "network": manifest.network,
        **(
            _about_pictures(manifest) if isinstance(manifest, Manifest) else _about_points(manifest)
        ),
        "calibration": "none" if calibration is None else _drawn(calibration),
        "origin": f"{_kind(origin)} {origin.run}, weights {origin.weights_sha256[:12]}",
        "made": f"{manifest.created} by edgeface {manifest.edgeface}",
        "with": versions or "not told",
    }


def _drawn(calibration: "Calibration | PointCalibration") -> str:
    from edgeface.bundle import Calibration

    if isinstance(calibration, Calibration):
        return f"{len(calibration.pictures)} pictures, seed {calibration.seed}"
    return f"{len(calibration.points)} points, seed {calibration.seed}"


def _kind(origin: "Origin | PointOrigin") -> str:
    from edgeface.bundle import Origin

    return "file" if isinstance(origin, Origin) and origin.kind == "keras" else "run"


def _about_pictures(manifest: "Manifest") -> dict[str, str]:
    prepare = manifest.preprocess
    return {
        "labels": f"{len(manifest.labels)}: {', '.join(manifest.labels)}",
        "pixels": f"{prepare.height}x{prepare.width} px {prepare.colour}, uint8 0 to 255",
        "framing": f"{prepare.framing}, margin {prepare.margin:g}",
        "detector": manifest.detector,
    }


def _about_points(manifest: "PointManifest") -> dict[str, str]:
    return {
        "task": "regression: numbers in, a number out, float32",
        "takes": f"{len(manifest.inputs)}: {', '.join(manifest.inputs)}",
        "answers": manifest.output,
    }


def _measured(files: "Sequence[AnyFile]") -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the table of files."""
    from edgeface.bundle import ModelFile

    pictures = [_picture_row(file) for file in files if isinstance(file, ModelFile)]
    points = [_point_row(file) for file in files if not isinstance(file, ModelFile)]
    if pictures:
        head = ("file", "scheme", "size", "accuracy", "n", "agreement", "threshold", "sha256")
        return head, pictures
    return ("file", "scheme", "size", "L2 error", "n", "RMSE", "worst", "sha256"), points


def _picture_row(file: "ModelFile") -> tuple[str, ...]:
    measured = file.measured
    return (
        file.name,
        file.scheme,
        targets.size(file.size_bytes),
        f"{measured.accuracy:.3f}",
        str(measured.pictures),
        f"{measured.agreement:.3f}",
        file.threshold_text,
        file.sha256[:12],
    )


def _point_row(file: "PointFile") -> tuple[str, ...]:
    measured = file.measured
    return (
        file.name,
        file.scheme,
        targets.size(file.size_bytes),
        f"{measured.l2:.4g}",
        str(measured.points),
        f"{measured.rmse:.4g}",
        f"{measured.worst:.4g}",
        file.sha256[:12],
    )


def _show_member(target: targets.Target, *, json: bool) -> None:
    """A file of a bundle knows what the manifest says of it."""
    from edgeface import records

    assert target.bundle is not None
    file, folder = target.files[0], target.bundle.folder
    if json:
        output.as_json({"kind": "file", "bundle": str(folder), **records.plain(file)})
    else:
        output.result(f"{target.path}: a file of the bundle {folder}, its checksum right")
        _facts(
            {
                **_tensor_facts(file.format, file.size_bytes, file.sha256),
                "input": _tensor(records.plain(file.input)),
                "output": _tensor(records.plain(file.output)),
                **_about(target.bundle.manifest),
            }
        )
        output.table(*_measured([file]))
    output.next_command("edgeface", "bench", target.path)


def _tensor_facts(format: str, size_bytes: int, sha256: str) -> dict[str, str]:
    return {"format": format, "size": targets.size(size_bytes), "sha256": sha256}


def _tensor(tensor: dict[str, Any]) -> str:
    return f"{tensor['name']}: {tensor['dtype']} {tuple(tensor['shape'])}"


def _show_run(folder: Path, *, json: bool) -> None:
    """A run: its settings and its figures, as they were written."""
    from edgeface import records, sealed

    sealed.check(folder, "run")
    text = (folder / _CONFIG).read_text("utf-8")
    config = records.from_toml(text, str(folder / _CONFIG), BundleError)
    records.check_schema(config, _RUN_SCHEMA, str(folder / _CONFIG), BundleError)
    metrics = folder / "metrics.json"
    measured = metrics.read_text("utf-8") if metrics.is_file() else "null"
    if json:
        found = records.from_json(measured, str(metrics), BundleError)
        output.as_json({"kind": "run", "folder": str(folder), "config": config, "metrics": found})
    else:
        output.result(f"{folder}: a run, every checksum right")
        output.result(text.rstrip())
        if metrics.is_file():
            output.result(f"{metrics.name}: {measured.rstrip()}")
    output.next_command("edgeface", "export", folder, "--int8")


def _facts(facts: dict[str, str]) -> None:
    width = max(map(len, facts))
    for name, value in facts.items():
        output.result(f"  {name.ljust(width)}  {value}")
