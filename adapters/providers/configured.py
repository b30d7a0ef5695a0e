"""Which providers there are here: those that have a key, and in the sandbox all of them, as simulators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapters.providers.fleet.adapter import Fleet
from adapters.providers.fleet.directory import Directory
from adapters.providers.llm.adapter import LanguageModels, Writes
from adapters.providers.replicate import adapter as replicate
from adapters.providers.replicate.webhook import ReplicateWebhooks
from commands.ports import WebhookVerifier
from processors.dispatcher.ports import Provider

SANDBOX_KEY = "sandbox"


@dataclass(frozen=True, slots=True)
class Access:
    """Where a provider is reached and with which key; an unset address is its public one."""

    base_url: str | None = None
    api_key: str | None = None


Configured = Callable[[str], Access]
"""By the provider's name."""


def access(configured: Configured, name: str, simulators_url: str | None) -> Access:
    """A provider's own configuration goes before the sandbox's."""
    own = configured(name)
    if simulators_url is None or own.api_key is not None:
        return own
    return Access(own.base_url or f"{simulators_url.rstrip('/')}/{name}", SANDBOX_KEY)


def providers(
    configured: Configured, directory: Directory, language_model: Writes, *, simulators_url: str | None = None
) -> dict[str, Provider]:
    """By name, as `dispatched` names them. The fleet and the language model have theirs elsewhere."""
    found: dict[str, Provider] = {"fleet": Fleet(directory), "llm": LanguageModels(language_model)}
    remote = access(configured, "replicate", simulators_url)
    if remote.api_key is not None:
        found["replicate"] = replicate.Replicate(remote.api_key, base_url=remote.base_url or replicate.BASE_URL)
    return found


def webhook_verifiers(configured: Configured, *, simulators_url: str | None = None) -> dict[str, WebhookVerifier]:
    """Of the providers whose webhooks are signed, by name: for the gateway."""
    found: dict[str, WebhookVerifier] = {}
    remote = access(configured, "replicate", simulators_url)
    if remote.api_key is not None:
        found["replicate"] = ReplicateWebhooks(remote.api_key, base_url=remote.base_url or replicate.BASE_URL)
    return found
