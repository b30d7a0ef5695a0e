"""What the settings say: secrets, addresses, the providers' access."""

from pydantic import SecretStr

from adapters.providers.configured import Access, Configured
from studio.settings import Settings


def secret(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise ValueError(f"STUDIO_{name} is not set")
    return value.get_secret_value()


def needed(value: str | None, name: str) -> str:
    if value is None:
        raise ValueError(f"STUDIO_{name} is not set")
    return value


def access_of(settings: Settings) -> Configured:
    def access(name: str) -> Access:
        own = settings.provider(name)
        return Access(own.base_url, own.api_key.get_secret_value() if own.api_key else None)

    return access


def simulators_url(settings: Settings) -> str | None:
    if not settings.sandbox or settings.standins_url is None:
        return None
    return f"{settings.standins_url.rstrip('/')}/simulators"
