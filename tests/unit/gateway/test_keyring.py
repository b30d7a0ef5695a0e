"""The index of keys: streams end with the key that opened them, and with no other's."""

from __future__ import annotations

from events.accounts.current import CurrentKey, CurrentOrg
from gateway.access.keyring import Caller, Keyring, digest
from gateway.live.hub import Hub


def org(*keys: str) -> CurrentOrg:
    made = tuple(CurrentKey(key_id=f"key_{key}", role="member", hash=digest(key)) for key in keys)
    return CurrentOrg(org_id="org_A", title="A", keys=made)


async def caller(keyring: Keyring, key: str) -> Caller:
    found = await keyring.caller(key)
    assert found is not None
    return found


async def test_a_stream_ends_as_soon_as_its_key_is_revoked() -> None:
    keyring, hub = Keyring(None), Hub()
    keyring.changed("org_A", org("one", "two"))
    one, two = await caller(keyring, "one"), await caller(keyring, "two")
    with (
        hub.org("org_A") as first,
        hub.org("org_A") as again,
        hub.org("org_A") as other,
        keyring.watching(one, first.close),
        keyring.watching(one, again.close),
        keyring.watching(two, other.close),
    ):
        keyring.changed("org_A", org("one", "two", "three"))
        assert not first.closed
        keyring.changed("org_A", org("two"))
        assert await first.next() is None
        assert (first.closed, again.closed, other.closed) == (True, True, False)
        keyring.changed("org_A", None)
        assert other.closed


async def test_a_key_that_went_before_its_stream_was_open_ends_it_too() -> None:
    keyring, hub = Keyring(None), Hub()
    keyring.changed("org_A", org("one"))
    who = await caller(keyring, "one")
    keyring.changed("org_A", org())
    with hub.org("org_A") as connection, keyring.watching(who, connection.close):
        assert connection.closed


async def test_who_has_left_is_not_called_back() -> None:
    keyring, told = Keyring(None), []
    keyring.changed("org_A", org("one"))
    who = await caller(keyring, "one")
    with keyring.watching(who, lambda: told.append("stays")):
        with keyring.watching(who, lambda: told.append("left")):
            pass
        keyring.changed("org_A", org())
    assert told == ["stays"]
