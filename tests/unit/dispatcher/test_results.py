"""Results brought home: within limits, by their content, before anybody is told."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.media.probe import probe
from adapters.simulators.media import sample
from adapters.storage.objects import ObjectStorage, storage
from adapters.vault.keys import MemoryKeyStore
from adapters.vault.vault import KeyVault
from commands.ask import Unavailable
from events.sealed import Sealed
from processors.dispatcher import results
from processors.dispatcher.errors import BadResult, OutcomeUnknown, ResultLost
from processors.dispatcher.ports import InlineFile, RemoteFile
from processors.dispatcher.results import Results

ORG = "org_1"
MEDIA = ("image", "video", "audio", "text")


class Shelf:
    """Files by their address; `broken` tries fail before one succeeds."""

    def __init__(self, files: Mapping[str, bytes], broken: int = 0) -> None:
        self.files = files
        self.broken = broken

    @asynccontextmanager
    async def __call__(self, file: RemoteFile) -> AsyncIterator[AsyncIterator[bytes]]:
        if file.url not in self.files:
            raise BadResult("answered 404")
        yield self._chunks(self.files[file.url])

    async def _chunks(self, body: bytes) -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        if self.broken > 0:
            self.broken -= 1
            raise OutcomeUnknown("cut")
        yield body[len(body) // 2 :]


@pytest.fixture
def store() -> ObjectStorage:
    return storage("memory://")


@pytest.fixture
def vault() -> KeyVault:
    return KeyVault(MemoryKeyStore(), secrets.token_bytes(32))


@pytest.fixture
async def like(vault: KeyVault) -> Sealed:
    return await vault.seal(ORG, "usr_1", "{}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "RETRY_FIRST_S", 0.0)


async def test_results_are_stored_in_order_with_what_they_are(
    store: ObjectStorage, vault: KeyVault, like: Sealed
) -> None:
    files = {"a": sample("image").body, "b": sample("video").body, "c": sample("audio").body}
    home = Results(store, vault, probe, Shelf(files))
    found = await home.bring_home(
        ORG, [RemoteFile(name) for name in files], media=MEDIA, like=like, engine="local-cpu/x"
    )
    assert [one.media_type for one in found] == ["image/png", "video/mp4", "audio/wav"]
    assert [one.duration_s for one in found] == [None, 1.0, 1.0]
    assert {one.engine for one in found} == {"local-cpu/x"}
    assert len({one.asset_id for one in found}) == 3
    for one, body in zip(found, files.values(), strict=True):
        assert one.sha256 == hashlib.sha256(body).hexdigest()
        assert await store.size(ORG, one.sha256) == one.bytes == len(body)


async def test_a_short_text_is_told_inline_and_sealed(store: ObjectStorage, vault: KeyVault, like: Sealed) -> None:
    home = Results(store, vault, probe, Shelf({}))
    short, long = await home.bring_home(
        ORG, [InlineFile("Grüße".encode()), InlineFile(b"x" * 5000)], media=MEDIA, like=like, engine=None
    )
    assert short.text is not None
    assert await vault.open(short.text) == "Grüße"
    assert short.text.kid == like.kid
    assert long.text is None
    assert await store.size(ORG, long.sha256) == 5000


async def test_results_wait_for_a_store_that_takes_nothing_now(vault: KeyVault, like: Sealed, tmp_path: Path) -> None:
    (tmp_path / ORG).write_text("in the way")
    home = Results(storage(tmp_path.as_uri()), vault, probe, Shelf({}))
    with pytest.raises(Unavailable):
        await home.bring_home(ORG, [InlineFile(b"one"), InlineFile(b"two")], media=MEDIA, like=like, engine=None)


async def test_a_bad_moment_is_tried_again(store: ObjectStorage, vault: KeyVault, like: Sealed) -> None:
    shelf = Shelf({"a": sample("image").body}, broken=results.TRIES - 1)
    found = await Results(store, vault, probe, shelf).bring_home(
        ORG, [RemoteFile("a")], media=MEDIA, like=like, engine=None
    )
    assert found[0].bytes == len(sample("image").body)


async def test_a_result_that_cannot_be_fetched_is_lost_and_another_attempt_worth(
    store: ObjectStorage, vault: KeyVault, like: Sealed
) -> None:
    shelf = Shelf({"a": sample("image").body}, broken=results.TRIES)
    with pytest.raises(ResultLost) as lost:
        await Results(store, vault, probe, shelf).bring_home(
            ORG, [RemoteFile("a")], media=MEDIA, like=like, engine=None
        )
    assert (lost.value.failed.retryable, lost.value.failed.provider_charged) == (True, "yes")


@pytest.mark.parametrize(
    "outputs",
    [
        [],
        [RemoteFile("gone")],
        [RemoteFile("a", sha256="0" * 64)],
        [RemoteFile("damaged")],
        [RemoteFile("a")] * (results.FILES_MAX + 1),
    ],
)
async def test_what_is_missing_changed_damaged_or_too_many_is_no_result(
    store: ObjectStorage, vault: KeyVault, like: Sealed, outputs: list[RemoteFile]
) -> None:
    shelf = Shelf({"a": sample("image").body, "damaged": sample("video").body[:200]})
    with pytest.raises(BadResult):
        await Results(store, vault, probe, shelf).bring_home(ORG, outputs, media=MEDIA, like=like, engine=None)


async def test_a_large_result_goes_by_way_of_a_file_and_has_a_limit(
    store: ObjectStorage, vault: KeyVault, like: Sealed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "MEMORY_MAX_BYTES", 1000)
    body = sample("video").body
    home = Results(store, vault, probe, Shelf({"a": body}))
    found = await home.bring_home(ORG, [RemoteFile("a")], media=MEDIA, like=like, engine=None)
    assert (found[0].media_type, found[0].bytes) == ("video/mp4", len(body))
    monkeypatch.setattr(results, "FILE_MAX_BYTES", len(body) - 1)
    with pytest.raises(BadResult, match="more than"):
        await home.bring_home(ORG, [RemoteFile("a")], media=MEDIA, like=like, engine=None)


@pytest.mark.parametrize(
    ("media", "outputs", "fits"),
    [
        (("image",), [sample("image").body], True),
        (("video", "audio"), [sample("audio").body], True),
        (("video",), [sample("video").body, sample("image").body], True),
        (("3d",), [sample("3d").body, b"v 0 0 0"], True),
        (("text",), [b'{"caption": "a fox"}'], True),
        (("video",), [sample("image").body], False),
        (("audio",), [b"<html><body>Down for maintenance</body></html>"], False),
        (("audio",), [b'{"error": {"code": "insufficient_quota"}}'], False),
        (("image",), [b"moved"], False),
        (("image",), [b""], False),
        (("image",), [sample("image").body, b"<html><body>Down</body></html>"], False),
    ],
)
async def test_what_a_model_does_not_make_is_no_result_of_it(
    store: ObjectStorage, vault: KeyVault, like: Sealed, media: tuple[str, ...], outputs: list[bytes], fits: bool
) -> None:
    home, files = Results(store, vault, probe, Shelf({})), [InlineFile(body) for body in outputs]
    if fits:
        assert len(await home.bring_home(ORG, files, media=media, like=like, engine=None)) == len(outputs)
        return
    with pytest.raises(BadResult) as bad:
        await home.bring_home(ORG, files, media=media, like=like, engine=None)
    assert (bad.value.failed.retryable, bad.value.failed.provider_charged) == (False, "yes")
