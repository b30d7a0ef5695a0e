"""Which providers there are here: those that have a key, and in the sandbox all of them, as simulators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adapters.providers.elevenlabs import adapter as elevenlabs
from adapters.providers.fal import adapter as fal
from adapters.providers.fal.webhook import KEYS_URL, FalWebhooks
from adapters.providers.fleet.adapter import Fleet
from adapters.providers.fleet.directory import Directory
from adapters.providers.kling import adapter as kling
from adapters.providers.llm.adapter import LanguageModels, Writes
from adapters.providers.luma import adapter as luma
from adapters.providers.meshy import adapter as meshy
from adapters.providers.openai import adapter as openai
from adapters.providers.replicate import adapter as replicate
from adapters.providers.replicate.webhook import ReplicateWebhooks
from adapters.providers.runway import adapter as runway
from adapters.providers.stability import adapter as stability
from adapters.providers.sync import adapter as sync
from adapters.providers.unsigned import UnsignedWebhooks, kling_news, luma_news
from commands.ports import WebhookVerifier
from processors.dispatcher.ports import Provider

SANDBOX_KEY = "sandbox:simulators believe any key whatever"
"""In two halves, as Kling has it."""
Make = Callable[[str, str | None], Provider]
"""From a key and an address; without one it is the provider's public one."""
REMOTE: Mapping[str, Make] = {
    "replicate": lambda key, url: replicate.Replicate(key, base_url=url or replicate.BASE_URL),
    "fal": lambda key, url: fal.Fal(key, base_url=url or fal.BASE_URL),
    "openai": lambda key, url: openai.OpenAI(key, base_url=url or openai.BASE_URL),
    "elevenlabs": lambda key, url: elevenlabs.ElevenLabs(key, base_url=url or elevenlabs.BASE_URL),
    "stability": lambda key, url: stability.Stability(key, base_url=url or stability.BASE_URL),
    "runway": lambda key, url: runway.Runway(key, base_url=url or runway.BASE_URL),
    "luma": lambda key, url: luma.Luma(key, base_url=url or luma.BASE_URL),
    "kling": lambda key, url: kling.Kling(key, base_url=url or kling.BASE_URL),
    "sync": lambda key, url: sync.Sync(key, base_url=url or sync.BASE_URL),
    "meshy": lambda key, url: meshy.Meshy(key, base_url=url or meshy.BASE_URL),
}
Verify = Callable[[str, str | None], WebhookVerifier]
VERIFY: Mapping[str, Verify] = {
    "replicate": lambda key, url: ReplicateWebhooks(key, base_url=url or replicate.BASE_URL),
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
    configured: Configured, directory: Directory, language_model: Writes, *, simulators_url: str | None = None
) -> dict[str, Provider]:
    """By name, as `dispatched` names them. The fleet and the language model have theirs elsewhere."""
    found: dict[str, Provider] = {"fleet": Fleet(directory), "llm": LanguageModels(language_model)}
    for name, make in REMOTE.items():
        remote = access(configured, name, simulators_url)
        if remote.api_key is not None:
            found[name] = make(remote.api_key, remote.base_url)
    return found


def webhook_verifiers(configured: Configured, *, simulators_url: str | None = None) -> dict[str, WebhookVerifier]:
    """Of the providers that send webhooks for a call, by name: for the gateway."""
    found: dict[str, WebhookVerifier] = {}
    for name, verify in VERIFY.items():
        remote = access(configured, name, simulators_url)
        if remote.api_key is not None:
            found[name] = verify(remote.api_key, remote.base_url)
    return found
