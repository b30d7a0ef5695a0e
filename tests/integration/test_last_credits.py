"""Two hundred at once spend the last credits: nobody gets what is not there, and nothing is left that would do."""

from __future__ import annotations

import httpx
import pytest

from tests.last_credits import AFFORDED, PRICE, REST, SUBMISSIONS, check_spent, spend
from tests.platform import Core

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


async def test_as_many_are_accepted_as_there_is_money_for(core: Core) -> None:
    org = await core.new_org(AFFORDED * PRICE + REST)
    limits = httpx.Limits(max_connections=SUBMISSIONS)
    async with core.client(org.member, limits=limits) as client:
        statuses = await spend(client, "test/echo", lambda _: None)
    await check_spent(core.servers.kafka_bootstrap, org.org_id, statuses)
