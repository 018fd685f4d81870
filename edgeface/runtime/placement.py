"""What really computes a loaded file, and how much of it: no runtime says so unless asked."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placement:
    """Who took the nodes of a file.

    Attributes:
        provider: What was meant to compute, as its runtime calls it: ``XNNPACK``,
            ``CUDAExecutionProvider``, ``OpenVINO CPU``.
        taken: How many nodes it took; None where the runtime does not tell.
        nodes: How many there are, as the runtime counts them: most fuse nodes of the file before
            they share them out.
        rest: What took the others: name → how many.
        kinds: Of the nodes that `provider` took: kind of number that they compute with → how many;
            empty where the runtime does not tell.
    """

    provider: str
    taken: int | None = None
    nodes: int | None = None
    rest: Mapping[str, int] | None = None
    kinds: Mapping[str, int] | None = None

    def __str__(self) -> str:
        """``XNNPACK 9 of 11 nodes, built-in kernels 2``; the provider alone where nothing tells."""
        if self.taken is None or self.nodes is None:
            return self.provider
        count = str(self.nodes) if self.taken == self.nodes else f"{self.taken} of {self.nodes}"
        text = f"{self.provider} {count} {'node' if count == '1' else 'nodes'}"
        if self.kinds:
            text += f" ({', '.join(f'{n} {kind}' for kind, n in self.kinds.items())})"
        return text + "".join(f", {name} {n}" for name, n in (self.rest or {}).items())
