"""Read model `messages`: what persons and the assistant said."""

from __future__ import annotations

from collections.abc import Iterator

from events.canvas.session_events import MessagePosted
from events.envelope import Recorded
from projections.documents import asset_kids, assets, at, kids, present
from projections.opening import Opened
from projections.writes import Insert, Write

COLLECTION = "messages"
INDEXES = (("session_id", "_v"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    if not isinstance(event.data, MessagePosted):
        return
    posted = event.data
    document = present(
        message_id=posted.message_id,
        session_id=posted.session_id,
        org_id=event.envelope.org_id,
        role=posted.role,
        text=opened(posted.text),
        assets=assets(posted.assets, opened),
        upload_ids=list(posted.upload_ids),
        mode=posted.mode,
        approval=posted.approval,
        in_reply_to=posted.in_reply_to,
        plan_id=posted.plan_id,
        at=at(event),
    )
    sealed_by = kids(posted.text) | asset_kids(posted.assets)
    yield Insert(COLLECTION, posted.message_id, event.envelope.org_id, event.version, document, sealed_by)
