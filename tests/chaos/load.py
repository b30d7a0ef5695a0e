"""The load of a soak: jobs of several organisations and providers, said twice, cancelled, told of; whole plans."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random

from events.ids import new_id
from tests.serving import served

PATIENCE_S: Final = 150.0
LATER: Final = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)
MAX_RUNTIME_S: Final = 8
MODELS: Final[Mapping[str, str]] = {
    "replicate/flux-schnell": "prompt", "fal/flux-schnell": "prompt", "fal/flux-dev": "prompt",
    "luma/photon-flash-1": "prompt", "kling/v1.6-text2video": "prompt", "runway/gen4-image": "promptText",
    "openai/gpt-image-1-mini": "prompt", "elevenlabs/sound-effects": "text", "stability/core": "prompt",
    "meshy/text-to-3d": "prompt",
}  # fmt: skip
"""Each with the member that takes a person's words: webhooks and none, names of our own, calls that answer at once."""
LONG: Final[Mapping[str, int]] = dict.fromkeys(("fal/flux-dev", "luma/photon-flash-1", "kling/v1.6-text2video"), 45)
"""Those whose longest run is longer than it takes for a lease to expire, in seconds; some calls of them take it."""
MORE: Final[Mapping[str, Mapping[str, Any]]] = {"runway/gen4-image": {"ratio": "1024:1024"}}
SLOTS: Final[Mapping[str, int]] = {"fal": 4, "replicate": 3, "runway": 2, "meshy": 2, "openai": 3}
"""What providers take at once; the others take as many as `OTHER_SLOTS`."""
OTHER_SLOTS: Final = 2
PER_API: Final[Mapping[str, int]] = {"fal/flux-dev": 2}
ORG_SLOTS: Final = (8, 5, 5, 3)
"""What organisations may have in flight, one each; the last one's credits do not last."""
ORG_PER_API: Final[Mapping[str, int]] = {"fal/flux-schnell": 2}
WEIGHTS: Final = (4, 2, 1, 1)
RICH, POOR = 10_000_000, 60_000
SENTENCE: Final = "generate a picture of a red kite"
PRIORITIES: Final = ("HIGH", "NORMAL", "NORMAL", "LOW")


class NotNow(Exception):
    """The platform, or the way to it, asks to try again."""


@dataclass
class Asked:
    """One submission, under one key, however often it was said."""

    label: str
    org: int
    body: Mapping[str, Any]
    key: str = field(default_factory=lambda: new_id("key"))
    answers: list[tuple[int, str | None]] = field(default_factory=list)
    """Status, and the job that it named."""
    unanswered: int = 0
    """Tries that brought no answer: what became of them is not known, whatever later ones bring."""

    @property
    def job_ids(self) -> set[str]:
        return {job for _, job in self.answers if job is not None}

    @property
    def taken(self) -> bool:
        """Whether it was ever told that there is a job."""
        return any(status in (httpx.codes.ACCEPTED, httpx.codes.CONFLICT) for status, _ in self.answers)


@dataclass(frozen=True)
class OrgUnderLoad:
    org_id: str
    key: str


@dataclass
class Hooks:
    """A customer's end: answers some first calls with a 503."""

    dice: random.Random
    taken: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)
    """By the webhook's id."""

    async def take(self, request: Request) -> Response:
        name = request.headers["webhook-id"]
        if name not in self.refused and not self.taken[name] and self.dice.random() < 0.2:
            self.refused.add(name)
            return Response(status_code=503)
        self.taken[name] += 1
        return Response(status_code=204)


class Load:
    """Opened, it has its organisations; `run` asks until its time is over and all it asked is answered."""

    def __init__(self, url: str, admin_key: str, seed: int) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=30, trust_env=False)
        self._admin = admin_key
        self._dice = random.Random(f"load {seed}")
        self._hooks_url = ""
        self.hooks = Hooks(random.Random(f"hooks {seed}"))
        self.orgs: list[OrgUnderLoad] = []
        self.asked: list[Asked] = []
        self.plans: list[tuple[int, str]] = []
        """Organisation and session of each sentence."""

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Load]:
        hooks = Starlette(routes=[Route("/hooks", self.hooks.take, methods=["POST"])])
        async with served(hooks) as url, self._client:
            self._hooks_url = f"{url}/hooks"
            for number, slots in enumerate(ORG_SLOTS):
                self.orgs.append(await self._open(number, slots))
            yield self

    async def _open(self, number: int, slots: int) -> OrgUnderLoad:
        org_id = (await self.call("POST", "/v1/admin/orgs", self._admin, {"name": f"Org {number}"}))["org_id"]
        path = f"/v1/admin/orgs/{org_id}"
        limits = {"concurrent": slots, "weight": WEIGHTS[number], "per_api": ORG_PER_API, "rate_per_min": 100_000}
        await self.call("PUT", f"{path}/limits", self._admin, limits)
        amount = POOR if number == len(ORG_SLOTS) - 1 else RICH
        await self.call("POST", f"{path}/credits", self._admin, {"kind": "grant", "amount": amount})
        key = (await self.call("POST", f"{path}/keys", self._admin, {"role": "admin"}))["api_key"]
        return OrgUnderLoad(org_id, key)

    async def run(self, seconds: float, every_s: float, plan_every_s: float) -> None:
        began, plan_at = time.monotonic(), 0.0
        async with asyncio.TaskGroup() as asking:
            while (at := time.monotonic() - began) < seconds:
                if at >= plan_at:
                    plan_at += plan_every_s
                    asking.create_task(self._say(self._dice.randrange(len(ORG_SLOTS) - 1)))
                asking.create_task(self._submit(self._next(), again=self._dice.random(), cancel=self._dice.random()))
                await asyncio.sleep(every_s * self._dice.uniform(0.2, 1.8))

    def _next(self) -> Asked:
        dice, number = self._dice, len(self.asked)
        org = dice.choices(range(len(ORG_SLOTS)), (4, 3, 3, 2))[0]
        model = dice.choice(list(MODELS))
        label = f"org{org}.job{number}"
        long = model in LONG and dice.random() < 0.1
        words = f"label:{label} simulate:slow={30.0 if long else dice.choice((0.1, 0.3, 1.0, 2.5))}"
        values = {MODELS[model]: words, **MORE.get(model, {})}
        body: dict[str, Any] = {"model": model, "input": values, "priority": dice.choice(PRIORITIES)}
        if dice.random() < 0.2:
            body["webhook_url"] = self._hooks_url
        asked = Asked(label, org, body)
        self.asked.append(asked)
        return asked

    async def _submit(self, asked: Asked, *, again: float, cancel: float) -> None:
        """Some say it twice at the same time, some once more later, some another thing under the same key."""
        await asyncio.gather(*[self._once(asked, asked.body) for _ in range(2 if again < 0.15 else 1)])
        if again > 0.9:
            await self._once(asked, asked.body)
        if again > 0.97:
            await self._once(asked, {**asked.body, "priority": "LOW", "deadline_s": 60})
        if cancel < 0.12 and asked.job_ids:
            await asyncio.sleep(cancel * 20)
            for job in asked.job_ids:
                await self._answered("POST", f"/v1/jobs/{job}/cancel", self.orgs[asked.org].key, {}, new_id("key"))

    async def _once(self, asked: Asked, body: Mapping[str, Any]) -> None:
        key, lost = self.orgs[asked.org].key, lambda: setattr(asked, "unanswered", asked.unanswered + 1)
        answer = await self._answered("POST", "/v1/jobs", key, body, asked.key, lost)
        said = answer.json()
        asked.answers.append((answer.status_code, said.get("job_id") or said.get("existing_id")))

    async def _say(self, org: int) -> None:
        key = self.orgs[org].key
        session = await self.call("POST", "/v1/sessions", key, {})
        session_id = session.get("session_id") or session["existing_id"]
        self.plans.append((org, session_id))
        said = {"text": SENTENCE, "approval": "auto"}
        await self.call("POST", f"/v1/sessions/{session_id}/messages", key, said)

    async def call(self, method: str, path: str, key: str, body: Any = None) -> dict[str, Any]:
        """What must succeed, now or in a while."""
        answer = await self._answered(method, path, key, body, new_id("key"))
        replayed = answer.status_code == httpx.codes.CONFLICT and "existing_id" in answer.json()
        assert answer.is_success or replayed, f"{method} {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def _answered(
        self,
        method: str,
        path: str,
        key: str,
        body: Any,
        idempotency_key: str,
        lost: Callable[[], None] = lambda: None,
    ) -> httpx.Response:
        """`lost` hears of each try that brought no answer."""
        headers = {"Authorization": f"Bearer {key}"}
        if method == "POST":
            headers["Idempotency-Key"] = idempotency_key
        tries = AsyncRetrying(
            retry=retry_if_exception_type((NotNow, httpx.TransportError)),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_random(0.1, 0.6),
            reraise=True,
        )

        async def once() -> httpx.Response:
            try:
                answer = await self._client.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                lost()
                raise
            if answer.status_code in LATER:
                lost()
                raise NotNow(answer.text)
            return answer

        return await tries(once)
