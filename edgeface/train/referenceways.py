"""How a run's own network may be called, without TensorFlow; see `edgeface.train.reference`."""

from typing import Literal

Way = Literal["keras-predict", "keras-call"]
WAYS: tuple[Way, ...] = ("keras-predict", "keras-call")
