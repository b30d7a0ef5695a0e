"""A job's input as its provider reads it."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.storage.objects import storage
from commands.signing import verify
from events.assets import AssetRef
from processors.dispatcher import inputs
from processors.dispatcher.errors import InputRefused
from processors.dispatcher.inputs import Links, parsed, resolved

NOW = 1_000_000.0


async def stored(
    body: bytes = b"bytes", org: str = "org_1", base_url: str | None = "http://gateway/"
) -> tuple[Links, AssetRef]:
    store = storage("memory://")
    kept = await store.put(org, body, size_max=10**9)
    asset = AssetRef(asset_id="ast_1", sha256=kept.sha256, bytes=kept.size, media_type="image/png")
    return Links(store, "org_1", base_url, b"secret", NOW), asset


async def test_assets_become_addresses_wherever_they_stand() -> None:
    _, asset = await stored()

    async def name(found: AssetRef) -> str:
        return f"<{found.asset_id}>"

    frame = {"$asset": asset.model_dump(mode="json", exclude_none=True)}
    values = {"image": frame, "images": [frame, "as it is"], "deep": {"n": [{"m": frame}]}, "n": 3}
    assert await resolved(values, name) == {
        "image": "<ast_1>", "images": ["<ast_1>", "as it is"], "deep": {"n": [{"m": "<ast_1>"}]}, "n": 3,
    }  # fmt: skip


async def test_a_file_gets_a_signed_address() -> None:
    links, asset = await stored()
    text = await links(asset)
    assert links.hashes == {text: asset.sha256}
    address = urlsplit(text)
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.scheme, address.netloc, address.path) == ("http", "gateway", "/v1/assets/ast_1")
    found = verify(b"secret", "ast_1", int(query["exp"]), query["sig"], now=NOW)
    assert (found.org_id, found.sha256, found.media_type, found.size) == ("org_1", asset.sha256, "image/png", 5)


async def test_where_nothing_of_ours_is_reached_a_small_file_goes_inline() -> None:
    links, asset = await stored(b"tiny", base_url=None)
    assert await links(asset) == f"data:image/png;base64,{base64.b64encode(b'tiny').decode()}"


async def test_many_small_files_that_together_are_large_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "INLINE_TOTAL_MAX_BYTES", 9)
    links, asset = await stored(base_url=None)
    assert (await links(asset)).startswith("data:")
    with pytest.raises(InputRefused, match="too large"):
        await links(asset)


async def test_a_file_that_can_go_neither_way_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "INLINE_MAX_BYTES", 3)
    links, asset = await stored(base_url=None)
    with pytest.raises(InputRefused, match="too large"):
        await links(asset)


async def test_another_orgs_file_is_not_there() -> None:
    links, asset = await stored(org="org_2", base_url=None)
    with pytest.raises(InputRefused, match="not there"):
        await links(asset)


@pytest.mark.parametrize("text", ["[erased]", "[1]", "", "null"])
def test_what_is_no_input_any_more_is_refused(text: str) -> None:
    with pytest.raises(InputRefused):
        parsed(text)


async def test_nonsense_where_an_asset_should_be_is_refused() -> None:
    links, _ = await stored()
    with pytest.raises(InputRefused, match="no asset"):
        await resolved({"image": {"$asset": {"asset_id": "ast_1"}}}, links)
    nested: object = "x"
    for _ in range(40):
        nested = [nested]
    with pytest.raises(InputRefused, match="nested"):
        await resolved(nested, links)
