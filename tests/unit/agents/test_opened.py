"""A plan whose texts are one person's is opened with one question for their key, however long it is."""

from __future__ import annotations

import asyncio

from adapters.vault.keys import KeyRecord, MemoryKeyStore
from adapters.vault.vault import KeyVault
from events.canvas.plan_events import PlanDrafted, Step
from events.canvas.state import Plan
from events.table import Table
from processors.agents.telling.present import opened

STEPS = [f"stp_X.1.s{n}" for n in range(20)]


class FarKeys(MemoryKeyStore):
    """As over a network: others run until it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def find(self, kid: str) -> KeyRecord | None:
        self.asked.append(kid)
        await asyncio.sleep(0)
        return await super().find(kid)


async def test_a_key_is_fetched_once() -> None:
    keys = FarKeys()
    words = await KeyVault(keys, bytes(32)).seal("org_A", "usr_1", "a fox")
    steps = [Step(step_id=one, title=words, description=words, agent_type="image") for one in STEPS]
    drafted = PlanDrafted(
        plan_id="pln_X.1",
        session_id="ses_X",
        org_id="org_A",
        message_id="msg_1",
        title=words,
        step_ids=tuple(STEPS),
        approval="assist",
    )
    plan = Plan(drafted, steps=Table((step.step_id, step) for step in steps))
    present = await opened(KeyVault(keys, bytes(32)), plan)
    assert [one.title for one in present.planned] == ["a fox"] * len(STEPS)
    assert keys.asked == [words.box.kid]
