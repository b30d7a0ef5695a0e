"""What every store of keys, and the vault over it, must keep."""

from __future__ import annotations

import asyncio
import secrets

import pytest

from adapters.vault.keys import KeyRecord, KeyStore
from adapters.vault.vault import CACHE_TTL_S, KeyVault, Tampered, WrongMasterKey
from commands.ports import ERASED
from events.sealed import Sealed, SealedBox

ORG = "org_1"
PERSON = "usr_1"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class VaultContract:
    """A subclass gives the fixture `keys`."""

    @pytest.fixture
    def master(self) -> bytes:
        return secrets.token_bytes(32)

    @pytest.fixture
    def vault(self, keys: KeyStore, master: bytes) -> KeyVault:
        return KeyVault(keys, master)

    async def test_what_is_sealed_opens(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "Grüße an Ada")
        assert "Ada" not in sealed.model_dump_json()
        assert await vault.open(sealed) == "Grüße an Ada"

    async def test_another_process_opens_it(self, vault: KeyVault, keys: KeyStore, master: bytes) -> None:
        sealed = await vault.seal(ORG, PERSON, "hello")
        assert await KeyVault(keys, master).open(sealed) == "hello"

    async def test_a_person_has_one_key_and_each_person_another(self, vault: KeyVault) -> None:
        first, again = await vault.seal(ORG, PERSON, "a"), await vault.seal(ORG, PERSON, "a")
        other, elsewhere = await vault.seal(ORG, "usr_2", "a"), await vault.seal("org_2", PERSON, "a")
        assert first.kid == again.kid
        assert first.box.nonce != again.box.nonce
        assert len({first.kid, other.kid, elsewhere.kid}) == 3

    async def test_concurrent_first_use_makes_one_key(self, keys: KeyStore, master: bytes) -> None:
        vaults = [KeyVault(keys, master) for _ in range(8)]
        sealed = await asyncio.gather(*(vault.seal(ORG, PERSON, "x") for vault in vaults))
        assert len({one.kid for one in sealed}) == 1

    async def test_sealing_like_another_uses_its_key(self, vault: KeyVault) -> None:
        first = await vault.seal(ORG, PERSON, "question")
        answer = await vault.seal_like(first, "answer")
        assert answer.kid == first.kid
        assert await vault.open(answer) == "answer"

    async def test_what_is_forgotten_shows_as_erased(self, vault: KeyVault, keys: KeyStore, master: bytes) -> None:
        sealed = await vault.seal(ORG, PERSON, "my name")
        kept = await vault.seal(ORG, "usr_2", "another's")
        await vault.forget(ORG, PERSON)
        assert await vault.open(sealed) == ERASED
        assert await vault.open(kept) == "another's"
        record = await keys.find(sealed.kid)
        assert record is not None
        assert record.wrapped is None
        assert await KeyVault(keys, master).open(sealed) == ERASED

    async def test_another_process_stops_opening_within_the_cache_time(
        self, vault: KeyVault, keys: KeyStore, master: bytes
    ) -> None:
        clock = Clock()
        other = KeyVault(keys, master, monotonic=clock)
        sealed = await vault.seal(ORG, PERSON, "my name")
        assert await other.open(sealed) == "my name"
        await vault.forget(ORG, PERSON)
        clock.now = CACHE_TTL_S
        assert await other.open(sealed) == ERASED

    async def test_a_forgotten_person_who_comes_back_gets_a_new_key(self, vault: KeyVault) -> None:
        old = await vault.seal(ORG, PERSON, "before")
        await vault.forget(ORG, PERSON)
        new = await vault.seal(ORG, PERSON, "after")
        assert new.kid != old.kid
        assert (await vault.open(old), await vault.open(new)) == (ERASED, "after")

    async def test_words_sealed_like_a_forgotten_one_are_lost_too(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "question")
        await vault.forget(ORG, PERSON)
        late = await vault.seal_like(sealed, "answer")
        assert late.kid == sealed.kid
        assert await vault.open(late) == ERASED

    async def test_forgetting_nobody_changes_nothing(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "x")
        await vault.forget(ORG, "usr_nobody")
        assert await vault.open(sealed) == "x"

    async def test_fingerprints_are_equal_for_equal_text_of_one_person_only(self, vault: KeyVault) -> None:
        mine, yours = await vault.seal(ORG, PERSON, "x"), await vault.seal(ORG, "usr_2", "x")
        assert await vault.fingerprint(mine, "t") == await vault.fingerprint(mine, "t")
        assert await vault.fingerprint(mine, "t") != await vault.fingerprint(mine, "u")
        assert await vault.fingerprint(mine, "t") != await vault.fingerprint(yours, "t")

    async def test_a_fingerprint_under_a_destroyed_key_equals_none_before(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "x")
        before = await vault.fingerprint(sealed, "t")
        await vault.forget(ORG, PERSON)
        assert await vault.fingerprint(sealed, "t") != before

    async def test_a_changed_text_does_not_open(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "pay 10")
        other = await vault.seal(ORG, PERSON, "pay 99")
        mixed = Sealed(box=SealedBox(kid=sealed.kid, nonce=sealed.box.nonce, ct=other.box.ct))
        with pytest.raises(Tampered):
            await vault.open(mixed)

    async def test_another_master_key_is_an_error_and_not_an_erasure(self, vault: KeyVault, keys: KeyStore) -> None:
        sealed = await vault.seal(ORG, PERSON, "x")
        with pytest.raises(WrongMasterKey):
            await KeyVault(keys, secrets.token_bytes(32)).open(sealed)

    async def test_a_key_moved_to_another_org_does_not_unwrap(
        self, vault: KeyVault, keys: KeyStore, master: bytes
    ) -> None:
        sealed = await vault.seal(ORG, PERSON, "x")
        record = await keys.find(sealed.kid)
        assert record is not None
        await keys.add(KeyRecord("kid_moved", "org_thief", PERSON, record.wrapped))
        with pytest.raises(WrongMasterKey):
            await KeyVault(keys, master).seal("org_thief", PERSON, "x")

    async def test_an_unknown_key_opens_nothing(self, vault: KeyVault) -> None:
        sealed = await vault.seal(ORG, PERSON, "x")
        stranger = Sealed(box=SealedBox(kid="kid_none", nonce=sealed.box.nonce, ct=sealed.box.ct))
        assert await vault.open(stranger) == ERASED
