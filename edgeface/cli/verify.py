"""``edgeface verify``: are the bytes and the answers on this device those of the export?"""

from typing import TYPE_CHECKING

from edgeface.cli import options, output, targets
from edgeface.errors import BackendError, BackendMissing, UsageError

if TYPE_CHECKING:
    from edgeface.verify import Verified


def verify(
    bundle: options.BundleArgument = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    json: options.Json = False,
) -> None:
    """Check that a bundle answers here as it did at the export.

    Its checksums, and the answers of every file to its golden crops or points.
    """
    from edgeface import records
    from edgeface.pointbundle import PointBundle
    from edgeface.verify import verify as replay

    target = targets.resolve(bundle, format, scheme)
    if target.bundle is None:
        msg = f"{target.path} is no bundle: a file alone has no golden answers to be held against"
        raise UsageError(msg, remedy="name the folder that edgeface export wrote")
    what = "points" if isinstance(target.bundle, PointBundle) else "crops"
    done = replay(target.bundle, target.files)
    if json:
        output.as_json({"bundle": str(target.path), "files": [records.plain(v) for v in done]})
    else:
        output.result(f"{target.bundle.folder}: every checksum is right")
        _table(done, what)
    _raise_for(done, what[:-1], asked=target.by_name)
    output.next_command("edgeface", "bench", target.bundle.folder)


def _table(done: "tuple[Verified, ...]", what: str) -> None:
    head = ("file", "backend", what, "largest difference", "tolerance", "unit", "answers")
    output.table(head, (_row(v) for v in done))


def _row(v: "Verified") -> tuple[str, ...]:
    if v.tolerance is None:
        return (v.file, *(output.NONE,) * 5, f"not verified: {v.remedy}")
    largest = "no number" if v.largest is None else f"{v.largest:.2g}"
    backend, unit = v.backend or output.NONE, v.unit or output.NONE
    return (v.file, backend, str(v.crops), largest, f"{v.tolerance:.2g}", unit, v.status)


def _raise_for(done: "tuple[Verified, ...]", what: str, *, asked: bool) -> None:
    """The first file that differs; or one that was asked for, or all, that could not be run."""
    for v in done:
        if v.status == "different":
            by = "in no number" if v.largest is None else f"by up to {v.largest:.2g}"
            if v.largest is not None and v.unit == "relative":
                by += " of the larger probability"
            msg = (
                f"{v.file} answers differently on this device: {by} at {what} {v.crop}, "
                f"tolerance {v.tolerance:.2g}"
            )
            raise BackendError(msg, remedy=v.remedy)
    missing = [v for v in done if v.status == "not verified"]
    if missing and (asked or len(missing) == len(done)):
        msg = f"{missing[0].file} could not be verified: its runtime is not installed"
        raise BackendMissing(msg, remedy=missing[0].remedy)
