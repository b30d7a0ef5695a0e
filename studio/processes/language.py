"""The client of language models, which roles of one process share; on its own, for it takes long to load.

Most roles ask no model, and where they are processes of their own they start and restart without it.
"""

from __future__ import annotations

from adapters.llm.client import LlmClient
from studio.local.language import OPENAI
from studio.processes.process import Process
from studio.settings import Settings


async def model(process: Process, settings: Settings) -> LlmClient:
    """The process's one client."""
    return await process.shared.one("language model", lambda: language_model(settings))


def language_model(settings: Settings) -> LlmClient:
    """The server that is configured, or the offline stand-in."""
    if settings.planner == "offline":
        standin = f"{(settings.standins_url or '').rstrip('/')}/llm/v1"
        return LlmClient(standin, None, settings.planner, concurrent=settings.llm_concurrent)
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return LlmClient(
        settings.llm_base_url or OPENAI, key, settings.planner, settings.llm_secondary_model,
        concurrent=settings.llm_concurrent, prices=settings.llm_prices, max_tokens=settings.llm_max_tokens,
    )  # fmt: skip
