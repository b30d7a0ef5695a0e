"""What every provider's adapter must keep, against its real wire over HTTP."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

import httpx
import pytest

from adapters.providers import rest
from processors.dispatcher.errors import (
    AccessRefused,
    BadResult,
    BillingRefused,
    CannotStop,
    ContentRefused,
    ContractDrift,
    Forgotten,
    InputRefused,
    NotSent,
    OutcomeUnknown,
    ProviderDown,
    ProviderError,
    RateLimited,
    Refused,
    SlotsTaken,
)
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

NO_ANSWERS = ("html_instead", "json_instead", "empty_instead", "redirect")
"""What stands between us and a provider may say instead."""


@dataclass(frozen=True)
class Promises:
    """What a provider offers beyond running what it is given."""

    engine_span: bool = False
    stops: bool = False
    looked_up: bool = False
    """A lost answer can be asked for by our own name of the attempt."""
    spells_states: bool = True
    """Its states are words; otherwise they are statuses of HTTP, among which a failure looks like a bad moment."""
    tells_files: bool = True
    """The end says where the files are; otherwise they have an address that follows from the attempt's name."""


class World(Protocol):
    """A provider's adapter, and the far end that it talks to."""

    @property
    def promises(self) -> Promises: ...

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

    def refuses(self, behaviour: str) -> bool:
        """Whether the far end has this refusal."""
        ...

    @property
    def unknown(self) -> str:
        """The name of an attempt that the far end has never seen."""
        ...


class TakingContract:
    """What is said of every call, whether its answer is the result or not. A subclass gives the fixture `world`."""

    async def test_an_attempt_succeeds_with_a_file(self, world: World) -> None:
        call = world.call()
        updates = await all_updates(world.provider, call)
        end = updates[-1]
        assert isinstance(end, Succeeded)
        assert [await size_of(output) > 0 for output in end.outputs] == [True]
        assert world.executions(call) == 1

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
        if world.provider.create_is_idempotent or world.promises.looked_up:
            assert isinstance(found, Handle)
            assert isinstance((await watched(world.provider, found))[-1], Succeeded)
            assert world.executions(call) == 1
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

    async def test_cancelling_what_the_provider_does_not_know_is_no_error(self, world: World) -> None:
        await world.provider.cancel(Handle(world.unknown, world.call().worker))


class ProviderContract(TakingContract):
    """Of calls that are watched until they end."""

    async def test_the_end_is_last_and_alone_and_progress_is_a_fraction(self, world: World) -> None:
        updates = await all_updates(world.provider, world.call())
        assert [isinstance(update, Progressed) for update in updates[:-1]] == [True] * (len(updates) - 1)
        fractions = [u.fraction for u in updates if isinstance(u, Progressed) and u.fraction is not None]
        assert all(0 <= fraction <= 1 for fraction in fractions)

    async def test_what_the_engine_took_is_told_where_the_provider_tells_it(self, world: World) -> None:
        end = (await all_updates(world.provider, world.call()))[-1]
        assert isinstance(end, Succeeded)
        assert (end.engine_span is not None) == world.promises.engine_span
        if end.engine_span is not None:
            assert 0 < end.engine_span.ended_at - end.engine_span.started_at < 30
            assert end.usage.seconds is not None

    async def test_a_running_attempt_is_stopped_or_said_to_go_on(self, world: World) -> None:
        handle = await world.provider.submit(world.call("never"))
        assert isinstance(handle, Handle)
        if world.promises.stops:
            await world.provider.cancel(handle)
            assert isinstance((await watched(world.provider, handle))[-1], Stopped)
        else:
            with pytest.raises(CannotStop) as refused:
                await world.provider.cancel(handle)
            assert not refused.value.retryable

    async def test_cancelling_what_has_ended_changes_nothing(self, world: World) -> None:
        call = world.call()
        handle = await world.provider.submit(call)
        assert isinstance(handle, Handle)
        await watched(world.provider, handle)
        await world.provider.cancel(handle)
        assert isinstance((await watched(world.provider, handle))[-1], Succeeded)

    async def test_a_model_that_fails_is_a_failed_attempt(self, world: World) -> None:
        if not world.promises.spells_states:
            with pytest.raises(OutcomeUnknown):
                await all_updates(world.provider, world.call("broken_model"))
            return
        end = (await all_updates(world.provider, world.call("broken_model")))[-1]
        assert isinstance(end, Failed)
        assert end.category == "unknown"
        assert "went wrong" in end.detail

    async def test_an_unknown_status_is_never_guessed(self, world: World) -> None:
        if not world.promises.spells_states:
            pytest.skip("this provider has no words for its states")
        with pytest.raises(ContractDrift, match=r"(?i)paused"):
            await all_updates(world.provider, world.call("drift"))


class RemoteRefusals:
    """What somebody else's service may say instead of taking a call."""

    @pytest.mark.parametrize(
        ("behaviour", "error", "retryable", "wait_s"),
        [
            ("billing", BillingRefused, False, None),
            ("rate_limit", RateLimited, True, 1.0),
            ("slots", SlotsTaken, True, None),
            ("content_refused", ContentRefused, False, None),
            ("unauthorized", AccessRefused, False, None),
            ("html", ProviderDown, True, None),
            ("empty", ProviderDown, True, None),
        ],
    )
    async def test_a_refusal_is_told_by_its_body_first_and_then_by_its_status(
        self, world: World, behaviour: str, error: type[ProviderError], retryable: bool, wait_s: float | None
    ) -> None:
        call = world.call(behaviour)
        if not world.refuses(behaviour):
            pytest.skip("this provider has no such refusal")
        with pytest.raises(error) as refused:
            await world.provider.submit(call)
        failed = refused.value.failed
        assert (failed.retryable, failed.retry_after_s) == (retryable, wait_s)
        assert failed.provider_charged in ("no", "unknown")
        assert world.executions(call) == 0


class RemoteContract(ProviderContract, RemoteRefusals):
    """Of somebody else's service that is asked until the end."""

    async def test_a_create_that_was_taken_and_cannot_be_read_is_unknown(self, world: World) -> None:
        call = world.call("garbled")
        with pytest.raises(OutcomeUnknown):
            await world.provider.submit(call)
        assert world.executions(call) == 1

    @pytest.mark.parametrize("behaviour", NO_ANSWERS)
    async def test_what_is_no_answer_to_a_create_says_nothing_of_it(self, world: World, behaviour: str) -> None:
        with pytest.raises(OutcomeUnknown):
            await world.provider.submit(world.call(behaviour))

    @pytest.mark.parametrize(("behaviour", "within_s"), [("drip", 0.2), ("huge", 60.0)])
    async def test_an_answer_without_an_end_is_cut_off(
        self, world: World, behaviour: str, within_s: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may have begun something."""
        monkeypatch.setattr(rest, "ANSWER_WITHIN_S", within_s)
        with pytest.raises(OutcomeUnknown):
            await world.provider.submit(world.call(behaviour))

    async def test_what_the_provider_has_lost_is_worth_another_attempt(self, world: World) -> None:
        call = world.call("forgotten")
        with pytest.raises(Forgotten) as lost:
            await all_updates(world.provider, call)
        assert (lost.value.failed.category, lost.value.failed.retryable) == ("outage", True)
        assert world.executions(call) == 1

    async def test_a_refusal_for_its_content_is_no_success_and_not_tried_again(self, world: World) -> None:
        try:
            end = (await all_updates(world.provider, world.call("content_policy")))[-1]
        except ContentRefused as error:
            end = error.failed
        assert isinstance(end, Failed)
        assert (end.category, end.retryable) == ("content_policy", False)

    async def test_a_success_without_a_file_is_a_breach_that_was_paid_for(self, world: World) -> None:
        end = (await all_updates(world.provider, world.call("no_output")))[-1]
        if not world.promises.tells_files:
            assert isinstance(end, Succeeded)
            with pytest.raises(httpx.HTTPStatusError, match="404"):
                await size_of(end.outputs[0])
            return
        assert isinstance(end, Failed)
        assert (end.category, end.provider_charged) == ("contract", "yes")


class AtOnceContract(TakingContract, RemoteRefusals):
    """Of calls whose answer is the result."""

    async def test_the_answer_is_the_end(self, world: World) -> None:
        call = world.call()
        assert world.provider.answers_at_once(call.provider_model)
        assert isinstance(await world.provider.submit(call), Succeeded)

    @pytest.mark.parametrize("behaviour", NO_ANSWERS)
    async def test_an_answer_without_a_file_is_no_success(self, world: World, behaviour: str) -> None:
        try:
            end = await world.provider.submit(world.call(behaviour))
        except ProviderError as error:
            end = error.failed
        assert isinstance(end, Failed)
        expected = ("unknown", True) if behaviour == "redirect" else ("contract", False)
        assert (end.category, end.retryable) == expected

    async def test_an_answer_that_is_too_large_is_cut_off(self, world: World) -> None:
        with pytest.raises(BadResult):
            await world.provider.submit(world.call("huge"))


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
        return len((await client.get(output.url, headers=dict(output.headers))).raise_for_status().content)
