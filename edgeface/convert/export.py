"""The export job: run + recipe → bundle, with every file held against the trained network."""

from dataclasses import dataclass
from pathlib import Path

from edgeface import bundle as bundles
from edgeface import sealed
from edgeface.convert import files, sides, window
from edgeface.convert.finish import finish
from edgeface.convert.latency import p50_ms
from edgeface.convert.network import Network
from edgeface.convert.source import Source, Teller
from edgeface.errors import GateNotMet
from edgeface.recipe import GateResult, Recipe
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        bundle: The bundle; None where a gate was not met and nothing was kept.
        files: What was measured of every file.
        float_accuracy: Of the trained network on the same pictures.
        gates: What was asked and measured.
    """

    bundle: bundles.Bundle | None
    files: tuple[bundles.ModelFile, ...]
    float_accuracy: float
    gates: tuple[GateResult, ...]


def export(
    run: Run,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
    keep: bool = False,
) -> Exported:
    """Convert a run into the files that a recipe asks for.

    Args:
        run: What was trained.
        recipe: Formats, schemes, calibration, gates.
        out: Where the bundle goes.
        teller: Is told how it goes on.
        force: Replace what stands at ``out``.
        keep: Keep the bundle though a gate was not met.

    Raises:
        UsageError: ``out`` is taken.
        Missed: A gate was not met and ``keep`` is off; it carries what was measured.
        InputError: The run's photographs are gone or changed.
        ConversionError: A file is not the network that was trained.
    """
    sealed.check_free(out, force=force)
    network = Network.take(run.model())
    shown = sides.of_run(run, recipe, network, teller)
    source = Source.of_run(run)
    with sealed.new_folder(out, force=force) as folder:
        pairs = recipe.pairs
        if recipe.impossible:
            teller.say(recipe.left_out)
        made = files.make(source, network, shown, pairs, folder, teller)
        listed = tuple(one.file for one in made)
        timed = p50_ms(listed, folder, shown.pixels) if recipe.gates.max_p50_ms is not None else {}
        gates = tuple(recipe.gates.check(listed, shown.accuracy, timed))
        if not keep and not all(gate.met for gate in gates):
            raise Missed(Exported(None, listed, shown.accuracy, gates))
        held = shown.pixels, shown.truth
        windows = window.files(
            run, recipe.schemes, folder, network, shown.calibration, held, teller
        )
        finish(folder, out.name, source, recipe, shown, made, windows)
    return Exported(bundles.Bundle.load(out), listed, shown.accuracy, gates)


class Missed(GateNotMet):
    """Carries what was measured out of the block that removes the files."""

    def __init__(self, made: Exported) -> None:
        missed = sum(not g.met for g in made.gates)
        super().__init__(
            f"{missed} of {len(made.gates)} gates were not met; no bundle was written",
            remedy="see the table; add --keep to keep the files nevertheless",
        )
        self.made = made
