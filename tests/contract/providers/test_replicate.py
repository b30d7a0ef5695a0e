"""Replicate's adapter keeps the contract, against the simulator of its wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from processors.dispatcher.errors import (
    AccessRefused,
    BillingRefused,
    OutcomeUnknown,
    ProviderDown,
    RateLimited,
    Refused,
)
from processors.dispatcher.ports import Failed, InlineFile, Stopped, Succeeded
from tests.contract.providers.contract import RemoteContract, all_updates
from tests.contract.providers.worlds import ReplicateWorld, replicate_world


@pytest.fixture
async def world() -> AsyncIterator[ReplicateWorld]:
    async with replicate_world() as made:
        yield made


class TestReplicate(RemoteContract):
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
