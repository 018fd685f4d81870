from dataclasses import replace

import pytest

from edgeface.board import State
from edgeface.report import Conditions, Report, Verdict, Window
from edgeface.report.invalid import invalid
from edgeface.report.verdict import judge

STATE = State("ondemand", 1800.0, 51.5, 0.25, 3_000_000_000, None)


def taken(*levels: int, processes: int = 2, n: int = 20) -> list[Window]:
    """One window a level, by the processes in turn; a sample is its level and up to n more."""
    return [
        Window(i % processes, 1000 * i, tuple(level + j for j in range(n)))
        for i, level in enumerate(levels)
    ]


def under(windows: list[Window], *states: Conditions | None) -> list[Window]:
    return [replace(w, state=s) for w, s in zip(windows, states, strict=True)]


def ask(
    windows: list[Window], before: State = STATE, after: State = STATE, **told: object
) -> Verdict | None:
    return invalid(windows, before, after, **{"interrupted": False, "problem": "", **told})


def test_steady_windows_of_two_processes_are_valid():
    assert judge(taken(*[10_000] * 8)) == Verdict("VALID")


def test_a_warm_up_that_had_not_ended_shows_in_every_process():
    verdict = judge(taken(12_000, 12_500, *[10_000] * 8))
    assert verdict.word == "UNSTEADY"
    assert verdict.reason.startswith("the first windows ran 20% slower than the rest")
    assert "--official" in verdict.remedy


def test_one_slow_first_window_is_a_disturbance_and_borne():
    assert judge(taken(12_000, *[10_000] * 9)).word == "VALID"


def test_processes_that_differ_are_unsteady_and_named():
    verdict = judge(taken(*[10_000, 11_000] * 8))
    assert verdict.word == "UNSTEADY"
    assert verdict.reason == "process 1 ran 10% slower than process 0"
    assert "quote both" in verdict.remedy


def test_processes_that_differ_by_less_than_the_rule_are_valid():
    assert judge(taken(*[10_000, 10_400] * 8)).word == "VALID"


def test_the_order_of_the_windows_is_that_of_the_clock():
    drifting = taken(*[10_000] * 4, *[12_000] * 4)
    mixed = [drifting[i] for i in (7, 0, 5, 2, 3, 4, 1, 6)]
    assert judge(mixed) == judge(drifting)
    assert "20% slower" in judge(mixed).reason


@pytest.mark.parametrize(
    "windows",
    [
        taken(10_000),
        taken(12_000, 12_500, *[10_000] * 8),
        taken(*[10_000, 11_000] * 8),
        taken(*[10_000] * 4, *[12_000] * 4),
        taken(*[10_000, 10_000, 10_000, 15_000, 15_000] * 2, processes=1),
    ],
)
def test_whatever_is_unsteady_has_a_reason_and_a_remedy(windows):
    verdict = judge(windows)
    assert verdict.word == "UNSTEADY"
    assert verdict.reason
    assert verdict.remedy


def test_nothing_told_is_nothing_held_against_it():
    assert ask(taken(*[10_000] * 8)) is None


def test_heat_in_one_window_is_invalid_and_says_how_hot():
    states = [Conditions(1800.0, 70.0, 0)] * 7 + [Conditions(1500.0, 82.4, 0x80008)]
    verdict = ask(under(taken(*[10_000] * 8), *states))
    assert verdict is not None
    assert verdict.word == "INVALID"
    assert verdict.reason == "soft temperature limit during the run, up to 82 °C"
    assert "cool" in verdict.remedy


def test_under_voltage_is_kept_apart_from_heat():
    states = [Conditions(throttle_bits=0)] * 7 + [Conditions(throttle_bits=0x5)]
    verdict = ask(under(taken(*[10_000] * 8), *states))
    assert verdict is not None
    assert verdict.reason == "under-voltage during the run"
    assert "power supply" in verdict.remedy
    assert "cool" not in verdict.remedy


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (0x0, 0x20000, "clock capped during the run"),
        (0x50000, 0x50000, None),  # since boot, but before the run
        (0x50000, 0x70000, "clock capped during the run"),
        (None, 0x50000, None),  # nothing says when
        (0x0, 0x4, "throttled during the run"),
        (0x0, 0x10000, "under-voltage during the run"),
        (0x1, 0x10000, "under-voltage during the run"),
    ],
)
def test_what_was_since_boot_counts_where_it_was_not_before(before, after, reason):
    verdict = ask(
        taken(*[10_000] * 8),
        replace(STATE, throttle_bits=before),
        replace(STATE, throttle_bits=after),
    )
    assert (verdict and verdict.reason) == reason


def test_a_clock_that_fell_is_invalid():
    clocks = [3000.0] * 4 + [2600.0] * 4
    verdict = ask(under(taken(*[10_000] * 8), *[Conditions(clock) for clock in clocks]))
    assert verdict is not None
    assert verdict.reason == "the clock fell from 3000 to 2600 MHz during the run"


@pytest.mark.parametrize("clocks", [[3000.0] * 7 + [1500.0], [2600.0] * 4 + [3000.0] * 4])
def test_one_low_clock_or_a_rising_one_is_borne(clocks):
    assert ask(under(taken(*[10_000] * 8), *[Conditions(clock) for clock in clocks])) is None


def test_an_interrupted_run_and_a_process_that_died_are_invalid():
    windows = taken(*[10_000] * 8)
    stopped, died = ask(windows, interrupted=True), ask(windows, problem="its process was killed")
    assert stopped is not None
    assert died is not None
    assert (stopped.word, stopped.remedy) == ("INVALID", "let it run to its end")
    assert (died.word, died.reason) == ("INVALID", "its process was killed")


def test_a_report_puts_the_board_before_the_samples(fixtures):
    report = Report.load(fixtures / "report-schema2.bench.json")
    cell = report.cells[0]
    assert report.verdict(cell).word == "VALID"
    hot = replace(report, after=replace(report.after, throttle_bits=0xE0000))
    assert hot.verdict(cell).reason.startswith("clock capped, soft temperature limit")
    assert cell.verdict().word == "VALID"
