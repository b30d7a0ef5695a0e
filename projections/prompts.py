"""Read models `prompts` and `prompt_versions`: each variant of an agent's prompt as it stands, and all it ever was."""

from __future__ import annotations

from collections.abc import Iterator

from events.catalog.events import PromptPublished, PromptWeighted
from events.envelope import Recorded
from projections.documents import at, present
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "prompts"
INDEXES = (("org_id", "agent", "variant"),)
VERSIONS = "prompt_versions"
VERSIONS_INDEXES = (("org_id", "agent", "variant", "version"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - prompts are nobody's personal text
    version = event.version
    match event.data:
        case PromptPublished() as published:
            key = prompt_id(published.owner, published.agent, published.variant)
            document = {**_published(event, published), "weight": 0}
            yield Insert(COLLECTION, key, published.owner, version, document)
            changes = _published(event, published)
            unset = ("model",) if published.model is None else ()
            yield Update(COLLECTION, key, published.owner, version, set=changes, unset=unset)
        case PromptWeighted() as weighted:
            key = prompt_id(weighted.owner, weighted.agent, weighted.variant)
            changes = {"weight": weighted.weight, "weighted_at": at(event)}
            yield Update(COLLECTION, key, weighted.owner, version, set=changes)


def project_versions(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - as above
    if isinstance(event.data, PromptPublished):
        key = f"{prompt_id(event.data.owner, event.data.agent, event.data.variant)}:{event.data.version}"
        yield Insert(VERSIONS, key, event.data.owner, event.version, _published(event, event.data))


def prompt_id(owner: str, agent: str, variant: str) -> str:
    return f"{owner}:{agent}:{variant}"


def _published(event: Recorded, published: PromptPublished) -> dict[str, object]:
    return present(
        org_id=published.owner,
        agent=published.agent,
        variant=published.variant,
        version=published.version,
        text=published.text,
        model=published.model,
        published_at=at(event),
        published_by=event.envelope.actor,
    )
