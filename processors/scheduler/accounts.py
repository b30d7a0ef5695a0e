"""What organisations may have in flight, what they have, and which pools wait for them to have less."""

from __future__ import annotations

from collections import Counter

from events.accounts.events import Limits


class Account:
    """One organisation. An unknown one has the default limits until its record comes."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.in_use = 0
        self.by_model: Counter[str] = Counter()
        self.waiting: dict[str, None] = {}
        """Providers whose pool passed this organisation over because it was full, first come first."""

    @property
    def full(self) -> bool:
        return self.in_use >= self.limits.concurrent

    def full_at(self, model: str) -> bool:
        limit = self.limits.per_api.get(model)
        return limit is not None and self.by_model[model] >= limit

    def take(self, model: str) -> None:
        self.in_use += 1
        self.by_model[model] += 1

    def release(self, model: str) -> tuple[str, ...]:
        """Returns the providers whose pools may consider it again."""
        self.in_use -= 1
        self.by_model[model] -= 1
        if self.by_model[model] == 0:
            del self.by_model[model]
        return self.resumed()

    def resumed(self) -> tuple[str, ...]:
        if self.full:
            return ()
        providers, self.waiting = tuple(self.waiting), {}
        return providers
