"""Replicate's adapter keeps the contract, against the simulator of its wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.providers.polling import Pace
from adapters.providers.replicate.adapter import Replicate
from adapters.simulators.replicate import Simulator, replicate
from events.ids import new_id
from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    OutcomeUnknown,
    ProviderDown,
    RateLimited,
    Refused,
)
from processors.dispatcher.ports import Call, Failed, InlineFile, Stopped, Succeeded
from tests.contract.providers.contract import ProviderContract, all_updates
from tests.contract.providers.serving import served, unused_address

FAST = Pace(first_s=0.02, longest_s=0.05)
NAMES = {"invalid": "validation", "down": "outage", "broken_model": "model_error"}


@dataclass
class ReplicateWorld:
    simulator: Simulator
    provider: Replicate
    unreachable: Replicate

    def call(self, behaviour: str = "ok", model: str = "black-forest-labs/flux-schnell") -> Call:
        values = {"prompt": f"a fox simulate:{NAMES.get(behaviour, behaviour)}"}
        job_id = new_id("job")
        return Call(job_id, 1, "replicate/x", model, values, 60, webhook_url=f"{unused_address()}/{job_id}")

    def executions(self, call: Call) -> int:
        return sum(one.token == call.webhook_url for one in self.simulator.control.accepted)


@pytest.fixture
async def world() -> AsyncIterator[ReplicateWorld]:
    far_end = replicate()
    async with served(far_end) as url:
        provider = Replicate("r8_test", base_url=url, pace=FAST)
        unreachable = Replicate("r8_test", base_url=unused_address(), pace=FAST)
        yield ReplicateWorld(far_end.state.simulator, provider, unreachable)
        await provider.aclose()
        await unreachable.aclose()


class TestReplicate(ProviderContract):
    pass


@pytest.mark.parametrize(
    ("behaviour", "error", "retryable", "wait_s"),
    [
        ("billing", BillingRefused, False, None),
        ("rate_limit", RateLimited, True, 1.0),
        ("low_credit", RateLimited, True, 5.0),
        ("html", ProviderDown, True, None),
        ("empty", ProviderDown, True, None),
        ("unauthorized", AccessRefused, False, None),
    ],
)
async def test_a_refusal_is_told_by_its_body_and_status(
    world: ReplicateWorld, behaviour: str, error: type[Refused], retryable: bool, wait_s: float | None
) -> None:
    with pytest.raises(error) as refused:
        await world.provider.submit(world.call(behaviour))
    assert (refused.value.failed.retryable, refused.value.failed.retry_after_s) == (retryable, wait_s)
    assert refused.value.failed.provider_charged == "no"


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ("content_policy", ("content_policy", False)),
        ("passing_error", ("outage", True)),
        ("aborted", ("timeout", True)),
        ("no_output", ("contract", False)),
    ],
)
async def test_a_failed_prediction_is_classified(
    world: ReplicateWorld, behaviour: str, expected: tuple[str, bool]
) -> None:
    end = (await all_updates(world.provider, world.call(behaviour)))[-1]
    assert isinstance(end, Failed)
    assert (end.category, end.retryable) == expected


@pytest.mark.parametrize(("behaviour", "count"), [("list", 2), ("object", 1)])
async def test_outputs_of_any_shape_become_files(world: ReplicateWorld, behaviour: str, count: int) -> None:
    end = (await all_updates(world.provider, world.call(behaviour)))[-1]
    assert isinstance(end, Succeeded)
    assert len(end.outputs) == count


async def test_pieces_of_text_become_one_text(world: ReplicateWorld) -> None:
    end = (await all_updates(world.provider, world.call(model="meta/llama-4")))[-1]
    assert isinstance(end, Succeeded)
    assert end.outputs == (InlineFile(b"A text from a simulated model. "),)


async def test_a_deadline_at_the_provider_is_a_stop_that_nobody_asked_for(world: ReplicateWorld) -> None:
    assert (await all_updates(world.provider, world.call("deadline")))[-1] == Stopped("yes")


async def test_a_create_that_was_taken_and_cannot_be_read_is_unknown(world: ReplicateWorld) -> None:
    call = world.call("garbled")
    with pytest.raises(OutcomeUnknown):
        await world.provider.submit(call)
    assert world.executions(call) == 1


async def test_a_version_goes_to_the_address_of_versions(world: ReplicateWorld) -> None:
    call = world.call(model="stability-ai/sdxl:39ed52f2")
    assert isinstance((await all_updates(world.provider, call))[-1], Succeeded)
    assert [one.model for one in world.simulator.control.accepted] == ["39ed52f2"]
