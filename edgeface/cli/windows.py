"""What commands say of the files of the window detector."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeface.cli import output, targets

if TYPE_CHECKING:
    from edgeface.bundle import WindowFile

HEAD = ("window detector", "scheme", "size", "threshold", "faces found", "false ones", "sha256")


def table(files: "Sequence[WindowFile]") -> None:
    """The window files of a bundle; nothing where it has none."""
    if files:
        output.result("")
        output.table(HEAD, [_row(file) for file in files])


def _row(file: "WindowFile") -> tuple[str, ...]:
    return (
        file.name,
        file.scheme,
        targets.size(file.size_bytes),
        f"{file.threshold:.5f}",
        f"{file.found} of {file.faces}",
        f"{file.false} in {file.scenes} scenes",
        file.sha256[:12],
    )


def show(path: Path, *, json: bool) -> None:
    """What a window file says of itself."""
    from edgeface import records, sealed
    from edgeface.vision.windowfile import read

    _, content, facts = read(path)
    data = {
        "kind": "window file",
        "file": str(path),
        "size_bytes": len(content),
        "sha256": sealed.sha256(path),
        "facts": records.plain(facts),
    }
    if json:
        output.as_json(data)
    else:
        output.result(f"{path}: a file of the window detector")
        rows = {
            "network": f"{facts.network}, {facts.scheme}, weights {facts.weights_sha256[:12]}",
            "pixels": f"any height and width, {facts.colour}, uint8 0 to 255",
            "window": f"{facts.side} px, one every {facts.stride} px",
            "sizes": f"each 1/{facts.step:g} of the one before",
            "smallest face": f"{facts.face_side * facts.side:.0f} px, as Haar draws its square",
            "threshold": f"{facts.threshold:.5f}",
            "size": targets.size(len(content)),
            "sha256": data["sha256"],
            "made": f"by edgeface {facts.edgeface}",
        }
        width = max(map(len, rows))
        for name, value in rows.items():
            output.result(f"  {name.ljust(width)}  {value}")
    model = ("--detector", "window", "--detector-model", path)
    output.next_command("edgeface", "detect", "PICTURES", *model)
