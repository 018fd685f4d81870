"""The versions of what converts: they stand in a bundle's manifest."""

import importlib.metadata

PACKAGES = ("ai-edge-litert", "keras", "numpy", "onnx", "onnxruntime", "tensorflow", "tf2onnx")


def versions() -> dict[str, str]:
    """Package → version; ``unknown`` where it is not installed under its name."""
    return {package: _version(package) for package in PACKAGES}


def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"
