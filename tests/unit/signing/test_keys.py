"""The key that signs: as text, as a file, replaced by one that it vouches for."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from adapters.signing.keys import BadSigningKey, KeyFile, SigningKey
from events.credits.signatures import endorsed_bytes, holds, key_id_of, verify

SEED = base64.urlsafe_b64encode(bytes(range(32))).decode()


def test_a_key_is_the_same_after_a_round_trip() -> None:
    before = SigningKey.parse(SEED)
    fresh = SigningKey.new(before)
    again = SigningKey.parse(fresh.text + "\n")
    assert (again.key_id, again.endorsement) == (fresh.key_id, fresh.endorsement)
    assert before.text == SEED


def test_the_old_key_vouches_for_the_new_one() -> None:
    before = SigningKey.new()
    fresh = SigningKey.new(before)
    assert fresh.endorsement is not None
    assert holds(endorsed_bytes(fresh.public_key, before.key_id), fresh.endorsement, before.public_key)


@pytest.mark.parametrize("text", ["", "no base64!", base64.urlsafe_b64encode(bytes(31)).decode()])
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(BadSigningKey) as caught:
        SigningKey.parse(text)
    assert text == "" or text not in str(caught.value)


def test_a_key_does_not_show_its_secret() -> None:
    assert SEED.rstrip("=") not in repr(SigningKey.parse(SEED))


def test_the_file_is_its_owners_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    KeyFile(path).make()
    first = path.read_text()
    KeyFile(path).make()
    assert path.read_text() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["signing.key"]


def test_a_running_signer_sees_the_new_key_and_nothing_of_the_old_one_is_left(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    running = KeyFile(path)
    running.make()
    old = running()
    fresh = KeyFile(path).rotate()
    assert running().key_id == fresh.key_id != old.key_id
    assert old.text not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_missing_or_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signing.key"
    with pytest.raises(BadSigningKey, match="cannot be read"):
        KeyFile(path)()
    KeyFile(path).make()
    path.chmod(0o640)
    with pytest.raises(BadSigningKey, match="can be read by others"):
        KeyFile(path)()


def test_a_signature_covers_all_that_a_checkpoint_says() -> None:
    key = SigningKey.parse(SEED)
    data = {"org_id": "org_A", "seq": 7, "hash": "a" * 64, "at": "2026-03-01T12:00:00+00:00", "key_id": key.key_id}
    written = '{"at":"2026-03-01T12:00:00+00:00","hash":"%s","key_id":"%s","org_id":"org_A","seq":7}'
    signature = key.sign((written % ("a" * 64, key.key_id)).encode())
    assert verify({**data, "signature": signature}, key.public_key)
    for name, other in (("org_id", "org_B"), ("seq", 8), ("hash", "b" * 64), ("at", "x"), ("more", 1)):
        assert not verify({**data, name: other, "signature": signature}, key.public_key)
    other_key = SigningKey.new()
    assert not verify({**data, "signature": signature}, other_key.public_key)
    assert not verify({**data, "key_id": other_key.key_id, "signature": signature}, other_key.public_key)
    assert not verify(data, key.public_key)


def test_a_keys_id_is_made_from_the_key() -> None:
    key = SigningKey.parse(SEED)
    assert key.key_id == key_id_of(key.public_key) == "sgk_56475aa75463474c0285df5dbf2bcab7"
