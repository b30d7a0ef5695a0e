"""Kill -9 at every point of a batch: what was asked is on the log exactly once, and is answered."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import orjson
import pytest

from tests.integration.runners.stage import check_exactly_once, stage
from tests.servers import Servers

pytestmark = pytest.mark.servers

POINTS = {
    "polled": {"CRASH_AT": "decider.polled:2"},
    "begun": {"CRASH_AT": "decider.begun:2"},
    "sent": {"CRASH_AT": "decider.sent:2"},
    "offsets sent": {"CRASH_AT": "decider.offsets_sent:2"},
    "commit not answered": {"DIE_AT_END_TXN": "2"},
    "committed": {"CRASH_AT": "decider.committed:2"},
    "applied": {"CRASH_AT": "decider.applied:2"},
}


async def test_exactly_once_whatever_the_moment(servers: Servers, tmp_path: Path) -> None:
    async with asyncio.TaskGroup() as group:
        for number, environment in enumerate(POINTS.values()):
            group.create_task(crash_once(servers.kafka_bootstrap, tmp_path / str(number), environment))


async def crash_once(bootstrap: str, folder: Path, environment: dict[str, str]) -> None:
    """One decider dies at the point, its successor answers everything that was asked of both."""
    async with stage(bootstrap, folder, partitions=1) as it:
        first = await it.start(environment)
        await it.open("acc")
        asking = asyncio.gather(*(it.add("acc", 1, f"add-{number}") for number in range(20)))
        assert await asyncio.wait_for(first.wait(), 60) == 137, environment
        second = await it.start()
        answers = await asking
        assert sorted(answer.result["amount"] for answer in answers) == list(range(1, 21)), environment

        events = await it.events()
        check_exactly_once(events)
        told = {e["ce_commandid"]: orjson.loads(e["ce_result"]) for e in events if "add-" in e["ce_commandid"]}
        assert told == {f"add-{number}": answer.result for number, answer in enumerate(answers)}, environment
        # Asked once more, each is answered from the store, and nothing is added.
        assert await asyncio.gather(*(it.add("acc", 1, f"add-{n}") for n in range(20))) == answers, environment
        second.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(second.wait(), 60) == 0, environment
        assert await it.events() == events, environment
