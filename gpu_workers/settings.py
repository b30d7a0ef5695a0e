"""A worker's configuration, from `STUDIO_…` variables or a `.env`."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class WorkerSettings(BaseSettings):
    """Unset, a worker serves all engines on a free local port and registers nowhere."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", env_file=".env", extra="ignore")

    data_dir: Path = Path(".studio")
    redis_url: str | None = None
    worker_id: str = Field(default="worker-1", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$")
    worker_host: str = "127.0.0.1"
    worker_port: int = 0
    worker_public_url: str | None = None
    worker_capacity: int = Field(default=1, ge=1, le=16)
    worker_queue: int = Field(default=16, ge=1, le=1000)
    worker_fetch_hosts: str = "127.0.0.1,localhost"
    worker_drain_s: float = 30.0

    @property
    def fetch_hosts(self) -> frozenset[str]:
        return frozenset(host.strip().lower() for host in self.worker_fetch_hosts.split(",") if host.strip())
