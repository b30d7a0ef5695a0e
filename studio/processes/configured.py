"""What the settings say of the outside: secrets, the language model, the providers' access."""

from typing import Final

from pydantic import SecretStr

from adapters.llm.client import LlmClient
from adapters.providers.configured import Access, Configured
from studio.settings import Settings

OPENAI: Final = "https://api.openai.com/v1"


def secret(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise ValueError(f"STUDIO_{name} is not set")
    return value.get_secret_value()


def needed(value: str | None, name: str) -> str:
    if value is None:
        raise ValueError(f"STUDIO_{name} is not set")
    return value


def language_model(settings: Settings) -> LlmClient:
    """The server that is configured, or the offline stand-in."""
    if settings.planner == "offline":
        return LlmClient(f"{(settings.standins_url or '').rstrip('/')}/llm/v1", None, settings.planner)
    key = settings.llm_api_key.get_secret_value() if settings.llm_api_key else None
    return LlmClient(settings.llm_base_url or OPENAI, key, settings.planner, settings.llm_secondary_model)


def access_of(settings: Settings) -> Configured:
    def access(name: str) -> Access:
        own = settings.provider(name)
        return Access(own.base_url, own.api_key.get_secret_value() if own.api_key else None)

    return access


def simulators_url(settings: Settings) -> str | None:
    if not settings.sandbox or settings.standins_url is None:
        return None
    return f"{settings.standins_url.rstrip('/')}/simulators"
