"""All event types of the house, and the upcasters of their old versions."""

from __future__ import annotations

from events.accounts.events import ACCOUNT_EVENTS
from events.canvas.plan_events import PLAN_EVENTS
from events.canvas.session_events import SESSION_EVENTS
from events.catalog.events import CATALOG_EVENTS
from events.credits.checkpoint import CHECKPOINT_EVENTS
from events.credits.events import ENTRY_OF_KIND
from events.jobs.events import JOB_EVENTS
from events.registry import Registry, Upcaster

UPCASTERS: dict[tuple[str, str, int], Upcaster] = {}
"""(context, name, from version) → lift."""

REGISTRY = Registry(
    (
        *SESSION_EVENTS,
        *PLAN_EVENTS,
        *ACCOUNT_EVENTS,
        *JOB_EVENTS,
        *ENTRY_OF_KIND.values(),
        *CHECKPOINT_EVENTS,
        *CATALOG_EVENTS,
    ),
    UPCASTERS,
)
