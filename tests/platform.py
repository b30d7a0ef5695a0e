"""Running platforms for tests: the core (decider, projectors, gateway) on the shared servers, or all of it."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenacity import AsyncRetrying, stop_after_attempt, stop_after_delay, wait_fixed

from studio.local.dev import bootstrap_dev
from studio.local.platform import LocalPlatform
from studio.local.ports import assign
from tests.servers import MASTER_KEY, Servers, isolated_settings, put_down, quiet
from tests.shared import shared

START_S = 120.0
REPEATS = 4
CREATED = {"org": "org_id", "ses": "session_id", "msg": "message_id", "job": "job_id", "ent": "entry_id"}
"""What an answer names, by the prefix of its id."""
CORE = {
    "decider": ("decider",),
    "projectors": ("projector_mongo", "projector_firestore"),
    "gateway": ("gateway",),
}
ECHO: dict[str, Any] = {
    "title": "Echo",
    "media_out": ["text"],
    "agent_type": "text",
    "input_schema": {
        "type": "object",
        "required": ["prompt"],
        "additionalProperties": False,
        "properties": {
            "prompt": {"type": "string", "minLength": 1, "maxLength": 1000},
            "seed": {"type": "integer"},
            "image": {"type": "string", "x-media": "image"},
            "images": {"type": "array", "items": {"type": "string", "x-media": "image"}},
        },
    },
    "price": {"unit": "run", "amount": 100},
    "provider": "nobody",
}
"""A model whose provider does not exist: its jobs wait in the queue until they are cancelled."""


@dataclass(frozen=True)
class Org:
    """An organisation with a key of each role."""

    org_id: str
    member: str
    admin: str
    auditor: str


@dataclass(frozen=True)
class Core:
    """Decider, projectors and gateway on real servers."""

    url: str
    admin_key: str
    servers: Servers
    environment: Mapping[str, str]

    def client(self, key: str | None = None, **options: Any) -> httpx.AsyncClient:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30, trust_env=False, **options)

    @asynccontextmanager
    async def second_gateway(self) -> AsyncIterator[str]:
        """Another gateway, which has seen of what was before only the last of each partition."""
        ports = assign(["http", "health"], {})
        environment = {**self.environment, "STUDIO_HTTP_PORT": str(ports["http"])}
        data_dir = Path(self.environment["STUDIO_DATA_DIR"])
        other = process("gateway-2", ("gateway",), environment, ports["health"], data_dir)
        await asyncio.to_thread(other.__enter__)
        try:
            yield f"http://127.0.0.1:{ports['http']}"
        finally:
            await asyncio.to_thread(other.__exit__)

    async def new_org(self, millicredits: int = 1_000_000) -> Org:
        async with self.client(self.admin_key) as client:
            org_id = (await post(client, "/v1/admin/orgs", {"name": "Test"}))["org_id"]
            keys = [await new_key(client, org_id, role) for role in ("member", "admin", "auditor")]
            if millicredits:
                await post(client, f"/v1/admin/orgs/{org_id}/credits", {"amount": millicredits, "kind": "grant"})
        return Org(org_id, *keys)


async def post(client: httpx.AsyncClient, path: str, body: Any = None, **headers: str) -> dict[str, Any]:
    """A call that must succeed; repeated under its key while the answer asks for that."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {"Idempotency-Key": secrets.token_hex(8), **named}
    answer = await client.post(path, json=body or {}, headers=sent)
    for _ in range(REPEATS):
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        answer = await client.post(path, json=body or {}, headers=sent)
        if (created := answer.json().get("existing_id")) is not None:
            # Only the answer had come too late.
            return {CREATED[created.partition("_")[0]]: created}
    assert answer.is_success, f"POST {path}: {answer.status_code} {answer.text}"
    content: dict[str, Any] = answer.json()
    return content


async def new_key(client: httpx.AsyncClient, org_id: str, role: str) -> str:
    """Asked for anew where no answer comes: a key is shown once, and a second one does no harm."""
    async for attempt in AsyncRetrying(stop=stop_after_attempt(REPEATS), reraise=True):
        with attempt:
            answer = await client.post(f"/v1/admin/orgs/{org_id}/keys", json={"role": role})
            answer.raise_for_status()
    return str(answer.json()["api_key"])


@pytest.fixture(scope="session")
def core(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Core]:
    """The core of the platform, one a test run; tests make organisations of their own."""
    with shared("core", running_core(servers, tmp_path_factory.mktemp("core"))) as found:
        yield found


@contextmanager
def running_core(servers: Servers, data_dir: Path) -> Iterator[Core]:
    ports = assign(["http", *CORE], {})
    admin_key = f"sk_admin_{secrets.token_urlsafe(16)}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")},
        "STUDIO_DATA_DIR": str(data_dir),
        "STUDIO_KAFKA_BOOTSTRAP": servers.kafka_bootstrap,
        "STUDIO_MONGO_URL": servers.mongo_url,
        "STUDIO_REDIS_URL": servers.redis_url,
        "STUDIO_FIRESTORE_EMULATOR": servers.firestore_emulator,
        "STUDIO_FIRESTORE_PROJECT": "studio-local",
        "STUDIO_STORAGE_URL": (data_dir / "assets").as_uri(),
        "STUDIO_HTTP_PORT": str(ports["http"]),
        "STUDIO_ADMIN_KEY": admin_key,
        "STUDIO_SERVER_SECRET": secrets.token_urlsafe(32),
        "STUDIO_MASTER_KEY": MASTER_KEY,
        "STUDIO_LLM_PROMPT_MODELS": '["small"]',
    }
    url = f"http://127.0.0.1:{ports['http']}"
    with ExitStack() as stack:
        for name, roles in CORE.items():
            stack.enter_context(process(name, roles, environment, ports[name], data_dir))
        found = Core(url, admin_key, servers, environment)
        asyncio.run(list_models(found))
        yield found


class process:
    """A process of the platform, up while in the context."""

    def __init__(
        self, name: str, roles: tuple[str, ...], environment: Mapping[str, str], port: int, data_dir: Path
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "studio.processes", *roles]
        self._environment = {**environment, "STUDIO_PROCESS_NAME": name, "STUDIO_HEALTH_PORT": str(port)}
        self._health = f"http://127.0.0.1:{port}/readyz"
        self._log = data_dir / f"{name}.log"

    def __enter__(self) -> process:
        with self._log.open("ab") as log:
            self.running = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while not self._ready():
            if self.running.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.1)
        return self

    def __exit__(self, *_: object) -> None:
        self.running.terminate()
        try:
            self.running.wait(20)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()

    def _ready(self) -> bool:
        try:
            return httpx.get(self._health, timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


async def list_models(core: Core) -> None:
    async with core.client(core.admin_key) as client:
        answer = await client.put("/v1/admin/models/test/echo", json=ECHO)
        assert answer.is_success, answer.text
    org = await core.new_org(0)
    async with core.client(org.member) as client:
        async for attempt in AsyncRetrying(stop=stop_after_delay(START_S), wait=wait_fixed(0.05), reraise=True):
            with attempt:
                (await client.get("/v1/models/test/echo")).raise_for_status()


@dataclass(frozen=True)
class Running:
    """The whole platform, as `studio up` starts it."""

    url: str
    api_key: str
    admin_key: str
    org_id: str
    data_dir: Path

    @property
    def page_url(self) -> str:
        """A way into the page that nobody has used: each opens once, within ten minutes."""
        path, headers = f"/v1/admin/orgs/{self.org_id}/page-codes", {"Authorization": f"Bearer {self.admin_key}"}
        answer = httpx.post(self.url + path, json={"role": "admin"}, headers=headers, timeout=30, trust_env=False)
        answer.raise_for_status()
        return f"{self.url}/#code={answer.json()['code']}"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Everything, on servers of its own; it ends with this process, whatever becomes of it."""
    with shared("platform", running_platform(tmp_path_factory.mktemp("platform"))) as found:
        yield found


@contextmanager
def running_platform(data_dir: Path) -> Iterator[Running]:
    local = LocalPlatform(isolated_settings(data_dir), with_us=True)
    try:
        settings = asyncio.run(local.up(quiet))
        url = f"http://127.0.0.1:{settings.http_port}"
        access = asyncio.run(bootstrap_dev(settings, url))
        yield Running(access.url, access.api_key, access.admin_key, access.org_id, data_dir)
    finally:
        asyncio.run(put_down(local))
