"""Which failures operators are told of, how urgently, and how seldom. Pure.

By category, provider and model, or by provider alone where one account is behind all its models. The first is told
at once (of a provider's troubles: when there were several within a minute), what follows within ten minutes is counted,
and told with the next.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from events.jobs.events import Category

Urgency = Literal["page", "notice"]
"""`page`: nothing of this provider works until somebody acts. `notice`: it may pass by itself."""
QUIET: Final = timedelta(minutes=10)
WITHIN: Final = timedelta(minutes=1)
KEYS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class Rule:
    urgency: Urgency
    threshold: int
    """How many within a minute are worth a word."""
    words: str
    of_provider: bool = False
    """One account is behind all its models: the first of them speaks for all."""


RULES: Final[Mapping[Category, Rule]] = {
    "billing": Rule("page", 1, "our account with {provider} has no credit left: top it up", of_provider=True),
    "contract": Rule("page", 1, "{provider} answers what its adapter does not know, or refuses our key ({model})"),
    "outage": Rule("notice", 5, "{provider} is in trouble with {model}"),
    "timeout": Rule("notice", 5, "{provider} takes too long with {model}"),
    "unknown": Rule("notice", 5, "calls of {model} at {provider} fail, and nobody knows why"),
    "rate_limit": Rule("notice", 20, "{provider} finds us too fast with {model}"),
}
"""What is between a person and a model, bad input or refused content, is nobody else's business."""


@dataclass(frozen=True, slots=True)
class Alert:
    category: Category
    provider: str
    model: str
    urgency: Urgency
    text: str
    count: int
    """How many failures there were since the last alert of this kind."""
    at: datetime

    def concerns(self, words: Collection[str] | None) -> bool:
        """Whether it is for who wants to be told of these urgencies and categories; None: of everything."""
        return words is None or self.urgency in words or self.category in words


@dataclass(slots=True)
class _Kind:
    recent: deque[datetime] = field(default_factory=deque)
    count: int = 0
    told_at: datetime | None = None


class Alerts:
    """Forgets whatever was quiet for longest; a restart forgets everything, and tells once more."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[tuple[str, str, str], _Kind] = OrderedDict()

    def failed(self, category: Category, provider: str, model: str, now: datetime) -> Alert | None:
        rule = RULES.get(category)
        if rule is None:
            return None
        kind = self._kind((category, provider, "" if rule.of_provider else model))
        kind.count += 1
        kind.recent.append(now)
        while kind.recent[0] < now - WITHIN:
            kind.recent.popleft()
        quiet = kind.told_at is not None and now < kind.told_at + QUIET
        if quiet or len(kind.recent) < rule.threshold:
            return None
        count, kind.count, kind.told_at = kind.count, 0, now
        kind.recent.clear()
        text = rule.words.format(provider=provider, model=model)
        return Alert(category, provider, model, rule.urgency, text, count, now)

    def _kind(self, key: tuple[str, str, str]) -> _Kind:
        kind = self._kinds.setdefault(key, _Kind())
        self._kinds.move_to_end(key)
        while len(self._kinds) > KEYS_MAX:
            self._kinds.popitem(last=False)
        return kind
