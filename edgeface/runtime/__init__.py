"""Running a model file: one narrow seam, and one file for each runtime behind it."""

from edgeface.runtime.backend import BACKENDS, Backend, open_backend

__all__ = ["BACKENDS", "Backend", "open_backend"]
