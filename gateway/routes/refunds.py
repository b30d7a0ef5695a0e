"""Refunds: what the platform's own key gives back of what a job has cost."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from commands.orgs.commands import CODE, RefundJob
from gateway.access.auth import of_prefix, operator
from gateway.http.bodies import Body, OptionalAmount, read, takes
from gateway.routes.admin import ID, done, same_request

router = APIRouter(prefix="/admin", tags=["admin"])


class RefundBody(Body):
    job_id: str = Field(pattern=ID)
    amount: OptionalAmount = None
    reason: str | None = Field(default=None, pattern=CODE)


@router.post("/orgs/{org_id}/refunds", status_code=201, openapi_extra=takes(RefundBody))
async def refund(request: Request, org_id: str) -> Response:
    """Some or, without an amount, all of what a job captured and what was not refunded yet."""
    operator(request)
    body, raw = await read(request, RefundBody)
    platform, same = same_request(request, of_prefix(org_id, "org"), raw)
    command = RefundJob(
        org_id=org_id, entry_id=same.new("ent"), job_id=body.job_id, amount=body.amount, reason=body.reason
    )
    return await done(platform, command, same, 201)
