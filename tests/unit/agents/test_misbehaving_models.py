"""Whatever any agent's model does: a good plan, a repaired plan, a fallback, or a word that says why.

Never an exception, a silent session, a call that is not recorded, or a step that was not there. The agents as they are,
the real decider's rules, and the real client, on the wire of a server that misbehaves.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.llm.call import Patience
from adapters.llm.client import LlmClient
from adapters.storage.objects import ObjectStorage, storage
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.canvas.commands import PostMessage, StartSession
from events.canvas.plan_events import FieldsVerified, PlanDrafted, PlanEdited, StepDrafted
from events.canvas.session_events import AgentCallRecorded, MessagePosted, StageBegun
from events.canvas.state import Plan
from events.envelope import Recorded, StreamRef
from events.progress import Progress
from events.topics import EVENTS_CANVAS
from processors.agents import reactor
from processors.agents.asking.rooms import Rooms
from processors.agents.fitting.addresses import is_address
from processors.agents.reactor import Agents
from processors.agents.sessions import Sessions
from processors.agents.stages import edit_planner, model_selector, plan_validator
from tests import llm_server as wire
from tests.llm_answers import GOOD, good, on_the_wire, spoiled, spoiled_plans
from tests.llm_server import Behaviour, LlmServer, serving
from tests.unit.agents.makers import wide_catalog
from tests.unit.agents.play import ORG, SESSION, Log

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENTS = ("planner", "validator", "context_classifier", "edit_planner", "model_selector", "field_verifier")
"""Those that ask a model today."""
ON_A_PLAN = ("context_classifier", "edit_planner")
"""Those that are asked only where there is a plan already."""
LABELS = {"a", "b", "c"}
HURRIES_S = (0.3, 1.2, 4.8)
"""Patience with a model that takes all the time there is: the least in which the good ones around it answer, too."""
PATIENT_S = 20.0
"""With one that answers, however busy this machine is."""
PIECE = 100
"""Characters at a time of the good answers around a bad one; token by token is how `a model that behaves` answers."""
MESSAGE_OF_PATIENCE = 10
"""So many times the patience with one model has a message for all of them."""
CATALOG = wide_catalog()


def misbehaviours(agent: str) -> Iterator[tuple[str, Behaviour]]:
    yield from on_the_wire(good(agent))
    for name, text in spoiled(agent):
        yield name, wire.whole(text, piece=max(7, len(text) // 500))
    for name, text in spoiled_plans() if agent in ("planner", "edit_planner") else ():
        yield name, wire.whole(text, piece=max(7, len(text) // 500))


WAITED_FOR = {"the stream stalls", "words that are none, without end", "very slow", "no answer"}
"""These take all the time that there is: an agent's together."""
CELLS = [
    pytest.param(agent, name, bad, id=f"{agent}: {name}")
    for agent in AGENTS
    for name, bad in misbehaviours(agent)
    if name not in WAITED_FOR
]
OTHER_STEPS = {name for name, _ in spoiled_plans()}
READABLE = {
    "in prose", "in a fence", "in an open fence after prose", "after thoughts", "with trailing commas", "with comments",
    "in single quotes", "twice", "one level down", "with half characters", "with control characters", "with markup",
    "without its last brace", "five thousand deep", "with a megabyte beside it",
}  # fmt: skip
"""Answers that say all that a good one does."""


@dataclass
class Conversation:
    """A session of one person with the agents, whose models answer on the wire."""

    model: LlmClient
    log: Log = field(default_factory=Log)
    vault: KeyVault = field(default_factory=lambda: KeyVault(MemoryKeyStore(), bytes(32)))
    storage: ObjectStorage = field(default_factory=lambda: storage("memory://"))
    frames: list[Progress] = field(default_factory=list)
    starts: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.log.world.handle(StartSession(org_id=ORG, session_id=SESSION))
        self.agents = self.started()

    def started(self) -> Agents:
        """Agents that have read the log, as after any start of their process."""

        async def send(progress: Progress) -> None:
            self.frames.append(progress)

        owner = f"agents/{next(self.starts)}"
        agents = Agents(
            Rooms(self.log, self.vault, Sessions(self.log), lambda: CATALOG, self.model, send, owner, self.storage)
        )
        for record in self.log.records():
            agents.wants(record)
        return agents

    async def says(self, text: str) -> Recorded:
        """Returns once the agents have done with it."""
        before = len(self.log.records())
        number = len(self.log.of(MessagePosted))
        words = await self.vault.seal(ORG, "usr_1", text)
        posted = PostMessage(org_id=ORG, session_id=SESSION, message_id=f"msg_{number}", text=words)
        self.log.world.handle(posted)
        message = self.log.records()[before]
        await self.hands_over(message)
        return message

    async def hands_over(self, message: Recorded) -> None:
        self.agents = self.started()
        await self.agents.handle(message)

    async def heard(self) -> list[str]:
        said = [one for one in self.log.of(MessagePosted) if one.role == "assistant"]
        return [await self.vault.open(one.text) for one in said]


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[LlmServer]:
    async with serving(LlmServer()) as it:
        yield it


def client(server: LlmServer, patience_s: float) -> LlmClient:
    patience = Patience(first_s=patience_s, stall_s=patience_s, whole_s=patience_s, retry_after_s=0.1)
    return LlmClient(server.url, None, "one", "two", patience=patience)


@pytest.fixture(scope="module")
async def model(server: LlmServer) -> AsyncIterator[LlmClient]:
    async with client(server, PATIENT_S) as patient:
        yield patient


def message_has(monkeypatch: pytest.MonkeyPatch, patience_s: float) -> None:
    """So long for all its models, and of that enough for each that may be passed over."""
    within_s = patience_s * MESSAGE_OF_PATIENCE
    monkeypatch.setattr(reactor, "BUDGET_S", within_s)
    for module, call in ((edit_planner, "REPAIR"), (model_selector, "CALL"), (plan_validator, "CALL")):
        monkeypatch.setattr(module, call, replace(getattr(module, call), least_s=within_s / 5))


@pytest.mark.parametrize(("agent", "name", "bad"), CELLS)
async def test_there_is_a_plan_or_a_word(
    agent: str, name: str, bad: Behaviour, server: LlmServer, model: LlmClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_has(monkeypatch, PATIENT_S)
    await there_is_a_plan_or_a_word(agent, name, bad, server, model)


@pytest.mark.parametrize("agent", AGENTS)
async def test_there_is_a_plan_or_a_word_where_no_time_is_left(agent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the good models around it may need more than the least patience: then there is more."""
    left = {name: bad for name, bad in misbehaviours(agent) if name in WAITED_FOR}
    assert left.keys() == WAITED_FOR
    for patience_s in HURRIES_S:
        message_has(monkeypatch, patience_s)
        ends = await asyncio.gather(*(hurried(agent, name, left[name], patience_s) for name in left))
        left = {name: bad for (name, bad), end in zip(left.items(), ends, strict=True) if end is NotAsked}
    assert left == {}, f"{agent} was not asked: these test nothing"


class NotAsked(AssertionError):
    """The model that misbehaves was not asked."""


async def hurried(agent: str, name: str, bad: Behaviour, patience_s: float) -> type[NotAsked] | None:
    async with serving(LlmServer()) as server, client(server, patience_s) as model:
        try:
            await there_is_a_plan_or_a_word(agent, name, bad, server, model)
        except NotAsked:
            return NotAsked
    return None


async def there_is_a_plan_or_a_word(agent: str, name: str, bad: Behaviour, server: LlmServer, model: LlmClient) -> None:
    good_ones = {one: wire.whole(good(one), piece=PIECE) for one in GOOD}
    server.always = good_ones
    talk = Conversation(model)
    if agent in ON_A_PLAN:
        await talk.says("a fox that runs, and a voice that says so")
    server.requests.clear()
    server.always = good_ones | {agent: bad}
    message = await talk.says("and now in blue" if agent in ON_A_PLAN else "a fox that runs, and a voice that says so")
    if not server.asked_by(agent):
        raise NotAsked(f"{agent} was not asked: this cell tests nothing")
    assert server.unscripted == []
    await is_sound(talk)
    if name not in OTHER_STEPS:
        assert labels(talk) <= LABELS, "a step that was not there"
    if name in READABLE:
        assert labels(talk) == LABELS

    before, asked = len(talk.log.records()), len(server.requests)
    await talk.hands_over(message)
    assert (len(talk.log.records()), len(server.requests)) == (before, asked), "the message was answered twice"


async def test_a_model_that_behaves_gives_a_plan_with_all_its_steps(server: LlmServer, model: LlmClient) -> None:
    server.always = {name: wire.whole(good(name)) for name in GOOD}
    talk = Conversation(model)
    await talk.says("a fox that runs, and a voice that says so")
    assert labels(talk) == LABELS
    await is_sound(talk)


def labels(talk: Conversation) -> set[str]:
    return {one.step.step_id.rsplit(".", 1)[1] for one in talk.log.of(StepDrafted)}


async def is_sound(talk: Conversation) -> None:
    begun = {one.call_id for one in talk.log.of(StageBegun)}
    assert begun == {one.call_id for one in talk.log.of(AgentCallRecorded)}
    words = await talk.heard()
    assert all(word.strip() and "Traceback" not in word for word in words)
    drafted = talk.log.of(PlanDrafted)
    assert drafted or words, "a silent session"
    if not drafted:
        return
    edited = [one for one in talk.log.of(PlanEdited) if one.changed]
    assert len(talk.log.of(FieldsVerified)) == len(drafted) + len(edited)
    for one in drafted:
        await can_run(talk, one.plan_id)


async def can_run(talk: Conversation, plan_id: str) -> None:
    plan = talk.log.world(StreamRef(EVENTS_CANVAS, plan_id)).state
    assert isinstance(plan, Plan)
    for step in plan.steps.values():
        assert set(step.depends_on) < plan.steps.keys()
        assert step.model is not None
        assert step.input is not None
        given = json.loads(await talk.vault.open(step.input))
        properties = CATALOG.models[step.model].input_schema["properties"]
        assert given.keys() <= properties.keys()
        assert not [text for text in leaves(given) if is_address(text)]


def leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for one in inner:
            yield from leaves(one)
