"""The containers run the same processes as the local platform, on the same servers, with the same settings."""

import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from pydantic import SecretStr

from adapters.providers.configured import REMOTE
from gpu_workers.settings import WorkerSettings
from studio.local.packing import GPU_WORKER, PACKING
from studio.local.servers import kafka, mongo, redis
from studio.processes.__main__ import DRAIN_S
from studio.processes.dispatcher import reach
from studio.settings import PROJECT_ROOT, Settings
from tests.servers import IMAGES

WHOLE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())
COMPOSE: dict[str, dict[str, Any]] = WHOLE["services"]
DOCKERFILE = (PROJECT_ROOT / "deploy" / "Dockerfile").read_text()
PLATFORM = {name: service for name, service in COMPOSE.items() if service.get("command", [""])[0] == "studio.processes"}
WORKERS = {name: service for name, service in COMPOSE.items() if service.get("command") == ["gpu_workers"]}
OF_A_SERVICE = {"data_dir", "health_port", "process_name", "signing_key", "signing_key_file"}
"""Settings that the image gives, or that one service alone is told."""
OWN_OF_KAFKA = re.compile(r"LISTENERS$|VOTERS|LOG_DIRS|THREADS|LOG_CLEANER")
"""Addresses, and sizes that make the embedded broker fit beside everything else."""


def test_every_process_of_the_table_is_a_service_with_the_same_roles() -> None:
    expected = {
        packed.name: ["gpu_workers"] if packed.roles == (GPU_WORKER,) else ["studio.processes", *packed.roles]
        for packed in PACKING
    }
    assert {name: COMPOSE[name]["command"] for name in expected} == expected


def test_every_service_has_a_health_check_or_its_images() -> None:
    own_image = {name for name, service in COMPOSE.items() if "build" in service}
    assert {name for name, service in COMPOSE.items() if "healthcheck" not in service} <= own_image
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/readyz" in DOCKERFILE


def test_services_are_told_only_settings_that_exist() -> None:
    known = {f"STUDIO_{name.upper()}" for name in Settings.model_fields}
    providers = {f"STUDIO_PROVIDER_{name.upper()}_{what}" for name in REMOTE for what in ("API_KEY", "BASE_URL")}
    for service in PLATFORM.values():
        assert service["environment"].keys() - known - providers == set()
    of_workers = {f"STUDIO_{name.upper()}" for name in WorkerSettings.model_fields}
    for service in WORKERS.values():
        assert service["environment"].keys() - of_workers == set()


def test_every_setting_can_be_made_for_the_containers_too() -> None:
    wanted = {f"STUDIO_{name.upper()}" for name in Settings.model_fields.keys() - OF_A_SERVICE}
    wanted |= {f"STUDIO_PROVIDER_{name.upper()}_{what}" for name in REMOTE for what in ("API_KEY", "BASE_URL")}
    for service in PLATFORM.values():
        assert wanted - service["environment"].keys() == set()


def test_what_is_left_empty_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PLATFORM["gateway"]["environment"].items():
        if value.startswith("${"):
            monkeypatch.setenv(name, "")
    told = Settings(_env_file=None)
    assert told.model_dump(exclude={"data_dir"}) == Settings.model_construct().model_dump(exclude={"data_dir"})
    assert (told.provider("kling").api_key, told.provider("kling").base_url) == (None, None)


def test_only_who_needs_a_secret_is_told_it() -> None:
    assert [name for name, one in COMPOSE.items() if "STUDIO_SIGNING_KEY" in one.get("environment", {})] == ["workers"]
    for service in WORKERS.values():
        assert not [name for name in service["environment"] if re.search("KEY|SECRET", name)]


def test_what_is_stopped_has_the_time_that_it_takes_to_end_in_good_order() -> None:
    for name, service in (PLATFORM | WORKERS).items():
        takes = float(service["environment"].get("STUDIO_WORKER_DRAIN_S", DRAIN_S if name in PLATFORM else 30))
        assert takes < float(service["stop_grace_period"].removesuffix("s"))


def test_what_a_service_keeps_lies_in_a_volume() -> None:
    mounts = {name: volume for name, one in COMPOSE.items() for volume in one.get("volumes", ())}
    assert {volume.partition(":")[0] for volume in mounts.values()} == set(WHOLE["volumes"])
    assert mounts["kafka"].partition(":")[2] == COMPOSE["kafka"]["environment"]["KAFKA_LOG_DIRS"]
    assert mounts["mongo"].partition(":")[2] == "/data/db"
    folder = "/data"
    assert f"STUDIO_DATA_DIR={folder}" in DOCKERFILE
    for name, service in PLATFORM.items():
        assert mounts[name].partition(":")[2] == folder
        assert urlsplit(service["environment"]["STUDIO_STORAGE_URL"]).path.startswith(f"{folder}/")


def test_the_servers_are_of_the_versions_that_the_tests_run_on() -> None:
    assert {name: COMPOSE[name]["image"] for name in IMAGES} == IMAGES
    versions = {name: image.partition(":")[2] for name, image in IMAGES.items()}
    pom = ElementTree.parse(Path(kafka.HERE) / "pom.xml").getroot()
    assert versions["kafka"] == pom.findtext("{*}dependencies/{*}dependency/{*}version")
    for name, binary in (("mongo", mongo.mongod()), ("redis", redis.redis_server())):
        told = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
        found = re.search(r"v=?(\d+\.\d+)", told)
        assert found is not None
        assert versions[name] == found[1]


def test_kafka_is_set_up_as_the_embedded_one() -> None:
    expected = kafka.as_environment(kafka.properties(Path("/log"), 1, 2))
    told = COMPOSE["kafka"]["environment"]
    assert told.keys() <= expected.keys()
    for name, value in expected.items():
        if not OWN_OF_KAFKA.search(name):
            assert told.get(name) == value, name


def test_redis_and_mongo_are_started_as_the_embedded_ones() -> None:
    embedded = redis.server(Path("/data"), 1).command
    told = COMPOSE["redis"]["command"][1:]
    for flag, value in zip(told[::2], told[1::2], strict=True):
        assert embedded[embedded.index(flag) + 1] == value
    embedded = mongo.server(Path("/data"), 1).command
    told = COMPOSE["mongo"]["command"]
    for flag in ("--replSet", "--wiredTigerCacheSizeGB"):
        assert told[told.index(flag) + 1] == embedded[embedded.index(flag) + 1]
    assert f"replicaSet={mongo.REPLICA_SET}" in PLATFORM["decider"]["environment"]["STUDIO_MONGO_URL"]


def test_workers_in_other_containers_find_the_gateway_and_are_found() -> None:
    for service in PLATFORM.values():
        internal = urlsplit(service["environment"]["STUDIO_INTERNAL_URL"])
        assert internal.hostname in COMPOSE
        assert str(internal.port) == service["environment"]["STUDIO_HTTP_PORT"]
    for name, service in WORKERS.items():
        told = service["environment"]
        assert internal.hostname in told["STUDIO_WORKER_FETCH_HOSTS"].split(",")
        assert told["STUDIO_WORKER_PUBLIC_URL"] == f"http://{name}:{told['STUDIO_WORKER_PORT']}"
        assert f"127.0.0.1:{told['STUDIO_WORKER_PORT']}/health-check" in service["healthcheck"]["test"][-1]


def test_what_is_told_to_the_fleet_is_the_address_that_was_named() -> None:
    told = Settings(server_secret=SecretStr("s"), http_port=8080, internal_url="http://gateway:8080", _env_file=None)
    assert reach(told).internal == "http://gateway:8080"
    assert reach(told.model_copy(update={"internal_url": None})).internal == "http://127.0.0.1:8080"
