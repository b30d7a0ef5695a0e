"""What is written down of a platform's language model, and what a shell that names another one makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from studio.local import addresses as addressbook
from studio.local.language import language_of, plain, speaking, what_is_missing
from studio.local.layout import Layout
from studio.local.packing import PACKING
from studio.settings import Settings
from tests.servers import isolated_settings

SERVER = "http://models.test/v1"


def named(tmp_path: Path, **members: Any) -> Settings:
    blank = dict.fromkeys(("llm_base_url", "llm_api_key", "llm_primary_model", "llm_secondary_model"))
    return isolated_settings(tmp_path).model_copy(update={**blank, **members})


def started(tmp_path: Path, settings: Settings) -> None:
    layout = Layout(tmp_path)
    layout.prepare()
    addressbook.choose(settings, layout, PACKING)


@pytest.mark.parametrize(
    ("platforms", "shells", "planner"),
    [
        ({"llm_base_url": SERVER, "llm_primary_model": "large"}, {}, "large"),
        ({"llm_base_url": SERVER}, {}, "default"),
        ({"llm_base_url": SERVER, "llm_primary_model": "large"}, {"llm_primary_model": "other"}, "large"),
        ({}, {"llm_base_url": SERVER, "llm_primary_model": "large"}, "offline"),
        ({}, {"llm_api_key": SecretStr("k")}, "offline"),
        ({"llm_api_key": SecretStr("k"), "llm_primary_model": "large"}, {}, "large"),
        ({}, {}, "offline"),
    ],
)
def test_a_shell_that_names_another_model_is_told_of_the_platforms(
    tmp_path: Path, platforms: dict[str, Any], shells: dict[str, Any], planner: str
) -> None:
    started(tmp_path, named(tmp_path, **platforms))
    assert addressbook.connected(named(tmp_path, **shells)).planner == planner


def test_the_server_that_is_asked_is_the_platforms(tmp_path: Path) -> None:
    started(tmp_path, named(tmp_path, llm_base_url=SERVER, llm_primary_model="large", llm_secondary_model="small"))
    seen = addressbook.connected(named(tmp_path, llm_base_url="http://other.test/v1"))
    assert (seen.llm_base_url, seen.llm_secondary_model) == (SERVER, "small")


def test_no_secret_is_written_down(tmp_path: Path) -> None:
    url = "http://me:hidden-in-url@models.test/v1"
    started(tmp_path, named(tmp_path, llm_base_url=url, llm_api_key=SecretStr("hidden-key")))
    written = Layout(tmp_path).addresses.read_text()
    assert "hidden" not in written
    assert json.loads(written)["language"]["base_url"] == SERVER


def test_what_an_earlier_version_wrote_down_is_read(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    started(tmp_path, named(tmp_path))
    earlier = json.loads(layout.addresses.read_text())
    del earlier["language"]
    layout.addresses.write_text(json.dumps(earlier))
    assert addressbook.connected(named(tmp_path, llm_base_url=SERVER)).planner == "default"


@pytest.mark.parametrize(
    ("shells", "is_missing"),
    [
        ({}, True),
        ({"llm_api_key": SecretStr("k")}, False),
        ({"llm_base_url": "http://me:word@models.test/v1"}, False),
        ({"llm_base_url": "http://me:word@other.test/v1"}, True),
    ],
)
def test_where_the_key_is_missing_it_is_said_which(tmp_path: Path, shells: dict[str, Any], is_missing: bool) -> None:
    language = language_of(named(tmp_path, llm_base_url="http://me:word@models.test/v1", llm_primary_model="large"))
    missing = what_is_missing(speaking(named(tmp_path, **shells), language), language)
    assert (missing is not None) == is_missing
    assert missing is None or "large at http://models.test/v1 with a key" in missing
    assert missing is None or "STUDIO_LLM_API_KEY" in missing


def test_a_server_that_wants_no_key_is_asked_without(tmp_path: Path) -> None:
    language = language_of(named(tmp_path, llm_base_url=SERVER))
    assert what_is_missing(speaking(named(tmp_path), language), language) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (SERVER, SERVER),
        ("https://me:word@models.test:8443/v1?a=b", "https://models.test:8443/v1?a=b"),
        ("http://token@[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_an_address_is_shown_without_who_asks(url: str, shown: str) -> None:
    assert plain(url) == shown
