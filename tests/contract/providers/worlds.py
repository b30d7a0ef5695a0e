"""Adapters with their far ends, for every test that needs a provider on a real wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.providers.elevenlabs.adapter import ElevenLabs
from adapters.providers.fal.adapter import Fal
from adapters.providers.fleet.adapter import Fleet
from adapters.providers.kling.adapter import Kling
from adapters.providers.luma.adapter import Luma
from adapters.providers.meshy.adapter import Meshy
from adapters.providers.openai.adapter import OpenAI
from adapters.providers.polling import Pace
from adapters.providers.replicate.adapter import Replicate
from adapters.providers.runway.adapter import Runway
from adapters.providers.stability.adapter import Stability
from adapters.providers.sync.adapter import Sync
from adapters.simulators import replicate as replicate_wire
from adapters.simulators.answers import PROXIES
from adapters.simulators.app import SIMULATORS
from adapters.simulators.replicate import Simulator, replicate
from adapters.simulators.tasks import Simulator as TaskSimulator
from events.ids import new_id
from processors.dispatcher.ports import Call, Provider
from tests.contract.providers.cog import Cog, create_app
from tests.contract.providers.contract import Promises
from tests.serving import served, unused_address

FAST = Pace(first_s=0.02, longest_s=0.05)
RUNS_S = 0.05
"""What a run takes: hundreds are waited for."""
NAMES = {"invalid": "validation", "down": "outage", "broken_model": "model_error"}


def simulated(behaviour: str) -> str:
    """The words for it in a prompt."""
    return f"simulate:{NAMES.get(behaviour, behaviour)}={RUNS_S}"


class KnownWorkers:
    def __init__(self, **urls: str) -> None:
        self._urls = urls

    async def url(self, worker: str) -> str | None:
        return self._urls.get(worker)


@dataclass
class FleetWorld:
    cog: Cog
    provider: Fleet
    unreachable: Fleet

    def call(self, behaviour: str = "ok") -> Call:
        values = {"prompt": "a fox", "simulate": behaviour}
        return Call(new_id("job"), 1, "local/picture", "local/picture", values, 60, worker="w1")

    promises = Promises(engine_span=True, stops=True)
    unknown = "unknown"

    def executions(self, call: Call) -> int:
        return self.cog.accepted[call.token]

    def refuses(self, behaviour: str) -> bool:
        return behaviour in ("invalid", "down")


@asynccontextmanager
async def fleet_world() -> AsyncIterator[FleetWorld]:
    cog = Cog()
    async with served(create_app(cog)) as url:
        cog.url = url
        provider = Fleet(KnownWorkers(w1=url), pace=FAST)
        unreachable = Fleet(KnownWorkers(w1=unused_address()), pace=FAST)
        yield FleetWorld(cog, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()


@dataclass
class ReplicateWorld:
    simulator: Simulator
    provider: Replicate
    unreachable: Replicate

    def call(self, behaviour: str = "ok", model: str = "black-forest-labs/flux-schnell") -> Call:
        values = {"prompt": f"a fox {simulated(behaviour)}"}
        job_id = new_id("job")
        return Call(job_id, 1, "replicate/x", model, values, 60, webhook_url=f"{unused_address()}/{job_id}")

    promises = Promises(engine_span=True, stops=True)
    unknown = "unknown"

    def refuses(self, behaviour: str) -> bool:
        return behaviour in replicate_wire.REFUSALS

    def executions(self, call: Call) -> int:
        return sum(one.token == call.webhook_url for one in self.simulator.control.accepted)


@asynccontextmanager
async def replicate_world() -> AsyncIterator[ReplicateWorld]:
    far_end = replicate()
    async with served(far_end) as url:
        provider = Replicate("r8_test", base_url=url, pace=FAST)
        unreachable = Replicate("r8_test", base_url=unused_address(), pace=FAST)
        yield ReplicateWorld(far_end.state.simulator, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()


PICTURE = "data:image/png;base64,iVBORw0KGgo="
HERE = "http://127.0.0.1:1"

ADAPTERS = {kind.name: kind for kind in (Fal, OpenAI, Stability, Runway, Luma, Kling, Sync, Meshy)}


@dataclass(frozen=True)
class Remote:
    """One kind of call at one provider."""

    provider: str
    model: str
    promises: Promises = field(default_factory=Promises)
    values: dict[str, Any] = field(default_factory=dict)
    words: str = "prompt"
    """The member that a person's words go into."""
    unknown: str = "unknown"


FILM = Promises(tells_files=False)
REMOTE = {
    "fal": Remote("fal", "fal-ai/flux/schnell", Promises(stops=True), unknown="fal-ai/flux/requests/unknown"),
    "openai video": Remote("openai", "sora-2", FILM),
    "openai video from a picture": Remote("openai", "sora-2", FILM, {"input_reference": PICTURE}),
    "stability later": Remote(
        "stability", "stable-image/upscale/creative", Promises(spells_states=False), {"image": PICTURE}
    ),
    "runway": Remote("runway", "gen4.5", Promises(stops=True), words="promptText"),
    "luma": Remote("luma", "ray-2"),
    "kling": Remote(
        "kling",
        "videos/image2video:kling-v1-6",
        Promises(looked_up=True),
        {"image": PICTURE},
        unknown="videos/image2video/unknown",
    ),
    "sync": Remote("sync", "lipsync-2", values={"video": f"{HERE}/v.mp4", "audio": f"{HERE}/a.wav"}),
    "meshy": Remote("meshy", "text-to-3d", unknown="v2/text-to-3d/unknown"),
}
AT_ONCE = {
    "openai picture": Remote("openai", "gpt-image-1"),
    "openai edit": Remote("openai", "gpt-image-1", values={"image": [PICTURE]}),
    "openai speech": Remote("openai", "tts-1", values={"voice": "alloy"}, words="input"),
    "elevenlabs voice": Remote("elevenlabs", "eleven_v3", values={"voice_id": "21m00Tcm4TlvDq8ikWAM"}, words="text"),
    "elevenlabs sound": Remote("elevenlabs", "eleven_text_to_sound_v2", words="text"),
    "elevenlabs music": Remote("elevenlabs", "music_v1"),
    "stability picture": Remote("stability", "stable-image/generate/core"),
    "stability sd3": Remote("stability", "sd3.5-large"),
    "stability sound": Remote("stability", "audio/stable-audio-2/text-to-audio"),
    "stability object": Remote("stability", "3d/stable-fast-3d", values={"image": PICTURE}),
}


def adapter(name: str, url: str) -> Any:
    """The provider's adapter, in a hurry."""
    key = "access:a secret that is long enough to sign"
    return ElevenLabs(key, base_url=url) if name == "elevenlabs" else ADAPTERS[name](key, base_url=url, pace=FAST)


@dataclass
class RemoteWorld:
    remote: Remote
    simulator: TaskSimulator
    provider: Provider
    unreachable: Provider

    @property
    def promises(self) -> Promises:
        return self.remote.promises

    @property
    def unknown(self) -> str:
        return self.remote.unknown

    def call(self, behaviour: str = "ok") -> Call:
        job_id = new_id("job")
        words = f"a fox for {job_id} {simulated(behaviour)}"
        values = {**self.remote.values, self.remote.words: words}
        return Call(job_id, 1, "x", self.remote.model, values, 60, webhook_url=f"{unused_address()}/{job_id}?t=t")

    def executions(self, call: Call) -> int:
        return self.simulator.taken(call.job_id)

    def refuses(self, behaviour: str) -> bool:
        return behaviour in self.simulator.refusals or behaviour in PROXIES


@asynccontextmanager
async def remote_world(remote: Remote) -> AsyncIterator[RemoteWorld]:
    far_end = SIMULATORS[remote.provider]()
    async with served(far_end) as url:
        provider, unreachable = adapter(remote.provider, url), adapter(remote.provider, unused_address())
        yield RemoteWorld(remote, far_end.state.simulator, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()
