"""How often streams are read, by how many there are."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.llm.pace import LONGEST_S, READS_PER_S, SHORTEST_S, Pace


@pytest.mark.parametrize(("streams", "pause_s"), [(0, 0.0), (1, 0.0), (39, 0.0), (40, 0.02), (100, 0.05), (500, 0.1)])
def test_the_more_there_are_the_less_often_each_is_read(streams: int, pause_s: float) -> None:
    pace = Pace()
    with ExitStack() as stack:
        for _ in range(streams):
            stack.enter_context(pace.stream())
        assert pace.pause_s == pytest.approx(pause_s)
    assert pace.pause_s == 0.0


@given(st.integers(0, 2_000))
def test_a_pause_is_in_bounds_and_keeps_to_the_rate_while_it_can(streams: int) -> None:
    pace = Pace()
    with ExitStack() as stack:
        for _ in range(streams):
            stack.enter_context(pace.stream())
        pause = pace.pause_s
    assert pause == 0.0 or SHORTEST_S <= pause <= LONGEST_S
    if SHORTEST_S <= pause < LONGEST_S:
        assert streams / pause <= READS_PER_S * 1.000001
