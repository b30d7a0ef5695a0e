"""How a model's server wants to be asked, as its refusals have taught: which name the limit of an answer has, how large
it may be, and whether what is optional is taken."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import openai

REMEMBERED_S: Final = 600.0
"""How long what a model's server refused is not asked of it."""
MODELS_MAX: Final = 256
TRIES_MAX: Final = 5
"""Of one request, each in another manner."""
LEAST_TOKENS: Final = 256
"""With fewer no plan can be written."""
_UNPROCESSABLE: Final = (400, 422)
_LIMITS: Final = ("max_tokens", "max_completion_tokens")
_NAMES_A_LIMIT: Final = re.compile(r"max_(?:completion_|output_)?tokens|maxoutputtokens|\bin the completion\b")
_UNKNOWN: Final = re.compile(
    r"unsupported|not supported|unrecogni[sz]ed|unknown|not permitted|unexpected|not allowed|use '?max_\w+'? instead"
)
_NUMBER: Final = re.compile(r"(?<![\w.])\d{2,9}(?![\w.]*\d)")
_TOLD: Final = re.compile(
    r"(\d{1,9}) (?:tokens )?(?:in the messages|in the prompt|in your prompt|input tokens|prompt tokens)"
)
_CONTEXT: Final = re.compile(r"context (?:length|window|size)(?: is| of)?(?: only)? (\d{2,9})")


@dataclass(frozen=True, slots=True)
class Manner:
    limit: str | None = _LIMITS[0]
    """The name of the limit; None where the server knows none."""
    most: int | None = None
    """Tokens that an answer of this model may have."""
    left: int | None = None
    """What the context has left for the answer of this very request."""
    plain: bool = False
    """Without structured output, and without usage in streams."""

    def request(self, max_tokens: int, optional: dict[str, Any]) -> dict[str, Any]:
        """What of a request depends on the manner."""
        limit = {} if self.limit is None else {self.limit: self.within(max_tokens)}
        return {**limit, **({} if self.plain else optional)}

    def within(self, max_tokens: int) -> int:
        return min(max_tokens, *(one for one in (self.most, self.left) if one is not None), max_tokens)

    def after(self, error: openai.APIStatusError, max_tokens: int, *, optional: bool) -> Manner | None:
        """How to ask again; None where another manner helps nothing."""
        if error.status_code not in _UNPROCESSABLE:
            return None
        if names_a_limit(error) and self.limit is not None:
            return self._after_limit(error, self.within(max_tokens))
        return replace(self, plain=True) if optional and not self.plain else None

    def _after_limit(self, error: openai.APIStatusError, asked: int) -> Manner | None:
        said = words_of(error)
        if error.code == "unsupported_parameter" or (error.code is None and _UNKNOWN.search(said)):
            return replace(self, limit=_LIMITS[1] if self.limit == _LIMITS[0] else None)
        if (told := _TOLD.search(said)) is not None and (context := _CONTEXT.search(said)) is not None:
            left = int(context[1]) - int(told[1])
            return replace(self, left=left) if LEAST_TOKENS <= left < asked else None
        smaller = [number for number in map(int, _NUMBER.findall(said)) if LEAST_TOKENS <= number < asked]
        most = max(smaller, default=asked // 2)
        return replace(self, most=most) if most >= LEAST_TOKENS else None


@dataclass(slots=True)
class Manners:
    """By model, for a while."""

    _known: dict[str, tuple[float, Manner]] = field(default_factory=dict)

    def of(self, model: str) -> Manner:
        until, manner = self._known.get(model, (0.0, Manner()))
        return manner if time.monotonic() < until else Manner()

    def learnt(self, model: str, manner: Manner) -> None:
        """A request in this manner was taken."""
        self._known.pop(model, None)
        while len(self._known) >= MODELS_MAX:
            self._known.pop(next(iter(self._known)))
        self._known[model] = (time.monotonic() + REMEMBERED_S, replace(manner, left=None))


def names_a_limit(error: openai.APIStatusError) -> bool:
    """It is about how long the answer may be."""
    return error.param in _LIMITS or _NAMES_A_LIMIT.search(words_of(error)) is not None


def words_of(error: openai.APIStatusError) -> str:
    """The server's own, in small letters; the library puts the status before them."""
    told = error.body.get("message") if isinstance(error.body, Mapping) else error.body
    return str(told or "").lower()
