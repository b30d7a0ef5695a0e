"""Streams on the real core: every durable frame once, however often and wherever a client comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from events.ids import job_id_of_step, step_id
from events.log.position import covers, decode
from events.log.progress import ProgressSender
from events.progress import Progress
from tests.canvas_play import player
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]

DURABLE = ("message.", "plan.", "step.", "run.", "agent.finished")


@dataclass(frozen=True)
class Seen:
    event: str
    id: str
    data: dict[str, Any]

    @property
    def durable(self) -> bool:
        return self.event.startswith(DURABLE) and self.event not in ("step.drafting", "step.progress")


@asynccontextmanager
async def stream(client: httpx.AsyncClient, path: str, last: str | None) -> AsyncIterator[AsyncIterator[Seen]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    async with aconnect_sse(client, "GET", path, headers=headers) as source:
        source.response.raise_for_status()

        async def frames() -> AsyncIterator[Seen]:
            async for event in source.aiter_sse():
                yield Seen(event.event, event.id, event.json())

        yield frames()


async def read_until(client: httpx.AsyncClient, path: str, last: str | None, end: str) -> list[Seen]:
    """Frames up to and with the first of this kind."""
    seen = []
    async with asyncio.timeout(20), stream(client, path, last) as frames:
        async for frame in frames:
            seen.append(frame)
            if frame.event == end:
                return seen
    raise AssertionError(f"the stream ended before {end}")


@dataclass(frozen=True)
class Story:
    org: Org
    session_id: str
    start: str
    plan_id: str

    @property
    def path(self) -> str:
        return f"/v1/sessions/{self.session_id}/stream"


@pytest.fixture
async def story(core: Core) -> Story:
    """A session with a message, a plan of two steps, a run that has succeeded, and a last message after it."""
    org = await core.new_org()
    async with core.client(org.member) as client:
        started = await post(client, "/v1/sessions", {"title": "Story"})
        path = f"/v1/sessions/{started['session_id']}"
        said = await post(client, f"{path}/messages", {"text": "tell me", "approval": "auto"})
        async with player(core, org.org_id, started["session_id"]) as playing:
            plan_id = await playing.draft(said["message_id"])
            run_id = plan_id.replace("pln_", "run_") + ".1"
            for label in ("s1", "s2"):
                await playing.finish(plan_id, run_id, label, job_id_of_step(run_id, step_id(plan_id, label), 1))
    return Story(org, started["session_id"], started["position"], plan_id)


async def test_a_run_as_frames(core: Core, story: Story) -> None:
    async with core.client(story.org.member) as client:
        seen = await read_until(client, story.path, story.start, "run.completed")
        durable = [frame for frame in seen if frame.durable]
        assert [frame.event for frame in durable] == [
            "message.posted",
            "plan.drafted",
            "step.drafted",
            "step.drafted",
            "plan.validated",
            "plan.revised",
            "plan.revised",
            "plan.awaiting_approval",
            "plan.approved",
            "run.started",
            "step.ready",
            "step.succeeded",
            "step.ready",
            "step.succeeded",
            "run.completed",
        ]
        assert seen[0].event == "credits.changed"
        assert seen[0].data == {"available": 1_000_000, "reserved": 0}
        assert durable[0].data["text"] == "tell me"
        assert durable[2].data["step"]["title"] == "Step 1"
        assert durable[3].data["step"]["depends_on"] == [step_id(story.plan_id, "s1")]
        assert durable[-1].data["cost"] == 80
        output = durable[-2].data["outputs"][0]
        assert output["url"].startswith(f"/v1/assets/{output['asset_id']}?exp=")
        assert "sha256" not in output

        plan = await client.get(f"/v1/plans/{story.plan_id}", params={"after": seen[-1].id})
    body = plan.json()
    assert (body["status"], [step["status"] for step in body["steps"]]) == ("succeeded", ["succeeded"] * 2)
    assert body["steps"][0]["input"] == {"prompt": "hello"}
    assert body["cost"]["estimated"] == 200


async def test_ids_never_go_back(core: Core, story: Story) -> None:
    async with core.client(story.org.member) as client:
        seen = await read_until(client, story.path, story.start, "run.completed")
    positions = [decode(frame.id) for frame in seen]
    assert all(covers(later, earlier) for earlier, later in pairwise(positions))


async def test_a_resume_after_every_frame_misses_and_doubles_nothing(core: Core, story: Story) -> None:
    async with core.client(story.org.member) as client:
        whole = await read_until(client, story.path, story.start, "run.completed")
        for index, frame in enumerate(whole[:-1]):
            rest = await read_until(client, story.path, frame.id, "run.completed")
            wanted = [(one.event, one.data) for one in whole[index + 1 :] if one.durable]
            assert [one.event for one in rest if one.durable] == [event for event, _ in wanted]


async def test_what_a_gateway_has_not_seen_itself_comes_from_the_read_model(core: Core) -> None:
    """A gateway that starts after a long plan knows its beginning only from the stored stream, and gives the same."""
    org = await core.new_org()
    async with core.client(org.member) as client:
        started = await post(client, "/v1/sessions", {})
        path, start = f"/v1/sessions/{started['session_id']}", started["position"]
        said = await post(client, f"{path}/messages", {"text": "much"})
        async with player(core, org.org_id, started["session_id"]) as playing:
            await playing.draft(said["message_id"], steps=300)
        stream_path, end = f"{path}/stream", "plan.awaiting_approval"
        whole = [one for one in await read_until(client, stream_path, start, end) if one.durable]
        assert len(whole) == 604
        async with core.second_gateway() as url:
            other = httpx.AsyncClient(base_url=url, headers=client.headers, timeout=30, trust_env=False)
            async with other:
                again = [one for one in await read_until(other, stream_path, start, end) if one.durable]
                rest = [one for one in await read_until(other, stream_path, whole[49].id, end) if one.durable]
    assert [(one.event, one.data) for one in again] == [(one.event, one.data) for one in whole]
    assert [(one.event, one.data) for one in rest] == [(one.event, one.data) for one in whole[50:]]


async def test_live_frames_and_deltas(core: Core, story: Story) -> None:
    async with core.client(story.org.member) as client, player(core, story.org.org_id, story.session_id) as playing:
        async with asyncio.timeout(20), stream(client, story.path, None) as frames:
            first = await anext(frames)
            assert first.event == "credits.changed"
            async with ProgressSender(core.servers.kafka_bootstrap) as sender:
                for word in ("one ", "two"):
                    text = await playing.say(word)
                    data = {"agent": "planner", "call_id": "c1"}
                    await sender.send(
                        Progress(
                            org_id=story.org.org_id,
                            session_id=story.session_id,
                            event="agent.content",
                            data=data,
                            text=text,
                        )
                    )
                deltas = [await anext(frames), await anext(frames)]
            assert [frame.data["delta"] for frame in deltas] == ["one ", "two"]
            said = await post(client, f"/v1/sessions/{story.session_id}/messages", {"text": "more"})
            posted = await anext(frames)
            assert posted.data["message_id"] == said["message_id"]
        rest = await read_until(client, story.path, deltas[0].id, "message.posted")
    assert [frame.data.get("delta") for frame in rest if frame.event == "agent.content"] == ["two"]


async def test_the_balance_is_a_state_that_follows_the_books(core: Core, story: Story) -> None:
    async with core.client(story.org.member) as client:
        async with asyncio.timeout(20), stream(client, "/v1/stream", None) as frames:
            assert (await anext(frames)).data["reserved"] == 0
            body = {"model": "test/echo", "input": {"prompt": "hello"}}
            accepted = await post(client, "/v1/jobs", body, Idempotency_Key="one")
            jobs: list[dict[str, Any]] = []
            balances: list[dict[str, Any]] = []
            async for frame in frames:
                (jobs if frame.event == "job.changed" else balances).append(frame.data)
                if jobs and balances:
                    break
        assert jobs[0]["job_id"] == accepted["job_id"]
        assert balances[-1] == {"available": 999_900, "reserved": 100}


@pytest.mark.parametrize(("last", "status"), [("garbage", 400), ("e30x", 400)])
async def test_a_malformed_position_is_refused(core: Core, story: Story, last: str, status: int) -> None:
    async with core.client(story.org.member) as client:
        answer = await client.get(story.path, headers={"Last-Event-ID": last})
    assert answer.status_code == status


async def test_another_organisations_session_is_not_found(core: Core, story: Story) -> None:
    other = await core.new_org()
    async with core.client(other.member) as client:
        theirs, unknown = await client.get(story.path), await client.get("/v1/sessions/ses_unknown/stream")
    assert (theirs.status_code, theirs.text) == (404, unknown.text)


async def test_a_key_that_was_revoked_ends_its_stream(core: Core, story: Story) -> None:
    async with core.client(core.admin_key) as platform:
        issued = await post(platform, f"/v1/admin/orgs/{story.org.org_id}/keys", {"role": "member"})
        revoke = f"/v1/admin/orgs/{story.org.org_id}/keys/{issued['key_id']}"
        async with (
            core.client(issued["api_key"]) as client,
            asyncio.timeout(40),
            stream(client, story.path, None) as at,
        ):
            await anext(at)
            assert (await platform.delete(revoke)).status_code == 200
            assert [frame async for frame in at] == []
