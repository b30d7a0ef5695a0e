"""The tests of two variants give what SciPy 1.17 gives, and say nothing of few observations."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lab.significance import TOO_FEW, Share, fisher, holm, percentile, shares, signs, times

STEADY = [100 + 7 * i % 53 for i in range(25)]
WILD = [104 + 11 * i % 61 for i in range(30)]
EARLY = [200 + i for i in range(40)]
LATE = [210 + 2 * i for i in range(35)]
TIED = ([10] * 25 + [20] * 15, [10] * 12 + [20] * 20 + [30] * 5)


@pytest.mark.parametrize(
    ("a", "b", "p_value"),
    [
        (Share(3, 4), Share(1, 4), 0.485714),
        (Share(1, 20), Share(9, 25), 0.0270526),
        (Share(0, 30), Share(5, 40), 0.0661417),
        (Share(2, 20), Share(2, 20), 1.0),
        (Share(19, 20), Share(12, 22), 0.00417491),
        (Share(30, 1000), Share(4, 60), 0.120755),
    ],
)
def test_fishers_exact_test(a: Share, b: Share, p_value: float) -> None:
    assert fisher(a, b) == pytest.approx(p_value, rel=1e-5)
    assert fisher(b, a) == pytest.approx(p_value, rel=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "p_value"),
    [
        (Share(60, 100), Share(45, 100), 0.0336721),
        (Share(480, 1000), Share(450, 900), 0.383883),
        (Share(50, 100), Share(70, 100), 0.00389242),
    ],
)
def test_two_proportions(a: Share, b: Share, p_value: float) -> None:
    tested = shares(a, b)
    assert tested is not None
    assert tested.method == "two-proportion-z"
    assert tested.p_value == pytest.approx(p_value, rel=1e-5)
    assert tested.differs == (p_value < 0.05)


def test_where_few_are_expected_the_test_is_the_exact_one() -> None:
    tested = shares(Share(1, 20), Share(9, 25))
    assert tested is not None
    assert (tested.method, tested.differs) == ("fisher-exact", True)


@pytest.mark.parametrize(
    ("a", "b", "p_value"), [(STEADY, WILD, 0.0861557), (EARLY, LATE, 7.04875e-07), (*TIED, 0.00300386)]
)
def test_mann_whitney(a: list[int], b: list[int], p_value: float) -> None:
    for one, other in ((a, b), (b, a)):
        tested = times(Counter(one), Counter(other))
        assert tested is not None
        assert tested.p_value == pytest.approx(p_value, rel=1e-5)


def test_of_few_nothing_is_said() -> None:
    assert shares(Share(0, TOO_FEW - 1), Share(500, 1000)) is None
    assert shares(Share(0, TOO_FEW), Share(500, 1000)) is not None
    assert times({5: TOO_FEW - 1}, {9: 1000}) is None
    assert times({5: TOO_FEW}, {9: 1000}) is not None


def test_the_same_times_differ_by_nothing() -> None:
    tested = times({7: 30}, {7: 50})
    assert tested is not None
    assert tested.p_value == 1.0


@given(st.lists(st.booleans(), min_size=2, max_size=9), st.data())
def test_fisher_is_the_share_of_all_deals_that_are_no_likelier(hits: list[bool], data: st.DataObject) -> None:
    of_a = data.draw(st.integers(1, len(hits) - 1))
    deals = Counter(sum(hits[n] for n in chosen) for chosen in combinations(range(len(hits)), of_a))
    seen = sum(hits[:of_a])
    wanted = sum(n for n in deals.values() if n <= deals[seen]) / sum(deals.values())
    found = fisher(Share(seen, of_a), Share(sum(hits) - seen, len(hits) - of_a))
    assert found == pytest.approx(wanted)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_percentile_is_the_smallest_that_enough_do_not_exceed(seen: list[int], share: float) -> None:
    found = percentile(Counter(seen), share)
    assert found in seen
    assert sum(one <= found for one in seen) >= share * len(seen) - 1e-6
    assert all(sum(one <= lower for one in seen) < share * len(seen) for lower in seen if lower < found)


def test_of_no_times_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


@pytest.mark.parametrize(
    ("better", "worse", "p_value"), [(8, 0, 2 / 256), (5, 5, 1.0), (9, 1, 22 / 1024), (6, 0, 2 / 64)]
)
def test_pairs_by_the_sign_test(better: int, worse: int, p_value: float) -> None:
    for tested in (signs(better, worse), signs(worse, better)):
        assert tested is not None
        assert tested.p_value == pytest.approx(p_value)
    assert signs(5, 0) is None


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.9, 0.8], [1.0, 1.0]),
    ],
)
def test_holm_asks_more_of_each_the_more_are_asked(p_values: list[float], adjusted: list[float]) -> None:
    """The third as R's `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")` has it."""
    assert holm(p_values) == pytest.approx(adjusted)
