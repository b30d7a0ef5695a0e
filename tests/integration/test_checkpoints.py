"""Checkpoints on the real servers: asked for over HTTP, signed, and verified with nothing but a crypto library."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tenacity import AsyncRetrying, stop_after_delay, wait_fixed
from typer.testing import CliRunner

from adapters.signing.keys import KeyFile
from processors.signer import ticking
from processors.signer.core import ENTRIES_MAX, Signer
from studio.cli import app
from tests.integration.roles import running, settings_for
from tests.platform import Core, Org, post

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("core")]

SIGNED_WITHIN_S = 120
AT_ONCE = 100


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("signing") / "signing.key"
    KeyFile(path).make()
    return path


@asynccontextmanager
async def signer(core: Core, key_file: Path) -> AsyncIterator[None]:
    settings = settings_for(core.servers, key_file.parent).model_copy(update={"signing_key_file": key_file})
    async with running(settings, "signer"):
        yield


def canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check(public_key: str, signature: str, message: bytes) -> None:
    """An outsider's whole verifier."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
    key.verify(base64.b64decode(signature), message)


def verified(checkpoint: dict[str, Any], keys: dict[str, dict[str, Any]]) -> None:
    signed = {name: value for name, value in checkpoint.items() if name != "signature"}
    check(keys[checkpoint["key_id"]]["public_key"], checkpoint["signature"], canonical(signed))


async def keys_of(core: Core, org: Org, *signed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Once those of these checkpoints are there: keys stand in another partition than what they sign."""
    async with core.client(org.auditor) as client:
        async for attempt in AsyncRetrying(stop=stop_after_delay(SIGNED_WITHIN_S), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                found = {key["key_id"]: key for key in (await client.get("/v1/audit/keys")).json()["items"]}
                assert {one["key_id"] for one in signed} <= found.keys()
    return found


async def signed_upto(core: Core, org: Org, seq: int) -> dict[str, Any]:
    """The chain's state, once a checkpoint covers the entry."""
    async with core.client(org.member) as client:
        async for attempt in AsyncRetrying(stop=stop_after_delay(SIGNED_WITHIN_S), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                chain: dict[str, Any] = (await client.get("/v1/audit/chain")).json()
                assert chain.get("checkpoint", {}).get("seq", 0) >= seq
    return chain


async def writes_entries(core: Core, org: Org, count: int) -> None:
    async with core.client(org.member) as client:
        for n in range(count):
            body = {"model": "test/echo", "input": {"prompt": f"{n}"}}
            await post(client, "/v1/jobs", body, Idempotency_Key=str(uuid.uuid4()))


async def test_a_checkpoint_is_signed_when_asked_and_verifies_by_the_keys_alone(
    core: Core, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Then nothing is signed unasked, however long it takes here.
    monkeypatch.setattr(ticking, "Signer", partial(Signer, age_max=timedelta(days=1)))
    org = await core.new_org()
    async with signer(core, key_file):
        await writes_entries(core, org, 3)
        async with core.client(org.auditor) as client:
            assert (await post(client, "/v1/audit/checkpoints"))["seq"] == 4
            chain = await signed_upto(core, org, 4)
            head = (await client.get("/v1/credits/ledger", params={"limit": 1})).json()["items"][0]
            listed = (await client.get("/v1/audit/checkpoints")).json()["items"]
            again = await post(client, "/v1/audit/checkpoints")
        assert (chain["entries"], chain["head"]) == (4, head["hash"])
        assert (chain["checkpoint"]["seq"], chain["checkpoint"]["hash"]) == (head["seq"], head["hash"])
        assert listed == [chain["checkpoint"]]
        assert again["seq"] == 4
        keys = await keys_of(core, org, chain["checkpoint"])
        verified(chain["checkpoint"], keys)
        with pytest.raises(InvalidSignature):
            verified({**chain["checkpoint"], "seq": 3}, keys)


async def test_a_rotated_key_leaves_old_checkpoints_valid_and_is_vouched_for(
    core: Core, key_file: Path, tmp_path: Path
) -> None:
    org = await core.new_org()
    asks = ["audit", "checkpoint", "--json", "--url", core.url, "--key", org.admin]
    environment = {"STUDIO_DATA_DIR": str(tmp_path), "STUDIO_SIGNING_KEY_FILE": str(key_file)}
    async with signer(core, key_file):
        before = await studio(asks, environment)
        rotated = await studio(["audit", "rotate-key", "--json", "--url", core.url, "--key", org.auditor], environment)
        await writes_entries(core, org, 1)
        after = await studio(asks, environment)
    keys = await keys_of(core, org, before, after)
    assert before["key_id"] == rotated["replaces"]
    assert after["key_id"] == rotated["key_id"] != before["key_id"]
    verified(before, keys)
    verified(after, keys)
    old, new = keys[before["key_id"]], keys[after["key_id"]]
    assert "retired_at" not in new
    assert before["at"] < old["retired_at"] == new["since"] < after["at"]
    vouched = {name: new[name] for name in ("key_id", "public_key", "replaces")}
    check(old["public_key"], new["endorsement"], canonical(vouched))


async def test_what_was_written_while_no_signer_ran_is_found_again(core: Core, key_file: Path) -> None:
    org = await core.new_org()
    async with signer(core, key_file), core.client(org.admin) as client:
        await post(client, "/v1/audit/checkpoints")
        await signed_upto(core, org, 1)
    await writes_entries(core, org, 2)
    async with core.client(org.admin) as client:
        asked = await post(client, "/v1/audit/checkpoints")
    async with signer(core, key_file):
        chain = await signed_upto(core, org, asked["seq"])
        assert chain["entries"] == chain["checkpoint"]["seq"] == 3
        await writes_entries(core, org, 4)
        async with core.client(org.admin) as client:
            await post(client, "/v1/audit/checkpoints")
        await signed_upto(core, org, 5)


async def test_a_thousand_entries_are_signed_unasked_and_by_one_of_two_signers(core: Core, key_file: Path) -> None:
    """A signer that lags behind the read model takes some for left over and signs those: a thousand follow on them."""
    org = await core.new_org(0)
    written, covered = 0, 0
    async with signer(core, key_file), signer(core, key_file), core.client(core.admin_key) as client:
        room = asyncio.Semaphore(AT_ONCE)

        async def grants() -> None:
            async with room:
                await post(client, f"/v1/admin/orgs/{org.org_id}/credits", {"amount": 1, "kind": "grant"})

        while covered < ENTRIES_MAX:
            await asyncio.gather(*[grants() for _ in range(covered + ENTRIES_MAX - written)])
            written = covered + ENTRIES_MAX
            covered = (await signed_upto(core, org, covered + 1))["checkpoint"]["seq"]
    async with core.client(org.auditor) as client:
        listed = (await client.get("/v1/audit/checkpoints")).json()["items"]
    keys = await keys_of(core, org, *listed)
    signed = [one["seq"] for one in listed]
    assert signed == sorted(set(signed), reverse=True), "one of two signers signs a head"
    assert [after - before for after, before in pairwise([*signed, 0]) if after - before > ENTRIES_MAX] == []
    for one in listed:
        verified(one, keys)


async def test_who_may_ask_and_who_may_read(core: Core) -> None:
    org = await core.new_org()
    for key, status in ((org.member, 403), (org.auditor, 202), (org.admin, 202)):
        async with core.client(key) as client:
            assert (await client.post("/v1/audit/checkpoints")).status_code == status
            for path in ("keys", "chain", "checkpoints"):
                assert (await client.get(f"/v1/audit/{path}")).status_code == 200
            assert (await client.post(f"/v1/admin/orgs/{org.org_id}/audit/checkpoints")).status_code == 403
            assert (await client.get(f"/v1/admin/orgs/{org.org_id}/audit/chain")).status_code == 403
    async with core.client(core.admin_key) as client:
        assert (await client.get("/v1/audit/keys")).status_code == 200
        assert (await client.post(f"/v1/admin/orgs/{org.org_id}/audit/checkpoints")).json()["seq"] == 1
        assert (await client.get(f"/v1/admin/orgs/{org.org_id}/audit/chain")).json()["entries"] == 1
        assert (await client.get("/v1/admin/orgs/org_unknown/audit/chain")).status_code == 404
        assert (await client.post("/v1/admin/orgs/org_unknown/audit/checkpoints")).status_code == 404


async def test_an_organisation_without_entries_has_nothing_to_sign(core: Core) -> None:
    org = await core.new_org(0)
    async with core.client(org.auditor) as client:
        assert (await post(client, "/v1/audit/checkpoints"))["seq"] == 0
        chain = (await client.get("/v1/audit/chain")).json()
    assert chain == {"entries": 0, "head": "0" * 64}


async def studio(arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """What a verb prints, run as a person would."""
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env=environment)
    assert result.exit_code == 0, result.output
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed
