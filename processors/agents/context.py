"""What the planner is told: the prompt, and in sections what can be done, what is there, and what is wanted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from events.canvas.session_events import PlanningMode
from processors.agents.catalog import Catalog, media_in, media_out
from processors.agents.llm import Message
from processors.agents.references import KnownUpload

HISTORY_MAX: Final = 12
"""Messages before the request."""
HISTORY_CHARS_MAX: Final = 800
"""Of each."""
EARLIER_MAX: Final = 5
REQUEST_CHARS_MAX: Final = 40_000
CATALOG_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Said:
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """A plan of this session: its title, how it stands, and what its steps made."""

    title: str
    status: str
    steps: tuple[tuple[str, str, str], ...]
    """(kind, title, status)."""


@dataclass(frozen=True, slots=True)
class Briefing:
    """All that a plan is made from."""

    request: str
    mode: PlanningMode = "subagent"
    uploads: tuple[KnownUpload, ...] = ()
    attached: tuple[str, ...] = ()
    """Labels of the uploads that came with this very message."""
    history: tuple[Said, ...] = ()
    earlier: tuple[Earlier, ...] = ()


def messages(system: str, briefing: Briefing, catalog: Catalog) -> list[Message]:
    """The system prompt, and one message of sections that ends with the request."""
    sections = [_section("capabilities", {kind: can.as_json() for kind, can in catalog.capabilities.items()})]
    if briefing.mode == "full":
        sections.append(_section("catalog", _models(catalog)))
    if briefing.uploads:
        sections.append(_section("uploads", [_upload(upload, briefing.attached) for upload in briefing.uploads]))
    if briefing.earlier:
        sections.append(_section("earlier", [_plan(plan) for plan in briefing.earlier[-EARLIER_MAX:]]))
    if briefing.history:
        sections.append(_section("history", [_said(one) for one in briefing.history[-HISTORY_MAX:]]))
    sections.append(f"<request>\n{briefing.request[:REQUEST_CHARS_MAX]}\n</request>")
    return [{"role": "system", "content": system}, {"role": "user", "content": "\n".join(sections)}]


def _section(name: str, value: Any) -> str:
    return f"<{name}>\n{orjson.dumps(value).decode()}\n</{name}>"


def _upload(upload: KnownUpload, attached: Sequence[str]) -> dict[str, Any]:
    came = {"attached": True} if upload.label in attached else {}
    return {"label": upload.label, "medium": upload.medium, "name": upload.name, **came}


def _plan(plan: Earlier) -> dict[str, Any]:
    steps = [{"agent_type": kind, "title": title, "status": status} for kind, title, status in plan.steps]
    return {"title": plan.title, "status": plan.status, "steps": steps}


def _said(one: Said) -> dict[str, str]:
    return {"role": one.role, "text": one.text[:HISTORY_CHARS_MAX]}


def _models(catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "id": spec.id,
            "title": spec.title,
            "agent_type": spec.agent_type,
            "takes": sorted(media_in(spec)),
            "gives": sorted(media_out(spec)),
            "fields": sorted(spec.input_schema.get("properties", {})),
            "required": spec.input_schema.get("required", []),
            "price": f"{spec.price.amount}/{spec.price.unit}",
        }
        for spec in list(catalog.models.values())[:CATALOG_MAX]
    ]
