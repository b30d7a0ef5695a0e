"""Read model `models`: the catalog as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from events.catalog.events import ModelAnnounced, ModelChanged, ModelListed, ModelWithdrawn
from events.envelope import Recorded
from projections.documents import at
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "models"
INDEXES = (("agent_type", "active"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:  # noqa: ARG001 - a catalog holds no personal text
    org, version = event.envelope.org_id, event.version
    match event.data:
        case ModelListed(model=model) | ModelChanged(model=model):
            document = model.model_dump(mode="json", exclude_none=True) | {"changed_at": at(event)}
            yield Insert(COLLECTION, model.id, org, version, document)
            yield Update(COLLECTION, model.id, org, version, set=document, unset=("withdrawn_at",))
        case ModelWithdrawn(model_id=model_id):
            changes = {"active": False, "withdrawn_at": at(event)}
            yield Update(COLLECTION, model_id, org, version, set=changes)
        case ModelAnnounced(model_id=model_id, announced=announced):
            yield Update(COLLECTION, model_id, org, version, set={"announced": announced, "changed_at": at(event)})
