"""Many people spend an organisation's last credits at once, over HTTP, each as patient as an honest client is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random

from events.ids import new_id
from projections.audit.faults import Fault
from projections.audit.verifier import Verifier
from studio.client.verifying import verify_log
from studio.client.verifying_files import Asked

SUBMISSIONS = 200
PRICE = 100
AFFORDED = 57
REST = 43
"""Not enough for another one."""
WITHIN_S = 150
LATER = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class NotNow(Exception):
    """The platform, or the way to it, asks to try again."""


@dataclass(frozen=True)
class Spender:
    """One call, said again under the same key until it is answered."""

    client: httpx.AsyncClient
    body: dict[str, object]

    async def submit(self) -> int:
        headers = {"Idempotency-Key": new_id("key")}
        tries = AsyncRetrying(
            retry=retry_if_exception_type((NotNow, httpx.TransportError)),
            stop=stop_after_delay(WITHIN_S),
            wait=wait_random(0.05, 0.3),
            reraise=True,
        )
        return await tries(self._once, headers)

    async def _once(self, headers: dict[str, str]) -> int:
        answer = await self.client.post("/v1/jobs", json=self.body, headers=headers)
        if answer.status_code in LATER:
            raise NotNow(answer.text)
        # The answer to an earlier try was lost: the job that it made is named.
        again = answer.status_code == httpx.codes.CONFLICT and "existing_id" in answer.json()
        return httpx.codes.ACCEPTED if again else answer.status_code


async def spend(
    client: httpx.AsyncClient, model: str, answered: Callable[[int], None], at_once: int = SUBMISSIONS
) -> Counter[int]:
    """How often which status was the answer. `answered` gets how many answers there are so far."""
    spender, gate = Spender(client, {"model": model, "input": {"prompt": "hello"}}), asyncio.Semaphore(at_once)
    statuses: Counter[int] = Counter()

    async def one() -> None:
        async with gate:
            statuses[await spender.submit()] += 1
        answered(statuses.total())

    async with asyncio.TaskGroup() as group:
        for _ in range(SUBMISSIONS):
            group.create_task(one())
    return statuses


async def books_of(bootstrap: str, org_id: str) -> Verifier:
    """The organisation's books, by the log alone; they must hold."""
    faults: list[Fault] = []
    verifier = await verify_log(bootstrap, Asked(org_id), faults.append, lambda _done, _total: None)
    assert faults == []
    return verifier


async def check_spent(bootstrap: str, org_id: str, statuses: Counter[int]) -> None:
    """Exactly as many were accepted as there was money for, and the log knows of no other."""
    assert statuses == {httpx.codes.ACCEPTED: AFFORDED, httpx.codes.PAYMENT_REQUIRED: SUBMISSIONS - AFFORDED}
    verifier = await books_of(bootstrap, org_id)
    book = verifier.books[org_id]
    assert (book.available, book.reserved, book.spent) == (REST, AFFORDED * PRICE, 0)
    assert (len(book.live), verifier.entries) == (AFFORDED, AFFORDED + 1)
