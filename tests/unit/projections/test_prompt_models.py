"""Prompts with their versions, and agents' calls, as events make them."""

from __future__ import annotations

from events.canvas.session_events import AgentCallRecorded, StageBegun
from events.catalog.events import PromptPublished, PromptWeighted
from events.jobs.events import JobAgentCallRecorded
from events.topics import EVENTS_CANVAS, EVENTS_CATALOG, EVENTS_JOBS
from tests.unit.projections.given import ORG, documents, on, sealed

SESSION = "ses_X"


def published(version: int, text: str, model: str | None = None) -> PromptPublished:
    return PromptPublished(owner=ORG, agent="planner", variant="brief", version=version, text=text, model=model)


def test_a_variant_is_shown_as_it_stands_and_every_version_stays() -> None:
    weighted = PromptWeighted(owner=ORG, agent="planner", variant="brief", weight=30)
    stream = on(EVENTS_CATALOG, f"prompt:{ORG}:planner", published(1, "one", "small"), weighted, published(2, "two"))
    found = documents(stream, stream)
    shown = found["prompts"][f"{ORG}:planner:brief"]
    assert (shown["text"], shown["version"], shown["weight"], shown["published_by"]) == ("two", 2, 30, "key_1")
    assert "model" not in shown
    assert [one["text"] for one in found["prompt_versions"].values()] == ["one", "two"]


def begun(attempt: int, version: int = 1) -> StageBegun:
    return StageBegun(
        session_id=SESSION,
        call_id="call_1",
        attempt=attempt,
        agent="planner",
        variant="brief",
        prompt_version=version,
        prompt_owner=ORG,
        owner="agents-0/1",
        timeout_s=60,
    )


def test_a_call_has_its_prompt_and_figures_and_none_of_its_words() -> None:
    recorded = AgentCallRecorded(
        session_id=SESSION,
        call_id="call_1",
        attempt=2,
        agent="planner",
        variant="brief",
        model="m",
        tokens_in=10,
        tokens_out=20,
        ms=300,
        answer=sealed("secret plan"),
    )
    call = documents(on(EVENTS_CANVAS, SESSION, begun(1), begun(2, version=3), recorded))["agent_calls"]["call_1"]
    assert (call["owner"], call["variant"], call["version"], call["attempts"]) == (ORG, "brief", 3, 2)
    assert (call["tokens_in"], call["tokens_out"], call["ms"], call["cause"]) == (10, 20, 300, "req_1")
    assert "secret" not in str(call)
    assert not {"error", "fallback", "answer"} & set(call)


def test_a_call_that_has_not_ended_has_no_end() -> None:
    assert "ended_at" not in documents(on(EVENTS_CANVAS, SESSION, begun(1)))["agent_calls"]["call_1"]


def test_a_call_for_a_job_is_one_of_its_prompts_calls() -> None:
    recorded = JobAgentCallRecorded(
        job_id="job_1", org_id=ORG, lease=2, agent="writer", variant="rhymes", prompt_version=3,
        prompt_owner="platform", model="m", tokens_in=10, tokens_out=20, ms=300, cost=4,
    )  # fmt: skip
    call = documents(on(EVENTS_JOBS, "job_1", recorded))["agent_calls"]["job_1.2.writer"]
    assert (call["owner"], call["variant"], call["version"], call["attempts"]) == ("platform", "rhymes", 3, 1)
    assert (call["tokens_in"], call["tokens_out"], call["ms"], call["cost"], call["cause"]) == (10, 20, 300, 4, "job_1")
    assert call["begun_at"] == call["ended_at"]
    assert "error" not in call
