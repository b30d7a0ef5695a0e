"""Which providers there are here: those that have a key, and in the sandbox all of them, as simulators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.providers.elevenlabs.adapter import ElevenLabs
from adapters.providers.fal.adapter import Fal
from adapters.providers.fal.webhook import KEYS_URL, FalWebhooks
from adapters.providers.fleet.adapter import Fleet
from adapters.providers.fleet.directory import Directory
from adapters.providers.kling.adapter import Kling
from adapters.providers.llm.adapter import LanguageModels
from adapters.providers.luma.adapter import Luma
from adapters.providers.meshy.adapter import Meshy
from adapters.providers.openai.adapter import OpenAI
from adapters.providers.replicate.adapter import BASE_URL as REPLICATE_URL
from adapters.providers.replicate.adapter import Replicate
from adapters.providers.replicate.webhook import ReplicateWebhooks
from adapters.providers.runway.adapter import Runway
from adapters.providers.stability.adapter import Stability
from adapters.providers.sync.adapter import Sync
from adapters.providers.unsigned import UnsignedWebhooks, kling_news, luma_news
from commands.ports import WebhookVerifier
from processors.dispatcher.ports import Provider

SANDBOX_KEY = "sandbox:simulators believe any key whatever"
"""In two halves, as Kling has it."""
Make = Callable[..., Provider]
"""From a key, and an address where it is not the public one."""
REMOTE: Mapping[str, Make] = {
    kind.name: kind for kind in (Replicate, Fal, OpenAI, ElevenLabs, Stability, Runway, Luma, Kling, Sync, Meshy)
}
Verify = Callable[[str, str | None], WebhookVerifier]
VERIFY: Mapping[str, Verify] = {
    "replicate": lambda key, url: ReplicateWebhooks(key, base_url=url or REPLICATE_URL),
    # A simulated fal publishes its keys beside its queue.
    "fal": lambda key, url: FalWebhooks(keys_url=url if url and key == SANDBOX_KEY else KEYS_URL),
    "luma": lambda _key, _url: UnsignedWebhooks(luma_news),
    "kling": lambda _key, _url: UnsignedWebhooks(kling_news),
}


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
    configured: Configured, directory: Directory, writer: LanguageModels, *, simulators_url: str | None = None
) -> dict[str, Provider]:
    """By name, as `dispatched` names them. The fleet and the language model have theirs elsewhere."""
    found: dict[str, Provider] = {"fleet": Fleet(directory), "llm": writer}
    for name, make in REMOTE.items():
        remote = access(configured, name, simulators_url)
        if remote.api_key is not None:
            found[name] = make(remote.api_key, base_url=remote.base_url)
    return found


def own_addresses(configured: Configured, *, simulators_url: str | None = None) -> frozenset[str]:
    """Where providers are reached because an operator has said so: private networks, simulators."""
    set_to = (access(configured, name, simulators_url).base_url for name in REMOTE)
    return frozenset(url for url in set_to if url is not None)


def webhook_verifiers(configured: Configured, *, simulators_url: str | None = None) -> dict[str, WebhookVerifier]:
    """Of the providers that send webhooks for a call, by name: for the gateway."""
    found: dict[str, WebhookVerifier] = {}
    for name, verify in VERIFY.items():
        remote = access(configured, name, simulators_url)
        if remote.api_key is not None:
            found[name] = verify(remote.api_key, remote.base_url)
    return found
