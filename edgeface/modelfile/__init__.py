"""A model file that stands alone: what it says of itself, the rest by options, and running it.

::

    facts = read_facts(path)                     whatever the file carries
    facts = complete(facts, labels=…, scaling=…) what it does not carry
    model = open_model(facts)                    uint8 pixels in, float32 probabilities out
"""

from edgeface.modelfile.adapt import Model, check_kind, missing, open_model
from edgeface.modelfile.complete import complete
from edgeface.modelfile.facts import SCALINGS, Answers, Facts, Scaling
from edgeface.modelfile.labels import read_labels
from edgeface.modelfile.read import read_facts

__all__ = [
    "SCALINGS",
    "Answers",
    "Facts",
    "Model",
    "Scaling",
    "check_kind",
    "complete",
    "missing",
    "open_model",
    "read_facts",
    "read_labels",
]
