"""The gateway's copy of the catalog: what it lists, and what can be used of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.catalog.current import CurrentModel, CurrentProvider, unsaid
from events.catalog.events import ModelSpec
from gateway.http.problems import Problem, not_found
from gateway.platform import Platform

MEMBERS = {"id", "title", "description", "media_in", "media_out", "agent_type", "input_schema", "limits", "price",
           "provider", "tags"}  # fmt: skip


def listed(platform: Platform) -> Iterator[CurrentModel]:
    return (value for _, value in platform.catalog.items() if isinstance(value, CurrentModel))


def listed_model(platform: Platform, model_id: str) -> CurrentModel:
    found = platform.catalog.get(f"model:{model_id}")
    if not isinstance(found, CurrentModel):
        raise Problem("unknown-model", "the catalog lists no such model")
    return found


def active_model(platform: Platform, model_id: str) -> CurrentModel:
    """The model, where it can be used now."""
    found = listed_model(platform, model_id)
    if not is_active(platform, found.model):
        raise Problem("unknown-model", "this model is not active")
    return found


def is_active(platform: Platform, spec: ModelSpec) -> bool:
    provider = platform.catalog.get(f"provider:{spec.provider}")
    return spec.usable and not (isinstance(provider, CurrentProvider) and not provider.active)


def known_provider(platform: Platform, name: str) -> CurrentProvider:
    """What was said of a provider; any that a model names is known, though nothing was said of it yet."""
    found = platform.catalog.get(f"provider:{name}")
    if isinstance(found, CurrentProvider):
        return found
    if not any(one.model.provider == name for one in listed(platform)):
        raise not_found()
    return unsaid(name)


def view(platform: Platform, spec: ModelSpec) -> dict[str, Any]:
    members = spec.model_dump(mode="json", include=MEMBERS, exclude_none=True)
    return members | {"active": is_active(platform, spec)}


def capabilities(platform: Platform) -> dict[str, dict[str, Any]]:
    """What can be made at all: by kind of step, how many models and how large at most."""
    found: dict[str, dict[str, Any]] = {}
    for current in listed(platform):
        spec = current.model
        if not is_active(platform, spec):
            continue
        kind = found.setdefault(spec.agent_type, {"models": 0})
        kind["models"] += 1
        for name in ("max_width", "max_height", "max_duration_s"):
            limit = getattr(spec.limits, name)
            if limit is not None:
                kind[name] = max(limit, kind.get(name, limit))
    return found
