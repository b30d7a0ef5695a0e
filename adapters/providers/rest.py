"""One provider's REST interface: its key on every request, and its refusals told in the dispatcher's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import httpx

from adapters.providers.http import (
    ANSWER_MAX_BYTES,
    ANSWER_WITHIN_S,
    RESULT_MAX_BYTES,
    TooLarge,
    body_of,
    exchanged,
    http_client,
    json_object,
    retry_after,
)
from events.jobs.events import Answered
from processors.dispatcher.errors import BadResult, ContractDrift, OutcomeUnknown, ProviderError

REFUSALS: Final = 300
"""Redirects are followed nowhere: a key would go along, or what is sent would be left behind."""
NAME: Final = re.compile(r"[A-Za-z0-9][\w.:-]{0,199}")
"""It becomes a part of an address."""


REQUEST_IDS: Final = ("x-request-id", "x-fal-request-id", "request-id", "cf-ray")
SAID_MAX_CHARS: Final = 100


class Refuse(Protocol):
    """What a refusal means, by the body's own words first, then by its status."""

    def __call__(
        self, status: int, body: Mapping[str, Any], retry_after_s: float | None, *, creating: bool
    ) -> ProviderError: ...


class Rest:
    """Every call raises a ProviderError: NotSent, OutcomeUnknown, what `refuse` says, or ContractDrift."""

    def __init__(
        self,
        who: str,
        base_url: str,
        headers: Callable[[], Mapping[str, str]],
        refuse: Refuse,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """`headers` carry the key; they are asked for with each request, for some keys are signed anew each time."""
        self.who = who
        self.base_url = base_url.rstrip("/")
        self._headers = headers
        self._refuse = refuse
        self._client = client or http_client()

    async def aclose(self) -> None:
        await self._client.aclose()

    def key(self) -> Mapping[str, str]:
        """The headers that a result's address asks for where it is the provider's own."""
        return self._headers()

    async def answer(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
        bytes_max: int | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Whatever is answered, a refusal too. `timeout_s` is for calls whose answer is the result: as such it may be
        larger than an answer, and too large it is a BadResult."""
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(timeout_s, connect=5.0, pool=10.0)
        try:
            return await exchanged(
                self._client,
                method,
                f"{self.base_url}{path}",
                who=self.who,
                bytes_max=bytes_max or (ANSWER_MAX_BYTES if timeout_s is None else RESULT_MAX_BYTES),
                within_s=timeout_s or ANSWER_WITHIN_S,
                headers={**self._headers(), **(headers or {})},
                timeout=timeout,
                **content,
            )
        except TooLarge as error:
            if timeout_s is not None:
                raise BadResult(error.detail) from error
            raise

    def refusal(self, answer: httpx.Response, *, creating: bool = False) -> ProviderError:
        body = body_of(answer)
        error = self._refuse(answer.status_code, body, retry_after(answer.headers), creating=creating)
        error.answered = answered(answer.status_code, answer.headers, body)
        return error

    async def send(self, method: str, path: str, *, creating: bool = False, **content: Any) -> httpx.Response:
        """The answer, unless it is a refusal."""
        answer = await self.answer(method, path, **content)
        if answer.status_code >= REFUSALS:
            raise self.refusal(answer, creating=creating)
        return answer

    async def ask(self, path: str, **content: Any) -> dict[str, Any]:
        """What stands there now, as JSON."""
        return json_object(await self.send("GET", path, **content), self.who)

    async def create(self, path: str, **content: Any) -> dict[str, Any]:
        """A create that was taken and whose answer cannot be read is an attempt that may be running."""
        try:
            answer = await self.send("POST", path, creating=True, **content)
        except TooLarge as error:
            raise OutcomeUnknown(error.detail) from error
        try:
            return json_object(answer, self.who)
        except ContractDrift as error:
            raise OutcomeUnknown(error.detail) from error

    async def file(self, path: str, **content: Any) -> bytes:
        """A create's answer that is the result itself: words under a 200 are none, whatever they say."""
        answer = await self.send("POST", path, creating=True, **content)
        if is_words(answer.headers):
            raise self.refusal(answer)
        if not answer.content:
            raise BadResult(f"{self.who} answered nothing")
        return answer.content


def answered(status: int, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answered:
    """Each provider has its code elsewhere, and its name of the request in one of a few headers."""
    inner: Mapping[str, Any] = next(
        (body[name] for name in ("error", "detail") if isinstance(body.get(name), Mapping)), {}
    )
    places = ((inner, "code"), (inner, "status"), (inner, "type"), (body, "code"), (body, "name"), (body, "title"))
    code = next((found for at, name in places if isinstance(found := at.get(name), str | int) and found != ""), None)
    request_id = next((found for name in REQUEST_IDS if (found := headers.get(name))), None)
    return Answered(
        status=status,
        code=None if code is None else str(code)[:SAID_MAX_CHARS],
        request_id=None if request_id is None else request_id[:SAID_MAX_CHARS],
    )


def is_words(headers: Mapping[str, str]) -> bool:
    """Whether a body is said to be JSON or a page."""
    said = headers.get("content-type", "").partition(";")[0].strip().lower()
    return said in ("application/json", "text/html") or (said.endswith("+json") and not said.startswith("model/"))


def named(body: Mapping[str, Any], member: str, who: str) -> str:
    """The id of what was created. Raises OutcomeUnknown: something was, and it has no name to be asked by."""
    found = body.get(member)
    if not isinstance(found, str) or NAME.fullmatch(found) is None:
        raise OutcomeUnknown(f"{who} took the call and did not name what it has begun")
    return found
