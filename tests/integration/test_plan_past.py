"""A plan's past on the real core: as it was at a moment, its history, runs compared and gone back to, forks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from tests.canvas_play import Player, player
from tests.platform import ECHO, Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


@dataclass
class Desk:
    """A person at the interface, and hands that play agents and executor."""

    client: httpx.AsyncClient
    play: Player
    session_id: str

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        answer = await self.client.get(f"/v1{path}", params=query)
        assert answer.is_success, f"GET {path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    async def plan(self, **approval: str) -> str:
        said = await post(self.client, f"/v1/sessions/{self.session_id}/messages", {"text": "Two echoes", **approval})
        return await self.play.draft(said["message_id"])

    async def finish(self, plan_id: str, run_id: str, label: str) -> str:
        """Ends the step with a file. Returns the position after it."""
        self.position = await self.play.finish(plan_id, run_id, label, await self.job(plan_id, run_id, label))
        return self.position

    async def fail(self, plan_id: str, run_id: str, label: str) -> None:
        self.position = await self.play.fail(plan_id, run_id, label, await self.job(plan_id, run_id, label))

    async def job(self, plan_id: str, run_id: str, label: str) -> str:
        """Of a step that is ready."""
        history = (await self.get(f"/plans/{plan_id}/history", after=self.position))["items"]
        ready = [one for one in history if one["event"] == "step_ready" and one["facts"]["run_id"] == run_id]
        return str(next(one["facts"]["job_id"] for one in ready if one["step"] == label))

    async def mark(self, plan_id: str, label: str) -> None:
        """The step shall wait for a yes of its own."""
        await self.edit(plan_id, label, {"needs_approval": True})

    async def edit(self, plan_id: str, label: str, changes: dict[str, Any]) -> dict[str, Any]:
        path = f"/v1/plans/{plan_id}/steps/{label}"
        answer = await self.client.patch(path, json=changes, params={"after": self.play.position})
        assert answer.is_success, answer.text
        edited: dict[str, Any] = answer.json()
        return edited

    position: str = "e30"


@pytest.fixture
async def desk(core: Core) -> AsyncIterator[Desk]:
    org: Org = await core.new_org()
    async with core.client(org.member) as client:
        session = (await post(client, "/v1/sessions"))["session_id"]
        async with player(core, org.org_id, session) as play:
            yield Desk(client, play, session)


async def ran(desk: Desk) -> tuple[str, str]:
    """A plan of two steps that has run. Returns it with its run."""
    plan_id = await desk.plan()
    approved = await post(desk.client, f"/v1/plans/{plan_id}/approve")
    desk.position = approved["position"]
    run_id = approved["run_id"]
    await desk.finish(plan_id, run_id, "s1")
    await desk.finish(plan_id, run_id, "s2")
    return plan_id, run_id


async def test_each_moment_is_as_it_was(desk: Desk) -> None:
    plan_id, _ = await ran(desk)
    history = (await desk.get(f"/plans/{plan_id}/history", after=desk.position))["items"]
    seen = []
    for one in history:
        then = await desk.get(f"/plans/{plan_id}", at=one["position"])
        assert then["version"] == one["version"]
        seen.append((then["status"], tuple(step["status"] for step in then["steps"])))
    assert seen[0] == ("drafting", ())
    waiting = seen.index(("awaiting_approval", ("planned", "planned")))
    assert seen.index(("running", ("ready", "planned"))) > waiting
    assert ("running", ("succeeded", "ready")) in seen
    now = await desk.get(f"/plans/{plan_id}")
    last = await desk.get(f"/plans/{plan_id}", at=history[-1]["position"])
    assert {name: last[name] for name in now if name not in ("at", "version", "steps")} == {
        name: value for name, value in now.items() if name != "steps"
    }
    assert [without_addresses(step) for step in last["steps"]] == [without_addresses(step) for step in now["steps"]]
    by_time = await desk.get(f"/plans/{plan_id}", at=history[waiting]["at"])
    assert by_time["status"] == "awaiting_approval"


async def test_a_session_at_a_moment_has_chat_plans_queue_and_balance_together(desk: Desk) -> None:
    plan_id, _ = await ran(desk)
    again = await post(desk.client, f"/v1/plans/{plan_id}/rerun")
    history = (await desk.get(f"/plans/{plan_id}/history", after=again["position"]))["items"]
    moment = {one["event"]: one["position"] for one in reversed(history)}
    path = f"/sessions/{desk.session_id}"
    begun = await desk.get(path, at=moment["plan_drafted"])
    assert [message["text"] for message in begun["messages"]] == ["Two echoes"]
    assert [(plan["status"], len(plan["steps"])) for plan in begun["plans"]] == [("drafting", 0)]
    assert begun["credits"]["available"] == 1_000_000
    assert begun["queue"] == []
    done = await desk.get(path, at=moment["run_completed"])
    assert [[step["status"] for step in plan["steps"]] for plan in done["plans"]] == [["succeeded", "succeeded"]]
    now = await desk.get(path)
    assert now["plans"][0]["status"] == "running"
    assert (await desk.client.get(f"/v1{path}?at=2001-01-01T00:00:00Z")).status_code == 404


def without_addresses(step: dict[str, Any]) -> dict[str, Any]:
    return step | {"outputs": [output["asset_id"] for output in step["outputs"]]}


@pytest.mark.parametrize("at", ["yesterday", "2026-01-01T00:00:00", "W10"])
async def test_what_is_no_moment_is_refused(desk: Desk, at: str) -> None:
    plan_id = await desk.plan()
    answer = await desk.client.get(f"/v1/plans/{plan_id}?at={quote(at)}")
    assert answer.status_code in (400, 404)


async def test_the_history_is_paged_and_says_what_led_to_each_event_and_what_it_cost(desk: Desk) -> None:
    plan_id, _ = await ran(desk)
    whole = (await desk.get(f"/plans/{plan_id}/history", after=desk.position))["items"]
    pages: list[dict[str, Any]] = []
    page = await desk.get(f"/plans/{plan_id}/history", limit="3")
    while "next_cursor" in page:
        pages += page["items"]
        page = await desk.get(f"/plans/{plan_id}/history", limit="3", cursor=page["next_cursor"])
    assert [*pages, *page["items"]] == whole
    assert [one["version"] for one in whole] == list(range(1, len(whole) + 1))
    assert page["total"] == len(whole)
    of = {one["event"]: one for one in whole}
    assert of["plan_approved"]["cause"]["kind"] == "person"
    assert [one["cost"]["captured"] for one in whole if one["event"] == "step_succeeded"] == [40, 80]
    assert of["run_completed"]["cost"]["captured"] == 80


async def test_two_runs_stand_side_by_side_with_what_was_kept(desk: Desk) -> None:
    plan_id, first = await ran(desk)
    again = await post(desk.client, f"/v1/plans/{plan_id}/rerun", {"step_ids": ["s2"]})
    desk.position = again["position"]
    await desk.finish(plan_id, again["run_id"], "s2")
    compared = await desk.get(f"/plans/{plan_id}/runs/{first}/compare/{again['run_id']}", after=desk.position)
    one, two = compared["steps"]
    assert (one["step"], one["changed"], one["b"]["kept_from"]) == ("s1", False, first)
    assert (two["step"], two["differs"]) == ("s2", ["outputs"])
    for side in ("a", "b"):
        assert two[side]["model"] == "test/echo"
        assert two[side]["planned"] == {"prompt": "hello"}
        assert (two[side]["cost"], two[side]["status"]) == (40, "succeeded")
        assert two[side]["outputs"][0]["url"].startswith("/v1/assets/")
    assert compared["runs"]["b"]["cost"] == 40


async def test_rolled_back_the_first_runs_results_stand_again(desk: Desk) -> None:
    plan_id, first = await ran(desk)
    before = await desk.get(f"/plans/{plan_id}", after=desk.position)
    again = await post(desk.client, f"/v1/plans/{plan_id}/rerun")
    desk.position = again["position"]
    for label in ("s1", "s2"):
        await desk.finish(plan_id, again["run_id"], label)
    other = await desk.get(f"/plans/{plan_id}", after=desk.position)
    assert files(other) != files(before)
    path = f"/v1/plans/{plan_id}/rollback"
    answer = await desk.client.post(path, json={"run_id": first}, params={"after": desk.position})
    assert answer.status_code == 200, answer.text
    assert answer.json()["run_id"] == first
    after = await desk.get(f"/plans/{plan_id}", after=answer.json()["position"])
    assert (after["run_id"], after["status"], files(after)) == (first, "succeeded", files(before))
    assert (await desk.client.post(path, json={"run_id": first})).status_code == 409
    assert (await desk.client.post(path, json={"run_id": "run_of.nobody.1"})).status_code == 422


async def test_compared_runs_show_what_was_sent_and_from_where_it_came(desk: Desk) -> None:
    plan_id = await desk.plan()
    approved = await post(desk.client, f"/v1/plans/{plan_id}/approve")
    run_id, desk.position = approved["run_id"], approved["position"]
    await desk.finish(plan_id, run_id, "s1")
    plan = await desk.get(f"/plans/{plan_id}", after=desk.position)
    [made] = plan["steps"][0]["outputs"]
    file = {"asset_id": made["asset_id"], "sha256": "ab" * 32, "bytes": 3, "media_type": "text/plain"}
    wired = {"prompt": "hello", "seed": 4, "images": [{"$asset": file}]}
    job_id = await desk.job(plan_id, run_id, "s2")
    await desk.play.submit(plan_id, run_id, "s2", job_id, orjson.dumps(wired).decode())
    submitted = desk.play.position
    desk.position = await desk.play.finish(plan_id, run_id, "s2", job_id)
    await desk.get(f"/jobs/{job_id}", after=submitted)
    compared = await desk.get(f"/plans/{plan_id}/runs/{run_id}/compare/{run_id}", after=desk.position)
    first, second = (one["a"] for one in compared["steps"])
    assert (first["planned"], "input" in first) == ({"prompt": "hello"}, False)
    assert (second["input"]["prompt"], second["planned"]) == ("hello", {"prompt": "hello"})
    assert second["input"]["images"][0]["$asset"]["url"].startswith(f"/v1/assets/{made['asset_id']}?")
    assert {one["pointer"]: one["from"] for one in second["sources"]} == {
        "/prompt": [{"kind": "planned"}],
        "/seed": [{"kind": "model"}],
        "/images/0": [{"kind": "step", "name": "s1"}],
    }


def files(plan: dict[str, Any]) -> list[list[str]]:
    return [[output["asset_id"] for output in step["outputs"]] for step in plan["steps"]]


async def test_the_history_is_entered_anywhere_and_knows_what_the_plan_had_cost_by_then(desk: Desk) -> None:
    plan_id, _ = await ran(desk)
    again = await post(desk.client, f"/v1/plans/{plan_id}/rerun", {"step_ids": ["s2"]})
    desk.position = again["position"]
    await desk.finish(plan_id, again["run_id"], "s2")
    whole = (await desk.get(f"/plans/{plan_id}/history", after=desk.position))["items"]
    assert whole[-1]["cost"]["captured"] == 120
    for version in range(1, len(whole) + 1):
        there = await desk.get(f"/plans/{plan_id}/history", **{"from": str(version), "limit": "2"})
        assert (there["items"], there["total"]) == (whole[version - 1 : version + 1], len(whole))
    beyond = await desk.get(f"/plans/{plan_id}/history", **{"from": str(len(whole) + 1)})
    assert (beyond["items"], beyond["total"]) == ([], len(whole))
    both = {"from": "2", "cursor": "e30"}
    assert (await desk.client.get(f"/v1/plans/{plan_id}/history", params=both)).status_code == 400


async def test_a_fork_keeps_what_had_succeeded_and_runs_the_rest(desk: Desk) -> None:
    plan_id, first = await ran(desk)
    history = (await desk.get(f"/plans/{plan_id}/history", after=desk.position))["items"]
    moment = next(one["position"] for one in history if one["event"] == "step_succeeded")
    forked = await post(desk.client, f"/v1/plans/{plan_id}/fork", {"at": moment})
    plan = await desk.get(f"/plans/{forked['plan_id']}", after=forked["position"])
    assert plan["status"] == "awaiting_approval"
    assert plan["forked_from"]["plan_id"] == plan_id
    assert [step["status"] for step in plan["steps"]] == ["succeeded", "planned"]
    assert plan["cost"] == {"estimated": 200, "reserved": 0, "captured": 0}
    approved = await post(desk.client, f"/v1/plans/{forked['plan_id']}/approve")
    desk.position = approved["position"]
    [run] = (await desk.get(f"/plans/{forked['plan_id']}/runs", after=desk.position))["items"]
    assert (len(run["steps"]), run["kept"]) == (1, {"s1": first})
    await desk.finish(forked["plan_id"], approved["run_id"], "s2")
    done = await desk.get(f"/plans/{forked['plan_id']}", after=desk.position)
    assert done["status"] == "succeeded"
    path = f"/plans/{forked['plan_id']}/runs/{approved['run_id']}/compare/{approved['run_id']}"
    compared = await desk.get(path)
    assert compared["steps"][0]["a"]["kept_from"] == first


async def test_before_models_were_chosen_nothing_can_be_forked(desk: Desk) -> None:
    plan_id, _ = await ran(desk)
    history = (await desk.get(f"/plans/{plan_id}/history", after=desk.position))["items"]
    answer = await desk.client.post(f"/v1/plans/{plan_id}/fork", json={"at": history[0]["position"]})
    assert answer.status_code == 422


async def test_a_step_that_a_person_marked_waits_for_a_yes_of_its_own(desk: Desk) -> None:
    plan_id = await desk.plan()
    await desk.mark(plan_id, "s2")
    approved = await post(desk.client, f"/v1/plans/{plan_id}/approve")
    desk.position = approved["position"]
    await desk.finish(plan_id, approved["run_id"], "s1")
    plan = await desk.get(f"/plans/{plan_id}", after=desk.position)
    assert [step["status"] for step in plan["steps"]] == ["succeeded", "awaiting_approval"]
    yes = await post(desk.client, f"/v1/plans/{plan_id}/steps/s2/approve")
    assert yes["run_id"] == approved["run_id"]
    plan = await desk.get(f"/plans/{plan_id}", after=yes["position"])
    assert plan["steps"][1]["status"] == "ready"
    assert (await desk.client.post(f"/v1/plans/{plan_id}/steps/s2/approve")).status_code == 409


async def test_a_no_to_a_step_ends_it(desk: Desk) -> None:
    plan_id = await desk.plan()
    await desk.mark(plan_id, "s1")
    await post(desk.client, f"/v1/plans/{plan_id}/approve")
    no = await post(desk.client, f"/v1/plans/{plan_id}/steps/s1/cancel")
    plan = await desk.get(f"/plans/{plan_id}", after=no["position"])
    assert [step["status"] for step in plan["steps"]] == ["cancelled", "blocked"]
    assert plan["status"] == "cancelled"


async def listed(core: Core, desk: Desk, name: str, model: dict[str, Any]) -> None:
    """Until the catalog has it."""
    async with core.client(core.admin_key) as admin:
        (await admin.put(f"/v1/admin/models/{name}", json=model)).raise_for_status()
    async for attempt in AsyncRetrying(stop=stop_after_delay(30), wait=wait_fixed(0.05), reraise=True):
        with attempt:
            await desk.get(f"/models/{name}")


async def test_a_step_is_retried_with_another_model_and_the_rest_is_kept(core: Core, desk: Desk) -> None:
    await listed(core, desk, "test/second-echo", ECHO | {"title": "Second echo"})
    plan_id = await desk.plan()
    approved = await post(desk.client, f"/v1/plans/{plan_id}/approve")
    first, desk.position = approved["run_id"], approved["position"]
    await desk.finish(plan_id, first, "s1")
    await desk.fail(plan_id, first, "s2")
    desk.play.position = desk.position
    await desk.edit(plan_id, "s2", {"model": "test/second-echo"})
    again = await post(desk.client, f"/v1/plans/{plan_id}/rerun", {"step_ids": ["s2"]})
    desk.position = again["position"]
    await desk.finish(plan_id, again["run_id"], "s2")
    compared = await desk.get(f"/plans/{plan_id}/runs/{first}/compare/{again['run_id']}", after=desk.position)
    kept, retried = compared["steps"]
    assert (kept["changed"], kept["b"]["kept_from"]) == (False, first)
    assert retried["differs"] == ["status", "model", "outputs"]
    assert (retried["a"]["model"], retried["b"]["model"]) == ("test/echo", "test/second-echo")
    plan = await desk.get(f"/plans/{plan_id}", after=desk.position)
    assert plan["status"] == "succeeded"
    assert plan["steps"][1]["model"] == "test/second-echo"


async def test_an_edit_that_does_not_wait_for_the_one_before_leaves_it_as_it_is(desk: Desk) -> None:
    plan_id = await desk.plan()
    await desk.edit(plan_id, "s2", {"input": {"prompt": "another"}})
    marked = await desk.client.patch(f"/v1/plans/{plan_id}/steps/s2", json={"needs_approval": True})
    assert marked.is_success, marked.text
    plan = await desk.get(f"/plans/{plan_id}", after=marked.json()["position"])
    assert (plan["steps"][1]["input"], plan["steps"][1]["needs_approval"]) == ({"prompt": "another"}, True)


async def test_an_edit_that_was_priced_for_the_model_before_is_refused(core: Core, desk: Desk) -> None:
    """It does not wait for the edit before: what it reads may be behind, and then it is not done."""
    await listed(core, desk, "test/dear-echo", ECHO | {"title": "Dear echo", "price": {"unit": "run", "amount": 900}})
    plan_id = await desk.plan()
    for n in range(5):
        await desk.edit(plan_id, "s2", {"model": "test/echo", "input": {"prompt": "as it was"}})
        dear = await desk.edit(plan_id, "s2", {"model": "test/dear-echo"})
        words = {"input": {"prompt": f"number {n}"}}
        blind = await desk.client.patch(f"/v1/plans/{plan_id}/steps/s2", json=words)
        desk.play.position = dear["position"]
        if blind.is_success:
            desk.play.position = blind.json()["position"]
        else:
            assert (blind.status_code, blind.json()["type"]) == (409, "/problems/illegal-state")
            desk.play.position = (await desk.edit(plan_id, "s2", words))["position"]
        step = (await desk.get(f"/plans/{plan_id}", after=desk.play.position))["steps"][1]
        assert (step["model"], step["cost"]["estimated"], step["input"]) == ("test/dear-echo", 900, words["input"])


async def test_what_an_edit_leaves_without_its_input_is_said_before_it_runs(core: Core, desk: Desk) -> None:
    film = ECHO | {"title": "Film", "media_out": ["video"], "agent_type": "video"}
    film["input_schema"] = ECHO["input_schema"] | {"required": ["image"]}
    await listed(core, desk, "test/film", film)
    plan_id = await desk.plan()
    told = await desk.edit(plan_id, "s2", {"model": "test/film", "input": {}})
    missing = ["s2:unwirable:image: needs image; there is text to take it from"]
    assert told["flags"] == missing
    assert (await desk.get(f"/plans/{plan_id}", after=told["position"]))["flags"] == missing
    forked = await post(desk.client, f"/v1/plans/{plan_id}/fork?after={quote(told['position'])}")
    assert (await desk.get(f"/plans/{forked['plan_id']}", after=forked["position"]))["flags"] == missing
    better = await desk.edit(plan_id, "s2", {"model": "test/echo", "input": {"prompt": "again"}})
    assert (await desk.get(f"/plans/{plan_id}", after=better["position"]))["flags"] == []


async def test_a_cancelled_session_stops_what_runs(desk: Desk) -> None:
    plan_id = await desk.plan(approval="auto")
    stopped = await post(desk.client, f"/v1/sessions/{desk.session_id}/cancel")
    assert len(stopped["cancelled"]) == 1
    plan = await desk.get(f"/plans/{plan_id}", after=stopped["position"])
    assert plan["status"] == "cancelled"


async def test_anothers_past_is_not_found(core: Core, desk: Desk) -> None:
    plan_id, run_id = await ran(desk)
    other = await core.new_org()
    async with core.client(other.member) as client:
        answers = [
            await client.get(f"/v1/plans/{plan_id}/history"),
            await client.get(f"/v1/plans/{plan_id}", params={"at": "2100-01-01T00:00:00Z"}),
            await client.get(f"/v1/plans/{plan_id}/runs/{run_id}/compare/{run_id}"),
            await client.post(f"/v1/plans/{plan_id}/rollback", json={"run_id": run_id}),
            await client.post(f"/v1/plans/{plan_id}/fork"),
            await client.post(f"/v1/plans/{plan_id}/steps/s1/approve"),
        ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert len({answer.text for answer in answers}) == 1
