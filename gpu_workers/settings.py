"""A worker's configuration, from `STUDIO_…` variables or a `.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

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

    worker_diffusion_model: str | None = Field(
        None, description="A diffusion model: an id of the Hugging Face hub, or a local folder; unset: none is served."
    )
    worker_diffusion_revision: str | None = Field(None, description="Commit, tag or branch of it on the hub.")
    worker_diffusion_device: str | None = Field(None, description="As torch names it; unset: cuda, else cpu.")
    worker_diffusion_offload: Literal["none", "model", "sequential"] = Field(
        "none", description="What of it waits in the machine's memory while it is not computed with."
    )
    worker_diffusion_steps: int | None = Field(None, ge=1, le=100, description="Unless a job says; unset: the model's.")
    worker_diffusion_guidance: float | None = Field(None, ge=0, le=20, description="Likewise.")

    @property
    def fetch_hosts(self) -> frozenset[str]:
        return frozenset(host.strip().lower() for host in self.worker_fetch_hosts.split(",") if host.strip())
