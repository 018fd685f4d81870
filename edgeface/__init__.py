"""edgeface: from photographs of faces to a board that names them, with nothing lost unsaid.

The names here are the device half: what reads a bundle, looks at a picture and decides. Training
and conversion live in ``edgeface.train`` and ``edgeface.convert`` and are never imported by them.

A name is imported when it is first used: ``edgeface --help`` needs none of them, and cv2 alone
takes a third of a second.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeface.bundle import Bundle
    from edgeface.camera.source import open_source
    from edgeface.errors import EdgefaceError
    from edgeface.geometry import Detections
    from edgeface.images import Preprocess, crop, read_picture
    from edgeface.runtime import open_backend
    from edgeface.vision.classify import Classifier, open_classifier
    from edgeface.vision.decide import Decision
    from edgeface.vision.detect import open_detector
    from edgeface.vision.pipeline import open_pipeline

__version__ = "0.1.0"
__all__ = [
    "Bundle",
    "Classifier",
    "Decision",
    "Detections",
    "EdgefaceError",
    "Preprocess",
    "crop",
    "open_backend",
    "open_classifier",
    "open_detector",
    "open_pipeline",
    "open_source",
    "read_picture",
]

_HOMES = {
    "Bundle": "edgeface.bundle",
    "Classifier": "edgeface.vision.classify",
    "Decision": "edgeface.vision.decide",
    "Detections": "edgeface.geometry",
    "EdgefaceError": "edgeface.errors",
    "Preprocess": "edgeface.images",
    "crop": "edgeface.images",
    "open_backend": "edgeface.runtime",
    "open_classifier": "edgeface.vision.classify",
    "open_detector": "edgeface.vision.detect",
    "open_pipeline": "edgeface.vision.pipeline",
    "open_source": "edgeface.camera.source",
    "read_picture": "edgeface.images",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
