"""Checks of memory, disk and clock."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from edgeface.board import sources
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding

_MIB = 2**20
_LEAST_FREE = 150 * _MIB  # a small network, OpenCV and the frames; MobileNets want more
_SMALL = 1100 * _MIB  # boards that are sold with 1 GiB or less
_LEAST_DISK = 200 * _MIB
_LEAST_FILES = 1000
_DAY_S = 86_400.0


def check_memory(facts: Facts) -> Iterator[Finding]:
    """There is memory for the loop, and something to fall back on where there is little."""
    total, free = facts.board.memory_bytes, facts.state.memory_available_bytes
    allowed = _allowed(facts.machine.root)
    if allowed is not None and (free is None or allowed < free):
        free = allowed
    if free is not None and free < _LEAST_FREE:
        yield Finding(
            "memory",
            "slower or worse",
            f"{free / _MIB:.0f} MiB of memory are free",
            f"edgeface run takes about {_LEAST_FREE // _MIB} MiB: the system swaps, or ends it",
            "end what takes most of it:",
            ("ps -eo pid,rss,comm --sort=-rss | head",),
        )
    if total is None or total > _SMALL or facts.release.container:
        return
    swaps = [
        line.split()
        for line in (sources.text(facts.machine.root / "proc/swaps") or "").splitlines()[1:]
    ]
    compressed = any("zram" in swap[0] for swap in swaps if swap)
    if compressed:
        return
    where = ", ".join(swap[0] for swap in swaps if swap)
    yield Finding(
        "memory",
        "note",
        f"{total / _MIB:.0f} MiB of memory and "
        + (f"swap in {where}, none of it in memory (zram)" if swaps else "no swap"),
        "swapping to a card is slow and wears it out"
        if swaps
        else "what needs more for a moment is ended by the system",
        commands=("sudo apt install -y zram-tools",) if facts.release.has_apt else (),
        remedy="" if facts.release.has_apt else "set up swap in zram",
    )


def check_disk(facts: Facts) -> Iterator[Finding]:
    """Something can be written where bundles and runs lie, and it will be there tomorrow."""
    seen: set[Path] = set()
    for folder in (facts.machine.here, *_existing(facts.machine.here)):
        real = folder.resolve()
        if real in seen:
            continue
        seen.add(real)
        finding = _of_disk(facts, folder)
        if finding is not None:
            yield finding
            return
    if not facts.release.container and _root_is_overlay(facts.machine.root):
        yield Finding(
            "disk",
            "note",
            "the system keeps what is written in memory (an overlay)",
            "events, runs and bundles are gone after the next start",
            commands=("sudo raspi-config nonint disable_overlayfs", "sudo reboot")
            if facts.is_pi
            else (),
            remedy="" if facts.is_pi else "write to a medium of its own",
        )


def _of_disk(facts: Facts, folder: Path) -> Finding | None:
    room = facts.machine.room(folder)
    why = "events, videos, runs and bundles are written there"
    if room.read_only:
        return Finding(
            "disk",
            "slower or worse",
            f"{folder} is on a medium that is mounted read-only",
            f"{why}; a card that turned read-only by itself is failing",
            commands=("sudo mount -o remount,rw $(findmnt -n -o TARGET --target .)",),
        )
    if not facts.machine.may_use(folder):
        line = f"sudo chown -R {facts.machine.user} ."
        found = f"nothing can be written in {folder} by {facts.machine.user}"
        return Finding(
            "disk", "slower or worse", found, why, "call edgeface elsewhere, or:", (line,)
        )
    full = room.free_bytes < _LEAST_DISK
    if full or (room.free_files is not None and room.free_files < _LEAST_FILES):
        left = f"{room.free_bytes / _MIB:.0f} MiB" if full else f"room for {room.free_files} files"
        return Finding(
            "disk",
            "slower or worse",
            f"{left} left where {folder} lies",
            why,
            "see what takes the room:",
            ("sudo du -xh --max-depth=2 / 2>/dev/null | sort -h | tail -n 15",),
        )
    return None


def check_clock(facts: Facts) -> Iterator[Finding]:
    """The time is right: a Pi without a clock of its own starts with a wrong one."""
    machine = facts.machine
    date = datetime.fromtimestamp(machine.now, UTC).date()
    why = "events carry the wrong time"
    by_hand = "without a network: sudo date -s 'YYYY-MM-DD HH:MM'"
    lines = ("sudo timedatectl set-ntp true",)
    if machine.now < machine.made - _DAY_S:
        made = datetime.fromtimestamp(machine.made, UTC).date()
        found = f"the clock says {date}, before edgeface was installed ({made})"
        why += ", and downloads fail, since certificates are not valid yet"
        yield Finding("clock", "slower or worse", found, why, "", lines, by_hand)
        return
    if facts.release.container or _synchronised(facts) is not False:
        return
    own = any((machine.root / "sys/class/rtc").glob("rtc*"))
    found = "the clock is not set by the network"
    if own:
        yield Finding(
            "clock", "note", found, f"{why} if the board's own clock is off", "", lines, by_hand
        )
    else:
        found += ", and the board has no clock of its own"
        why += " until it is: this board goes on from when it was switched off"
        yield Finding("clock", "slower or worse", found, why, "", lines, by_hand)


def _synchronised(facts: Facts) -> bool | None:
    """None where nothing tells."""
    if (facts.machine.root / "run/systemd/timesync/synchronized").exists():
        return True
    answer = facts.machine.answer("timedatectl", "show", "-p", "NTPSynchronized", "--value")
    return {"yes": True, "no": False}.get((answer or "").strip())


def _allowed(root: Path) -> int | None:
    """What a control group leaves of the memory that it allows, in bytes."""
    most = sources.number(root / "sys/fs/cgroup/memory.max")
    used = sources.number(root / "sys/fs/cgroup/memory.current")
    return None if most is None or used is None else max(0, int(most - used))


def _existing(here: Path) -> list[Path]:
    return [here / name for name in ("bundles", "runs") if (here / name).is_dir()]


def _root_is_overlay(root: Path) -> bool:
    mounts = [line.split() for line in (sources.text(root / "proc/mounts") or "").splitlines()]
    return any(len(m) > 2 and m[1] == "/" and m[2] == "overlay" for m in mounts)
