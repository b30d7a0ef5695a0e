"""The one place where configuration enters: environment variables `STUDIO_…` or a `.env` file."""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from events.jobs.events import Category

PROJECT_ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = PROJECT_ROOT / ".env"


class ProviderSettings(BaseSettings):
    """Where one provider of models is reached, and with which key."""

    model_config = SettingsConfigDict(env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True)

    base_url: str | None = Field(None, description="The provider's address; unset: its public one.")
    api_key: SecretStr | None = Field(None, description="The provider's key; unset: the provider is off.")


class Settings(BaseSettings):
    """What a process of the platform is told from outside; every composition root starts from it."""

    model_config = SettingsConfigDict(
        env_prefix="STUDIO_", env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        PROJECT_ROOT / ".studio", description="Where the local platform keeps its data, logs and files."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important level that a process logs."
    )

    kafka_bootstrap: str | None = Field(None, description="host:port of Kafka; unset: an embedded broker.")
    mongo_url: str | None = Field(None, description="URL of a MongoDB replica set; unset: an embedded one.")
    redis_url: str | None = Field(None, description="URL of Redis; unset: an embedded one.")
    firestore_emulator: str | None = Field(
        None, description="host:port of a Firestore emulator; unset with no project: an embedded one."
    )
    firestore_project: str | None = Field(None, description="Google Cloud project whose Firestore is mirrored to.")
    storage_url: str | None = Field(
        None, description="Where assets lie (file, s3, gs or az URL); unset: a folder of the data directory."
    )

    http_port: int | None = Field(
        None, ge=0, le=65535, description="Port of the gateway on 127.0.0.1; unset: a free one, kept."
    )
    http_host: str = Field("127.0.0.1", description="Address that the gateway listens on.")
    public_url: str | None = Field(
        None, description="Address at which providers and people reach the gateway from outside."
    )
    internal_url: str | None = Field(
        None, description="Address at which workers of the fleet reach the gateway; unset: its port on this machine."
    )
    webhooks_to_private: bool = Field(
        False, description="Webhooks may go to this machine and its networks: for development alone."
    )
    alerts_webhook_url: str | None = Field(None, description="Alerts to operators go here, as JSON.")
    alerts_chat_url: str | None = Field(None, description="An incoming webhook of Slack, or of a chat that speaks its.")
    alerts_smtp_url: SecretStr | None = Field(None, description="smtp://user:password@host:587, or smtps://…")
    alerts_mail_from: str = Field("ai-studio@localhost", description="Who alerts by mail come from.")
    alerts_mail_to: str | None = Field(None, description="Who gets them, with commas between.")
    alerts_routes: dict[Literal["webhook", "chat", "mail"], list[Literal["page", "notice"] | Category]] = Field(
        {"mail": ["page"]},
        description="What each channel is told of, by urgency or category; one that is not named: of everything.",
    )
    standins_url: str | None = Field(None, description="Address of the offline planner and the provider simulators.")
    sandbox: bool = Field(False, description="Every model is active, served by simulators, and costs nothing outside.")

    llm_base_url: str | None = Field(
        None, description="A server of the Chat Completions wire; unset: the offline planner."
    )
    llm_api_key: SecretStr | None = Field(None, description="Key for the language model's server.")
    llm_primary_model: str | None = Field(None, description="The language model that is asked first.")
    llm_secondary_model: str | None = Field(
        None, description="The language model that takes over on a retriable error."
    )
    llm_small_model: str | None = Field(
        None, description="A cheaper one that checks plans and answers small questions; unset: the primary one does."
    )

    llm_prompt_models: list[str] = Field(
        [], description="Further language models that a variant of a prompt may have as its own."
    )
    llm_tokens_per_day: int = Field(
        20_000_000,
        ge=1,
        description="Tokens of an organisation in 24 hours; then its agents ask no model.",
    )
    llm_max_tokens: int | None = Field(
        None,
        ge=256,
        description="Tokens of one answer at most; a model whose server allows less is asked for less.",
    )
    llm_concurrent: int = Field(256, ge=1, description="Calls of one process at the language models at once.")
    llm_prices: dict[str, tuple[int, int]] = Field(
        {}, description='Millicredits for a million tokens read and written, by model: {"name": [150000, 600000]}.'
    )

    priority_weights: dict[Literal["HIGH", "NORMAL", "LOW"], Annotated[int, Field(ge=1, le=1000)]] = Field(
        {"HIGH": 6, "NORMAL": 3, "LOW": 1},
        min_length=3,
        description="Turns that an organisation's priorities have of each round, none of them none.",
    )

    admin_key: SecretStr | None = Field(None, description="The platform's own key, which opens /v1/admin.")
    server_secret: SecretStr | None = Field(
        None, description="Secret of signed addresses and of ids that are derived from idempotency keys."
    )
    master_key: SecretStr | None = Field(None, description="Wraps the personal data keys: 32 bytes, URL-safe base64.")

    signing_key: SecretStr | None = Field(
        None, description="Signs checkpoints of the books: an Ed25519 key's 32 bytes, URL-safe base64."
    )
    signing_key_file: Path | None = Field(
        None, description="The file that holds it instead; unset with no key: one of the data directory, made once."
    )

    process_name: str = Field("studio", description="This process's name in logs, metrics and status.")
    health_port: int | None = Field(
        None, ge=0, le=65535, description="Port on 127.0.0.1 of this process's health and metrics."
    )

    @property
    def planner(self) -> str:
        """Which planner answers: the primary model's name, or `offline`."""
        if self.llm_base_url is None and self.llm_api_key is None:
            return "offline"
        return self.llm_primary_model or "default"

    @property
    def prompt_models(self) -> frozenset[str]:
        """Language models that a prompt's variant may ask for: those that are configured."""
        configured = (self.llm_primary_model, self.llm_secondary_model, self.llm_small_model, *self.llm_prompt_models)
        return frozenset(model for model in configured if model)

    @property
    def storage(self) -> str:
        """Where assets lie, with the default resolved."""
        return self.storage_url or (self.data_dir.resolve() / "assets").as_uri()

    def provider(self, name: str) -> ProviderSettings:
        """Reads STUDIO_PROVIDER_<NAME>_BASE_URL and _API_KEY, from the environment or the .env file."""
        slug = re.sub(r"[^A-Za-z0-9]+", "_", name).upper()
        return ProviderSettings(_env_prefix=f"STUDIO_PROVIDER_{slug}_")


def complaint(error: ValueError) -> str | None:
    """What is wrong with the settings as they were given, for the person who gave them; None for another error.

    What was given is left out: it may be a secret.
    """
    if isinstance(error, SettingsError):
        return f"a setting cannot be read: {error} (JSON is expected)"
    if not isinstance(error, ValidationError) or error.title != Settings.__name__:
        return None
    prefix = Settings.model_config["env_prefix"].upper()
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{prefix}{str(one['loc'][0]).upper()}: {one['msg']}" for one in wrong)
