"""The four things that are said of a file, and when."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from edgeface import evaluate
from edgeface.errors import UsageError
from edgeface.verdicts import alike, at_least, wanted


def of(n: int, lost: int, gained: int) -> evaluate.Paired:
    wrong = n // 20
    return evaluate.counted(
        both_right=n - wrong - lost - gained, lost=lost, gained=gained, both_wrong=wrong
    )


@pytest.mark.parametrize(
    ("n", "lost", "gained", "kind", "words"),
    [
        (2000, 3, 1, "no loss found", "no loss found (the data could have shown 0.4 points)"),
        (2000, 40, 14, "loses", "loses 1.3 points (95 %: 0.6–2.1)"),
        (2000, 1, 9, "gains", "gains 0.4 points (95 %: 0.1–0.8)"),
        (
            120,
            0,
            0,
            "cannot tell",
            "cannot tell: 120 pictures resolve 3.1 points; 765 would resolve 0.5",
        ),
        # It loses, but less than the half point that counts for nothing.
        (10000, 12, 2, "loses", "loses 0.10 points (95 %: 0.03–0.19)"),
        # Enough pictures for half a point, and the loss lies between half a point and none.
        (
            2000,
            10,
            4,
            "cannot tell",
            "cannot tell: 2,000 pictures resolve 0.4 points; 2,948 would resolve 0.3",
        ),
        # The interval ends below 0, the exact test does not agree.
        (
            2000,
            4,
            0,
            "cannot tell",
            "cannot tell: 4 lost and 0 gained of 2,000 pictures may be chance (p = 0.12)",
        ),
    ],
)
def test_the_words(n: int, lost: int, gained: int, kind: str, words: str) -> None:
    verdict = evaluate.judge(of(n, lost, gained))
    assert (verdict.kind, verdict.words) == (kind, words)


@settings(deadline=None, max_examples=300)
@given(
    st.integers(40, 5000), st.integers(0, 20), st.integers(0, 20), st.sampled_from([0.2, 0.5, 2])
)
def test_never_more_is_said_than_was_shown(n: int, lost: int, gained: int, margin: float) -> None:
    found = of(n, lost % (n // 4), gained % (n // 4))
    verdict = evaluate.judge(found, margin)
    assert verdict.within_margin == (found.low >= -margin)
    if verdict.kind == "no loss found":
        assert found.low >= -margin
        assert found.high >= 0
        shown = float(re.search(r"([\d.]+) points", verdict.words)[1])
        assert shown >= -found.low
        assert shown > 0
    elif verdict.kind == "loses":
        assert found.high < 0
        assert found.p <= 0.05
    elif verdict.kind == "gains":
        assert found.low > 0
        assert found.p <= 0.05
    elif found.high >= 0:
        assert found.low < -margin
        resolved, needed = re.search(
            r"resolve ([\d.]+) points; ([\d,]+) would", verdict.words
        ).groups()
        assert float(resolved) > 0
        assert int(needed.replace(",", "")) >= found.n


def test_another_margin_may_change_what_is_said() -> None:
    found = of(1000, 4, 3)
    assert evaluate.judge(found, 0.3).kind == "cannot tell"
    assert evaluate.judge(found, 1.0).kind == "no loss found"
    assert not evaluate.judge(found, 0.3).within_margin


@pytest.mark.parametrize("wrong", [0, -1, 1e-20, float("nan")])
def test_a_margin_that_nothing_can_be_told_by_is_refused(wrong: float) -> None:
    for asked in (
        lambda: evaluate.judge(of(100, 1, 0), wrong),
        lambda: of(100, 1, 0).needed(wrong),
    ):
        with pytest.raises(UsageError, match=r"no difference below 0\.0\d+ can be told"):
            asked()


def test_the_finest_margin_is_told_in_no_time() -> None:
    assert of(100, 1, 0).needed(0.001) > 10**7
    assert evaluate.judge(of(100, 1, 0), 0.01).kind == "cannot tell"


@settings(max_examples=500)
@given(st.floats(-1, 3), st.floats(1e-6, 2), st.floats(1e-6, 2), st.floats(0.01, 2))
def test_what_is_wanted_is_finer_than_what_is_there_and_would_tell(
    loss: float, down: float, up: float, margin: float
) -> None:
    least, most = loss - down, loss + up
    assume(most > margin and least <= 0)  # cannot tell
    finer = wanted(loss, least, most, margin)
    half = (most - least) / 2
    assert margin / 4 * (1 - 1e-9) <= finer <= half * (1 + 1e-9)
    if half <= margin:
        shrunk = finer / half
        assert loss + shrunk * up <= margin + 1e-9 or loss - shrunk * down >= -1e-9


def test_numbers_are_written_so_that_they_differ_and_show() -> None:
    assert alike(1.34, 0.71, 1.86) == ("1.3", "0.7", "1.9")
    assert alike(0.1, 0.04, 0.16) == ("0.10", "0.04", "0.16")
    assert alike(0.41, 0.44) == ("0.41", "0.44")
    assert alike(0.004, 1.0) == ("0.004", "1.000")
    assert [at_least(x) for x in (0.4, 0.41, 0.012, 2.0)] == ["0.4", "0.5", "0.02", "2.0"]
