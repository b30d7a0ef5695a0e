"""Read model `assets`: whose bytes an asset id stands for. Every event that names an asset may begin its document.

A step's result is named by its job and by its plan, which stand on two topics: so nothing of the event that happens to
come first, not even its time, is in the document.
"""

from __future__ import annotations

from collections.abc import Iterator

from events.assets import AssetRef
from events.canvas.plan_events import StepSucceeded
from events.canvas.session_events import FileUploaded, MessagePosted
from events.envelope import Recorded
from events.jobs.events import JobSucceeded
from projections.documents import asset, asset_kids
from projections.opening import Opened
from projections.writes import Insert, Write

COLLECTION = "assets"
INDEXES = (("org_id", "sha256"), ("upload_id",))
SHAPE = 2
NEVER_CHANGES = 1


def project(event: Recorded, opened: Opened) -> Iterator[Write]:
    for ref in _named(event):
        org = event.envelope.org_id
        document = asset(ref, opened) | {"org_id": org}
        if isinstance(event.data, FileUploaded):
            document["upload_id"] = event.data.upload_id
        yield Insert(COLLECTION, ref.asset_id, org, NEVER_CHANGES, document, asset_kids((ref,)))


def _named(event: Recorded) -> tuple[AssetRef, ...]:
    match event.data:
        case FileUploaded(asset=ref):
            return (ref,)
        case MessagePosted(assets=refs) | JobSucceeded(outputs=refs) | StepSucceeded(outputs=refs):
            return refs
    return ()
