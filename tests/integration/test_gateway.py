"""The gateway on the real core: who may do what, idempotency, input, money, files, keys and persons."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.asking import job, key, problem
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]


@pytest.fixture
async def org(core: Core) -> Org:
    return await core.new_org()


@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/jobs", "/v1/credits", "/v1/admin/orgs", "/v1/no-such-thing"])
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer sk_wrong", "Basic abc"])
async def test_without_a_valid_key_there_is_only_401(core: Core, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with core.client() as client:
        answer = await client.get(path, headers=headers)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_roles(core: Core, org: Org) -> None:
    async with core.client(org.auditor) as auditor:
        assert (await auditor.get("/v1/credits")).status_code == 200
        assert (await auditor.get("/v1/credits/ledger")).status_code == 200
        problem(await auditor.post("/v1/jobs", json=job(), headers=key()), 403, "forbidden")
        problem(await auditor.get("/v1/sessions"), 403, "forbidden")
    async with core.client(org.member) as member:
        problem(await member.post("/v1/projects", json={"name": "x"}), 403, "forbidden")
        problem(await member.post("/v1/admin/orgs", json={"name": "x"}), 403, "forbidden")
    async with core.client(org.admin) as admin:
        problem(await admin.post(f"/v1/admin/orgs/{org.org_id}/keys", json={}), 403, "forbidden")
        assert (await admin.post("/v1/projects", json={"name": "x"})).status_code == 201
    async with core.client(core.admin_key) as platform:
        problem(await platform.get("/v1/credits"), 403, "forbidden")
        problem(await platform.get("/v1/credits", headers={"X-Studio-User": "a" * 129}), 400, "malformed")


async def test_unknown_things_are_not_found_with_one_body(core: Core, org: Org) -> None:
    async with core.client(org.member) as client:
        bodies = {
            (await client.get(path)).text
            for path in (
                "/v1/jobs/job_x",
                "/v1/plans/pln_x.1",
                "/v1/sessions/ses_x",
                "/v1/assets/ast_x",
                "/v1/jobs/zzz",
            )
        }
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (job(input={}), "/input/prompt"),
        (job(input={"prompt": 1}), "/input/prompt"),
        (job(input={"prompt": "x", "other": 1}), "/input/other"),
        (job(input={"prompt": "x", "image": "http://169.254.169.254/latest"}), "/input/image"),
        (job(input={"prompt": "x", "image": "file:///etc/passwd"}), "/input/image"),
        (job(input={"prompt": "x", "image": "data:image/png;base64,AAAA"}), "/input/image"),
        (job(input={"prompt": "x", "images": ["ast_nobodys"]}), "/input/images/0"),
        (job(input={"prompt": {"$asset": {"asset_id": "x"}}}), "/input/prompt"),
        (job(status="succeeded"), "/status"),
        (job(org_id="org_x"), "/org_id"),
        (job(priority="URGENT"), "/priority"),
        (job(max_cost=True), "/max_cost"),
        (job(max_cost=1.0), "/max_cost"),
        (job(max_cost=0), "/max_cost"),
        (job(max_cost="1"), "/max_cost"),
        (job(max_cost=2**53), "/max_cost"),
        (job(max_cost=2**63), "/max_cost"),
        (job(max_cost=99), "/max_cost"),
        (job(project_id="prj_nobodys"), "/project_id"),
        (job(webhook_url="http://localhost/x"), "/webhook_url"),
        (job(webhook_url="http://2852039166/x"), "/webhook_url"),
        (job(webhook_url="http://[::ffff:a9fe:a9fe]/x"), "/webhook_url"),
        (job(webhook_url="http://0x7f.1/x"), "/webhook_url"),
        ([], ""),
    ],
)
async def test_what_is_not_valid_names_its_field(core: Core, org: Org, body: Any, pointer: str) -> None:
    async with core.client(org.member) as client:
        refused = problem(await client.post("/v1/jobs", json=body, headers=key()), 422, "invalid-input")
        assert pointer in [error["pointer"] for error in refused["errors"]]
        assert (await client.get("/v1/credits")).json()["reserved"] == 0


@pytest.mark.parametrize("raw", [b"{", b'{"max_cost": NaN}', b'{"a": ' * 500, b"[" * 100_000, b'{"a": 1e999}'])
async def test_what_is_not_json_is_refused(core: Core, org: Org, raw: bytes) -> None:
    async with core.client(org.member) as client:
        problem(await client.post("/v1/jobs", content=raw, headers=key()), 422, "invalid-input")


async def test_bodies_have_a_limit(core: Core, org: Org) -> None:
    async with core.client(org.member) as client:
        whole = await client.post("/v1/jobs", content=b" " * (1024 * 1024 + 1), headers=key())
        problem(whole, 413, "too-large")

        async def endless() -> Any:
            for _ in range(40):
                yield b" " * 65_536

        problem(await client.post("/v1/jobs", content=endless(), headers=key()), 413, "too-large")


@pytest.mark.parametrize("header", [None, "", "x" * 256, "x" * 10_240, "a b"])
async def test_a_job_needs_a_usable_idempotency_key(core: Core, org: Org, header: str | None) -> None:
    headers = {} if header is None else {"Idempotency-Key": header}
    async with core.client(org.member) as client:
        problem(await client.post("/v1/jobs", json=job(), headers=headers), 400, "idempotency-key-missing")


async def test_fifty_with_one_key_are_one_job(core: Core, org: Org) -> None:
    one = key()
    async with core.client(org.member) as client:
        answers = await asyncio.gather(*(client.post("/v1/jobs", json=job(), headers=one) for _ in range(50)))
        accepted = [answer.json() for answer in answers if answer.status_code == 202]
        refused = [problem(answer, 409, "idempotency-replay") for answer in answers if answer.status_code != 202]
        assert len(accepted) == 1
        assert {body["existing_id"] for body in refused} == {accepted[0]["job_id"]}
        balance = (await client.get("/v1/credits", params={"after": accepted[0]["position"]})).json()
    assert balance["reserved"] == 100


async def test_the_same_key_with_another_body_is_a_mismatch_and_changes_nothing(core: Core, org: Org) -> None:
    one = key()
    async with core.client(org.member) as client:
        first = await post(client, "/v1/jobs", job(), **one)
        reordered = {"input": {"prompt": "hello"}, "model": "test/echo"}
        problem(await client.post("/v1/jobs", json=reordered, headers=one), 409, "idempotency-replay")
        problem(await client.post("/v1/jobs", json=job(priority="LOW"), headers=one), 422, "idempotency-mismatch")
        listed = (await client.get("/v1/jobs", params={"after": first["position"]})).json()["items"]
    assert [item["job_id"] for item in listed] == [first["job_id"]]


async def test_keys_of_two_organisations_are_independent(core: Core, org: Org) -> None:
    other, one = await core.new_org(), key()
    async with core.client(org.member) as mine, core.client(other.member) as theirs:
        first, second = await post(mine, "/v1/jobs", job(), **one), await post(theirs, "/v1/jobs", job(), **one)
    assert first["job_id"] != second["job_id"]


async def test_a_refused_first_try_burns_nothing(core: Core) -> None:
    poor, one = await core.new_org(0), key()
    async with core.client(poor.member) as client:
        refused = problem(await client.post("/v1/jobs", json=job(), headers=one), 402, "insufficient-credit")
        assert (refused["asked"], refused["available"]) == (100, 0)
        async with core.client(core.admin_key) as platform:
            await post(platform, f"/v1/admin/orgs/{poor.org_id}/credits", {"amount": 100, "kind": "grant"})
        await post(client, "/v1/jobs", job(), **one)
        problem(await client.post("/v1/jobs", json=job(), headers=key()), 402, "insufficient-credit")


@pytest.mark.parametrize("amount", [0, -5, True, 1.5, "1", 2**63, None])
async def test_amounts_are_whole_and_positive(core: Core, org: Org, amount: Any) -> None:
    async with core.client(core.admin_key) as platform:
        body = {"amount": amount, "kind": "grant"}
        problem(await platform.post(f"/v1/admin/orgs/{org.org_id}/credits", json=body), 422, "invalid-input")


async def test_an_adjustment_is_clamped_at_what_is_there(core: Core, org: Org) -> None:
    async with core.client(core.admin_key) as platform:
        path = f"/v1/admin/orgs/{org.org_id}/credits"
        adjusted = await post(platform, path, {"amount": -2_000_000, "kind": "adjust", "reason": "mistake"})
    assert adjusted["available"] == 0


async def test_files_are_told_by_their_content_and_served_safely(core: Core, org: Org) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    async with core.client(org.member) as client, core.client() as nobody:
        started = await post(client, "/v1/sessions", {})
        path = f"/v1/sessions/{started['session_id']}/uploads"
        file = (await client.post(path, files={"file": ("../../etc/evil.png", svg, "image/png")})).json()
        assert (file["media_type"], file["name"]) == ("image/svg+xml", "evil.png")
        served = await nobody.get(file["url"])
        assert served.headers["content-disposition"].startswith("attachment")
        assert served.headers["x-content-type-options"] == "nosniff"
        assert served.headers["content-type"] == "application/octet-stream"

        text = (await client.post(path, files={"file": ("a.txt", b"hello world")})).json()
        assert (text["label"], text["media_type"]) == ("text_1", "text/plain")
        part = await nobody.get(text["url"], headers={"Range": "bytes=6-"})
        assert (part.status_code, part.text, part.headers["content-range"]) == (206, "world", "bytes 6-10/11")
        tail = await nobody.get(text["url"], headers={"Range": "bytes=-5"})
        assert tail.text == "world"
        assert (await nobody.get(text["url"], headers={"Range": "bytes=50-"})).status_code == 416
        again = await nobody.get(text["url"], headers={"If-None-Match": part.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        by_key = await client.get(f"/v1/assets/{text['asset_id']}", params={"after": text["position"]})
        assert by_key.status_code in (200, 404)
        forged = text["url"][:-4] + ("AAAA" if not text["url"].endswith("AAAA") else "BBBB")
        problem(await nobody.get(forged), 404, "not-found")
        problem(await nobody.get(f"/v1/assets/{text['asset_id']}"), 401, "unauthenticated")
        problem(await client.post(path, data={"other": "x"}), 422, "invalid-input")


async def test_a_page_code_works_once(core: Core, org: Org) -> None:
    async with core.client(core.admin_key) as platform:
        code = (await post(platform, f"/v1/admin/orgs/{org.org_id}/page-codes"))["code"]
        problem(await platform.post("/v1/admin/orgs/org_nobodys/page-codes", json={}), 404, "not-found")
    async with core.client() as page:
        api_key = (await post(page, "/v1/page-login", {"code": code}))["api_key"]
        problem(await page.post("/v1/page-login", json={"code": code}), 401, "unauthenticated")
    async with core.client(api_key) as client:
        assert (await client.get("/v1/credits")).json()["available"] == 1_000_000
        problem(await client.get("/v1/prompts"), 403, "forbidden")


async def test_a_page_code_of_an_admin_opens_what_admins_may(core: Core, org: Org) -> None:
    async with core.client(core.admin_key) as platform:
        code = (await post(platform, f"/v1/admin/orgs/{org.org_id}/page-codes", {"role": "admin"}))["code"]
    async with core.client() as page:
        api_key = (await post(page, "/v1/page-login", {"code": code}))["api_key"]
    async with core.client(api_key) as client:
        assert (await client.get("/v1/prompts")).status_code == 200


async def test_a_revoked_key_opens_nothing(core: Core, org: Org) -> None:
    async with core.client(core.admin_key) as platform:
        issued = await post(platform, f"/v1/admin/orgs/{org.org_id}/keys", {"role": "member"})
        async with core.client(issued["api_key"]) as client:
            assert (await client.get("/v1/credits")).status_code == 200
            await platform.delete(f"/v1/admin/orgs/{org.org_id}/keys/{issued['key_id']}")
            async with asyncio.timeout(5):
                while (answer := await client.get("/v1/credits")).status_code == 200:
                    continue
            problem(answer, 401, "unauthenticated")


async def test_a_forgotten_person_reads_as_erased(core: Core, org: Org) -> None:
    async with core.client(core.admin_key) as platform:
        issued = await post(platform, f"/v1/admin/orgs/{org.org_id}/keys", {"role": "admin", "user_id": "usr_ann"})
    async with core.client(issued["api_key"]) as client:
        started = await post(client, "/v1/sessions", {"title": "Ann's own"})
        path = f"/v1/sessions/{started['session_id']}"
        said = await post(client, f"{path}/messages", {"text": "my secret"})
        before = (await client.get(path, params={"after": said["position"]})).json()
        assert before["messages"][0]["text"] == "my secret"
        forgotten = (await client.delete("/v1/users/usr_ann/data")).json()
        account = await client.get("/v1/projects", params={"after": forgotten["position"]})
        assert account.status_code == 200
        async with asyncio.timeout(5):
            while (after := (await client.get(path)).json())["title"] != "[erased]":
                continue
    assert after["messages"][0]["text"] == "[erased]"


async def test_every_problem_has_its_page_and_the_rest_its_description(core: Core) -> None:
    async with core.client() as client:
        assert "Not enough credit" in (await client.get("/problems/insufficient-credit")).text
        problem(await client.get("/problems/none-such"), 404, "not-found")
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        assert (await client.get("/readyz")).status_code == 200
        assert "studio_http_requests_total" in (await client.get("/metrics")).text
        assert (await client.get("/v1/about")).json()["planner"] == "offline"
        described = (await client.get("/openapi.json")).json()
        assert "SubmitBody" in described["components"]["schemas"]
        assert "/v1/jobs" in (await client.get("/docs")).text
