"""What every provider's adapter must keep, against its real wire over HTTP."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

import httpx
import pytest

from processors.dispatcher.errors import ContractDrift, InputRefused, NotSent, OutcomeUnknown, Refused
from processors.dispatcher.ports import (
    Call,
    Failed,
    Handle,
    InlineFile,
    OutputFile,
    Progressed,
    Provider,
    Stopped,
    Succeeded,
    Unknowable,
    Update,
)


class World(Protocol):
    """A provider's adapter, and the far end that it talks to."""

    @property
    def provider(self) -> Provider: ...

    @property
    def unreachable(self) -> Provider:
        """The same adapter, with nobody at the other end."""
        ...

    def call(self, behaviour: str = "ok") -> Call:
        """An attempt that the far end treats so: `ok, never, invalid, down, lost, broken_model, drift`."""
        ...

    def executions(self, call: Call) -> int:
        """How often the far end has accepted this attempt."""
        ...


class ProviderContract:
    """A subclass gives the fixture `world`."""

    async def test_an_attempt_succeeds_with_a_file(self, world: World) -> None:
        call = world.call()
        updates = await all_updates(world.provider, call)
        end = updates[-1]
        assert isinstance(end, Succeeded)
        assert [await size_of(output) > 0 for output in end.outputs] == [True]
        assert world.executions(call) == 1

    async def test_the_end_is_last_and_alone_and_progress_is_a_fraction(self, world: World) -> None:
        updates = await all_updates(world.provider, world.call())
        assert [isinstance(update, Progressed) for update in updates[:-1]] == [True] * (len(updates) - 1)
        fractions = [u.fraction for u in updates if isinstance(u, Progressed) and u.fraction is not None]
        assert all(0 <= fraction <= 1 for fraction in fractions)

    async def test_what_the_engine_took_is_told(self, world: World) -> None:
        end = (await all_updates(world.provider, world.call()))[-1]
        assert isinstance(end, Succeeded)
        assert end.engine_span is not None
        assert 0 < end.engine_span.ended_at - end.engine_span.started_at < 30
        assert end.usage.seconds is not None

    async def test_an_input_that_does_not_fit_is_refused_and_says_where(self, world: World) -> None:
        with pytest.raises(InputRefused, match="aspect_ratio") as refused:
            await world.provider.submit(world.call("invalid"))
        assert refused.value.failed == Failed("input_validation", refused.value.detail, "no")

    async def test_a_provider_that_is_down_takes_nothing_and_is_worth_another_attempt(self, world: World) -> None:
        call = world.call("down")
        with pytest.raises(Refused) as refused:
            await world.provider.submit(call)
        assert refused.value.failed.retryable
        assert refused.value.failed.provider_charged == "no"
        assert world.executions(call) == 0

    async def test_nobody_there_means_that_nothing_was_sent(self, world: World) -> None:
        with pytest.raises(NotSent) as error:
            await world.unreachable.submit(world.call())
        assert error.value.failed.category == "outage"
        assert error.value.failed.provider_charged == "no"

    async def test_a_lost_answer_is_an_unknown_outcome_that_can_be_cleared_up_or_not(self, world: World) -> None:
        call = world.call("lost")
        with pytest.raises(OutcomeUnknown):
            await world.provider.submit(call)
        assert world.executions(call) == 1
        found = await world.provider.reconcile(call)
        if world.provider.create_is_idempotent:
            assert isinstance(found, Handle)
            assert isinstance((await watched(world.provider, found))[-1], Succeeded)
        else:
            assert found == Unknowable()

    async def test_sending_twice_runs_once_where_that_is_promised(self, world: World) -> None:
        call = world.call()
        await all_updates(world.provider, call)
        again = (await all_updates(world.provider, call))[-1]
        assert isinstance(again, Succeeded)
        assert world.executions(call) == (1 if world.provider.create_is_idempotent else 2)

    async def test_another_lease_is_another_execution(self, world: World) -> None:
        call = world.call()
        await all_updates(world.provider, call)
        second = replace(call, lease=call.lease + 1)
        await all_updates(world.provider, second)
        assert world.executions(call) + world.executions(second) >= 2

    async def test_a_running_attempt_can_be_stopped(self, world: World) -> None:
        handle = await world.provider.submit(world.call("never"))
        assert isinstance(handle, Handle)
        await world.provider.cancel(handle)
        assert isinstance((await watched(world.provider, handle))[-1], Stopped)

    async def test_cancelling_what_has_ended_changes_nothing(self, world: World) -> None:
        call = world.call()
        handle = await world.provider.submit(call)
        assert isinstance(handle, Handle)
        await watched(world.provider, handle)
        await world.provider.cancel(handle)
        assert isinstance((await watched(world.provider, handle))[-1], Succeeded)

    async def test_cancelling_what_the_provider_does_not_know_is_no_error(self, world: World) -> None:
        await world.provider.cancel(Handle("unknown", world.call().worker))

    async def test_a_model_that_fails_is_a_failed_attempt(self, world: World) -> None:
        end = (await all_updates(world.provider, world.call("broken_model")))[-1]
        assert isinstance(end, Failed)
        assert end.category == "unknown"
        assert "went wrong" in end.detail

    async def test_an_unknown_status_is_never_guessed(self, world: World) -> None:
        with pytest.raises(ContractDrift, match="paused"):
            await all_updates(world.provider, world.call("drift"))


async def all_updates(provider: Provider, call: Call) -> list[Update]:
    taken = await provider.submit(call)
    return await watched(provider, taken) if isinstance(taken, Handle) else [taken]


async def watched(provider: Provider, handle: Handle) -> list[Update]:
    async with aclosing(provider.watch(handle)) as updates:
        return [update async for update in updates]


async def size_of(output: OutputFile) -> int:
    if isinstance(output, InlineFile):
        return len(output.body)
    async with httpx.AsyncClient(trust_env=False) as client:
        return len((await client.get(output.url)).raise_for_status().content)
