"""The containers run the same processes as the local platform."""

from urllib.parse import urlsplit

import yaml
from pydantic import SecretStr

from studio.local.packing import GPU_WORKER, PACKING
from studio.processes.dispatcher import reach
from studio.settings import PROJECT_ROOT, Settings

COMPOSE = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]


def test_every_process_of_the_table_is_a_service_with_the_same_roles() -> None:
    expected = {
        packed.name: ["gpu_workers"] if packed.roles == (GPU_WORKER,) else ["studio.processes", *packed.roles]
        for packed in PACKING
    }
    assert {name: COMPOSE[name]["command"] for name in expected} == expected


def test_every_service_has_a_health_check_or_its_images() -> None:
    own_image = {name for name, service in COMPOSE.items() if "build" in service}
    assert {name for name, service in COMPOSE.items() if "healthcheck" not in service} <= own_image


def test_services_are_told_only_settings_that_exist() -> None:
    variables = {key for service in COMPOSE.values() for key in service.get("environment", {})}
    told = {key for key in variables if key.startswith("STUDIO_")}
    known = {f"STUDIO_{name.upper()}" for name in Settings.model_fields}
    assert {key for key in told - known if not key.startswith("STUDIO_WORKER_")} == set()


def test_workers_in_other_containers_find_the_gateway() -> None:
    for service in COMPOSE.values():
        if service.get("command", [""])[0] in ("studio.processes", "gpu_workers"):
            internal = urlsplit(service["environment"]["STUDIO_INTERNAL_URL"])
            assert internal.hostname in COMPOSE
            assert str(internal.port) == service["environment"]["STUDIO_HTTP_PORT"]
            if "STUDIO_WORKER_FETCH_HOSTS" in service["environment"]:
                assert internal.hostname in service["environment"]["STUDIO_WORKER_FETCH_HOSTS"].split(",")


def test_what_is_told_to_the_fleet_is_the_address_that_was_named() -> None:
    told = Settings(server_secret=SecretStr("s"), http_port=8080, internal_url="http://gateway:8080", _env_file=None)
    assert reach(told).internal == "http://gateway:8080"
    assert reach(told.model_copy(update={"internal_url": None})).internal == "http://127.0.0.1:8080"
