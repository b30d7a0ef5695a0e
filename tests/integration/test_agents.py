"""From a message to a checked, priced plan on the real log: agents, catalog and planner around the real deciders."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import AsyncMongoClient
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from adapters.storage.objects import storage
from adapters.vault.mongo import MongoKeyStore
from adapters.vault.vault import KeyVault, master_key
from commands.bus import CommandBus
from commands.canvas.commands import CancelSession, PostMessage, StartSession
from commands.model import Command, CommandEnvelope
from events.canvas.plan_events import FieldsVerified, ModelSelected, PlanDrafted, PlanEdited, PlanValidated, StepDrafted
from events.canvas.session_events import AgentCallRecorded, ContextClassified, MessagePosted
from events.catalog.current import CurrentModel
from events.envelope import Recorded
from events.ids import new_id
from events.log.codec import from_record
from events.log.follower import Follower
from events.progress import Progress
from events.topics import EVENTS_CANVAS, PROGRESS
from events.types import REGISTRY
from processors.agents.asking.prompting import Prompt
from processors.agents.catalog import Catalog
from projections.stores import DATABASE
from studio.client.past_requests import Archive, Past
from studio.local.ports import assign
from tests.catalog import shipped
from tests.integration.roles import running, settings_for
from tests.llm_server import LlmServer, cut, mute, refuse, serving, whole
from tests.servers import Servers

pytestmark = [pytest.mark.servers, pytest.mark.slow]

MAIN = "generate a product image, animate it into a 5-second video, and add a voiceover"
ROLES = ("decider", "catalog", "agents", "standins", "projector_mongo")
WITHIN_S = 45.0


@dataclass
class Log:
    """What has come to stand on the log, and what was told live, since the test began."""

    events: list[Recorded] = field(default_factory=list)
    frames: list[Progress] = field(default_factory=list)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, record: Any) -> None:
        async with self.more:
            if record.topic == PROGRESS:
                self.frames.append(Progress.model_validate_json(record.value))
            else:
                self.events.append(from_record(record, REGISTRY))
            self.more.notify_all()

    def of(self, session: str, *kinds: type) -> list[Any]:
        tail = session.removeprefix("ses_")
        return [e.data for e in self.events if tail in e.stream.subject and isinstance(e.data, kinds)]

    async def until(self, session: str, *kinds: type, role: str | None = None) -> Any:
        def found() -> list[Any]:
            return [one for one in self.of(session, *kinds) if role is None or getattr(one, "role", None) == role]

        async with asyncio.timeout(WITHIN_S), self.more:
            await self.more.wait_for(found)
        return found()[-1]

    async def times(self, session: str, kind: type, count: int) -> list[Any]:
        """As many of a kind, once they are there."""
        async with asyncio.timeout(WITHIN_S), self.more:
            await self.more.wait_for(lambda: len(self.of(session, kind)) >= count)
        return self.of(session, kind)


class Person:
    """Somebody with a session, who says something and looks at what comes of it."""

    def __init__(self, bus: CommandBus, vault: KeyVault, log: Log) -> None:
        self.bus, self.vault, self.log = bus, vault, log
        self.org, self.session = new_id("org"), new_id("ses")

    async def ask(self, command: Command) -> None:
        fresh = new_id("cmd")
        envelope = CommandEnvelope(id=fresh, org_id=self.org, actor="test", correlation_id=fresh, causation_id=fresh)
        await self.bus(command, envelope)

    async def says(self, text: str, org: str | None = None) -> None:
        """In a session of its own."""
        self.org, self.session = org or new_id("org"), new_id("ses")
        await self.ask(StartSession(org_id=self.org, session_id=self.session))
        await self.goes_on(text)

    async def goes_on(self, text: str) -> None:
        words = await self.vault.seal(self.org, "usr_test", text)
        await self.ask(PostMessage(org_id=self.org, session_id=self.session, message_id=new_id("msg"), text=words))

    async def plan(self) -> tuple[list[StepDrafted], dict[str, ModelSelected], dict[str, dict[str, Any]]]:
        """Once it waits for approval: its steps, and each one's model and input by label."""
        await self.log.until(self.session, FieldsVerified)
        steps = self.log.of(self.session, StepDrafted)
        chosen = {one.step_id.rsplit(".", 1)[1]: one for one in self.log.of(self.session, ModelSelected)}
        inputs = {label: json.loads(await self.vault.open(one.input)) for label, one in chosen.items()}
        return steps, chosen, inputs

    async def hears(self) -> str:
        message = await self.log.until(self.session, MessagePosted, role="assistant")
        return await self.vault.open(message.text)


@asynccontextmanager
async def person(servers: Servers, data_dir: Path, **changes: Any) -> AsyncIterator[Person]:
    port = assign(["standins"], {})["standins"]
    settings = settings_for(servers, data_dir).model_copy(
        update={"standins_url": f"http://127.0.0.1:{port}", **changes}
    )
    assert settings.master_key is not None
    stop, log = asyncio.Event(), Log()
    async with (
        running(settings, *ROLES) as process,
        CommandBus(servers.kafka_bootstrap, f"test-{process.instance}") as bus,
        AsyncMongoClient[dict[str, Any]](servers.mongo_url) as mongo,
    ):
        follower = Follower(servers.kafka_bootstrap, [EVENTS_CANVAS, PROGRESS], on_record=log.take, name="test")
        following = asyncio.create_task(follower.run(stop))
        await asyncio.wait_for(follower.ready(), WITHIN_S)
        try:
            yield Person(bus, KeyVault(MongoKeyStore(mongo), master_key(settings.master_key.get_secret_value())), log)
        finally:
            stop.set()
            await following


async def test_the_main_sentence_becomes_three_steps_with_models_and_inputs(
    own_servers: Servers, tmp_path: Path
) -> None:
    async with person(own_servers, tmp_path) as it:
        await it.says(MAIN)
        steps, chosen, inputs = await it.plan()

        assert [(s.step.agent_type, [up.rsplit(".", 1)[1] for up in s.step.depends_on]) for s in steps] == [
            ("image", []), ("video", ["s1"]), ("speech", ["s2"]),
        ]  # fmt: skip
        assert [chosen[s].model for s in ("s1", "s2", "s3")] == ["local/picture", "local/motion", "local/voiceover"]
        assert inputs["s2"]["duration_s"] == 5
        assert inputs["s3"]["text"]
        assert all(one.estimate > 0 and one.reason for one in chosen.values())
        assert (await it.log.until(it.session, PlanValidated)).verdict == "PASS"
        assert (await it.log.until(it.session, PlanDrafted)).planner == "offline"
        call, checked = it.log.of(it.session, AgentCallRecorded)
        assert (call.agent, call.model, call.error) == ("planner", "offline", None)
        assert (checked.agent, checked.model, checked.error) == ("validator", "offline", None)

        frames = [frame for frame in it.log.frames if frame.session_id == it.session]
        assert {frame.data["call_id"] for frame in frames} == {call.call_id, checked.call_id}
        frames = [frame for frame in frames if frame.data["call_id"] == call.call_id]
        assert frames[0].event == "agent.started"
        drafted = [frame.text for frame in frames if frame.event == "step.drafting"]
        assert [orjson.loads(await it.vault.open(text))["id"] for text in drafted if text] == ["s1", "s2", "s3"]
        said = [await it.vault.open(f.text) for f in frames if f.event == "agent.content" and f.text]
        assert [step["id"] for step in json.loads("".join(said))["steps"]] == ["s1", "s2", "s3"]
        assert any(frame.event == "agent.reasoning" for frame in frames)

        await it.goes_on("make the video 8 seconds and add background music")
        edited = await it.log.until(it.session, PlanEdited)
        assert [one.rsplit(".", 1)[1] for one in edited.changed] == ["s2", "s4", "s5"]
        chosen = {one.step_id.rsplit(".", 1)[1]: one for one in await it.log.times(it.session, ModelSelected, 6)}
        longer = chosen["s2"].input
        assert longer is not None
        assert json.loads(await it.vault.open(longer))["duration_s"] == 8
        agents = [one.agent for one in it.log.of(it.session, AgentCallRecorded)]
        assert agents == ["planner", "validator", "context_classifier", "edit_planner", "validator"]
        assert [one.decision for one in it.log.of(it.session, ContextClassified)] == ["SAME"]

        await it.says("hello")
        assert "nothing to make" in await it.hears()


PICTURE: dict[str, Any] = {
    "title": "Fox",
    "steps": [{"id": "a", "title": "A", "description": "a fox", "agent_type": "image", "depends_on": []}],
}
PASSED = '{"verdict": "PASS", "issues": []}'
PASS = whole(PASSED)
CYCLE = {
    "title": "Round",
    "steps": [
        {"id": "a", "title": "A", "description": "a fox", "agent_type": "image", "depends_on": ["b"]},
        {"id": "b", "title": "B", "description": "the fox moves", "agent_type": "video", "depends_on": ["a", "zz"],
         "input": {"image": "https://evil.test/x.png", "duration_s": "7s"}},
    ],
}  # fmt: skip


async def test_whatever_a_model_does_there_is_a_plan_or_a_word(own_servers: Servers, tmp_path: Path) -> None:
    async with serving(LlmServer(always={"validator": PASS})) as server:
        wire = {"llm_base_url": server.url, "llm_primary_model": "one", "llm_secondary_model": "two"}
        async with person(own_servers, tmp_path, **wire) as it:
            server.behaviours = [whole(f"Sure!\n```json\n{json.dumps(CYCLE)}\n```\nEnjoy")]
            await it.says("a fox")
            steps, chosen, inputs = await it.plan()
            assert {s.step.step_id.rsplit(".", 1)[1]: len(s.step.depends_on) for s in steps} == {"a": 0, "b": 1}
            assert (await it.log.until(it.session, PlanValidated)).verdict == "REVISE"
            assert "image" not in inputs["b"]
            assert inputs["b"]["duration_s"] == 7
            assert chosen["b"].model == "local/motion"

            text = json.dumps(CYCLE)
            server.behaviours = [cut(text[:80]), whole(text[: text.index('{"id": "b"')], finish="length")]
            await it.says("a fox")
            assert [s.step.agent_type for s in (await it.plan())[0]] == ["image"]
            assert it.log.of(it.session, AgentCallRecorded)[0].fallback == "unstreamed"

            server.behaviours = [whole("I would rather not.")]
            await it.says("a fox")
            assert "could not be read" in await it.hears()

            server.behaviours = [refuse(429), refuse(429)]
            await it.says("a fox")
            assert "try again" in await it.hears()
            assert (await it.log.until(it.session, AgentCallRecorded)).error == "rate_limit"


async def test_repairs_and_each_verdict_are_among_the_requests_that_can_be_tried(
    own_servers: Servers, tmp_path: Path
) -> None:
    revise = '{"verdict": "REVISE", "issues": [{"step_id": "a", "problem": "it is not red"}]}'
    red = {**PICTURE["steps"][0], "description": "a red fox"}
    always = {"planner": whole(json.dumps(PICTURE)), "edit_planner": whole(json.dumps({**PICTURE, "steps": [red]}))}
    async with (
        serving(LlmServer(of_agent={"validator": [whole(revise), PASS]}, always=always)) as server,
        AsyncMongoClient[dict[str, Any]](own_servers.mongo_url) as mongo,
    ):
        wire = {"llm_base_url": server.url, "llm_primary_model": "one"}
        async with person(own_servers, tmp_path, **wire) as it:
            await it.says("a red fox")
            [step], _, _ = await it.plan()
            assert await it.vault.open(step.step.description) == "a red fox"
            catalog = Catalog.of(CurrentModel(model=one.spec, version=1) for one in shipped("fleet", "llm"))
            archive = Archive(mongo[DATABASE], it.vault, storage(tmp_path.as_uri()), catalog)
            async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.05), reraise=True):
                with attempt:
                    verdicts = [one async for one in archive.requests(it.org, "validator", 9)]
                    assert [isinstance(one, Past) and one.answer for one in verdicts] == [PASSED, revise]
            [repair] = [one async for one in archive.requests(it.org, "edit_planner", 9)]
            assert isinstance(repair, Past)
            prompt = Prompt("edit_planner", "other", 1, "Repair it.")
            [asked] = server.asked_by("edit_planner")
            assert repair.question.messages(prompt)[1:] == asked.body["messages"][1:]


async def test_a_newer_message_or_a_cancel_ends_the_call_at_its_server(own_servers: Servers, tmp_path: Path) -> None:
    always = {"validator": PASS, "planner": mute(asyncio.Event())}
    async with serving(LlmServer(always=always)) as server:
        wire = {"llm_base_url": server.url, "llm_primary_model": "one"}
        async with person(own_servers, tmp_path, **wire) as it, asyncio.timeout(WITHIN_S):
            await it.says("a fox")
            await server.until_asked(1)
            server.of_agent["planner"] = [whole(json.dumps(PICTURE))]
            await it.goes_on("that runs")
            assert (await it.plan())[0]
            first, second, *_ = server.asked_by("planner")
            await first.over.wait()
            assert first.left
            assert "a fox\nthat runs" in str(second.body["messages"][-1]["content"])
            assert it.log.of(it.session, AgentCallRecorded)[0].error == "cancelled"

            asked = len(server.requests)
            await it.says("a wolf")
            await server.until_asked(asked + 1)
            last = server.requests[-1]
            await it.ask(CancelSession(org_id=it.org, session_id=it.session))
            await last.over.wait()
            assert last.left
            assert (await it.log.until(it.session, AgentCallRecorded)).error == "cancelled"


async def test_what_an_organisation_has_used_is_counted_from_the_log_over_restarts(
    own_servers: Servers, tmp_path: Path
) -> None:
    used = {"prompt_tokens": 60_000, "completion_tokens": 1_000}
    async with serving(
        LlmServer(always={"planner": whole(json.dumps(PICTURE), usage=used), "validator": PASS})
    ) as server:
        wire = {"llm_base_url": server.url, "llm_primary_model": "one", "llm_tokens_per_day": 50_000}
        async with person(own_servers, tmp_path, **wire, llm_prices={"one": (150_000, 600_000)}) as it:
            await it.says("a fox")
            await it.plan()
            org, call = it.org, it.log.of(it.session, AgentCallRecorded)[0]
            assert (call.tokens_in, call.tokens_out, call.cost) == (60_000, 1_000, 9_600)
            await it.says("another", org)
            assert "used up" in await it.hears()
        async with person(own_servers, tmp_path, **wire) as it:
            await it.says("and another", org)
            assert "used up" in await it.hears()
            assert (await it.log.until(it.session, AgentCallRecorded)).error == "budget"
            await it.says("somebody else's")
            assert (await it.plan())[0]
    assert len(server.asked_by("planner")) == 2


async def test_plans_that_no_command_can_hold_are_answered_with_a_word(own_servers: Servers, tmp_path: Path) -> None:
    words = {**PICTURE["steps"][0], "description": "\u03a9" * 8000}
    huge = {"title": "Huge", "steps": [{**words, "id": f"s{n}"} for n in range(150)]}
    async with serving(
        LlmServer(always={"planner": whole(json.dumps(huge, ensure_ascii=False), piece=9000), "validator": PASS})
    ) as server:
        wire = {"llm_base_url": server.url, "llm_primary_model": "one"}
        async with person(own_servers, tmp_path, **wire) as it:
            await it.says("a fox")
            assert await it.hears()
            server.always["planner"] = whole(json.dumps(PICTURE))
            await it.says("a fox")
            assert (await it.plan())[0]
