"""A prompt's way on the running platform: published, told to the next session, tried on the past."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed

from events.log.history import History
from events.topics import topics
from processors.signer.ticking import ACTOR
from tests.platform import Running, new_key, post
from tests.typing_line import studio, studio_json

pytestmark = [pytest.mark.servers, pytest.mark.slow]
WITHIN_S = 60.0
SENTENCE = "generate a product image and animate it into a 5-second video"


def client(platform: Running, key: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key or platform.api_key}"}
    return httpx.AsyncClient(base_url=platform.url, headers=headers, timeout=30, trust_env=False)


async def planned(http: httpx.AsyncClient, session: str, plans: int = 1) -> None:
    """Says the sentence, and waits for the plan."""
    await post(http, f"/v1/sessions/{session}/messages", {"text": SENTENCE, "approval": "plan"})
    async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.2), reraise=True):
        with attempt:
            found = (await http.get(f"/v1/sessions/{session}")).json()["plans"]
            assert [plan["status"] for plan in found] == ["awaiting_approval"] * plans


async def variants_of(platform: Running, http: httpx.AsyncClient) -> dict[str, int]:
    found = (await http.get("/v1/agents/metrics", params={"agent": "planner"})).json()["items"]
    return {item["variant"]: item["calls"] for item in found if item.get("owner") is not None}


async def ends(platform: Running) -> dict[str, int]:
    """How long every topic of events and commands is."""
    bootstrap = json.loads((platform.data_dir / "dev.json").read_text())["kafka_bootstrap"]
    names = [topic for topic in topics() if topic.name.startswith(("events.", "commands."))]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)
    await consumer.start()
    try:
        parts = [TopicPartition(topic.name, n) for topic in names for n in range(topic.partitions)]
        return {f"{tp.topic}/{tp.partition}": end for tp, end in (await consumer.end_offsets(parts)).items()}
    finally:
        await consumer.stop()


async def written_since(platform: Running, before: dict[str, int]) -> list[str]:
    """What stands there since then, but for what the signer does a minute after any entry of the books."""
    bootstrap = json.loads((platform.data_dir / "dev.json").read_text())["kafka_bootstrap"]
    found: list[str] = []
    async with History(bootstrap, sorted({name.partition("/")[0] for name in before}), starts=before) as history:
        for name in before:
            topic, _, number = name.partition("/")
            while records := await history.batch(topic, int(number)):
                headers = [dict(record.headers) for record in records]
                found += [f"{name}: {one['ce_type'].decode()}" for one in headers if one["ce_actor"] != ACTOR.encode()]
    return found


async def test_a_published_prompt_is_told_to_the_next_session_and_tried_on_the_past(
    platform: Running, tmp_path: Path
) -> None:
    text = studio(platform, "prompts", "show", "planner").stdout
    assert "planner" in text
    file = tmp_path / "brief.md"
    file.write_text(text + "- Titles have at most four words.\n")
    async with client(platform) as http:
        old = (await post(http, "/v1/sessions"))["session_id"]
        await planned(http, old)
        before = await variants_of(platform, http)
        done = await asyncio.to_thread(
            studio_json, platform, "prompts", "publish", "planner", "brief", str(file), "--weight", "100"
        )
        assert (done["version"], done["weight"], done["owner"]) == (1, 100, platform.org_id)
        new = (await post(http, "/v1/sessions"))["session_id"]
        await planned(http, new)
        async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.2), reraise=True):
            with attempt:
                now = await variants_of(platform, http)
                assert now == {**before, "brief": before.get("brief", 0) + 1}
    listed = await asyncio.to_thread(studio_json, platform, "prompts", "list", "--agent", "planner")
    assert {(one["variant"], one["share"]) for one in listed["items"]} == {("default", 0.0), ("brief", 1.0)}
    await tried(platform, file)


async def test_an_edit_is_tried_with_the_plan_as_it_was(platform: Running) -> None:
    async with client(platform) as http:
        session = (await post(http, "/v1/sessions"))["session_id"]
        await planned(http, session)
        await edited(http, session)
    await tried_with_what_was_there(platform)


async def edited(http: httpx.AsyncClient, session: str) -> None:
    """Words change the plan, and it waits for a yes again."""
    said = await post(http, f"/v1/sessions/{session}/messages", {"text": "make the image blue", "approval": "plan"})
    async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.2), reraise=True):
        with attempt:
            [plan] = (await http.get(f"/v1/sessions/{session}", params={"after": said["position"]})).json()["plans"]
            assert (plan["status"], "blue" in str(plan["steps"])) == ("awaiting_approval", True)


async def tried_with_what_was_there(platform: Running) -> None:
    """An edit is told the plan as it was, and a short answer is judged as one; whose past cannot be tried, says why."""
    length = await ends(platform)
    expected = {"edit_planner": ["s1"], "context_classifier": "SAME", "validator": "PASS"}
    replays = (
        asyncio.to_thread(
            studio_json, platform, "prompts", "replay", "--agent", agent, "--variant", "default", "--last", "1"
        )
        for agent in expected
    )
    for (agent, says), done in zip(expected.items(), await asyncio.gather(*replays), strict=True):
        assert (done["agent"], done["summary"]["requests"], done["summary"]["same"]) == (agent, 1, 1), done
        assert says in (done["items"][0]["after"].get("changed"), done["items"][0]["after"].get("says"))
    writer = await asyncio.to_thread(studio, platform, "prompts", "replay", "--agent", "writer", "-v", "default")
    assert writer.returncode == 1
    assert "no rule tells which of two is the better one" in writer.stderr
    assert await written_since(platform, length) == []


async def tried(platform: Running, file: Path) -> None:
    """Off the record: no topic has grown, and the model says the same again."""
    length = await ends(platform)
    done = await asyncio.to_thread(studio_json, platform, "prompts", "replay", "--variant", "brief", "--last", "2")
    assert done["variant"] == "brief"
    assert done["summary"]["requests"] == 2
    assert {line["judgement"] for line in done["items"]} == {"same"}
    assert all(line["after"]["verdict"] == "PASS" and line["after"]["well_formed"] for line in done["items"])
    assert done["tokens_used"] == sum(
        line["after"]["tokens_in"] + line["after"]["tokens_out"] for line in done["items"]
    )
    shown = await asyncio.to_thread(
        studio, platform, "prompts", "replay", "-v", "draft", "--file", str(file), "--last", "2", "--words"
    )
    assert shown.returncode == 0, shown.stderr
    assert "2 requests: 0 better, 0 worse, 0 other, 2 the same" in shown.stdout
    assert "generate a product image" in shown.stderr
    assert re.search(r"answered by +(\S+) +\1", shown.stdout), "the platform's model, on both sides"
    await told_by_a_shell_that_names_another_model(platform)
    unknown = await asyncio.to_thread(studio, platform, "prompts", "replay", "--variant", "nobody")
    assert unknown.returncode == 1
    assert "no variant nobody" in unknown.stderr
    assert await written_since(platform, length) == []


async def told_by_a_shell_that_names_another_model(platform: Running) -> None:
    """Nothing answers there: the platform's own is asked, which is offline."""
    other = {"STUDIO_LLM_BASE_URL": "http://127.0.0.1:9/v1", "STUDIO_LLM_PRIMARY_MODEL": "another"}
    status = await asyncio.to_thread(studio, platform, "status", "--json", names=other)
    assert json.loads(status.stdout)["planner"] == "offline"
    replay = ("prompts", "replay", "--variant", "brief", "--last", "1", "--json")
    again = await asyncio.to_thread(studio, platform, *replay, names=other)
    assert again.returncode == 0, again.stderr
    done = json.loads(again.stdout)
    assert done["model"] == "offline"
    assert done["summary"]["before"]["models"] == done["summary"]["after"]["models"]


async def test_what_an_organisation_refuses_to_itself_is_not_there_for_a_trial_either(platform: Running) -> None:
    async with client(platform, platform.admin_key) as operator:
        org_id = (await post(operator, "/v1/admin/orgs", {"name": "Trial"}))["org_id"]
        key = await new_key(operator, org_id, "member")
        async with client(platform, key) as http:
            await planned(http, (await post(http, "/v1/sessions"))["session_id"])
        assert await kinds_tried(platform, org_id) == [{"image": 1, "video": 1}] * 2
        limits = {"per_api": {"local/motion": 0, "local/text-to-video": 0}}
        (await operator.put(f"/v1/admin/orgs/{org_id}/limits", json=limits)).raise_for_status()
        assert await kinds_tried(platform, org_id) == [{"image": 1}] * 2


async def kinds_tried(platform: Running, org_id: str) -> list[dict[str, int]]:
    """Steps that both answers to its last request could be run with."""
    arguments = ("--variant", "default", "--last", "1", "--org", org_id)
    done = await asyncio.to_thread(studio_json, platform, "prompts", "replay", *arguments)
    [item] = done["items"]
    return [item[side]["agent_types"] for side in ("before", "after")]


async def test_what_the_writer_is_asked_is_among_its_prompts_calls(platform: Running) -> None:
    async with client(platform) as http:
        before = await asked_of_the_writer(http)
        job = await post(http, "/v1/jobs", {"model": "text/writer", "input": {"prompt": "a poem"}})
        ended = (await http.get(f"/v1/jobs/{job['job_id']}", params={"wait": "30"})).json()
        assert ended["status"] == "succeeded"
        async for attempt in AsyncRetrying(stop=stop_after_delay(WITHIN_S), wait=wait_fixed(0.2), reraise=True):
            with attempt:
                now = await asked_of_the_writer(http)
                assert now[0] == before[0] + 1
                assert now[1] > before[1]


async def asked_of_the_writer(http: httpx.AsyncClient) -> tuple[int, int]:
    """Calls, and tokens that it wrote."""
    found = (await http.get("/v1/agents/metrics", params={"agent": "writer"})).json()["items"]
    assert {(item["owner"], item["variant"]) for item in found} <= {("platform", "default")}
    return sum(item["calls"] for item in found), sum(item["tokens_out"] for item in found)
