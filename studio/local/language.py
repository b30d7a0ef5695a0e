"""Which language model a running platform asks: written down as it starts, without a secret, for the command line.

What a shell names may be another one than that which the platform was started with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from studio.settings import Settings

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True)
class Language:
    """`base_url` is None offline, and holds no password."""

    planner: str
    base_url: str | None = None
    primary: str | None = None
    secondary: str | None = None
    small: str | None = None
    keyed: bool = False
    """It is asked with a key, or with a password in its address."""


def language_of(settings: Settings) -> Language:
    """What there is to write down of these settings."""
    if settings.planner == "offline":
        return Language("offline")
    url = settings.llm_base_url or OPENAI
    return Language(
        settings.planner,
        plain(url),
        settings.llm_primary_model,
        settings.llm_secondary_model,
        settings.llm_small_model,
        settings.llm_api_key is not None or plain(url) != url,
    )


def speaking(settings: Settings, language: Language) -> Settings:
    """The settings with the running platform's language models. Its key they have only where they name one."""
    update: dict[str, Any] = {
        "llm_base_url": language.base_url,
        "llm_primary_model": language.primary,
        "llm_secondary_model": language.secondary,
        "llm_small_model": language.small,
    }
    if language.base_url is None:
        update["llm_api_key"] = None
    elif settings.llm_base_url is not None and plain(settings.llm_base_url) == language.base_url:
        update["llm_base_url"] = settings.llm_base_url
    return settings.model_copy(update=update)


def what_is_missing(settings: Settings, language: Language) -> str | None:
    """Of settings that speak for a running platform: why its language model cannot be asked, and what to do."""
    url = settings.llm_base_url
    if not language.keyed or settings.llm_api_key is not None or (url is not None and plain(url) != url):
        return None
    return (
        f"the platform asks {language.planner} at {language.base_url} with a key, which is written down nowhere: "
        "set STUDIO_LLM_API_KEY to it"
    )


def plain(url: str) -> str:
    """Without a name and a password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
