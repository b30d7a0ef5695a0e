"""What the agents are told: in marked blocks what can be done, what is there, what was said, and what is wanted. Pure.

The window has a budget: files, results and the present plan always; of what was said, the newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from events.canvas.session_events import PlanningMode
from processors.agents.blocks import block, words
from processors.agents.catalog import Catalog, media_in, media_out
from processors.agents.mentions import Thing, resolve
from processors.agents.present import Present
from processors.agents.references import KnownUpload

HISTORY_CHARS: Final = 12_000
"""Of what was said before the request, in all."""
SAID_CHARS_MAX: Final = 2_000
"""Of one message of it."""
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
    made: tuple[KnownUpload, ...] = ()
    """Results of earlier runs."""
    history: tuple[Said, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    @property
    def files(self) -> tuple[KnownUpload, ...]:
        """All that a step may name, what came last and by hand first to be thought of."""
        return (*self.made, *self.uploads)

    @property
    def said(self) -> str:
        """What the person wrote themselves, as far as it is told."""
        return "\n".join([*(one.text for one in self.history if one.role == "user"), self.request])


def blocks(briefing: Briefing, catalog: Catalog, present: Present | None = None) -> list[str]:
    """All but the request, in the order in which a model should read them."""
    told = [block("capabilities", {kind: can.as_json() for kind, can in catalog.capabilities.items()})]
    if briefing.mode == "full":
        told.append(block("catalog", _models(catalog)))
    told += files(briefing)
    if briefing.earlier and present is None:
        told.append(block("earlier", [_plan(plan) for plan in briefing.earlier[-EARLIER_MAX:]]))
    if present is not None:
        steps = [one.as_json() for one in present.steps]
        told.append(block("plan", {"title": present.title, "status": present.status, "steps": steps}))
    if window := within(briefing.history, HISTORY_CHARS):
        told.append(block("history", [{"role": one.role, "text": one.text} for one in window]))
    mentions = resolve(briefing.request, things(briefing, present))
    if mentions:
        told.append(block("references", [{"phrase": one.phrase, "means": list(one.refs)} for one in mentions]))
    return told


def files(briefing: Briefing) -> list[str]:
    told = []
    if briefing.uploads:
        told.append(block("uploads", [_upload(upload, briefing.attached) for upload in briefing.uploads]))
    if briefing.made:
        told.append(block("outputs", [{"label": one.label, "medium": one.medium} for one in briefing.made]))
    return told


def request(briefing: Briefing) -> str:
    return words("request", briefing.request[:REQUEST_CHARS_MAX])


def within(history: Sequence[Said], budget: int) -> list[Said]:
    """The newest of what was said that fit, in the order in which it was said; a long one is cut."""
    kept: list[Said] = []
    left = budget
    for one in reversed(history):
        text = one.text[: min(SAID_CHARS_MAX, left)]
        if not text:
            break
        kept.append(Said(one.role, text))
        left -= len(text)
    return kept[::-1]


def things(briefing: Briefing, present: Present | None) -> list[Thing]:
    """What words may point at, the newest last: files that came before, results, steps, and what came just now."""
    now = [upload for upload in briefing.uploads if upload.label in briefing.attached]
    before = [upload for upload in briefing.uploads if upload.label not in briefing.attached]
    steps = [Thing(one.step.id, one.step.agent_type, one.step.title) for one in present.steps] if present else []
    made = [] if present else [Thing(one.label, one.medium, one.name) for one in briefing.made]
    return [*_files(before), *made, *steps, *_files(now)]


def _files(uploads: Iterable[KnownUpload]) -> list[Thing]:
    return [Thing(upload.label, upload.medium, upload.name, upload=True) for upload in uploads]


def _upload(upload: KnownUpload, attached: Sequence[str]) -> dict[str, Any]:
    came = {"attached": True} if upload.label in attached else {}
    return {"label": upload.label, "medium": upload.medium, "name": upload.name, **came}


def _plan(plan: Earlier) -> dict[str, Any]:
    steps = [{"agent_type": kind, "title": title, "status": status} for kind, title, status in plan.steps]
    return {"title": plan.title, "status": plan.status, "steps": steps}


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
