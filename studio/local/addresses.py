"""Where the parts of a local platform are reached: chosen before they start, written down for others."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import SecretStr

from studio.local.language import Language, language_of, speaking
from studio.local.layout import Layout, write_private
from studio.local.packing import Packed, port_names
from studio.local.ports import assign_remembered, is_free
from studio.local.secrets import filled, with_secrets
from studio.local.servers import firestore, kafka, mongo, redis
from studio.local.servers.server import Server
from studio.settings import Settings

EMULATED_PROJECT = "studio-local"
SERVER_PORTS = ("kafka", "kafka-controller", "mongo", "redis", "firestore")


@dataclass(frozen=True)
class Addresses:
    """What `studio up` has chosen, as it is kept in the data directory."""

    settings: dict[str, str]
    embedded: list[str]
    ports: dict[str, int]
    language: dict[str, Any] = field(default_factory=dict)
    """As `Language` has it; empty where an earlier version wrote this."""

    @property
    def speaks(self) -> Language | None:
        return Language(**self.language) if self.language else None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['http']}"


def all_servers(layout: Layout, ports: dict[str, int]) -> list[Server]:
    """The four servers as they would run here."""
    return [
        kafka.server(layout.server("kafka"), ports["kafka"], ports["kafka-controller"]),
        mongo.server(layout.server("mongo"), ports["mongo"]),
        redis.server(layout.server("redis"), ports["redis"]),
        firestore.server(layout.server("firestore"), ports["firestore"]),
    ]


def is_named(settings: Settings, server: Server) -> bool:
    """Whether the environment names a server of this kind, so that none is started here."""
    if server.name == "firestore" and settings.firestore_project is not None:
        return True
    return getattr(settings, server.setting) is not None


def choose(settings: Settings, layout: Layout, packing: tuple[Packed, ...]) -> Addresses:
    """Chooses all ports and writes the addresses down."""
    ports = assign_remembered([*SERVER_PORTS, *port_names(packing), "http", "standins-http"], layout.ports)
    if settings.http_port:
        if not is_free(settings.http_port):
            raise RuntimeError(f"port {settings.http_port} (STUDIO_HTTP_PORT) is taken by another program")
        ports["http"] = settings.http_port
    servers = [server for server in all_servers(layout, ports) if not is_named(settings, server)]
    values = {server.setting: server.address for server in servers}
    if "firestore_emulator" in values:
        values["firestore_project"] = EMULATED_PROJECT
    values["storage_url"] = settings.storage
    values["standins_url"] = f"http://127.0.0.1:{ports['standins-http']}"
    values["http_port"] = str(ports["http"])
    language = asdict(language_of(settings))
    addresses = Addresses(values, [server.name for server in servers], ports, language)
    write_private(layout.addresses, json.dumps(asdict(addresses), indent=2))
    return addresses


def read(layout: Layout) -> Addresses | None:
    """What the last `studio up` has chosen; None before the first."""
    if not layout.addresses.exists():
        return None
    return Addresses(**json.loads(layout.addresses.read_text()))


def connected(settings: Settings) -> Settings:
    """The settings as the running platform's processes have them: for command-line verbs and tests."""
    layout = Layout(settings.data_dir.resolve())
    addresses = read(layout)
    if addresses is None:
        return settings
    return with_secrets(as_started(settings, addresses), layout)


def as_started(settings: Settings, addresses: Addresses) -> Settings:
    """The settings with what was chosen when the platform was started."""
    named = filled(settings, addresses.settings)
    return named if addresses.speaks is None else speaking(named, addresses.speaks)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as environment variables, for the processes that are started with them."""
    variables = {}
    for name, value in settings.model_dump(mode="python", exclude={"process_name", "health_port"}).items():
        if value is not None:
            clear = value.get_secret_value() if isinstance(value, SecretStr) else value
            variables[f"STUDIO_{name.upper()}"] = json.dumps(clear) if isinstance(clear, dict | list) else str(clear)
    return variables
