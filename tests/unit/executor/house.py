"""The executor between the real deciders of canvas and orgs, in memory: commands in, events out, in order."""

from __future__ import annotations

import base64
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from commands.ask import Answer
from commands.canvas.commands import CanvasCommand, DraftPlan, DraftStep, ModelChoice, SelectModels
from commands.canvas.decider import CANVAS
from commands.model import Command, CommandEnvelope
from commands.orgs.commands import DispatchJob, RecordAttemptFailed, RecordJobSucceeded
from commands.orgs.decider import ORGS
from commands.orgs.streams import book_ref
from commands.ports import ERASED
from events.canvas.plan_events import AgentType, Step
from events.canvas.plan_state import Plan
from events.catalog.events import ModelSpec, Price
from events.credits.state import Book
from events.envelope import Envelope, InputPosition, Recorded, StreamRef
from events.jobs.events import Category, JobAccepted, JobQueued
from events.sealed import Sealed
from events.topics import EVENTS_CANVAS
from processors.executor.executor import Executor, key_of, wants
from tests.given import ORG, PLAN, SESSION, asset, message, opened, sealed, step
from tests.specification import NOON, World


class OpenVault:
    """A vault whose seal is no secret."""

    def __init__(self) -> None:
        self.forgotten = False

    async def seal(self, org_id: str, person: str, text: str) -> Sealed:
        return sealed(text)

    async def seal_like(self, other: Sealed, text: str) -> Sealed:
        return sealed(text)

    async def open(self, value: Sealed) -> str:
        return ERASED if self.forgotten else said(value)

    async def fingerprint(self, like: Sealed, text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    async def forget(self, org_id: str, person: str) -> None:
        self.forgotten = True


def said(value: Sealed | None) -> str:
    assert value is not None
    return base64.b64decode(value.box.ct).decode()


def spec(model_id: str, agent_type: AgentType, media_out: str, properties: dict[str, Any], *required: str) -> ModelSpec:
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return ModelSpec(
        id=model_id,
        title=model_id,
        media_out=(media_out,),
        agent_type=agent_type,
        input_schema=schema,
        price=Price(unit="run", amount=100),
        provider="fleet",
    )


IMAGE = {"type": "string", "x-media": "image"}
VIDEO = {"type": "string", "x-media": "video"}
TEXT = {"type": "string"}
MODELS = [
    spec("painter", "image", "image", {"prompt": TEXT}, "prompt"),
    spec("motion", "video", "video", {"image": IMAGE, "prompt": TEXT, "duration": {"type": "integer"}}, "image"),
    spec("voiceover", "speech", "video", {"text": TEXT, "video": VIDEO}, "text", "video"),
]
OUTPUTS = {"painter": "image/png", "motion": "video/mp4", "voiceover": "video/mp4"}
Steps = dict[str, tuple[str, AgentType, tuple[str, ...], str, dict[str, Any]]]
"""Label → (model, agent type, labels it depends on, description, input)."""

SENTENCE: Steps = {
    "s1": ("painter", "image", (), "A product image of a bottle", {}),
    "s2": ("motion", "video", ("s1",), "Animate it", {"duration_s": 5}),
    "s3": ("voiceover", "speech", ("s2",), "Add a voiceover", {"text": "Meet the bottle"}),
}


class Killed(Exception):
    """The executor's process is gone: what it had asked is decided, and it never knew."""


class House:
    """Also a port: it answers commands, finds models and reads streams."""

    def __init__(self, *, credit: int = 10_000) -> None:
        self.canvas = World(CANVAS)
        self.orgs = World(ORGS)
        self.vault = OpenVault()
        self.models = {model.id: model for model in MODELS}
        self.asked: list[tuple[str, Command]] = []
        self.streams_read: list[str] = []
        self.executor = Executor(self, self.vault, self, self)
        self._answers: dict[str, Answer] = {}
        self._answers_left: int | None = None
        self._handled = {id(self.canvas): 0, id(self.orgs): 0}
        for command in opened(credit):
            self.orgs.handle(command)

    async def __call__(self, command: Command, envelope: CommandEnvelope, *, timeout_s: float = 10.0) -> Answer:
        """As a decider does: a command that was accepted is answered again, and decided once."""
        self.asked.append((envelope.id, command))
        if envelope.id not in self._answers:
            world = self.canvas if isinstance(command, CanvasCommand) else self.orgs
            self._answers[envelope.id] = Answer(result=world.handle(command).result or {})
        if self._answers_left is not None:
            if self._answers_left == 0:
                raise Killed
            self._answers_left -= 1
        return self._answers[envelope.id]

    async def find(self, model_id: str) -> ModelSpec | None:
        return self.models.get(model_id)

    def all(self, org_id: str) -> Sequence[ModelSpec]:
        assert org_id == ORG
        return list(self.models.values())

    async def read(self, subject: str, upto_version: int) -> Sequence[Recorded]:
        self.streams_read.append(subject)
        own = [one for one in self.recorded(self.canvas) if one.stream.subject == subject]
        return own[:upto_version]

    async def of_plan(self, plan_id: str, upto_version: int) -> Sequence[Recorded]:
        return await self.read(plan_id, upto_version)

    def plan(self, steps: Steps = SENTENCE) -> None:
        """A message that leads to this plan, running at once."""
        for command in message("auto"):
            self.canvas.handle(command)
        self.drafted(steps)

    def drafted(self, steps: Steps) -> None:
        """The plan of a message that is there."""
        drafts = tuple(
            DraftStep(label=label, title=sealed(label), description=sealed(words), agent_type=kind, depends_on=after)
            for label, (_, kind, after, words, _) in steps.items()
        )
        self.canvas.handle(
            DraftPlan(org_id=ORG, session_id=SESSION, message_id="msg_1", title=sealed("Bottle"), steps=drafts)
        )
        choices = tuple(
            ModelChoice(
                step_id=step(label), model=model, input=sealed(orjson.dumps(given).decode()), estimate=100, reason="-"
            )
            for label, (model, _, _, _, given) in steps.items()
        )
        self.canvas.handle(SelectModels(org_id=ORG, session_id=SESSION, plan_id=PLAN, choices=choices))

    async def react(self, *, jobs_first: bool = False) -> None:
        """Until nothing new comes of it. Which of the two logs is read first is nobody's promise."""
        while fresh := self._fresh(jobs_first):
            for recorded in fresh:
                if wants(recorded):
                    await self.executor.handle(recorded)

    async def react_in_any_order(self, pick: Callable[[Sequence[str]], str]) -> None:
        """As the process does it: in order per key, and of the keys whichever comes first."""
        waiting: dict[str, deque[Recorded]] = {}
        while True:
            for recorded in self._fresh(jobs_first=False):
                if wants(recorded):
                    waiting.setdefault(key_of(recorded), deque()).append(recorded)
            if not waiting:
                return
            key = pick(sorted(waiting))
            await self.executor.handle(waiting[key].popleft())
            if not waiting[key]:
                del waiting[key]

    async def react_until_killed(self, answers: int, *, jobs_first: bool = False) -> None:
        """So many answers come; the executor does not live to see the next, and starts anew from where it had begun."""
        begun, self._answers_left = dict(self._handled), answers
        try:
            await self.react(jobs_first=jobs_first)
        except Killed:
            self._handled = begun
        finally:
            self._answers_left = None

    def forget_answers(self) -> None:
        """So much time has passed that a command that was decided is not known again."""
        self._answers.clear()

    def refold(self) -> None:
        """The deciders are killed: their states are folded from the log again, and are what they were."""
        for world in (self.canvas, self.orgs):
            again = World(world.decider, at=world.at)
            for stream, event in world.log:
                again.append(stream, event)
            assert again.streams == world.streams
            world.streams = again.streams

    async def repeat(self) -> list[Command]:
        """Every event once more, as after a restart. Returns what was asked that had not been asked before."""
        before = {command_id for command_id, _ in self.asked}
        for recorded in [*self.recorded(self.canvas), *self.recorded(self.orgs)]:
            if wants(recorded):
                await self.executor.handle(recorded)
        return [command for command_id, command in self.asked if command_id not in before]

    @property
    def jobs(self) -> dict[str, JobAccepted]:
        """Step label → its job."""
        accepted = [event for _, event in self.orgs.log if isinstance(event, JobAccepted)]
        return {job.cause.step_id.rsplit(".", 1)[1]: job for job in accepted if job.cause.step_id}

    @property
    def queued(self) -> int:
        return sum(isinstance(event, JobQueued) for _, event in self.orgs.log)

    def dispatch(self, label: str) -> None:
        job = self.jobs[label]
        self.orgs.handle(
            DispatchJob(org_id=ORG, job_id=job.job_id, lease=1, provider=job.provider, model=job.model, worker="w1")
        )

    def succeed(self, label: str) -> None:
        job = self.jobs[label]
        output = asset(OUTPUTS.get(job.model, "image/png"), n=len(self.orgs.log))
        self.orgs.handle(
            RecordJobSucceeded(org_id=ORG, job_id=job.job_id, lease=1, outputs=(output,), cost=job.reserved)
        )

    def fail(self, label: str, category: Category = "content_policy") -> None:
        job = self.jobs[label]
        self.orgs.handle(
            RecordAttemptFailed(org_id=ORG, job_id=job.job_id, lease=1, category=category, error=sealed("no"))
        )

    async def work(self, *labels: str) -> None:
        """Dispatches and finishes the steps' jobs, one after the other."""
        for label in labels:
            self.dispatch(label)
            await self.react()
            self.succeed(label)
            await self.react()

    @property
    def present(self) -> Plan:
        state = self.canvas(StreamRef(EVENTS_CANVAS, PLAN)).state
        assert isinstance(state, Plan)
        return state

    @property
    def statuses(self) -> dict[str, str]:
        run = self.present.run
        assert run is not None
        return {step_id.rsplit(".", 1)[1]: one.status for step_id, one in run.steps.items()}

    @property
    def book(self) -> Book:
        state = self.orgs(book_ref(ORG)).state
        assert isinstance(state, Book)
        return state

    def step(self, label: str) -> Step:
        return self.present.steps[step(label)]

    def _fresh(self, jobs_first: bool) -> list[Recorded]:
        fresh: list[Recorded] = []
        for world in (self.orgs, self.canvas) if jobs_first else (self.canvas, self.orgs):
            recorded = self.recorded(world)
            fresh += recorded[self._handled[id(world)] :]
            self._handled[id(world)] = len(recorded)
        return fresh

    def recorded(self, world: World) -> list[Recorded]:
        versions: dict[StreamRef, int] = {}
        found = []
        for offset, (ref, event) in enumerate(world.log):
            versions[ref] = versions.get(ref, 0) + 1
            envelope = Envelope(
                id=f"{ref.subject}@{versions[ref]}",
                type=event.ce_type(),
                time=NOON,
                stream=ref,
                version=versions[ref],
                org_id=ORG,
                actor="test",
                command_id="cmd",
                input=InputPosition("commands", 0, offset),
                correlation_id="cor",
                causation_id="cau",
            )
            found.append(Recorded(envelope, event, 0, offset))
        return found
