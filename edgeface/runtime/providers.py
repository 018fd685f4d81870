"""ONNX Runtime's execution providers: which there are, and which of them really computed."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from edgeface.errors import BackendMissing

_GPU = "pip uninstall -y onnxruntime && pip install onnxruntime-gpu"
_TENSORRT = f"{_GPU} tensorrt"


def check_provider(wanted: str, available: Sequence[str], name: str) -> None:
    """Refuse a provider that the installed package was built without.

    Args:
        wanted: Its full name.
        available: What ``onnxruntime.get_available_providers`` says.
        name: Of the backend, with its version.

    Raises:
        BackendMissing: It is not there; the remedy is the line that installs it.
    """
    if wanted in available:
        return
    # The other one is a service on the network, and no help here.
    held = ", ".join(one for one in available if not one.startswith("Azure"))
    msg = f"{name} is installed without {wanted}; it has {held}"
    raise BackendMissing(msg, remedy=_TENSORRT if wanted.startswith("Tensorrt") else _GPU)


def nodes_of(profile: bytes) -> dict[str, int]:
    """Provider → how many nodes it computed, from a profile that ONNX Runtime wrote.

    Args:
        profile: The file, a list of events. An event of the category ``Node`` whose name ends in
            ``_kernel_time`` is one node that ran once; a node that runs again is one node.
    """
    events: Sequence[Mapping[str, Any]] = json.loads(profile)
    seen: dict[str, str] = {}
    for event in events:
        name = str(event.get("name", ""))
        provider = event.get("args", {}).get("provider")
        if event.get("cat") == "Node" and name.endswith("_kernel_time") and provider:
            seen[name] = str(provider)
    counts: dict[str, int] = {}
    for provider in seen.values():
        counts[provider] = counts.get(provider, 0) + 1
    return counts
