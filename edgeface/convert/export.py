"""The export job: a run, or somebody's own network, and a recipe → a bundle.

Every file is held against the trained network.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from edgeface import bundle as bundles
from edgeface import sealed
from edgeface.convert import files, sides, window
from edgeface.convert.calibration import worth
from edgeface.convert.calibration.study import NONE, Wishes
from edgeface.convert.finish import finish
from edgeface.convert.latency import p50_ms
from edgeface.convert.network import Network
from edgeface.convert.own import Own
from edgeface.convert.rejecting import Considered
from edgeface.convert.search import job
from edgeface.convert.search.record import Searched
from edgeface.convert.source import Source, Teller
from edgeface.convert.unknown import Asked, check_asked, plan_of
from edgeface.errors import GateNotMet, UsageError
from edgeface.gates import GateResult
from edgeface.recipe import Recipe
from edgeface.train.run import Run


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export made.

    Attributes:
        bundle: The bundle; None where a gate was not met and nothing was kept.
        files: What was measured of every file.
        float_accuracy: Of the trained network on the same pictures.
        gates: What was asked and measured.
        considered: What every score of `unknown` does on the trained network; none where no
            false-accept rate was asked.
        searched: What was tried, where a search was asked.
    """

    bundle: bundles.Bundle | None
    files: tuple[bundles.ModelFile, ...]
    float_accuracy: float
    gates: tuple[GateResult, ...]
    considered: tuple[Considered, ...] = ()
    searched: Searched | None = None


def export(
    run: Run,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
    keep: bool = False,
    strangers: Asked | None = None,
    wishes: Wishes = NONE,
) -> Exported:
    """Convert a run into the files that a recipe asks for.

    Args:
        run: What was trained.
        recipe: Formats, schemes, calibration, gates.
        out: Where the bundle goes.
        teller: Is told how it goes on.
        force: Replace what stands at ``out``.
        keep: Keep the bundle though a gate was not met.
        strangers: Photographs of people who are not enrolled, for the recipe's ``far``; None leaves
            enrolled people out in turn.
        wishes: What is asked of the calibration beyond the recipe.

    Raises:
        UsageError: ``out`` is taken, or the false-accept rate cannot be had.
        Missed: A gate was not met and ``keep`` is off; it carries what was measured.
        InputError: The run's photographs are gone or changed, or are not fit to calibrate on.
        ConversionError: A file is not the network that was trained.
    """
    sealed.check_free(out, force=force)
    check_asked(run, recipe.far, strangers)
    network = Network.take(run.model())
    shown = sides.of_run(run, recipe, network, teller, wishes)
    source = Source.of_run(run)
    if recipe.far is not None:
        told = plan_of(run, recipe, network, shown, source, strangers, teller)
        network, shown = replace(network, beside=told.needs), replace(shown, unknown=told)
    return _bundle(source, network, shown, recipe, out, teller, wishes, run, force, keep)


def export_own(
    own: Own,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    *,
    force: bool = False,
    keep: bool = False,
    wishes: Wishes = NONE,
) -> Exported:
    """Convert somebody's own ``.keras`` file into the files that a recipe asks for.

    Args:
        own: The file, and what is said of it.
        recipe: Formats, schemes, calibration, gates.
        out: Where the bundle goes.
        teller: Is told how it goes on.
        force: Replace what stands at ``out``.
        keep: Keep the bundle though a gate was not met.
        wishes: Whether its calibration is measured for what it is worth.

    Raises:
        UsageError: ``out`` is taken, or what is said of the file does not go with it.
        Missed: A gate was not met and ``keep`` is off; it carries what was measured.
        InputError: The file or a photograph cannot be read, or these do not fit the labels.
        ConversionError: It is no network that can be exported, or a file is not that network.
    """
    sealed.check_free(out, force=force)
    if recipe.far is not None:
        msg = f"far: {own.path} says of no picture whether it was trained on"
        raise UsageError(msg, remedy="leave --far out; edgeface compare --strangers measures it")
    network = own.network(teller)
    shown = own.sides(recipe, network, teller)
    source = own.source(network, shown)
    return _bundle(source, network, shown, recipe, out, teller, wishes, None, force, keep)


def _bundle(
    source: Source,
    network: Network,
    shown: sides.Sides,
    recipe: Recipe,
    out: Path,
    teller: Teller,
    wishes: Wishes,
    run: Run | None,
    force: bool,
    keep: bool,
) -> Exported:
    considered = shown.unknown.considered if shown.unknown else ()
    with sealed.new_folder(out, force=force) as folder:
        pairs = recipe.pairs
        if recipe.impossible:
            teller.say(f"left out: {recipe.left_out}")
        if any(scheme == "int16x8" for _, scheme in pairs):
            teller.say("int16x8 has no fast kernels on CPUs: converting and measuring takes long")
        searched = None
        if recipe.search:
            searched = job.look(run, source, network, shown, recipe, teller)
            shown = searched.halves.final
            made = job.make(searched, source, network, recipe, folder, teller)
        else:
            made = files.make(source, network, shown, pairs, folder, teller)
        if recipe.io == "int8":
            own = files.make_io(source, network, shown, folder, c_array=recipe.c_array)
            made = (*made, own)
        listed = tuple(one.file for one in made)
        timed = p50_ms(listed, folder, shown.pixels) if recipe.gates.max_p50_ms is not None else {}
        limits = recipe.gates if searched is None else job.gates_of(recipe, listed)
        unmet = () if searched is None else searched.unmet(recipe.gates)
        gates = (*unmet, *limits.check(listed, shown.accuracy, timed))
        if not keep and not all(gate.met for gate in gates):
            raise Missed(Exported(None, listed, shown.accuracy, gates, considered, searched))
        shown = worth.measured(network, recipe, shown, wishes, folder, teller)
        windows = () if run is None else _windows(run, recipe, folder, network, shown, teller)
        finish(folder, out.name, source, recipe, shown, made, windows, gates, searched)
    bundle = bundles.Bundle.load(out)
    return Exported(bundle, listed, shown.accuracy, gates, considered, searched)


def _windows(
    run: Run, recipe: Recipe, folder: Path, network: Network, shown: sides.Sides, teller: Teller
) -> tuple[bundles.WindowFile, ...]:
    held = shown.pixels, shown.truth
    return window.files(run, recipe.schemes, folder, network, shown.calibration, held, teller)


class Missed(GateNotMet):
    """Carries what was measured out of the block that removes the files."""

    def __init__(self, made: Exported) -> None:
        missed = sum(not g.met for g in made.gates)
        super().__init__(
            f"{missed} of {len(made.gates)} gates were not met; no bundle was written",
            remedy="see the table; add --keep to keep the files nevertheless",
        )
        self.made = made
