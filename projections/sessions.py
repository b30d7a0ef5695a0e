"""Read model `sessions`: a session with its uploads."""

from __future__ import annotations

from collections.abc import Iterator

from events.canvas.session_events import FileUploaded, SessionStarted
from events.envelope import Recorded
from projections.documents import asset, asset_kids, at, kids, present, text
from projections.opening import Opened
from projections.writes import Insert, Update, Write

COLLECTION = "sessions"
INDEXES = (("org_id", "started_at"),)


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    org, version = event.envelope.org_id, event.version
    match event.data:
        case SessionStarted() as started:
            document = present(
                session_id=started.session_id,
                org_id=org,
                title=text(started.title, opened),
                project_id=started.project_id,
                user_id=started.user_id,
                started_at=at(event),
                uploads=[],
            )
            yield Insert(COLLECTION, started.session_id, org, version, document, kids(started.title))
        case FileUploaded() as uploaded:
            upload = asset(uploaded.asset, opened) | {
                "upload_id": uploaded.upload_id,
                "name": opened(uploaded.file_name),
                "label": uploaded.label,
                "medium": uploaded.medium,
                "at": at(event),
            }
            yield Update(
                COLLECTION,
                uploaded.session_id,
                org,
                version,
                push={"uploads": (uploaded.upload_id, upload)},
                kids=kids(uploaded.file_name) | asset_kids((uploaded.asset,)),
            )
