"""A message becomes a plan once, whatever breaks on the way: the real canvas decider, vault and rules in memory."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.catalog.loader import load
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Answer, Unavailable
from commands.canvas.commands import BeginStage, DraftPlan, PostMessage, SelectModels, StartSession
from commands.canvas.decider import CANVAS
from commands.model import Command, CommandEnvelope
from events.canvas.plan_events import FieldsVerified, ModelSelected, PlanDrafted, PlanValidated
from events.canvas.session_events import AgentCallRecorded, MessagePosted, StageBegun
from events.catalog.current import CurrentModel
from events.envelope import Envelope, InputPosition, Recorded
from events.ids import derived_id
from events.progress import Progress
from processors.agents.catalog import Catalog
from processors.agents.llm import Completion, Delta, LlmFailed, Message, Restarted
from processors.agents.reactor import Agents
from processors.agents.rooms import Rooms
from processors.agents.sessions import Sessions
from tests.specification import World

ORG, SESSION = "org_A", "ses_X"
PLAN = json.dumps(
    {
        "title": "Fox",
        "steps": [
            {"id": "a", "title": "Fox", "description": "a red fox", "agent_type": "image", "depends_on": []},
            {"id": "b", "title": "Film", "description": "the fox runs", "agent_type": "video", "depends_on": ["a"]},
        ],
    }
)


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

    def of(self, kind: type) -> list[Any]:
        return [event for _, event in self.world.log if isinstance(event, kind)]


@dataclass
class Scripted:
    """A language model that says what it is told to; an exception is raised instead."""

    script: list[str | LlmFailed]
    asked: list[Sequence[Message]] = field(default_factory=list)
    preferred: list[str | None] = field(default_factory=list)

    async def complete(self, agent: str, messages: Sequence[Message], **_: Any) -> Completion:
        raise NotImplementedError

    async def stream(
        self, agent: str, messages: Sequence[Message], *, prefer: str | None = None, **_: Any
    ) -> AsyncGenerator[Delta | Restarted | Completion]:
        self.asked.append(messages)
        self.preferred.append(prefer)
        said = self.script.pop(0)
        if isinstance(said, LlmFailed):
            raise said
        yield Delta("content", said[:9])
        yield Restarted("one", "broken_stream")
        for at in range(0, len(said), 7):
            yield Delta("content", said[at : at + 7])
        yield Completion(said, "one", 3, 4, 5, 0.0, 1.0, fallback="unstreamed")


class Play:
    """A session with one message, and agents that are started as often as wanted."""

    def __init__(self, *script: str | LlmFailed) -> None:
        self.log, self.model = Log(), Scripted(list(script))
        self.vault = KeyVault(MemoryKeyStore(), bytes(32))
        self.frames: list[Progress] = []
        specs = [entry.spec for entry in load(lambda provider: provider in ("fleet", "llm"))]
        self.catalog = Catalog.of(CurrentModel(model=spec, version=1) for spec in specs)
        self._starts = itertools.count(1)

    async def says(self, text: str) -> Recorded:
        self.log.world.handle(StartSession(org_id=ORG, session_id=SESSION))
        words = await self.vault.seal(ORG, "usr_1", text)
        self.log.world.handle(PostMessage(org_id=ORG, session_id=SESSION, message_id="msg_1", text=words))
        return self.log.records()[-1]

    def agents(self, name: str = "workers") -> Agents:
        async def send(progress: Progress) -> None:
            self.frames.append(progress)

        return Agents(
            Rooms(
                self.log,
                self.vault,
                Sessions(self.log),
                lambda: self.catalog,
                self.model,
                send,
                f"{name}/{next(self._starts)}",
            )
        )

    async def heard(self) -> list[str]:
        said = [one for one in self.log.of(MessagePosted) if one.role == "assistant"]
        return [await self.vault.open(one.text) for one in said]


async def test_a_message_becomes_a_plan_that_waits_for_approval() -> None:
    play = Play(PLAN)
    message = await play.says("a fox that runs")
    agents = play.agents()
    assert agents.wants(message)
    await agents.handle(message)
    assert [type(event) for _, event in play.log.world.log[2:]][:3] == [StageBegun, AgentCallRecorded, PlanDrafted]
    assert [one.model for one in play.log.of(ModelSelected)] == ["local/picture", "local/motion"]
    assert play.log.of(PlanValidated)[0].verdict == "PASS"
    assert len(play.log.of(FieldsVerified)) == 1


async def test_what_the_page_saw_is_void_when_the_call_begins_again() -> None:
    play = Play(PLAN)
    await play.agents().handle(await play.says("a fox"))
    kinds = [frame.event for frame in play.frames]
    last = len(kinds) - kinds[::-1].index("agent.started") - 1
    said = [await play.vault.open(f.text) for f in play.frames[last:] if f.event == "agent.content" and f.text]
    assert "".join(said) == PLAN
    assert kinds.count("agent.started") == 2
    assert kinds[last:].count("step.drafting") == 2


@pytest.mark.parametrize("lost", [DraftPlan, SelectModels])
async def test_a_restart_goes_on_where_it_was_and_asks_no_model_twice(lost: type[Command]) -> None:
    play = Play(PLAN)
    message = await play.says("a fox")
    play.log.refused = [lost]
    with pytest.raises(Unavailable):
        await play.agents().handle(message)
    await play.agents().handle(message)
    await play.agents().handle(message)
    assert len(play.model.asked) == 1
    assert len(play.log.of(PlanDrafted)) == len(play.log.of(FieldsVerified)) == len(play.log.of(AgentCallRecorded)) == 1


async def test_while_another_process_plans_this_one_waits_and_later_takes_over() -> None:
    play = Play(LlmFailed("timeout", "slow"), PLAN)
    message = await play.says("a fox")
    call_id = derived_id("call", b"agents", message.envelope.id, "planner")
    begin = BeginStage(
        org_id=ORG, session_id=SESSION, call_id=call_id, agent="planner", owner="one/1", timeout_s=150
    )  # the other process has begun, and says nothing more
    stage = await play.log(begin, CommandEnvelope("c1", ORG, "t", "cor", "cau"))
    assert stage.result["go"] == 1
    with pytest.raises(Unavailable):
        await play.agents("two").handle(message)
    play.log.world.pass_time(200)
    await play.agents("two").handle(message)
    assert (await play.heard())[0].startswith("The language model did not answer in time")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (LlmFailed("connection", "x"), "cannot be reached"),
        (LlmFailed("unauthorised", "x"), "does not accept"),
        ("I would rather not.", "could not be read"),
        ('{"title": "", "steps": [], "reason": "Nothing to make."}', "Nothing to make."),
        ('{"title": "", "steps": []}', "nothing to make in that"),
        (PLAN.replace('"image"', '"hologram"').replace('"video"', '"smell"'), "nobody here does this kind of step"),
    ],
)
async def test_where_there_is_no_plan_the_session_is_told_why(answer: str | LlmFailed, words: str) -> None:
    play = Play(answer)
    message = await play.says("a fox")
    await play.agents().handle(message)
    await play.agents().handle(message)
    (said,) = await play.heard()
    assert words in said
    assert len(play.model.asked) == 1
    assert play.log.of(PlanDrafted) == []


async def test_a_repaired_plan_says_what_was_wrong() -> None:
    play = Play(PLAN.replace('"depends_on": []', '"depends_on": ["b", "zz"]'))
    await play.agents().handle(await play.says("a fox"))
    (validated,) = play.log.of(PlanValidated)
    issues = [await play.vault.open(issue) for issue in validated.issues]
    assert validated.verdict == "REVISE"
    assert any("circle" in issue for issue in issues)
    assert any("not there" in issue for issue in issues)


async def test_a_forgotten_person_is_not_planned_for() -> None:
    play = Play(PLAN)
    message = await play.says("a fox")
    await play.vault.forget(ORG, "usr_1")
    await play.agents().handle(message)
    assert play.model.asked == []


async def test_the_planner_is_told_what_was_said_before_and_what_came_later_is_not_for_it() -> None:
    play = Play(PLAN)
    message = await play.says("first")
    later = await play.vault.seal(ORG, "usr_1", "later")
    play.log.world.handle(PostMessage(org_id=ORG, session_id=SESSION, message_id="msg_2", text=later))
    agents = play.agents()
    for record in play.log.records():
        agents.wants(record)
    await agents.handle(message)
    told = str(play.model.asked[0][-1]["content"])
    assert "<request>\nfirst\n</request>" in told
    assert "later" not in told
