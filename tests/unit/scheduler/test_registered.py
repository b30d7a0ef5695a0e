"""Workers as they register themselves, which any container may do: one bad entry stops nobody."""

from __future__ import annotations

import pytest

from adapters.providers.fleet.directory import url_of
from processors.scheduler.fleet import Worker
from processors.scheduler.registered import worker_of

ENTRY = b'{"worker_id": "w1", "url": "http://w1:5000/", "models": ["local/picture"], "capacity": 2, "running": 0}'


def test_a_worker_is_read_by_scheduler_and_dispatcher() -> None:
    assert worker_of(ENTRY) == Worker("w1", frozenset({"local/picture"}), 2)
    assert url_of(ENTRY) == "http://w1:5000"


@pytest.mark.parametrize("entry", [b"{", b"[]", b"{}", b'{"worker_id": "w1", "models": 3, "capacity": "many"}', b"7"])
def test_an_entry_that_cannot_be_read_is_no_worker(entry: bytes) -> None:
    assert worker_of(entry) is None
    assert url_of(entry) is None
