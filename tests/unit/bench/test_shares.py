"""Where a run's time goes: each second of the platform to one thing, those of engines and models to none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bench.shares import TOLD, shares
from studio.client.timing import union_length, within

moment = st.floats(0, 10, allow_nan=False).map(lambda at: round(at, 3))
span = st.tuples(moment, moment).map(lambda pair: (min(pair), max(pair)))


def test_what_lies_before_a_mark_goes_to_it_without_the_engines_time() -> None:
    told = shares((0.0, 10.0), [(1.0, "asked"), (6.0, "ended"), (7.0, "asked")], [(2.0, 5.0)], TOLD)
    assert told == {"asked": 2.0, "ended": 2.0, TOLD: 3.0}


def test_marks_of_other_runs_count_nothing() -> None:
    assert shares((1.0, 2.0), [(0.5, "earlier"), (3.0, "later")], [], TOLD) == {TOLD: 1.0}


@given(st.lists(st.tuples(moment, st.sampled_from("abc"))), st.lists(span))
def test_the_shares_add_up_to_the_platforms_time(
    marks: list[tuple[float, str]], covered: list[tuple[float, float]]
) -> None:
    whole = (2.0, 8.0)
    told = shares(whole, marks, covered, TOLD)
    assert abs(sum(told.values()) - (6.0 - union_length(within(covered, whole)))) < 1e-6
    assert min(told.values()) > -1e-9
