"""The steady clock: set once, and then by the time that has passed."""

from datetime import UTC, datetime, timedelta

from processors.runners.clock import steady

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_it_does_not_jump_when_the_machine_is_set() -> None:
    wall, passed = [NOON], [100.0]
    clock = steady(lambda: wall[0], lambda: passed[0])
    assert clock() == NOON
    wall[0], passed[0] = NOON + timedelta(hours=2), 103.0
    assert clock() == NOON + timedelta(seconds=3)
