"""What the agents are told: in marked blocks what can be done, what is there, what was said, and what is wanted. Pure.

The window has a budget: files, results and the present plan always; of what was said, the newest first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from events.canvas.session_events import PlanningMode
from processors.agents.catalog import Catalog, media_in, media_out
from processors.agents.plan import PlannedStep
from processors.agents.telling.blocks import block, words
from processors.agents.telling.present import Present
from processors.agents.telling.shortened import steps_told, without_middle
from processors.agents.words.mentions import resolve
from processors.agents.words.references import KnownUpload
from processors.agents.words.things import Thing

HISTORY_CHARS: Final = 12_000
"""Of what was said before the request, in all."""
SAID_CHARS_MAX: Final = 2_000
"""Of one message of it."""
EARLIER_MAX: Final = 5
BEFORE_CHARS: Final = 12_000
"""Of what the plan was before its last edits."""
REQUEST_CHARS_MAX: Final = 40_000
CATALOG_MAX: Final = 200
UPLOADS_TOLD: Final = 32
"""The newest, with their names; older ones by label alone, but for those that the request speaks of or came with."""
MADE_TOLD: Final = 16
"""The same of results."""


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
    older: Mapping[str, int] = field(default_factory=dict)
    """By medium, how many uploads came before all that are known: they count, and cannot be named."""

    goes_on: bool = False
    """It is about the present plan."""

    @property
    def said_before(self) -> tuple[str, ...]:
        """What the person said of this plan before, as far as it is told."""
        return tuple(one.text for one in self.history if one.role == "user") if self.goes_on else ()

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
    mentions = resolve(briefing.request, things(briefing, present))
    told += files(briefing, present)
    if briefing.earlier and present is None:
        told.append(block("earlier", [_plan(plan) for plan in briefing.earlier[-EARLIER_MAX:]]))
    if present is not None:
        steps = steps_told(present.steps, {ref for one in mentions for ref in one.refs})
        told.append(block("plan", {"title": present.title, "status": present.status, "steps": steps}))
        if before := _before(present):
            told.append(block("before", before))
    if window := within(briefing.history, HISTORY_CHARS):
        told.append(block("history", [{"role": one.role, "text": one.text} for one in window]))
    if mentions:
        told.append(block("references", [{"phrase": one.phrase, "means": list(one.refs)} for one in mentions]))
    return told


def files(briefing: Briefing, present: Present | None = None) -> list[str]:
    """All of them by label; what there is to know of them for the newest and for what the request speaks of."""
    named = {ref for one in resolve(briefing.request, things(briefing, present)) for ref in one.refs}
    told = []
    if briefing.uploads:
        full = named | set(briefing.attached) | {upload.label for upload in briefing.uploads[-UPLOADS_TOLD:]}
        told.append(block("uploads", [_upload(upload, briefing.attached, full) for upload in briefing.uploads]))
    if briefing.made:
        full = named | {one.label for one in briefing.made[-MADE_TOLD:]}
        told.append(block("outputs", [_output(one, full) for one in briefing.made]))
    return told


def request(briefing: Briefing) -> str:
    return words("request", without_middle(briefing.request, REQUEST_CHARS_MAX))


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


def pointed_out(briefing: Briefing, present: Present | None) -> Briefing:
    """With a mark on the files that the request speaks of."""
    meant = {ref for one in resolve(briefing.request, things(briefing, present)) for ref in one.refs}

    def marked(files: Iterable[KnownUpload]) -> tuple[KnownUpload, ...]:
        return tuple(replace(one, meant=one.label in meant) for one in files)

    return replace(briefing, uploads=marked(briefing.uploads), made=marked(briefing.made))


def things(briefing: Briefing, present: Present | None) -> list[Thing]:
    """What words may point at, the newest last: files that came before, results of other plans, steps, and what came
    just now."""
    now = [upload for upload in briefing.uploads if upload.label in briefing.attached]
    before = [upload for upload in briefing.uploads if upload.label not in briefing.attached]
    steps = [_step(one.step) for one in present.steps] if present else []
    plan_id = present.plan_id if present else ""
    past = present is not None
    made = [Thing(one.label, one.medium, past=past) for one in briefing.made if not past or one.plan_id != plan_id]
    lost = [Thing("", medium, upload=True) for medium, number in briefing.older.items() for _ in range(number)]
    return [*lost, *_files(before), *made, *steps, *_files(now, now=True)]


def _step(step: PlannedStep) -> Thing:
    return Thing(step.id, step.agent_type, step.title, step.description)


def _files(uploads: Iterable[KnownUpload], *, now: bool = False) -> list[Thing]:
    return [Thing(upload.label, upload.medium, upload.name, upload=True, now=now) for upload in uploads]


def _upload(upload: KnownUpload, attached: Sequence[str], full: Collection[str]) -> dict[str, Any]:
    if upload.label not in full:
        return {"label": upload.label}
    came = {"attached": True} if upload.label in attached else {}
    return {"label": upload.label, "medium": upload.medium, "name": upload.name, **came}


def _output(made: KnownUpload, full: Collection[str]) -> dict[str, Any]:
    return {"label": made.label, "medium": made.medium} if made.label in full else {"label": made.label}


def _plan(plan: Earlier) -> dict[str, Any]:
    steps = [{"agent_type": kind, "title": title, "status": status} for kind, title, status in plan.steps]
    return {"title": plan.title, "status": plan.status, "steps": steps}


def _before(present: Present) -> list[dict[str, Any]]:
    """What the plan was before its last edits, the newest first, as far as there is room."""
    told: list[dict[str, Any]] = []
    left = BEFORE_CHARS
    for back, steps in enumerate(present.earlier, 1):
        listed = [{"id": one, "as_now": True} if isinstance(one, str) else _as_it_was(one) for one in steps]
        left -= len(orjson.dumps(listed))
        if left < 0:
            break
        told.append({"edits_back": back, "steps": listed})
    return told


def _as_it_was(step: PlannedStep) -> dict[str, Any]:
    return {**step.as_json(), **({"input": dict(step.input)} if step.input else {})}


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
