"""Runs that are compared: an organisation gets the same beside others as alone, what is read again has no effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from tests.simulation.run import run
from tests.simulation.scenario import Fault, Order, Scenario
from tests.simulation.users import org_id

OURS: Final = tuple(
    Order(1.0 + 2.0 * n, 0, model, reserve, max_attempts=1 + n % 3, adjust=adjust)
    for n, (model, reserve, adjust) in enumerate(
        [("blind/a", 100, 0), ("sync/a", 60, 0), ("blind/b", 250, 0), ("sync/a", 100, -700), ("sync/a", 40, 0)]
    )
)
THEIRS: Final = tuple(
    Order(1.0 + n, 1, model, 60, "HIGH", again=n % 2) for n, model in enumerate(["blind/a", "sync/a"] * 6)
)


def test_an_organisation_gets_the_same_beside_another_as_alone() -> None:
    """I17. The other one asks for more, sooner, and with more urgency."""
    alone = Scenario(1, OURS, providers=("blind", "sync"), orgs=2)
    beside = replace(alone, orders=OURS + THEIRS)
    one, other = run(alone), run(beside)
    assert (one.violation, other.violation) == (None, None)
    assert sum(other.ended.values()) > sum(one.ended.values())
    assert one.given[org_id(0)] == other.given[org_id(0)]


@pytest.mark.parametrize("provider", ["fleet", "keyed", "blind", "asked", "sync"])
def test_a_history_that_is_read_again_calls_nobody(provider: str) -> None:
    """I19. Each job has come to its end by then, one of them without ever having been sent."""
    orders = tuple(
        Order(1.0, 0, f"{provider}/{name}", max_attempts=1) for name in ("draw" if provider == "fleet" else "a",) * 3
    )
    once = Scenario(2, orders, providers=(provider,), orgs=1, fates=("refused",))
    again = replace(once, faults=(Fault("rewind", at=45.0),))
    first, second = run(once), run(again)
    assert (first.violation, second.violation) == (None, None)
    assert first.ended == {"failed": 1, "succeeded": 2}
    assert second.calls == first.calls == len(orders)
