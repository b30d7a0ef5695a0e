"""The containers run the same processes as the local platform."""

import yaml

from studio.local.packing import GPU_WORKER, PACKING
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
