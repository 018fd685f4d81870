"""The facts that several checks share, each read once and when it is first asked for."""

from functools import cached_property
from pathlib import Path

from edgeface.board import Board, State, read_board, read_state
from edgeface.doctor.cameras import Cameras, read_cameras
from edgeface.doctor.held import Held, read_held
from edgeface.doctor.imports import Imported, try_import
from edgeface.doctor.machine import Machine, Python
from edgeface.doctor.release import Release, read_release

# Of the cores that `edgeface.board` names, those on which a 64-bit system runs.
_WIDE = {"A35", "A53", "A55", "A72", "A73", "A76", "A78"}


class Facts:
    """What is known of a machine.

    Args:
        machine: Where it is read.
        bundle: The bundle that `edgeface run` would be given; None is the newest.
        source: The camera or clip that it would be given.
    """

    def __init__(self, machine: Machine, bundle: Path | None = None, source: str = "0") -> None:
        self.machine = machine
        self.source = source
        self._named = bundle
        self._imports: dict[str, Imported] = {}

    @property
    def python(self) -> Python:
        """The interpreter."""
        return self.machine.python

    @cached_property
    def release(self) -> Release:
        """The distribution."""
        return read_release(self.machine.root)

    @cached_property
    def board(self) -> Board:
        """What does not change."""
        return read_board(self.machine.root)

    @cached_property
    def state(self) -> State:
        """What changes."""
        return read_state(self.machine.root, lambda command: self.machine.answer(*command))

    @cached_property
    def held(self) -> Held:
        """The bundles."""
        return read_held(self.machine.here, self._named)

    @cached_property
    def cameras(self) -> Cameras:
        """What could be looked through."""
        return read_cameras(self.machine, pi=self.is_pi)

    @property
    def is_pi(self) -> bool:
        """Whether it is a Raspberry Pi."""
        return "Raspberry Pi" in (self.board.model or "")

    @property
    def has_wide_cores(self) -> bool:
        """Whether a 64-bit system would run here, as far as the names of the cores tell."""
        if self.python.machine in ("aarch64", "x86_64"):
            return True
        cores = (self.board.cpu or "").split(" + ")
        return all(core.removeprefix("Cortex-") in _WIDE for core in cores)

    def imported(self, name: str) -> Imported:
        """What comes of importing a module, found out once."""
        if name not in self._imports:
            self._imports[name] = try_import(self.machine, name)
        return self._imports[name]

    def version(self, distribution: str) -> str | None:
        """Of an installed distribution."""
        return self.machine.packages.get(distribution)
