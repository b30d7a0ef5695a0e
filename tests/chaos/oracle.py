"""What the simulators saw: executions from when until when, and what may never be among them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Execution:
    """Accepted at a provider, by the label that its job's words carry."""

    provider: str
    model: str
    id: str
    token: str | None
    label: str
    began_at: float
    ends_at: float

    def __str__(self) -> str:
        return f"{self.label} at {self.provider} {self.model} ({self.id}) {self.began_at:.3f}–{self.ends_at:.3f}"


async def executions(simulators_url: str, providers: Iterable[str]) -> list[Execution]:
    """All that carry a label, in the order of their beginning."""
    found: list[Execution] = []
    async with httpx.AsyncClient(base_url=simulators_url, timeout=30, trust_env=False) as client:
        for provider in providers:
            accepted: list[dict[str, Any]] = (await client.get(f"/{provider}/_control/accepted")).json()
            found += [Execution(provider, **one) for one in accepted if one["label"] is not None]
    return sorted(found, key=lambda one: one.began_at)


def above_cap(
    seen: Iterable[Execution], key: Callable[[Execution], str | None], caps: Callable[[str], int | None]
) -> Iterator[str]:
    """Each moment at which more of one kind ran at once than its cap allows. `seen` in the order of beginning."""
    running: dict[str, list[Execution]] = defaultdict(list)
    for one in seen:
        if (name := key(one)) is None or (cap := caps(name)) is None:
            continue
        at_once = [other for other in running[name] if other.ends_at > one.began_at] + [one]
        running[name] = at_once
        if len(at_once) > cap:
            yield f"{name}: {len(at_once)} at once, the cap is {cap}: " + "; ".join(map(str, at_once))


def twice(seen: Iterable[Execution]) -> Iterator[str]:
    """Executions under one token, and those of one job that run at the same time."""
    tokens = Counter(one.token for one in seen if one.token is not None)
    yield from (f"{token} was accepted {count} times" for token, count in tokens.items() if count > 1)
    yield from (
        f"two live submissions of a job: {said}" for said in above_cap(seen, lambda one: one.label, lambda _: 1)
    )


def without_intent(seen: Iterable[Execution], intents: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """Executions that began before their job had been dispatched so often; `intents` has the times of each label's."""
    counts: Counter[str] = Counter()
    for one in seen:
        counts[one.label] += 1
        known = sum(at <= one.began_at for at in intents.get(one.label, ()))
        if counts[one.label] > known:
            yield f"{one}: execution {counts[one.label]} after {known} intents"
