"""Configuration comes from the environment or a .env file, and secrets stay out of sight."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from studio.settings import PROJECT_ROOT, Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of the person who runs the tests has a say."""
    for name in (*Settings.model_fields, "provider_fal_api_key", "provider_fal_base_url"):
        monkeypatch.delenv(f"STUDIO_{name.upper()}", raising=False)


def test_without_configuration_every_server_is_embedded() -> None:
    settings = Settings(_env_file=None)
    servers = (settings.kafka_bootstrap, settings.mongo_url, settings.redis_url, settings.firestore_emulator)
    assert servers == (None, None, None, None)
    assert settings.data_dir == PROJECT_ROOT / ".studio"
    assert settings.planner == "offline"


def test_the_environment_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("STUDIO_REDIS_URL=redis://file\nSTUDIO_MONGO_URL=mongodb://file\n")
    monkeypatch.setenv("STUDIO_REDIS_URL", "redis://environment")
    settings = Settings(_env_file=file)
    assert (settings.redis_url, settings.mongo_url) == ("redis://environment", "mongodb://file")


def test_an_empty_variable_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_KAFKA_BOOTSTRAP", "")
    assert Settings(_env_file=None).kafka_bootstrap is None


def test_priorities_have_six_three_and_one_turn_of_ten_or_what_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None).priority_weights == {"HIGH": 6, "NORMAL": 3, "LOW": 1}
    monkeypatch.setenv("STUDIO_PRIORITY_WEIGHTS", '{"HIGH": 4, "NORMAL": 2, "LOW": 2}')
    assert Settings(_env_file=None).priority_weights == {"HIGH": 4, "NORMAL": 2, "LOW": 2}


@pytest.mark.parametrize("weights", ['{"HIGH": 6, "NORMAL": 3}', '{"HIGH": 6, "NORMAL": 3, "LOW": 0}', '{"TOP": 1}'])
def test_no_priority_may_be_left_without_turns(weights: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_PRIORITY_WEIGHTS", weights)
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


def test_alerts_go_where_they_are_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(_env_file=None).alerts_routes == {"mail": ["page"]}
    monkeypatch.setenv("STUDIO_ALERTS_ROUTES", '{"chat": ["page", "rate_limit"]}')
    assert Settings(_env_file=None).alerts_routes == {"chat": ["page", "rate_limit"]}
    monkeypatch.setenv("STUDIO_ALERTS_ROUTES", '{"chat": ["urgent"]}')
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


def test_a_port_out_of_range_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_HTTP_PORT", "70000")
    with pytest.raises(ValidationError, match="http_port"):
        Settings(_env_file=None)


def test_a_provider_is_read_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_PROVIDER_FAL_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("STUDIO_PROVIDER_FAL_API_KEY", "k-fal")
    provider = Settings(_env_file=None).provider("fal")
    assert provider.base_url == "http://127.0.0.1:1"
    assert provider.api_key is not None
    assert provider.api_key.get_secret_value() == "k-fal"


def test_a_providers_name_with_a_dash_reads_an_underscore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_PROVIDER_ELEVEN_LABS_BASE_URL", "http://127.0.0.1:2")
    assert Settings(_env_file=None).provider("eleven-labs").base_url == "http://127.0.0.1:2"


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_ADMIN_KEY", "very-secret")
    assert "very-secret" not in repr(Settings(_env_file=None))


def test_every_field_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_planner_is_named_by_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_LLM_BASE_URL", "http://127.0.0.1:3/v1")
    monkeypatch.setenv("STUDIO_LLM_PRIMARY_MODEL", "some-model")
    assert Settings(_env_file=None).planner == "some-model"
