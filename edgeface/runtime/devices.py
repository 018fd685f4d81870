"""What a user may ask to compute, and whether this machine is or has it."""

from typing import TYPE_CHECKING, Literal, cast

from edgeface.errors import BackendError, UsageError

if TYPE_CHECKING:
    from edgeface.board import Board

Device = Literal["cpu", "gpu", "pi"]
DEVICES: tuple[Device, ...] = ("cpu", "gpu", "pi")
_PI = "Raspberry Pi"


def check_device(device: str, this: "Board | None" = None) -> None:
    """Refuse a device that is none, or a Pi that this machine is not.

    Whether there is a GPU only a runtime can tell.

    Args:
        device: What was asked for.
        this: The machine; None reads it.

    Raises:
        UsageError: It is not one of `DEVICES`.
        BackendError: ``pi``, and this is another machine.
    """
    if device not in DEVICES:
        msg = f"device {device!r} is unknown; known: {', '.join(DEVICES)}"
        raise UsageError(msg)
    if device != "pi":
        return
    from edgeface.board import read_board  # what only a Pi is asked for, no start has to wait for

    machine = read_board() if this is None else this
    if not (machine.model or "").startswith(_PI):
        told = "its device tree says so" if machine.model else "it has no device tree"
        msg = f"this is no Raspberry Pi but {machine.label} ({machine.architecture}; {told})"
        raise BackendError(msg, remedy="leave the device out, or run this on the Pi")


def computing(device: str) -> Literal["cpu", "gpu"]:
    """What computes: a Pi is asked for its CPU."""
    return cast('Literal["cpu", "gpu"]', "cpu" if device == "pi" else device)
