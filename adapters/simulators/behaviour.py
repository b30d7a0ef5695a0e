"""How a simulated call shall go: told beforehand for the next calls, or by a word in the prompt."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic import BaseModel, Field

HEADER: Final = "x-simulate"
QUICK_S: Final = 0.15
RULES_MAX: Final = 1000
ACCEPTED_MAX: Final = 100_000
FOREVER_S: Final = 1e9
_MARK = re.compile(r"simulate:([a-z_]+)(?:=(\d+(?:\.\d+)?))?")
_LABEL = re.compile(r"label:([\w.-]{1,80})")


class Behaviour(BaseModel):
    """`name` says what happens, `seconds` how long a run takes."""

    name: str = Field(default="ok", pattern=r"^[a-z_]{1,40}$")
    seconds: float = Field(default=QUICK_S, ge=0, le=3600)


class Rule(BaseModel):
    """The next `times` calls behave so."""

    behaviour: Behaviour
    times: int = Field(default=1, ge=1, le=1_000_000)


@dataclass(slots=True)
class Accepted:
    """An execution that the provider has taken, and from when until when it lasts: what an oracle counts."""

    id: str
    model: str
    token: str | None
    """What names the attempt, where the wire carries it: a client's token, or the webhook's address."""
    label: str | None
    """What its client calls it in its words, as `label:<name>`: not every wire carries a token."""
    began_at: float
    ends_at: float
    """Unix seconds; sooner than planned where it was stopped."""


class Run(Protocol):
    """What was created, by a task's or a prediction's members."""

    @property
    def id(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def token(self) -> str | None: ...
    @property
    def created_at(self) -> float: ...
    @property
    def ends_at(self) -> float: ...


@dataclass(slots=True)
class Control:
    """What a simulator was told, and what it has accepted; bounded."""

    rules: deque[Rule] = field(default_factory=lambda: deque(maxlen=RULES_MAX))
    accepted: deque[Accepted] = field(default_factory=lambda: deque(maxlen=ACCEPTED_MAX))

    def behaviour(self, headers: Mapping[str, str], values: Any) -> Behaviour:
        """Of a call: by its header, else by a rule, else by a word in its input."""
        if HEADER in headers and (found := _MARK.search(f"simulate:{headers[HEADER]}")):
            return _marked(found)
        if self.rules:
            rule = self.rules.popleft()
            if rule.times > 1:
                self.rules.appendleft(rule.model_copy(update={"times": rule.times - 1}))
            return rule.behaviour
        for text in _texts(values):
            if found := _MARK.search(text):
                return _marked(found)
        return Behaviour()

    def accept(self, run: Run, values: Any) -> None:
        found = next((found for text in _texts(values) if (found := _LABEL.search(text))), None)
        label = found[1] if found is not None else None
        self.accepted.append(Accepted(run.id, run.model, run.token, label, run.created_at, run.ends_at))

    def stopped(self, run_id: str, now: float) -> None:
        """An execution has ended before its time. O(accepted), newest first: a simulator's."""
        found = next((one for one in reversed(self.accepted) if one.id == run_id), None)
        if found is not None:
            found.ends_at = min(found.ends_at, now)


def _marked(found: re.Match[str]) -> Behaviour:
    return Behaviour(name=found[1], seconds=float(found[2]) if found[2] else QUICK_S)


def _texts(values: Any) -> Iterator[str]:
    if isinstance(values, str):
        yield values[:4000]
    elif isinstance(values, Mapping):
        for value in values.values():
            yield from _texts(value)
    elif isinstance(values, list):
        for value in values:
            yield from _texts(value)
