"""The vault over keys in memory."""

from __future__ import annotations

import secrets

import pytest

from adapters.vault.keys import KeyRecord, KeyStore, MemoryKeyStore
from adapters.vault.vault import CACHE_MAX_KEYS, KeyVault, master_key
from tests.contract.vault.contract import VaultContract


class TestMemoryKeys(VaultContract):
    @pytest.fixture
    def keys(self) -> KeyStore:
        return MemoryKeyStore()


class CountingKeys(MemoryKeyStore):
    reads = 0

    async def live(self, org_id: str, person: str) -> KeyRecord | None:
        self.reads += 1
        return await super().live(org_id, person)

    async def find(self, kid: str) -> KeyRecord | None:
        self.reads += 1
        return await super().find(kid)


async def test_a_cached_key_costs_no_read() -> None:
    keys = CountingKeys()
    vault = KeyVault(keys, secrets.token_bytes(32))
    sealed = await vault.seal("org_1", "usr_1", "x")
    before = keys.reads
    for _ in range(20):
        await vault.open(await vault.seal("org_1", "usr_1", "x"))
        await vault.open(sealed)
    assert keys.reads == before


async def test_the_cache_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.vault.vault.CACHE_MAX_KEYS", 3)
    vault = KeyVault(MemoryKeyStore(), secrets.token_bytes(32))
    sealed = [await vault.seal("org_1", f"usr_{n}", str(n)) for n in range(9)]
    assert len(vault._by_kid) == 3
    assert len(vault._by_person) == 3
    assert [await vault.open(one) for one in sealed] == [str(n) for n in range(9)]
    assert CACHE_MAX_KEYS > 3


def test_a_master_key_is_32_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        KeyVault(MemoryKeyStore(), secrets.token_bytes(16))


def test_a_master_key_reads_padded_and_unpadded() -> None:
    assert master_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=") == bytes(range(32))
    assert master_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8") == bytes(range(32))
