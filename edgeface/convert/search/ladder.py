"""The ladder: ways to lose less than plain int8 does, climbed until one keeps the gates.

Few pictures do not tell a loss of half a point from none: on 209, MobileNet's plain int8 lost none,
and 3.4 points on 208 others. So it goes on where keeping `max_drop_points` is not sure: `Try.sure`.

Rungs that cost a device nothing come first: other ranges (ONNX), channels evened out, biases
corrected. Each begins with the best of what was below; layers in float begin without corrected
biases, which make up for rounding that they are spared. With the first file that keeps the gates
the search ends, because these files are all of one size. Where none of them does, two more are
tried, and of those that keep the gates the smaller counts: the fewest layers in float that will do
(by bisection over the layers sorted by how much they suffer, then giving back to int8 what need not
be in float), and float16. Of files within a tenth of one size the lower rung counts. int16x8
(TFLite) is as small as int8, but LiteRT has only its reference kernels for it, which are hundreds
of times slower; it is the last rung. No machine's clock decides, so a seed has one result.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeface.bundle import Quantised
from edgeface.bundlefolder import SCHEMES, Format, Scheme
from edgeface.calibration import METHODS
from edgeface.convert.network import Network
from edgeface.convert.schemes import Converter
from edgeface.convert.search.choosing import choose, fewest
from edgeface.convert.search.quantiser import Quantiser
from edgeface.convert.search.sensitivity import Sensitivity, measure, sorted_by_harm
from edgeface.convert.search.tries import RUNGS, Judge, Rung, Try
from edgeface.convert.search.variants import Variants
from edgeface.convert.sides import Sides
from edgeface.convert.source import Teller
from edgeface.errors import ConversionError
from edgeface.gates import Gates


@dataclass(frozen=True, slots=True)
class Climbed:
    """What the search found in one format.

    Attributes:
        format: Of the files.
        tries: In the order in which they were made.
        chosen: Which of them is the result.
        content: Of that file.
        sensitivity: Of every layer; empty where it was not needed.
        notes: What was not tried, and why.
    """

    format: Format
    tries: tuple[Try, ...]
    chosen: int
    content: bytes
    sensitivity: tuple[Sensitivity, ...]
    notes: tuple[str, ...]

    @property
    def best(self) -> Try:
        """The result."""
        return self.tries[self.chosen]

    @property
    def kept(self) -> bool:
        """Whether it keeps the gates, on the pictures that were searched on."""
        return self.best.kept


def climb(
    format: Format,
    variants: Variants,
    network: Network,
    sides: Sides,
    gates: Gates,
    begin: Quantised,
    folder: Path,
    teller: Teller,
    rungs: Collection[Rung] = RUNGS,
) -> Climbed:
    """Search in one format.

    Args:
        format: Of the files.
        variants: Of the network, shared by the formats.
        network: As trained.
        sides: Calibration, and the pictures to search on.
        gates: To keep.
        begin: How plain int8 is quantised.
        folder: Where files may lie while they are measured.
        teller: Is told every try.
        rungs: Those that may be climbed; plain int8 always is.
    """
    judge = Judge(sides, gates, folder)
    climber = _Climber(format, variants, network, judge, folder, teller)
    return climber.climb(begin, rungs)


class _Climber:
    def __init__(
        self,
        format: Format,
        variants: Variants,
        network: Network,
        judge: Judge,
        folder: Path,
        teller: Teller,
    ) -> None:
        self._format, self._variants, self._network = format, variants, network
        self._judge, self._folder, self._teller = judge, folder, teller
        self._tries: list[Try] = []
        self._contents: list[bytes] = []
        self._notes: list[str] = []
        self._quantisers: dict[Quantised, Quantiser] = {}
        self._sensitivity: tuple[Sensitivity, ...] = ()

    def climb(self, begin: Quantised, rungs: Collection[Rung]) -> Climbed:
        self._int8("plain", begin)
        free: dict[Rung, Callable[[], None]] = {
            "calibration": self._methods,
            "equalised": self._equalised,
            "corrected": self._corrected,
        }
        for name, rung in free.items():
            if name in rungs and not self._ended:
                rung()
        if not self._ended:
            dear: dict[Rung, Callable[[], None]] = {
                "layers in float": self._in_float,
                "float16": lambda: self._other("float16", "float16"),
            }
            for name, rung in dear.items():
                if name in rungs:
                    rung()
        if "int16x8" in rungs and not self._tries[self._choice].kept:
            self._other("int16x8", "int16x8")
        chosen = self._choice
        return Climbed(
            self._format,
            tuple(self._tries),
            chosen,
            self._contents[chosen],
            self._sensitivity,
            tuple(self._notes),
        )

    @property
    def _choice(self) -> int:
        return choose(self._tries)

    @property
    def _ended(self) -> bool:
        return self._tries[self._choice].will_do

    @property
    def _best(self) -> Quantised:
        """How the nearest of the files that are int8 throughout was made."""
        best = max(self._tries, key=lambda one: one.nearness)
        return best.quantised or Quantised()

    def _methods(self) -> None:
        if self._format == "tflite":
            return  # its converter has minmax alone
        plain = self._best
        for method in METHODS:
            if method != plain.calibration and not self._ended:
                self._int8("calibration", replace(plain, calibration=method))

    def _equalised(self) -> None:
        pairs, apart = self._variants.equalised.pairs, self._variants.equalised.apart
        if pairs:
            self._int8("equalised", replace(self._best, equalised=True))
            return
        reasons = [one.reason for one in apart]
        why = "its channels are even already" if len(reasons) < 2 else reasons[0]
        more = f", and {len(reasons) - 1} layers more begin no pair" if len(reasons) > 1 else ""
        self._note(f"equalising does not apply: {why}{more}")

    def _corrected(self) -> None:
        self._int8("corrected", replace(self._best, corrected=True))

    def _in_float(self) -> None:
        # What corrects a bias makes up for rounded weights, which a layer in float does not have.
        how = replace(self._best, corrected=False)
        quantiser = self._quantiser(how)
        if len(quantiser.layers) < 2:
            self._note("one layer alone has weights: without it nothing would be left in int8")
            return
        self._sensitivity = measure(quantiser, self._judge.sides, self._folder, self._teller.track)
        order = sorted_by_harm(self._sensitivity)

        def keeps(layers: Sequence[str]) -> bool:
            in_float = tuple(name for name in quantiser.layers if name in layers)
            made = self._int8("layers in float", replace(how, in_float=in_float))
            return made is not None and made.will_do

        fewest(order, keeps)

    def _other(self, rung: Rung, scheme: Scheme) -> None:
        if scheme not in SCHEMES[self._format]:
            return
        try:
            content = Converter(self._network, self._judge.sides.calibration)(self._format, scheme)
        except ConversionError as error:
            self._note(f"{scheme}: {error}")
            return
        how = Quantised() if scheme == "int16x8" else None
        self._add(self._judge.judge(rung, self._format, scheme, content, how), content)

    def _int8(self, rung: Rung, how: Quantised) -> Try | None:
        try:
            content = self._quantiser(how).int8(how.in_float)
        except ConversionError as error:
            self._note(f"{rung}: {error}")
            return None
        made = self._judge.judge(rung, self._format, "int8", content, how)
        self._add(made, content)
        return made

    def _quantiser(self, how: Quantised) -> Quantiser:
        plain = replace(how, in_float=())
        if plain not in self._quantisers:
            self._quantisers[plain] = self._variants.quantiser(self._format, plain)
        return self._quantisers[plain]

    def _add(self, made: Try, content: bytes) -> None:
        self._tries.append(made)
        self._contents.append(content)
        self._teller.say(
            f"{made.format} {len(self._tries)}: {made.rung}: {made.scheme}, {made.changes}: "
            f"accuracy {made.accuracy:.3f} ({made.delta_points:+.1f} points), "
            f"agreement {made.agreement:.3f}, {made.size_bytes / 1000:,.0f} kB, "
            f"{made.p50_ms:.2f} ms: {made.word}"
        )

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._teller.say(f"{self._format}: {text}")
