"""A simulated provider's tasks: their state is a function of the clock, so that nothing has to run in between.

Behaviours of every provider: `ok`, `slow=<seconds>`, `never` · refused on create: those of its own table, `html`,
`empty` · no answer of its own: `html_instead`, `json_instead`, `empty_instead`, `redirect`, `drip` (a byte now and
then), `huge` · cut: `lost` (accepted,
and no answer), `garbled` (accepted, and no JSON) · ended badly: `content_policy`, `model_error` · odd: `drift` (an
unknown status), `no_output`, `expired` (its file is gone), `forgotten` (taken, and never heard of again).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from adapters.simulators.answers import PROXIES, CutConnection, Refusal, garbled
from adapters.simulators.behaviour import FOREVER_S, Behaviour, Control, Rule
from adapters.simulators.media import Kind, kind_of_name, sample

TASKS_MAX: Final = 20_000
START_S: Final = 0.02
FORGOTTEN: Final = "forgotten"
MODERATED: Final = "The request was flagged by our moderation system."
WENT_WRONG: Final = "Something in the model went wrong."

Phase = Literal["queued", "running", "succeeded", "failed", "moderated", "cancelled", "drift"]
_ENDS: Final[Mapping[str, Phase]] = {"content_policy": "moderated", "model_error": "failed", "drift": "drift"}


@dataclass(frozen=True, slots=True)
class Task:
    id: str
    model: str
    values: Mapping[str, Any]
    behaviour: Behaviour
    created_at: float
    base_url: str
    kind: Kind
    token: str | None = None
    cancelled_at: float | None = None

    @property
    def starts_at(self) -> float:
        return self.created_at + START_S

    @property
    def ends_at(self) -> float:
        return self.starts_at + (FOREVER_S if self.behaviour.name == "never" else self.behaviour.seconds)

    def phase(self, now: float) -> Phase:
        if self.cancelled_at is not None:
            return "cancelled"
        if now < self.starts_at:
            return "queued"
        return "running" if now < self.ends_at else _ENDS.get(self.behaviour.name, "succeeded")

    def fraction(self, now: float) -> float:
        return min(max((now - self.starts_at) / (self.ends_at - self.starts_at or 1.0), 0.0), 1.0)

    @property
    def file_url(self) -> str | None:
        """Where its result lies; None where it shall have none."""
        if self.behaviour.name == "no_output":
            return None
        return f"{self.base_url}/files/{self.id}/output.{sample(self.kind).extension}"


@dataclass(slots=True)
class Simulator:
    """All tasks of one simulated account, and how the next ones shall go."""

    refusals: Mapping[str, Refusal]
    control: Control = field(default_factory=Control)
    _tasks: OrderedDict[str, Task] = field(default_factory=OrderedDict)

    def get(self, task_id: str) -> Task | None:
        return known(self._tasks.get(task_id))

    def taken(self, words: str) -> int:
        """How many tasks were created with these words somewhere in their input: what an oracle counts."""
        return sum(words in str(dict(task.values)) for task in self._tasks.values())

    def by_token(self, token: str) -> Task | None:
        """Where a provider keeps the name that its client gives. O(tasks): a simulator's."""
        return known(next((task for task in reversed(self._tasks.values()) if task.token == token), None))

    def cancel(self, task: Task, now: float) -> Task:
        """What has ended stays as it is."""
        if task.phase(now) not in ("queued", "running"):
            return task
        self._tasks[task.id] = stopped = replace(task, cancelled_at=now)
        self.control.stopped(task.id, now)
        return stopped

    def drop(self, task: Task) -> None:
        self._tasks.pop(task.id, None)

    async def create(
        self,
        request: Request,
        values: Mapping[str, Any],
        model: str,
        kind: Kind,
        answer: Callable[[Task], Awaitable[Response]],
        *,
        taken: Callable[[Task], Awaitable[None]] | None = None,
        token: str | None = None,
        at_once: bool = False,
    ) -> Response:
        """Refuses, or takes a task and answers, as the call's behaviour says; `at_once`: when it is done.

        `taken` comes before any answer, also before one that is lost.
        """
        behaviour = self.control.behaviour(request.headers, values)
        refusal = self.refusals.get(behaviour.name) or PROXIES.get(behaviour.name)
        if refusal is not None:
            return refusal.answer()
        task = Task(secrets.token_hex(12), model, values, behaviour, time.time(), base_url_of(request), kind, token)
        self._tasks[task.id] = task
        while len(self._tasks) > TASKS_MAX:
            self._tasks.popitem(last=False)
        self.control.accept(task, values)
        if taken is not None:
            await taken(task)
        if behaviour.name == "lost":
            return CutConnection()
        if at_once:
            await self._done(task, request)
        return garbled() if behaviour.name == "garbled" else await answer(task)

    async def _done(self, task: Task, request: Request) -> None:
        """A call that holds its client lasts as long as it takes, or until its client has gone."""
        rest = task.created_at + task.behaviour.seconds - time.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(rest, 0.0)):
                while (await request.receive())["type"] != "http.disconnect":
                    continue
        self.control.stopped(task.id, time.time())


def known(task: Task | None) -> Task | None:
    return None if task is None or task.behaviour.name == FORGOTTEN else task


def base_url_of(request: Request) -> str:
    """Of the simulator, wherever it is mounted."""
    return str(request.url.replace(path=request.scope.get("root_path", ""), query="")).rstrip("/")


def simulated(name: str, simulator: Simulator) -> FastAPI:
    """An app with what all simulators have: files, rules for what comes next, and what was accepted."""
    app = FastAPI(title=f"{name}, simulated", docs_url=None, redoc_url=None)
    app.state.simulator = simulator

    @app.get("/files/{task_id}/{name}")
    async def file(task_id: str, name: str) -> Response:
        found, kind = simulator.get(task_id), kind_of_name(name)
        if found is None or kind is None or found.behaviour.name == "expired":
            return JSONResponse({"detail": "not found"}, 404)
        made = sample(kind)
        return Response(made.body, media_type=made.media_type)

    add_control(app, simulator.control)
    return app


def add_control(app: FastAPI, control: Control) -> None:
    @app.post("/_control/rules", status_code=204)
    async def rule(rule: Rule) -> None:
        control.rules.append(rule)

    @app.get("/_control/accepted")
    async def accepted() -> list[dict[str, Any]]:
        return [asdict(one) for one in control.accepted]
