"""What counts as standing, and for whom."""

from __future__ import annotations

from bench.fleet import standing_ms
from events.jobs.events import EngineSpan


def test_a_worker_stands_between_one_work_and_the_next() -> None:
    spans = [EngineSpan(started_at=began, ended_at=ended) for began, ended in ((5.5, 6.0), (1.0, 2.0), (2.25, 5.0))]
    assert standing_ms(spans) == [250.0, 500.0]
    assert standing_ms(spans[:1]) == []
