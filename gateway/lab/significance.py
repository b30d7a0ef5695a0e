"""Whether two variants differ by more than chance: tests of two shares and of two sets of times. Pure.

Shares: Fisher's exact test where a cell of the table is expected below five, else the pooled two-proportion z-test.
Times: the Mann-Whitney U test, by its normal approximation with corrections for ties and continuity. Pairs: the exact
sign test. All two-sided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, exp, lgamma, sqrt
from statistics import NormalDist
from typing import Final, Literal

Method = Literal["fisher-exact", "two-proportion-z", "mann-whitney-u", "sign-test"]
TOO_FEW: Final = 20
"""Observations of each of the two, below which nothing is said."""
PAIRS_MIN: Final = 6
"""Pairs that differ, below which no sign test could tell."""
LEVEL: Final = 0.05
EXPECTED_MIN: Final = 5.0
ROUNDING: Final = 1 + 1e-7
"""Tables as likely as the one seen count with it, also where the last bits differ."""

Times = Mapping[int, int]
"""How often each time (ms) was seen."""


@dataclass(frozen=True, slots=True)
class Share:
    """`of` trials, `hits` of them."""

    hits: int
    of: int

    @property
    def rate(self) -> float:
        return self.hits / self.of


@dataclass(frozen=True, slots=True)
class Tested:
    method: Method
    p_value: float

    @property
    def differs(self) -> bool:
        return self.p_value < LEVEL


def shares(a: Share, b: Share) -> Tested | None:
    """None: too few to tell."""
    if min(a.of, b.of) < TOO_FEW:
        return None
    hits, of = a.hits + b.hits, a.of + b.of
    smallest = min(a.of, b.of) * min(hits, of - hits) / of
    if smallest < EXPECTED_MIN:
        return Tested("fisher-exact", fisher(a, b))
    pooled = hits / of
    z = (a.rate - b.rate) / sqrt(pooled * (1 - pooled) * (1 / a.of + 1 / b.of))
    return Tested("two-proportion-z", two_sided(z))


def fisher(a: Share, b: Share) -> float:
    """The sum of the chances of all tables with these margins that are no likelier than this one."""
    hits, of = a.hits + b.hits, a.of + b.of
    low, high = max(0, hits - b.of), min(hits, a.of)

    def chance(of_a: int) -> float:
        return exp(_choose(a.of, of_a) + _choose(b.of, hits - of_a) - _choose(of, hits))

    seen = chance(a.hits) * ROUNDING
    return min(1.0, sum(one for n in range(low, high + 1) if (one := chance(n)) <= seen))


def times(a: Times, b: Times) -> Tested | None:
    """None: too few to tell."""
    n, m = sum(a.values()), sum(b.values())
    if min(n, m) < TOO_FEW:
        return None
    ranks, ties, before = 0.0, 0.0, 0
    for value in sorted({*a, *b}):
        here = a.get(value, 0) + b.get(value, 0)
        ranks += a.get(value, 0) * (before + (here + 1) / 2)
        ties += here**3 - here
        before += here
    u = ranks - n * (n + 1) / 2
    of = n + m
    variance = n * m / 12 * (of + 1 - ties / (of * (of - 1)))
    if variance <= 0:
        return Tested("mann-whitney-u", 1.0)
    away = max(0.0, abs(u - n * m / 2) - 0.5)
    return Tested("mann-whitney-u", two_sided(away / sqrt(variance)))


def signs(better: int, worse: int) -> Tested | None:
    """Of pairs that differ. None: too few to tell."""
    of = better + worse
    if of < PAIRS_MIN:
        return None
    tail = sum(comb(of, k) for k in range(min(better, worse) + 1))
    return Tested("sign-test", min(1.0, 2 * tail / 2**of))


def percentile(seen: Times, share: float) -> int | None:
    """The smallest time that at least this share of all does not exceed; None of nothing."""
    left = share * sum(seen.values())
    for value in sorted(seen):
        left -= seen[value]
        if left <= 1e-9:
            return value
    return None


def two_sided(z: float) -> float:
    return min(1.0, 2 * NormalDist().cdf(-abs(z)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Each as it stands among all that were asked side by side (Holm's step-down): what is below a level then is so
    with no more chance of any false alarm at all than that level."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, least = [0.0] * len(p_values), 0.0
    for place, which in enumerate(order):
        least = max(least, min(1.0, (len(order) - place) * p_values[which]))
        adjusted[which] = least
    return adjusted


def _choose(n: int, k: int) -> float:
    """Logarithm of the binomial coefficient."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
