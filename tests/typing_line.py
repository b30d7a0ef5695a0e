"""The command line as a person types it, against a running platform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from tests.platform import Running

SHOWN_WITHIN_S = 60
NO_NAMES: Mapping[str, str] = {}


def environment(platform: Running) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("STUDIO_")}
    return {**clean, "STUDIO_DATA_DIR": str(platform.data_dir)}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-u", "-m", "studio.cli", *arguments]


def studio(
    platform: Running, *arguments: str, timeout_s: int = 120, names: Mapping[str, str] = NO_NAMES
) -> subprocess.CompletedProcess[str]:
    """`names` stand in the environment, too."""
    return subprocess.run(
        command(*arguments),
        env={**environment(platform), **names},
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def studio_json(platform: Running, *arguments: str, timeout_s: int = 120) -> dict[str, Any]:
    """The JSON that a verb ends with; fails unless the verb succeeded."""
    ran = studio(platform, *arguments, "--json", timeout_s=timeout_s)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer


def get(platform: Running, path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {platform.api_key}"}
    answer = httpx.get(platform.url + path, headers=headers, timeout=30, trust_env=False)
    answer.raise_for_status()
    content: dict[str, Any] = answer.json()
    return content


def credits_once(platform: Running, **expected: int) -> dict[str, Any]:
    """The balance as soon as it shows what is expected: read models follow the log, and may have been killed."""
    for attempt in Retrying(stop=stop_after_delay(SHOWN_WITHIN_S), wait=wait_fixed(0.2), reraise=True):
        with attempt:
            found = get(platform, "/v1/credits")
            assert {name: found[name] for name in expected} == expected
    return found
