"""What only one provider says, against the simulator of its wire: refusals inside of successes, and who pays."""

from __future__ import annotations

import wave
from dataclasses import replace
from io import BytesIO

import pytest

from processors.dispatcher.errors import BillingRefused, InputRefused, ProviderError
from processors.dispatcher.ports import Failed, InlineFile, RemoteFile, Succeeded
from tests.contract.providers.contract import all_updates
from tests.contract.providers.worlds import AT_ONCE, REMOTE, Remote, remote_world

KINDS = {**REMOTE, **AT_ONCE}


@pytest.mark.parametrize(
    ("remote", "behaviour", "expected"),
    [
        ("fal", "transient", ("outage", "no", True)),
        ("fal", "platform_error", ("outage", "no", True)),
        ("runway", "safety_input", ("content_policy", "yes", False)),
        ("runway", "safety_output", ("content_policy", "no", False)),
        ("runway", "asset", ("input_validation", "no", False)),
        ("runway", "third_party", ("outage", "no", True)),
        ("stability picture", "filtered", ("content_policy", "yes", False)),
        ("meshy", "model_error", ("unknown", "no", True)),
    ],
)
async def test_an_end_says_what_it_was_who_pays_and_whether_to_try_again(
    remote: str, behaviour: str, expected: tuple[str, str, bool]
) -> None:
    async with remote_world(KINDS[remote]) as world:
        end = (await all_updates(world.provider, world.call(behaviour)))[-1]
    assert isinstance(end, Failed)
    assert (end.category, end.provider_charged, end.retryable) == expected


@pytest.mark.parametrize(
    ("remote", "behaviour", "error"),
    [
        ("openai picture", "billing_limit", BillingRefused),
        ("kling", "inner", BillingRefused),
        ("elevenlabs voice", "fields", InputRefused),
    ],
)
async def test_a_body_says_more_than_its_status(remote: str, behaviour: str, error: type[ProviderError]) -> None:
    async with remote_world(KINDS[remote]) as world:
        with pytest.raises(error):
            await world.provider.submit(world.call(behaviour))


async def test_words_that_look_like_an_address_are_never_fetched() -> None:
    async with remote_world(REMOTE["fal"]) as world:
        call = world.call()
        call = replace(call, input={**call.input, "prompt": "http://169.254.169.254/latest"})
        end = (await all_updates(world.provider, call))[-1]
    assert isinstance(end, Succeeded)
    [file] = end.outputs
    assert isinstance(file, RemoteFile)
    assert "/files/" in file.url


@pytest.mark.parametrize("remote", ["openai edit", "openai video from a picture", "stability object"])
async def test_a_file_for_a_form_is_never_fetched_from_an_address(remote: str) -> None:
    """Whoever writes an address would have it read from within our network."""
    async with remote_world(KINDS[remote]) as world:
        call = world.call()
        address = "http://169.254.169.254/latest"
        values = {
            name: [address] if isinstance(value, list) else address for name, value in world.remote.values.items()
        }
        with pytest.raises(InputRefused, match="upload it first"):
            await world.provider.submit(replace(call, input={**call.input, **values}))
        assert world.executions(call) == 0


async def test_bare_samples_become_a_file_that_says_what_it_is() -> None:
    bare = Remote("elevenlabs", "eleven_v3", values={"voice_id": "v" * 12, "output_format": "pcm_16000"}, words="text")
    async with remote_world(bare) as world:
        end = await world.provider.submit(world.call())
    assert isinstance(end, Succeeded)
    [file] = end.outputs
    assert isinstance(file, InlineFile)
    with wave.open(BytesIO(file.body)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() > 0


async def test_a_task_that_kling_has_never_seen_is_known_not_to_have_arrived() -> None:
    async with remote_world(REMOTE["kling"]) as world:
        assert type(await world.provider.reconcile(world.call())).__name__ == "NeverArrived"
