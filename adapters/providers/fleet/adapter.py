"""The fleet as a provider: one idempotent PUT, then a stream of events that is pushed; nothing is polled in peace."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any, Final

import httpx
import httpx_sse
import orjson

from adapters.providers.events import bounded_events
from adapters.providers.fleet.directory import Directory
from adapters.providers.fleet.wire import ended_of, refused, update_of
from adapters.providers.http import (
    ANSWER_MAX_BYTES,
    ANSWER_WITHIN_S,
    body_of,
    exchanged,
    http_client,
    json_object,
    retry_after,
    translated,
)
from adapters.providers.polling import Pace, polled
from processors.dispatcher.errors import ContractDrift, NotSent, OutcomeUnknown, WorkerGone
from processors.dispatcher.ports import (
    Call,
    Ended,
    Handle,
    NeverArrived,
    Progressed,
    Reconciled,
    Update,
)

WHO: Final = "the worker"
SILENCE_MAX_S: Final = 40.0
"""A worker sends a comment every 15 s."""
STOP_TIMEOUT_S: Final = 20.0
REFUSALS: Final = 400
WORKERS_KNOWN_MAX: Final = 1024

log = logging.getLogger(__name__)


class Fleet:
    """Our workers. The attempt's name is chosen here, so that sending it twice runs it once."""

    name = "fleet"
    create_is_idempotent = True
    takes_our_name = True
    wants_files = False

    def __init__(
        self, directory: Directory, *, client: httpx.AsyncClient | None = None, pace: Pace | None = None
    ) -> None:
        self._directory = directory
        self._last_seen: OrderedDict[str, str] = OrderedDict()
        """Worker → the address it had: Redis may lose its entry, or be away, while it goes on working."""
        self._pace = pace or Pace()
        timeout = httpx.Timeout(SILENCE_MAX_S, connect=3.0, pool=10.0)
        self._client = client or http_client(timeout=timeout)

    async def aclose(self) -> None:
        await self._client.aclose()

    def answers_at_once(self, provider_model: str) -> bool:  # noqa: ARG002 - the port has it
        return False

    async def submit(self, call: Call) -> Handle | Ended:
        url = await self._url(call.worker, call.token, new=True)
        with gone():
            answer = await self._exchanged(
                "PUT",
                url,
                content=orjson.dumps({"model": call.model, "input": dict(call.input), "hashes": dict(call.hashes)}),
                headers={"Prefer": "respond-async", "Content-Type": "application/json"},
            )
        if answer.status_code >= REFUSALS:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers))
        ended = ended_of(json_object(answer, WHO))
        return ended if ended is not None else Handle(call.token, call.worker)

    async def watch(self, handle: Handle) -> AsyncGenerator[Update, None]:
        """The stream of events; where it breaks, questions, until the worker answers no more."""
        url = await self._url(handle.worker, handle.provider_job_id)
        try:
            async with aclosing(self._pushed(url)) as pushed:
                async for update in pushed:
                    yield update
                    if not isinstance(update, Progressed):
                        return
        except WorkerGone:
            raise
        except (OutcomeUnknown, NotSent) as broken:
            log.info("%s is asked after: %s", handle.provider_job_id, broken.detail)
        async with aclosing(polled(lambda: self._ask(url), self._pace)) as answers:
            async for update in answers:
                yield update

    async def reconcile(self, call: Call) -> Reconciled:
        url = await self._url(call.worker, call.token)
        with gone():
            answer = await self._exchanged("GET", url)
        if answer.status_code == 404:
            return NeverArrived()
        if answer.status_code >= REFUSALS:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers))
        return Handle(call.token, call.worker)

    async def cancel(self, handle: Handle) -> None:
        """Returns once the engine has stopped: a worker that is gone, or knows nothing, runs nothing."""
        try:
            url = await self._url(handle.worker, handle.provider_job_id)
            with gone():
                answer = await self._exchanged("POST", f"{url}/cancel")
        except WorkerGone:
            return
        if answer.status_code == 404 or (answer.status_code < REFUSALS and ended_of(json_object(answer, WHO))):
            return
        await self._stopped(url)

    async def _stopped(self, url: str) -> None:
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                async for _ in polled(lambda: self._ask(url), self._pace):
                    continue
        except WorkerGone:
            return
        except TimeoutError as error:
            raise OutcomeUnknown("the worker has not stopped in time") from error

    async def _pushed(self, url: str) -> AsyncGenerator[Update, None]:
        with gone(), translated(WHO):
            async with httpx_sse.aconnect_sse(self._client, "GET", f"{url}/events") as stream:
                if stream.response.status_code == 404:
                    raise WorkerGone("the worker knows nothing of the attempt any more")
                if stream.response.status_code >= REFUSALS:
                    raise OutcomeUnknown(f"the worker's events answered {stream.response.status_code}")
                pushed = bounded_events(stream.response, who=WHO, bytes_max=ANSWER_MAX_BYTES)
                async with aclosing(pushed) as events:
                    async for event in events:
                        if event.data:
                            yield update_of(_prediction(event.data))
        raise OutcomeUnknown("the worker's events ended before the attempt")

    async def _ask(self, url: str) -> Update:
        with gone():
            answer = await self._exchanged("GET", url)
        if answer.status_code == 404:
            raise WorkerGone("the worker knows nothing of the attempt any more")
        if answer.status_code >= REFUSALS:
            raise refused(answer.status_code, body_of(answer), retry_after(answer.headers))
        return update_of(json_object(answer, WHO))

    async def _exchanged(self, method: str, url: str, **content: Any) -> httpx.Response:
        return await exchanged(
            self._client, method, url, who=WHO, bytes_max=ANSWER_MAX_BYTES, within_s=ANSWER_WITHIN_S, **content
        )

    async def _url(self, worker: str | None, token: str, *, new: bool = False) -> str:
        """What may be running is looked for where its worker was last: the connection tells whether that is gone."""
        if worker is None:
            raise WorkerGone("no worker was chosen")
        last_seen = self._last_seen.get(worker)
        try:
            url = await self._directory.url(worker)
        except NotSent:
            if last_seen is None:
                raise
            url = last_seen
        if url is None and not new:
            url = last_seen
        if url is None:
            raise WorkerGone("the worker that was chosen is gone")
        self._last_seen[worker] = url
        while len(self._last_seen) > WORKERS_KNOWN_MAX:
            self._last_seen.popitem(last=False)
        return f"{url}/predictions/{token}"


@contextmanager
def gone() -> Iterator[None]:
    """A worker that does not take a connection has died; that we have no connection left says nothing of it."""
    try:
        yield
    except NotSent as error:
        if isinstance(error.__cause__, httpx.PoolTimeout):
            raise
        raise WorkerGone(error.detail) from error


def _prediction(data: str) -> Mapping[str, Any]:
    try:
        prediction = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ContractDrift("the worker sent an event that is no JSON") from error
    if not isinstance(prediction, dict):
        raise ContractDrift("the worker sent an event that is no prediction")
    return prediction
