"""What waits for a person's yes, as the compacted topic `current.approvals` holds it."""

from __future__ import annotations

from events.canvas.plan_state import Plan
from events.model import Frozen


class CurrentApproval(Frozen):
    """`asked` names the plan itself, or steps of it, and since when they wait (RFC 3339)."""

    plan_id: str
    org_id: str
    session_id: str
    asked: dict[str, str]


def approvals(plan: Plan) -> CurrentApproval | None:
    """None where nothing waits."""
    if not plan.asked:
        return None
    return CurrentApproval(
        plan_id=plan.plan_id,
        org_id=plan.drafted.org_id,
        session_id=plan.drafted.session_id,
        asked={what: since.isoformat() for what, since in plan.asked.items()},
    )
