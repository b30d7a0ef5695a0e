"""A session with agents in memory: the real canvas decider, vault and rules; the model is scripted, or the stand-in."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from adapters.llm.offline.app import app as offline_planner
from adapters.storage.objects import storage
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Answer, Unavailable
from commands.canvas.commands import (
    ApprovePlan,
    PostAssistantMessage,
    PostMessage,
    RecordStepResult,
    RecordUpload,
    StartSession,
)
from commands.canvas.decider import CANVAS
from commands.model import Command, CommandEnvelope
from events.assets import AssetRef
from events.canvas.plan_events import StepReady
from events.canvas.session_events import MessagePosted
from events.canvas.state import Plan
from events.catalog.current import CurrentModel
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.ids import plan_id
from events.progress import Progress
from events.topics import EVENTS_CANVAS
from processors.agents.asking.rooms import Rooms
from processors.agents.catalog import Catalog
from processors.agents.llm import Completion, Delta, LanguageModel, LlmFailed, Message, Restarted
from processors.agents.reactor import Agents
from processors.agents.sessions import Sessions
from tests.catalog import shipped
from tests.specification import World

ORG, SESSION = "org_A", "ses_X"


@cache
def own_catalog() -> Catalog:
    """What the platform itself can do: its fleet, and the writer."""
    specs = [entry.spec for entry in shipped("fleet", "llm")]
    return Catalog.of(CurrentModel(model=spec, version=1) for spec in specs)


@dataclass
class Log:
    """The decider's world as `Ask`, as the stored streams, and as what a reactor reads."""

    world: World = field(default_factory=lambda: World(CANVAS))
    answers: dict[str, Answer] = field(default_factory=dict)
    refused: list[type[Command]] = field(default_factory=list)
    """Commands that are answered by no answer, once each."""

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        if envelope.id not in self.answers:
            decision = self.world.handle(command)
            if decision.events:
                self.answers[envelope.id] = Answer(decision.result or {})
            else:
                return Answer(decision.result or {})
        if type(command) in self.refused:
            self.refused.remove(type(command))
            raise Unavailable("lost")
        return self.answers[envelope.id]

    def records(self) -> list[Recorded]:
        versions: dict[str, itertools.count[int]] = {}
        out = []
        for offset, (ref, event) in enumerate(self.world.log):
            version = next(versions.setdefault(ref.subject, itertools.count(1)))
            position = InputPosition("commands.canvas", 0, offset)
            envelope = Envelope(
                f"evt{offset}", event.ce_type(), self.world.at, ref, version, ORG, "t", "c", position, "cor", "cau"
            )
            out.append(Recorded(envelope, event, 0, offset))
        return out

    async def read(self, subject: str, upto_version: int) -> Sequence[Recorded]:
        return [one for one in self.records() if one.stream.subject == subject][:upto_version]

    async def stored(self, subject: str, most: int) -> Sequence[Recorded]:
        return [one for one in self.records() if one.stream.subject == subject][:most]

    def of(self, kind: type) -> list[Any]:
        return [event for _, event in self.world.log if isinstance(event, kind)]


Line = str | LlmFailed
OBLIGING = {"validator": '{"verdict": "PASS", "issues": []}', "model_selector": '{"model": "local/picture"}'}
"""What those say for whom nothing is written."""


@dataclass
class Scripted:
    """A language model that says what it is told to; an exception is raised instead."""

    script: list[Line]
    """For all but those in `lines`, and those that are obliging."""
    lines: dict[str, list[Line]] = field(default_factory=dict)
    asked: list[Sequence[Message]] = field(default_factory=list)
    agents: list[str] = field(default_factory=list)
    preferred: list[str | None] = field(default_factory=list)

    async def complete(self, agent: str, messages: Sequence[Message], **_: Any) -> Completion:
        raise NotImplementedError

    async def stream(
        self, agent: str, messages: Sequence[Message], *, prefer: str | None = None, **_: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        self.asked.append(messages)
        self.agents.append(agent)
        self.preferred.append(prefer)
        own = self.lines.get(agent)
        said = own.pop(0) if own else OBLIGING.get(agent) or self.script.pop(0)
        if isinstance(said, LlmFailed):
            raise said
        yield Delta("content", said[:9])
        yield Restarted("one", "broken_stream")
        for at in range(0, len(said), 7):
            yield Delta("content", said[at : at + 7])
        yield Completion(said, "one", 3, 4, 5, 0.0, 1.0, fallback="unstreamed")


class StandIn:
    """The offline planner, asked over its own wire; remembers who was asked what."""

    def __init__(self) -> None:
        transport = httpx.ASGITransport(app=offline_planner())
        self._client = httpx.AsyncClient(transport=transport, base_url="http://offline")
        self.asked: list[Sequence[Message]] = []
        self.agents: list[str] = []

    async def complete(self, agent: str, messages: Sequence[Message], **_: Any) -> Completion:
        self.asked.append(messages)
        self.agents.append(agent)
        headers = {"X-Studio-Agent": agent}
        answer = await self._client.post("/chat/completions", json={"messages": list(messages)}, headers=headers)
        body = answer.raise_for_status().json()
        return Completion(body["choices"][0]["message"]["content"], body["model"], 1, 1, 1, 0.0, 1.0)

    async def stream(
        self, agent: str, messages: Sequence[Message], **_: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        done = await self.complete(agent, messages)
        yield Delta("content", done.text)
        yield done


class Play:
    """A session, and agents that are started as often as wanted."""

    def __init__(
        self,
        *script: Line,
        lines: Mapping[str, Sequence[Line]] | None = None,
        model: LanguageModel | None = None,
        **more: Any,
    ) -> None:
        own = {agent: list(said) for agent, said in (lines or {}).items()}
        self.log, self.script = Log(), Scripted(list(script), own)
        self.model = model or self.script
        self.vault = KeyVault(MemoryKeyStore(), bytes(32))
        self.storage = storage("memory://")
        self.frames: list[Progress] = []
        self.catalog = own_catalog()
        self.more = more
        self._starts, self._messages, self._assets = itertools.count(1), itertools.count(1), itertools.count(1)

    async def says(
        self, text: str, *, attach: Sequence[str] = (), approval: str = "assist", mode: str = "subagent"
    ) -> Recorded:  # fmt: skip
        """A message, in a session that begins with the first; `attach` names files that are uploaded before it."""
        number = next(self._messages)
        if number == 1:
            self.log.world.handle(StartSession(org_id=ORG, session_id=SESSION))
        uploads = tuple([await self.uploads(name) for name in attach])
        words = await self.vault.seal(ORG, "usr_1", text)
        self.log.world.handle(
            PostMessage.model_validate(
                {"org_id": ORG, "session_id": SESSION, "message_id": f"msg_{number}", "text": words,
                 "upload_ids": uploads, "approval": approval, "mode": mode}
            )
        )  # fmt: skip
        return self.log.records()[-1]

    async def uploads(self, name: str) -> str:
        asset = self.asset("video/mp4" if name.endswith("mp4") else "image/png")
        medium = asset.media_type.split("/")[0]
        named = await self.vault.seal(ORG, "usr_1", name)
        fields = {"upload_id": f"upl_{asset.asset_id}", "asset": asset, "file_name": named, "medium": medium}
        self.log.world.handle(RecordUpload.model_validate({"org_id": ORG, "session_id": SESSION, **fields}))
        return f"upl_{asset.asset_id}"

    def asset(self, media_type: str) -> AssetRef:
        number = next(self._assets)
        return AssetRef(asset_id=f"ast_{number}", sha256=f"{number:064x}", bytes=1, media_type=media_type)

    def agents(self, name: str = "workers") -> Agents:
        async def send(progress: Progress) -> None:
            self.frames.append(progress)

        owner = f"{name}/{next(self._starts)}"
        sessions = Sessions(self.log)
        ports = (self.log, self.vault, sessions, lambda: self.catalog, self.model, send, owner, self.storage)
        return Agents(Rooms(*ports, **self.more))

    async def hears(self, text: str, **more: Any) -> None:
        """A message and what the agents make of it."""
        await self.agents().handle(await self.says(text, **more))

    async def heard(self) -> list[str]:
        said = [one for one in self.log.of(MessagePosted) if one.role == "assistant"]
        return [await self.vault.open(one.text) for one in said]

    def plan(self, number: int = 1) -> Plan | None:
        state = self.log.world(StreamRef(EVENTS_CANVAS, plan_id(SESSION, number))).state
        return state if isinstance(state, Plan) else None

    @property
    def newest(self) -> Plan:
        number = 1
        while self.plan(number + 1) is not None:
            number += 1
        plan = self.plan(number)
        assert plan is not None
        return plan

    async def shown(self) -> dict[str, dict[str, Any]]:
        """The newest plan's steps by label, opened."""
        steps = {}
        for step in self.newest.steps.values():
            steps[step.step_id.rsplit(".", 1)[-1]] = {
                "title": await self.vault.open(step.title),
                "description": await self.vault.open(step.description),
                "kind": step.agent_type,
                "after": [up.rsplit(".", 1)[-1] for up in step.depends_on],
                "model": step.model,
                "input": json.loads(await self.vault.open(step.input)) if step.input is not None else {},
            }
        return steps

    async def runs(self) -> list[str]:
        """The newest plan is approved and everything in it succeeds; the labels of what was run, in order."""
        plan = self.newest
        ids = {"org_id": ORG, "session_id": SESSION, "plan_id": plan.plan_id}
        self.log.world.handle(ApprovePlan.model_validate(ids))
        ran: list[StepReady] = []
        while (ready := self._ready(ran)) is not None:
            ran.append(ready)
            media = self.catalog.models[ready.model].media_out
            kinds = {"image": "image/png", "video": "video/mp4", "audio": "audio/mpeg", "text": "text/plain"}
            outputs = (self.asset(kinds.get(media[0], "model/gltf-binary")),)
            done = {"run_id": ready.run_id, "step_id": ready.step_id, "job_id": ready.job_id, "status": "succeeded"}
            self.log.world.handle(RecordStepResult.model_validate({**ids, **done, "outputs": outputs, "cost": 1}))
        await self._told()
        return [one.step_id.rsplit(".", 1)[-1] for one in ran]

    def _ready(self, ran: Sequence[StepReady]) -> StepReady | None:
        run = self.newest.run
        assert run is not None
        waiting = (one for one in self.log.of(StepReady) if one.run_id == run.run_id and one not in ran)
        return next(waiting, None)

    async def _told(self) -> None:
        """As the executor does it: the files come back as the assistant's words."""
        plan = self.newest
        assert plan.run is not None
        assets = tuple(asset for step in plan.run.steps.values() for asset in step.outputs)
        words = await self.vault.seal(ORG, "usr_1", "It is done.")
        said = PostAssistantMessage(
            org_id=ORG, session_id=SESSION, message_id=f"msg_{plan.run.run_id}", text=words, assets=assets,
            in_reply_to=plan.drafted.message_id, plan_id=plan.plan_id,
        )  # fmt: skip
        self.log.world.handle(said)
