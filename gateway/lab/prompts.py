"""Questions to the prompts: who may see which, one of them, and how much of new sessions a variant takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from events.catalog.current import PLATFORM, CurrentPrompts, prompts_key
from gateway.access.auth import caller
from gateway.access.keyring import Operator
from gateway.http.problems import Problem, not_found
from gateway.platform import Platform
from gateway.reads.views import pick

WITHOUT_TEXT: Final = ("agent", "variant", "version", "weight", "model", "published_at", "published_by")

PLATFORMS_OWN: Final = frozenset({"error_classifier", "writer"})
"""Agents that work for no session: they read the platform's prompts alone."""


ALL_OWN: Final = (
    "your own variants take all new sessions of your organisation, and the platform's none: weights share them among "
    "your own alone"
)
NONE_OWN: Final = "none of your own has a weight: the platform's variants take all new sessions of your organisation"


@dataclass(frozen=True, slots=True)
class Asker:
    """`owner`'s prompts may be changed: the organisation's own, or the platform's, which organisations see too."""

    owner: str
    actor: str

    @property
    def sees(self) -> tuple[str, ...]:
        """Own ones first."""
        return tuple(dict.fromkeys((self.owner, PLATFORM)))


def asker(request: Request) -> Asker:
    """The platform's own key, or an organisation's admin. Raises a Problem."""
    who = request.scope["state"]["who"]
    if isinstance(who, Operator):
        return Asker(PLATFORM, who.actor)
    admin = caller(request, "admin")
    return Asker(admin.org_id, admin.key_id)


def check_known(platform: Platform, who: Asker, agent: str) -> None:
    """An organisation has prompts of the agents that the platform has and that work for it alone. Raises a Problem."""
    if who.owner == PLATFORM:
        return
    if not publishes(who, agent):
        raise Problem.invalid("/agent", f"{agent} works with the platform's prompt, for all organisations")
    if platform.catalog.get(prompts_key(PLATFORM, agent)) is None:
        raise not_found()


def publishes(who: Asker, agent: str) -> bool:
    """Whether the agent would read what this one publishes for it."""
    return who.owner == PLATFORM or agent not in PLATFORMS_OWN


def check_model(platform: Platform, model: str | None) -> None:
    """Raises a Problem for a language model that nobody has configured: every call would fail first."""
    if model is not None and model not in platform.prompt_models:
        raise Problem.invalid("/model", "is none of the language models that this platform has")


async def of(
    platform: Platform, collection: str, who: Asker, agent: str, variant: str, owner: str | None
) -> dict[str, Any]:
    """The newest document of a variant: of this owner's, or of the first that has one. Raises a Problem."""
    for one in who.sees if owner is None else [name for name in who.sees if name == owner]:
        wanted = {"org_id": one, "agent": agent, "variant": variant}
        if (found := await platform.db[collection].find_one(wanted)) is not None:
            return found
    raise not_found()


def view(platform: Platform, who: Asker, document: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """`share`: of the asker's new sessions, from 0 to 1. `editable`: the asker may publish and weigh it. `publishable`:
    the asker may have variants of this agent's prompt."""
    owner = document["org_id"]
    shown = pick(document, names)
    if owner != who.owner:
        shown.pop("published_by", None)
    may = publishes(who, document["agent"])
    rights = {"editable": may and owner == who.owner, "publishable": may}
    return {**shown, "owner": owner, **rights, "share": share(platform, who, document)}


def standing(platform: Platform, who: Asker, agent: str) -> dict[str, Any]:
    """After a change: the share of new sessions that each of the asker's variants takes by now, and what is easily
    missed about it."""
    entry = platform.catalog.get(prompts_key(who.owner, agent))
    weights = {one.variant: one.weight for one in entry.variants} if isinstance(entry, CurrentPrompts) else {}
    total = sum(weights.values())
    shares = {name: round(weight / total, 4) if total else 0.0 for name, weight in weights.items()}
    if who.owner == PLATFORM:
        return {"shares": shares}
    return {"shares": shares, "note": ALL_OWN if total else NONE_OWN}


def share(platform: Platform, who: Asker, document: Mapping[str, Any]) -> float:
    """Where any of an organisation's own has a weight, the platform's take none of its sessions."""
    for owner in who.sees:
        entry = platform.catalog.get(prompts_key(owner, document["agent"]))
        total = sum(one.weight for one in entry.variants) if isinstance(entry, CurrentPrompts) else 0
        if total:
            return float(round(document["weight"] / total, 4)) if owner == document["org_id"] else 0.0
    return 0.0
