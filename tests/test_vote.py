"""The vote: what names a track, what does not, and what takes a name away."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeface.acceptance import Rate, Unknown
from edgeface.vision.decide import UNKNOWN, Decision
from edgeface.vision.vote import NOT_MEASURED, Ballot, VoteRules, rules_for, share_of

QUARTER = VoteRules(share=0.25, kept=0.12)


def look(name: str, score: float = 0.9) -> Decision:
    return Decision(name, "ada" if name == UNKNOWN else name, score, 0.5)


def voted(*names: str, fps: float = 15.0, weight: float = 1.0, ballot: Ballot | None = None):
    ballot = ballot or Ballot(QUARTER, 0.0)
    start = ballot.votes
    for n, name in enumerate(names, start):
        ballot.add(look(name), weight, n / fps)
    return ballot


def test_one_high_look_names_nobody() -> None:
    assert voted("ada").name is None
    assert voted(*[UNKNOWN] * 5, "ada", *[UNKNOWN] * 25).name == UNKNOWN
    assert voted("ada", *[UNKNOWN] * 40).name == UNKNOWN


def test_several_looks_name_whatever_the_rate_of_frames() -> None:
    for fps in (5, 10, 15, 30, 60):
        ballot = voted(*["ada"] * int(fps), fps=fps)
        assert ballot.name == "ada"
        assert np.isclose(ballot.decision().score, 0.9)


def test_a_quarter_of_the_looks_outweighs_those_that_know_nobody_but_a_tenth_does_not() -> None:
    often = ["ada", UNKNOWN, UNKNOWN] * 20
    seldom = ["ada", *[UNKNOWN] * 9] * 6
    assert voted(*often).name == "ada"
    assert voted(*seldom).name == UNKNOWN


def test_a_name_is_held_until_as_much_speaks_against_it() -> None:
    ballot = voted(*["ada"] * 30)
    voted(*[UNKNOWN] * 30, ballot=ballot)
    assert ballot.name == "ada"
    voted(*[UNKNOWN] * 300, ballot=ballot)
    assert ballot.name == UNKNOWN


def test_another_name_takes_over_with_more_and_not_with_less() -> None:
    ballot = voted(*["ada"] * 30)
    voted(*["bob"] * 15, ballot=ballot)
    assert ballot.name == "ada"
    voted(*["bob"] * 30, ballot=ballot)
    assert ballot.name == "bob"


def test_poor_looks_count_less() -> None:
    ballot = Ballot(QUARTER, 0.0)
    for n in range(60):
        ada = n % 2 == 0
        ballot.add(look("ada" if ada else "bob"), 0.3 if ada else 0.9, n / 15)
    assert ballot.name == "bob"


def test_a_face_that_is_never_good_enough_is_unknown_after_a_while() -> None:
    ballot = Ballot(VoteRules(patience_s=1.5), 0.0)
    for n in range(20):
        ballot.refuse("blurred", n / 15)
    assert (ballot.name, ballot.decision()) == (None, None)
    for n in range(20, 30):
        ballot.refuse("blurred", n / 15)
    assert ballot.name == UNKNOWN
    assert ballot.refused == {"blurred": 30}
    assert ballot.votes == 0


def test_after_a_doubt_it_begins_again() -> None:
    ballot = voted(*["ada"] * 30)
    ballot.begin_again(2.0)
    assert not ballot.settled
    ballot.add(look("bob"), 1.0, 2.1)
    assert not ballot.settled
    for n in range(5):
        ballot.add(look("bob"), 1.0, 2.2 + n / 10)
    assert ballot.name == "bob"
    assert ballot.votes == 36


def measured(false: float, true: float, how: str = "strangers") -> Unknown:
    rates = (Rate(100, int(100 * r), 9, r, r) for r in (false, true))
    return Unknown("margin", 0.01, how, 99, 9, 0, *rates)


def test_the_share_follows_from_what_the_threshold_does() -> None:
    assert share_of(None) == NOT_MEASURED
    assert share_of(measured(0.01, 0.7, "left out in turn")) == NOT_MEASURED
    assert share_of(measured(0.01, 0.7)) == 0.25
    assert 0.25 < share_of(measured(0.06, 0.6)) < 0.35
    assert share_of(measured(0.5, 0.95)) == 0.75
    assert share_of(measured(0.5, 0.4)) == share_of(measured(1.0, 1.0)) == 0.75
    assert rules_for(measured(0.01, 0.7), 0.4).share == 0.4
    assert rules_for(measured(0.01, 0.7)).kept == 0.125


def test_where_nobody_measured_the_rate_a_third_of_the_looks_names_nobody() -> None:
    ballot = Ballot(rules_for(None), 0.0)
    voted(*["ada", UNKNOWN, UNKNOWN] * 20, ballot=ballot)
    assert ballot.name == UNKNOWN


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["ada", "bob", UNKNOWN]), st.floats(0, 1), st.floats(0, 3)),
        max_size=60,
    )
)
def test_it_does_not_grow_and_names_only_whom_it_heard(looks) -> None:
    ballot, at_s = Ballot(VoteRules(), 0.0), 0.0
    heard = {UNKNOWN}
    for name, weight, elapsed in looks:
        at_s += elapsed
        ballot.add(look(name), weight, at_s)
        heard.add(name)
        assert ballot.name is None or ballot.name in heard
        assert len(ballot._weights) <= len(heard)
        assert all(np.isfinite(w) and w >= 0 for w in ballot._weights.values())
        said = ballot.decision()
        assert said is not None
        assert said.score == said.score
