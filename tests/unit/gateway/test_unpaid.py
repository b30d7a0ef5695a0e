"""Orders that let steps run, where nobody can tell what there is to pay them: the decider of the money has its word."""

from __future__ import annotations

import httpx
import pytest

from commands.canvas.commands import PaidCommand
from commands.refusals import InsufficientCredit
from tests.unit.gateway.test_app import BEARER, Decider, app, client, decider, slug

__all__ = ["app", "client", "decider"]

PLAN = "/v1/plans/pln_X.1"


@pytest.mark.parametrize("path", [f"{PLAN}/approve", f"{PLAN}/rerun", f"{PLAN}/steps/s1/approve"])
async def test_what_cannot_be_read_refuses_nobody(client: httpx.AsyncClient, decider: Decider, path: str) -> None:
    answer = await client.post(path, headers=BEARER)
    assert answer.status_code == 202, answer.text
    command, _ = decider.taken[-1]
    assert isinstance(command, PaidCommand)
    assert command.credit is None


@pytest.mark.parametrize("path", [f"{PLAN}/reject", f"{PLAN}/cancel", f"{PLAN}/steps/s1/cancel"])
async def test_what_costs_nothing_looks_at_no_balance(client: httpx.AsyncClient, decider: Decider, path: str) -> None:
    assert (await client.post(path, headers=BEARER)).status_code == 200
    assert not isinstance(decider.taken[-1][0], PaidCommand)


async def test_nobody_says_in_a_body_what_there_is(client: httpx.AsyncClient, decider: Decider) -> None:
    assert slug(await client.post(f"{PLAN}/approve", headers=BEARER, json={"credit": 10**6})) == (422, "invalid-input")
    assert decider.taken == []


async def test_a_no_is_the_deciders(client: httpx.AsyncClient, decider: Decider) -> None:
    decider.refusal = InsufficientCredit("too little", asked=5, available=3)
    answer = await client.post(f"{PLAN}/approve", headers=BEARER)
    assert slug(answer) == (402, "insufficient-credit")
    assert (answer.json()["asked"], answer.json()["available"]) == (5, 3)
