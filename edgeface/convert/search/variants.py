"""The networks that a search quantises: as trained, evened out, corrected, or both."""

from dataclasses import replace
from functools import cached_property

from edgeface.bundle import Quantised
from edgeface.bundlefolder import Format
from edgeface.convert.network import Network
from edgeface.convert.search.correct import correct
from edgeface.convert.search.equalise import Equalised, equalise
from edgeface.convert.search.quantiser import Quantiser, quantisers
from edgeface.convert.sides import Sides


class Variants:
    """Makes each of them once.

    Args:
        network: As trained.
        sides: With the calibration pictures.
    """

    def __init__(self, network: Network, sides: Sides) -> None:
        self._network, self._calibration = network, sides.calibration
        self._made: dict[tuple[bool, bool], Network] = {(False, False): network}

    @cached_property
    def equalised(self) -> Equalised:
        """With its channels evened out."""
        # The embedding is answered too, and strangers are told by its distances.
        kept = self._network.beside == "embedding"
        return equalise(self._network.model, self._calibration, but_last=kept)

    def network(self, how: Quantised) -> Network:
        """The one for a way of quantising."""
        key = how.equalised, how.corrected
        if key not in self._made:
            model = self.equalised.model if how.equalised else self._network.model
            model = correct(model, self._calibration) if how.corrected else model
            self._made[key] = replace(self._network, model=model)
        return self._made[key]

    def quantiser(self, format: Format, how: Quantised) -> Quantiser:
        """Of that network, calibrated."""
        return quantisers(format, self.network(how), self._calibration, how.calibration)
