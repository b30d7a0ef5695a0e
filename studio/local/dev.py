"""Gives a developer access to a fresh platform: an org, its key, some credits, and a way into the page."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from studio.local.layout import Layout, write_private
from studio.settings import Settings

GRANT_MILLICREDITS = 1_000_000
TIMEOUT_S = 15.0


class BootstrapFailed(Exception):
    """The gateway refused a step of the set-up; the message says which and why."""


@dataclass(frozen=True)
class DevAccess:
    """What dev.json holds; `page` opens once and is not kept."""

    url: str
    api_key: str
    admin_key: str
    org_id: str
    page: str


async def bootstrap_dev(settings: Settings, url: str) -> DevAccess:
    """Makes the development org once, and a fresh way into the page at every call."""
    layout = Layout(settings.data_dir.resolve())
    admin_key = clear(settings.admin_key)
    async with httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {admin_key}"
        org_id, api_key = await kept_access(client, layout) or await new_access(client)
        code = (await post(client, f"/v1/admin/orgs/{org_id}/page-codes", {"role": "admin"}))["code"]
    access = DevAccess(url, api_key, admin_key, org_id, f"{url}/#code={code}")
    about = {name: value for name, value in asdict(access).items() if name != "page"}
    names = ("kafka_bootstrap", "mongo_url", "redis_url", "firestore_emulator", "storage_url")
    servers = {name: value for name in names if (value := getattr(settings, name)) is not None}
    write_private(layout.dev, json.dumps({**about, **servers}, indent=2))
    return access


async def kept_access(client: httpx.AsyncClient, layout: Layout) -> tuple[str, str] | None:
    """Org and key of an earlier start, if the platform still knows them."""
    if not layout.dev.exists():
        return None
    kept = json.loads(layout.dev.read_text())
    headers = {"Authorization": f"Bearer {kept['api_key']}"}
    answer = await client.get("/v1/credits", headers=headers)
    return (kept["org_id"], kept["api_key"]) if answer.status_code == httpx.codes.OK else None


async def new_access(client: httpx.AsyncClient) -> tuple[str, str]:
    """An org with a key and credits. The idempotency keys carry on where an earlier try broke off."""
    org = await post(client, "/v1/admin/orgs", {"name": "Development"}, key="studio-up-org")
    org_id = str(org["org_id"])
    grant = {"amount": GRANT_MILLICREDITS, "kind": "grant", "reason": "development"}
    await post(client, f"/v1/admin/orgs/{org_id}/credits", grant, key="studio-up-grant")
    issued = await post(client, f"/v1/admin/orgs/{org_id}/keys", {"role": "admin"})
    return org_id, str(issued["api_key"])


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """Sends one admin call; a replayed idempotency key answers what its first call made."""
    headers = {"Idempotency-Key": key} if key else {}
    answer = await client.post(path, json=body, headers=headers)
    content: dict[str, Any] = answer.json()
    if answer.status_code == httpx.codes.CONFLICT and "existing_id" in content:
        return {"org_id": content["existing_id"]}
    if answer.is_error:
        raise BootstrapFailed(f"POST {path} answered {answer.status_code}: {answer.text}")
    return content


def clear(secret: SecretStr | None) -> str:
    """The text of a secret that `up` has made certain to be there."""
    if secret is None:
        raise BootstrapFailed("there is no admin key")
    return secret.get_secret_value()
