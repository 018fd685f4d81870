"""Checks of what holds the processor back: its governor, the power supply, heat."""

import struct
from collections.abc import Iterator

from edgeface.board import sources
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Finding

_POLICIES = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
_SERVICE = "/etc/systemd/system/governor-performance.service"
# Raspberry Pi OS sets ondemand when it has started; so this comes after it.
_UNIT = (
    r"[Unit]\nAfter=raspi-config.service\n[Service]\nType=oneshot\n"
    rf"ExecStart=/bin/sh -c \"echo performance | tee {_POLICIES}\"\n"
    r"[Install]\nWantedBy=multi-user.target\n"
)
# Drivers that raise the clock under load whatever the governor is called.
_OWN_WAY = ("intel_pstate", "amd-pstate-epp", "amd_pstate_epp")
_HOT_PI_C, _HOT_C = 80.0, 95.0  # a Pi begins to slow down at 80; others at 95 or later
_WARM_PI_C = 75.0
_SUPPLY = "use the supply made for this board, and a short thick cable"
_CHARGE = "proc/device-tree/chosen/power"
_PI5_MA = 5000
_LEAST_V = 4.75  # USB's lower limit at the plug


def check_governor(facts: Facts) -> Iterator[Finding]:
    """The clock is not let down between two pictures."""
    governor = facts.state.governor
    if governor is None or governor == "performance" or facts.release.container:
        return
    drivers = [sources.text(path) for path in sources.cpufreq(facts.machine.root, "scaling_driver")]
    if all(driver in _OWN_WAY for driver in drivers) and drivers:
        return
    held = "powersave" in governor
    why = (
        "it keeps the clock at its lowest"
        if held
        else "it lowers the clock while a picture is waited for: answers come later, and unevenly"
    )
    yield Finding(
        "governor",
        "slower or worse",
        f"the clock's governor is {governor}",
        why,
        "the first line until the next start, the others for good:",
        (
            f"echo performance | sudo tee {_POLICIES}",
            f'printf "{_UNIT}" | sudo tee {_SERVICE}',
            "sudo systemctl enable governor-performance.service",
        ),
    )


def check_power(facts: Facts) -> Iterator[Finding]:
    """The power supply holds its voltage, and gives a Pi 5 what its USB ports ask for."""
    state = facts.state
    why = "the clock is lowered, cameras on USB drop out and cards lose what was written"
    if "under-voltage" in state.throttled_now or _alarm(facts):
        yield Finding(
            "power", "slower or worse", "the supply's voltage is too low now", why, _SUPPLY
        )
    elif "under-voltage" in state.throttled_since_boot:
        found = "the supply's voltage was too low at some time since the board was switched on"
        yield Finding("power", "slower or worse", found, why, _SUPPLY)
    elif (volt := _input_volt(facts)) is not None and volt < _LEAST_V:
        found = f"the supply gives {volt:.2f} V; at least {_LEAST_V} V are needed"
        yield Finding("power", "slower or worse", found, why, _SUPPLY)
    current = _told(facts, "max_current")
    if current is not None and current < _PI5_MA and not _told(facts, "usb_max_current_enable"):
        yield Finding(
            "power",
            "note",
            f"the supply promises {current / 1000:g} A, a Pi 5 wants {_PI5_MA / 1000:g}",
            "all USB ports together then get 0.6 A: a camera on them may drop out",
            "use a supply of 5 V and 5 A; one that gives them and does not say so:",
            (
                "echo usb_max_current_enable=1 | sudo tee -a /boot/firmware/config.txt",
                "sudo reboot",
            ),
        )
    if _told(facts, "usb_over_current_detected"):
        found = "the USB ports drew too much current when the board started"
        why = "devices on them are switched off, a camera too"
        yield Finding("power", "slower or worse", found, why, "use a USB hub with its own supply")


def check_heat(facts: Facts) -> Iterator[Finding]:
    """The processor is not so hot that it slows down."""
    state, pi = facts.state, facts.is_pi
    why = "the processor slows itself down until it is cooler"
    cool = "give it a heat sink or a fan, and room around it"
    # A supply that is too weak caps the clock and throttles as well; only this bit is heat's own.
    now = _by_heat(state.throttled_now)
    since = _by_heat(state.throttled_since_boot)
    degrees = state.temperature_c
    limit = _HOT_PI_C if pi else _HOT_C
    if now or (degrees is not None and degrees >= limit):
        at = "" if degrees is None else f": {degrees:.0f} °C"
        yield Finding("heat", "slower or worse", f"the processor is too hot now{at}", why, cool)
    elif since:
        found = "the processor was too hot at some time since the board was switched on"
        yield Finding("heat", "slower or worse", found, why, cool)
    elif pi and degrees is not None and degrees >= _WARM_PI_C:
        found = f"the processor has {degrees:.0f} °C, with little to do"
        yield Finding("heat", "note", found, "under load it will slow itself down, at 80 °C", cool)


def _by_heat(words: tuple[str, ...]) -> bool:
    return "soft temperature limit" in words or (
        "under-voltage" not in words and bool({"throttled", "clock capped"} & set(words))
    )


def _alarm(facts: Facts) -> bool:
    """What the kernel's driver says of the supply, where vcgencmd is not at hand."""
    chips = (facts.machine.root / "sys/class/hwmon").glob("hwmon*")
    return any(
        sources.text(chip / "name") == "rpi_volt" and sources.text(chip / "in0_lcrit_alarm") == "1"
        for chip in chips
    )


def _input_volt(facts: Facts) -> float | None:
    """The input of a Pi 5: ``EXT5V_V volt(24)=5.14880000V``."""
    if "Raspberry Pi 5" not in (facts.board.model or ""):
        return None
    answer = facts.machine.answer("vcgencmd", "pmic_read_adc", "EXT5V_V") or ""
    try:
        return float(answer.rpartition("=")[2].strip().rstrip("V"))
    except ValueError:
        return None


def _told(facts: Facts, name: str) -> int | None:
    """A number that the firmware of a Pi 5 leaves in the device tree; it is stored big-endian."""
    try:
        content = (facts.machine.root / _CHARGE / name).read_bytes()
    except OSError:
        return None
    return struct.unpack(">I", content)[0] if len(content) == 4 else None
