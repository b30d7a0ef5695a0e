"""`commands.ports.Vault`: AES-256-GCM under one data key per (org, person), wrapped by the master key.

A cached key costs no I/O, for sealing stands on the path of requests. A destroyed key may go on living in a
process's cache for `CACHE_TTL_S` at most; the process that destroys it, or hears of it, drops it at once.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.vault.keys import KeyRecord, KeyStore
from commands.ports import ERASED
from events.sealed import Sealed, SealedBox

CACHE_TTL_S = 60.0
CACHE_MAX_KEYS = 10_000
KEY_BYTES = 32
NONCE_BYTES = 12


class VaultError(Exception):
    """The vault cannot do what it is for.

    VaultError
    ├── WrongMasterKey   a data key does not unwrap: another master key, or a changed record
    └── Tampered         a sealed text does not open under the key it names
    """


class WrongMasterKey(VaultError):
    pass


class Tampered(VaultError):
    pass


@dataclass(frozen=True, slots=True)
class _Key:
    """An unwrapped data key. `erased` ones are random and kept nowhere: what they seal nobody opens."""

    kid: str
    org_id: str
    person: str
    cipher: AESGCM
    mac: bytes
    erased: bool
    expires_at: float


class KeyVault:
    """Seals and opens; keeps unwrapped keys for a minute."""

    def __init__(self, keys: KeyStore, master_key: bytes, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"the master key has {len(master_key)} bytes, not {KEY_BYTES}")
        self._keys = keys
        self._master = AESGCM(master_key)
        self._monotonic = monotonic
        self._by_kid: OrderedDict[str, _Key] = OrderedDict()
        self._by_person: dict[tuple[str, str], str] = {}

    async def seal(self, org_id: str, person: str, text: str) -> Sealed:
        return _seal(await self._key_of_person(org_id, person), text)

    async def seal_like(self, other: Sealed, text: str) -> Sealed:
        """Under the key of `other`; when that is destroyed, the text is as lost as the other one."""
        return _seal(await self._key(other.kid), text)

    async def open(self, sealed: Sealed) -> str:
        """The text, or `[erased]`."""
        key = await self._key(sealed.kid)
        if key.erased:
            return ERASED
        try:
            nonce, ciphertext = base64.b64decode(sealed.box.nonce), base64.b64decode(sealed.box.ct)
            return key.cipher.decrypt(nonce, ciphertext, _aad(key)).decode()
        except (InvalidTag, ValueError) as error:
            raise Tampered(f"a text sealed under {key.kid} does not open") from error

    async def fingerprint(self, like: Sealed, text: str) -> str:
        """Hex HMAC-SHA256 under that person's key; under a destroyed one it equals no other."""
        key = await self._key(like.kid)
        return hmac.digest(key.mac, text.encode(), "sha256").hex()

    async def forget(self, org_id: str, person: str) -> None:
        await self._keys.destroy(org_id, person)
        self.drop(org_id, person)

    def drop(self, org_id: str, person: str) -> None:
        """Takes a person's key out of this process's memory: for whoever hears that a person was forgotten."""
        kid = self._by_person.pop((org_id, person), None)
        if kid is not None:
            self._by_kid.pop(kid, None)

    async def _key_of_person(self, org_id: str, person: str) -> _Key:
        kid = self._by_person.get((org_id, person))
        cached = self._cached(kid) if kid is not None else None
        if cached is not None:
            return cached
        record = await self._keys.live(org_id, person) or await self._keys.add(self._new(org_id, person))
        return self._keep(self._unwrap(record), live=True)

    async def _key(self, kid: str) -> _Key:
        cached = self._cached(kid)
        if cached is not None:
            return cached
        record = await self._keys.find(kid)
        if record is None or record.wrapped is None:
            return self._keep(self._erased(kid), live=False)
        return self._keep(self._unwrap(record), live=True)

    def _new(self, org_id: str, person: str) -> KeyRecord:
        kid = f"kid_{secrets.token_hex(16)}"
        nonce = secrets.token_bytes(NONCE_BYTES)
        data_key = secrets.token_bytes(KEY_BYTES)
        wrapped = nonce + self._master.encrypt(nonce, data_key, _wrapping_aad(kid, org_id, person))
        return KeyRecord(kid, org_id, person, wrapped)

    def _unwrap(self, record: KeyRecord) -> _Key:
        assert record.wrapped is not None
        nonce, body = record.wrapped[:NONCE_BYTES], record.wrapped[NONCE_BYTES:]
        try:
            data_key = self._master.decrypt(nonce, body, _wrapping_aad(record.kid, record.org_id, record.person))
        except InvalidTag as error:
            raise WrongMasterKey(f"the data key {record.kid} does not unwrap") from error
        return self._unwrapped(record.kid, record.org_id, record.person, data_key, erased=False)

    def _erased(self, kid: str) -> _Key:
        return self._unwrapped(kid, "", "", secrets.token_bytes(KEY_BYTES), erased=True)

    def _unwrapped(self, kid: str, org_id: str, person: str, data_key: bytes, *, erased: bool) -> _Key:
        mac = hmac.digest(data_key, b"fingerprint", "sha256")
        return _Key(kid, org_id, person, AESGCM(data_key), mac, erased, self._monotonic() + CACHE_TTL_S)

    def _cached(self, kid: str) -> _Key | None:
        key = self._by_kid.get(kid)
        if key is None:
            return None
        if self._monotonic() >= key.expires_at:
            self._evict(key)
            return None
        self._by_kid.move_to_end(kid)
        return key

    def _keep(self, key: _Key, *, live: bool) -> _Key:
        self._by_kid[key.kid] = key
        if live:
            self._by_person[(key.org_id, key.person)] = key.kid
        while len(self._by_kid) > CACHE_MAX_KEYS:
            self._evict(next(iter(self._by_kid.values())))
        return key

    def _evict(self, key: _Key) -> None:
        self._by_kid.pop(key.kid, None)
        if self._by_person.get((key.org_id, key.person)) == key.kid:
            del self._by_person[(key.org_id, key.person)]


def _seal(key: _Key, text: str) -> Sealed:
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = key.cipher.encrypt(nonce, text.encode(), _aad(key))
    box = SealedBox(
        kid=key.kid,
        nonce=base64.b64encode(nonce).decode(),
        ct=base64.b64encode(ciphertext).decode(),
    )
    return Sealed(box=box)


def _aad(key: _Key) -> bytes:
    return key.org_id.encode()


def _wrapping_aad(kid: str, org_id: str, person: str) -> bytes:
    return "\x1f".join((kid, org_id, person)).encode()


def master_key(text: str) -> bytes:
    """The master key from its URL-safe base64 form, padded or not."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
