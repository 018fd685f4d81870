"""Running a model file: one narrow seam, and one file for each runtime behind it."""

from edgeface.runtime.backend import (
    BACKENDS,
    PRECISIONS,
    Backend,
    Precision,
    Wanted,
    default_backend,
    installed,
    open_backend,
)
from edgeface.runtime.devices import DEVICES, Device, check_device
from edgeface.runtime.placement import Placement

__all__ = [
    "BACKENDS",
    "DEVICES",
    "PRECISIONS",
    "Backend",
    "Device",
    "Placement",
    "Precision",
    "Wanted",
    "check_device",
    "default_backend",
    "installed",
    "open_backend",
]
