"""An organisation as the compacted topic `current.orgs` holds it: limits, projects and hashed keys."""

from __future__ import annotations

from events.accounts.events import Limits, Role
from events.model import Frozen


class CurrentKey(Frozen):
    key_id: str
    hash: str
    role: Role
    project_id: str | None = None
    user_id: str | None = None


class CurrentOrg(Frozen):
    org_id: str
    title: str
    limits: Limits = Limits()
    projects: tuple[str, ...] = ()
    keys: tuple[CurrentKey, ...] = ()

    @property
    def refused(self) -> frozenset[str]:
        """Models that its limits hold at none at once: a job for one would never begin."""
        return frozenset(model for model, most in self.limits.per_api.items() if most == 0)
