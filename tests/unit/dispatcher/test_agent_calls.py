"""What language models are asked for jobs is on the log once, with whose prompt it was, and counts where it should."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from adapters.llm.client import LlmClient
from adapters.providers.llm.adapter import LanguageModels
from commands.orgs.commands import CancelJob, RecordJobAgentCall
from commands.refusals import IllegalState, NotFound
from events.catalog.current import CurrentModel, CurrentPrompts, PromptVariant, PromptVersion, prompts_key
from events.envelope import Recorded
from events.jobs.events import JobAgentCallRecorded
from processors.agents.asking.published import Published
from processors.agents.asking.spending import Spending
from processors.dispatcher.classifier import Classifier
from tests.contract.providers.worlds import replicate_world
from tests.llm_server import LlmServer, held, refuse, serving, whole
from tests.unit.dispatcher.house import CAUSE, ORG, House

TEXT = "llm/writer"


@pytest.fixture
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        yield it


@pytest.fixture
async def client(server: LlmServer) -> AsyncIterator[LlmClient]:
    async with LlmClient(server.url, None, "m", prices={"m": (1_000_000, 1_000_000)}) as it:
        yield it


def published(agent: str) -> Published:
    version = PromptVersion(version=2, text="In rhymes.")
    variants = (PromptVariant(variant="rhymes", weight=1, versions=(version,)),)
    entry = CurrentPrompts(owner="platform", agent=agent, version=1, variants=variants)
    return Published({prompts_key("platform", agent): entry}.get)


async def text_job(house: House) -> Recorded:
    recorded = await house.dispatched(TEXT, {"prompt": "a poem"}, worker=None)
    entry = house.catalog.models[f"model:{TEXT}"]
    assert isinstance(entry, CurrentModel)
    writes = entry.model.model_copy(update={"media_out": ("text",), "agent_type": "text"})
    house.catalog.models[f"model:{TEXT}"] = CurrentModel(model=writes, version=1)
    return recorded


def calls(house: House, recorded: Recorded) -> list[JobAgentCallRecorded]:
    events = house.events(recorded.envelope.stream.subject)
    return [event for event in events if isinstance(event, JobAgentCallRecorded)]


async def test_what_the_writer_is_asked_is_on_the_log_once_before_its_jobs_end(
    server: LlmServer, client: LlmClient
) -> None:
    server.behaviours.append(whole("A poem."))
    house = House(LanguageModels(client, published("writer")))
    recorded = await text_job(house)
    await house.dispatcher.handle(recorded)
    await house.dispatcher.handle(recorded)
    [call] = calls(house, recorded)
    assert (call.agent, call.variant, call.prompt_version, call.prompt_owner) == ("writer", "rhymes", 2, "platform")
    assert (call.org_id, call.cause, call.lease, call.model, call.error) == (ORG, CAUSE, 1, "m", None)
    assert (call.tokens_in, call.tokens_out, call.cost) == (7, 5, 12)
    assert house.names(call.job_id)[-2:] == ["agent_call_recorded", "succeeded"]


async def test_a_call_that_nobody_answers_is_on_the_log_with_its_reason(server: LlmServer, client: LlmClient) -> None:
    server.behaviours.append(refuse(401))
    house = House(LanguageModels(client))
    recorded = await text_job(house)
    await house.dispatcher.handle(recorded)
    [call] = calls(house, recorded)
    assert (call.error, call.model, call.tokens_in, call.prompt_owner) == ("unauthorised", "none", 0, None)


async def test_a_call_that_is_stopped_counts_with_what_was_asked(server: LlmServer, client: LlmClient) -> None:
    server.behaviours.append(held(asyncio.Event(), whole("A poem.")))
    house = House(LanguageModels(client))
    recorded = await text_job(house)
    handling = asyncio.create_task(house.dispatcher.handle(recorded))
    await server.until_asked(1)
    house.do(CancelJob(org_id=ORG, job_id=recorded.envelope.stream.subject))
    handling.cancel()
    await asyncio.gather(handling, return_exceptions=True)
    [call] = calls(house, recorded)
    assert (call.error, call.tokens_out) == ("cancelled", 0)
    assert call.tokens_in > 0


async def test_what_the_classifier_is_asked_is_recorded_for_the_job_that_failed_first(
    server: LlmServer, client: LlmClient
) -> None:
    server.behaviours.append(whole(json.dumps({"category": "content_policy", "reason": "r"})))
    classifier = Classifier(client, published("error_classifier"), within_s=10.0)
    async with replicate_world() as remote:
        house = House(remote.provider, classify=classifier)
        jobs = []
        for _ in range(2):
            jobs.append(await house.dispatched("replicate/flux", {"prompt": "simulate:model_error"}, worker=None))
            await house.dispatcher.handle(jobs[-1])
    await classifier.aclose()
    [call] = calls(house, jobs[0])
    assert (call.agent, call.variant, call.org_id, call.tokens_in) == ("error_classifier", "rhymes", ORG, 7)
    assert house.names(call.job_id)[-3:] == ["agent_call_recorded", "attempt_failed", "failed"]
    assert calls(house, jobs[1]) == []


async def test_they_count_among_the_organisations_tokens_of_the_day(server: LlmServer, client: LlmClient) -> None:
    server.behaviours.append(whole("A poem."))
    house, spending = House(LanguageModels(client)), Spending()
    recorded = await text_job(house)
    await house.dispatcher.handle(recorded)
    spending.note(house.recorded(recorded.envelope.stream.subject, JobAgentCallRecorded))
    assert spending.spent(ORG, house.world.at) == 12
    assert spending.spent("org_B", house.world.at) == 0


async def test_a_call_is_recorded_after_the_end_too_and_for_no_attempt_that_never_was(client: LlmClient) -> None:
    house = House(LanguageModels(client))
    recorded = await text_job(house)
    job_id = recorded.envelope.stream.subject
    house.do(CancelJob(org_id=ORG, job_id=job_id))
    told = RecordJobAgentCall(
        org_id=ORG, job_id=job_id, lease=1, agent="writer", variant="default", prompt_version=1, model="m",
        tokens_in=1, tokens_out=2, ms=3,
    )  # fmt: skip
    house.do(told)
    assert house.names(job_id)[-2:] == ["cancelled", "agent_call_recorded"]
    with pytest.raises(IllegalState):
        house.world.handle(told.model_copy(update={"lease": 2}))
    with pytest.raises(NotFound):
        house.world.handle(told.model_copy(update={"job_id": "job_unheard"}))
