"""The parts of the local platform that need no server."""

import configparser
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.signing.keys import BadSigningKey, SigningKey
from studio.local import addresses, platform, prerequisites, readiness, secrets
from studio.local.layout import Layout
from studio.local.locks import locked
from studio.local.packing import PACKING, program
from studio.local.platform import LocalPlatform
from studio.local.ports import RANGE, assign, assign_remembered
from studio.local.prerequisites import MissingPrerequisites, Prerequisite
from studio.local.readiness import Awaited
from studio.local.servers import kafka
from studio.local.servers.server import NotReady
from studio.local.supervisor import PLATFORM, SERVERS, Program, Supervisor, configuration
from studio.processes import signer
from studio.settings import PROJECT_ROOT, Settings
from tests.servers import isolated_settings, quiet


def ready_layout(folder: Path) -> Layout:
    layout = Layout(folder / "data")
    layout.prepare()
    return layout


def test_ports_stay_the_same(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    first = assign_remembered(["a", "b"], file)
    assert assign_remembered(["b"], file) == {"b": first["b"]}
    assert assign_remembered(["a", "b"], file) == first


def test_a_taken_port_is_replaced() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        chosen = assign(["a"], {"a": taken})
    assert chosen["a"] != taken
    assert chosen["a"] in RANGE


def test_two_names_never_share_a_port() -> None:
    port = assign(["a"], {})["a"]
    assert len(set(assign(["a", "b"], {"a": port, "b": port}).values())) == 2


def test_the_configuration_names_every_program_in_its_group(tmp_path: Path) -> None:
    programs = [
        Program("kafka", SERVERS, ["java", "-cp", "with space/*"]),
        Program("gateway", PLATFORM, ["python", "-m", "x"], {"STUDIO_HEALTH_PORT": "1", "RATE": "50%"}),
    ]
    text = configuration(Layout(tmp_path), programs)
    parsed = configparser.RawConfigParser(inline_comment_prefixes=(" ;",))
    parsed.read_string(text)
    assert parsed["group:servers"]["programs"] == "kafka"
    assert parsed["group:platform"]["programs"] == "gateway"
    assert parsed["program:kafka"]["command"] == "setpriv --pdeathsig KILL -- java -cp 'with space/*'"
    assert parsed["program:kafka"]["autostart"] == "true"
    assert parsed["program:gateway"]["autostart"] == "false"
    assert parsed["program:gateway"]["environment"] == 'STUDIO_HEALTH_PORT="1",RATE="50%%"'


def test_what_the_configuration_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        configuration(Layout(tmp_path), [Program("x", SERVERS, ["run", "a ;comment"])])


def test_the_socket_fits_the_kernels_limit(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    assert Layout(deep).supervisor_socket.parent.name.startswith("studio-")
    assert Layout(Path("/s")).supervisor_socket == Path("/s/run/supervisor.sock")


async def test_down_leaves_no_folder_of_the_socket_behind(tmp_path: Path) -> None:
    local = LocalPlatform(isolated_settings(tmp_path / ("d" * 120)))
    local.layout.prepare()
    folder = local.layout.supervisor_socket.parent
    (folder / "supervisor.sock.123").touch()
    await local.down(quiet)
    assert not folder.exists()
    assert local.layout.run.is_dir()


async def test_down_takes_nothing_away_that_is_not_its_own(tmp_path: Path) -> None:
    local = LocalPlatform(isolated_settings(tmp_path / ("d" * 120)))
    local.layout.prepare()
    folder = local.layout.supervisor_socket.parent
    (folder / "something").touch()
    await local.down(quiet)
    assert [one.name for one in folder.iterdir()] == ["something"]
    (folder / "something").unlink()
    await local.down(quiet)


def test_secrets_are_made_once_and_are_their_owners_only(tmp_path: Path) -> None:
    layout = ready_layout(tmp_path)
    settings = isolated_settings(layout.data_dir).model_copy(
        update={"admin_key": None, "server_secret": None, "master_key": None}
    )
    first = secrets.with_secrets(settings, layout)
    again = secrets.with_secrets(settings, layout)
    assert again == first
    assert first.admin_key is not None
    assert layout.secrets.stat().st_mode & 0o777 == 0o600
    assert layout.data_dir.stat().st_mode & 0o777 == 0o700


def test_a_signing_key_is_made_where_none_is_named(tmp_path: Path) -> None:
    layout = ready_layout(tmp_path)
    settings = isolated_settings(layout.data_dir)
    first = secrets.with_secrets(settings, layout)
    key = signer.present_key(first)()
    assert layout.signing_key.stat().st_mode & 0o777 == 0o600
    assert signer.present_key(secrets.with_secrets(settings, layout))().key_id == key.key_id
    named = settings.model_copy(update={"signing_key": SecretStr(SigningKey.new().text)})
    assert signer.present_key(secrets.with_secrets(named, layout))().key_id != key.key_id


def test_without_a_key_the_signer_does_not_start_and_says_why(tmp_path: Path) -> None:
    settings = isolated_settings(tmp_path)
    with pytest.raises(ValueError, match="STUDIO_SIGNING_KEY or STUDIO_SIGNING_KEY_FILE is not set"):
        signer.present_key(settings)
    missing = settings.model_copy(update={"signing_key_file": tmp_path / "none"})
    with pytest.raises(BadSigningKey, match="none cannot be read: No such file"):
        signer.present_key(missing)
    wrong = settings.model_copy(update={"signing_key": SecretStr("short")})
    with pytest.raises(BadSigningKey, match="the signing key"):
        signer.present_key(wrong)


def test_processes_are_told_everything_that_was_resolved(tmp_path: Path) -> None:
    layout = ready_layout(tmp_path)
    settings = isolated_settings(layout.data_dir)
    chosen = addresses.choose(settings, layout, PACKING)
    told = addresses.environment(secrets.with_secrets(secrets.filled(settings, chosen.settings), layout))
    assert told["STUDIO_KAFKA_BOOTSTRAP"] == f"127.0.0.1:{chosen.ports['kafka']}"
    assert told["STUDIO_HTTP_PORT"] == str(chosen.ports["http"])
    assert told["STUDIO_STORAGE_URL"] == (layout.data_dir / "assets").as_uri()
    assert {"STUDIO_ADMIN_KEY", "STUDIO_MASTER_KEY", "STUDIO_SERVER_SECRET"} <= set(told)
    assert addresses.read(layout) == chosen


def test_processes_have_the_very_settings_that_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"llm_prices": {"one": (150_000, 600_000)}, "llm_prompt_models": ["one", "two"]}
    layout = ready_layout(tmp_path)
    settings = isolated_settings(layout.data_dir).model_copy(update=told)
    chosen = addresses.choose(settings, layout, PACKING)
    resolved = secrets.with_secrets(secrets.filled(settings, chosen.settings), layout)
    for name, value in addresses.environment(resolved).items():
        monkeypatch.setenv(name, value)
    assert Settings(_env_file=None) == resolved


def test_a_named_server_is_not_embedded(tmp_path: Path) -> None:
    layout = ready_layout(tmp_path)
    settings = isolated_settings(layout.data_dir).model_copy(update={"firestore_project": "p"})
    chosen = addresses.choose(settings, layout, PACKING)
    assert chosen.embedded == ["kafka", "mongo", "redis"]
    assert "firestore_emulator" not in chosen.settings


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with (
        locked(tmp_path / "lock", 1.0),
        pytest.raises(TimeoutError, match="another process"),
        locked(tmp_path / "lock", 0.0),
    ):
        pass


def test_deciders_share_a_process_with_deciders_only() -> None:
    assert [packed.roles for packed in PACKING if "decider" in packed.roles] == [("decider",)]
    names = [packed.name for packed in PACKING]
    assert len(set(names)) == len(names)


def test_a_worker_of_the_fleet_has_its_own_main() -> None:
    worker = next(packed for packed in PACKING if packed.name == "gpu-worker-1")
    assert program(worker, 7).command[1:] == ["-m", "gpu_workers"]
    environment = program(worker, 7).environment
    assert (environment["STUDIO_WORKER_ID"], environment["STUDIO_WORKER_PORT"]) == ("gpu-worker-1", "7")


def test_kafkas_properties_become_the_images_variables(tmp_path: Path) -> None:
    variables = kafka.as_environment(kafka.properties(tmp_path, 1, 2))
    assert variables["KAFKA_PROCESS_ROLES"] == "broker,controller"
    assert variables["KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS"] == "0"
    assert variables["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:1"


def test_what_is_missing_is_named_with_the_command_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # no apt-get: nothing can be installed
    absent = Prerequisite("quux 9", "testing", "quux-bin", lambda: None)
    with pytest.raises(MissingPrerequisites, match=r"quux 9 \(for testing\); type: .* install -y quux-bin"):
        prerequisites.ensure([absent], quiet)


OTHER_NODE = "install node from 20.19 and below 21, or from 22.12: https://x.test"


@pytest.mark.parametrize(
    ("candidate", "advice"),
    [
        ("18.20.4+dfsg-1~deb12u1", f"apt has nodejs 18.20.4: {OTHER_NODE}"),
        ("22.9.0", f"apt has nodejs 22.9.0: {OTHER_NODE}"),
        ("20.19.2+dfsg-1", "type: sudo apt-get install -y nodejs"),
        ("(none)", "type: sudo apt-get install -y nodejs"),
    ],
)
def test_no_command_is_named_that_would_install_what_is_too_old(
    candidate: str, advice: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt_cache = tmp_path / "apt-cache"
    apt_cache.write_text(f'#!/bin/sh\necho "nodejs:"\necho "  Installed: (none)"\necho "  Candidate: {candidate}"\n')
    apt_cache.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    node = Prerequisite("node 20.19", "page", "nodejs", lambda: None, prerequisites.NODE, "https://x.test")
    with pytest.raises(MissingPrerequisites) as told:
        prerequisites.ensure([node], quiet)
    assert str(told.value) == f"missing: node 20.19 (for page); {advice}"


def test_a_program_that_is_too_old_counts_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program_file = tmp_path / "java"
    program_file.write_text('#!/bin/sh\necho openjdk version \\"11.0.2\\" >&2\n')
    program_file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for first, found in (((17,), False), ((11, 1), False), ((11, 0, 2), True)):
        java = prerequisites.Program("java", ("-version",), (prerequisites.Versions(first),))
        assert java() == (f"{program_file} 11.0.2" if found else None)


@pytest.mark.parametrize(
    ("version", "accepted"),
    [
        ("18.20.4", False),
        ("20.18.3", False),
        ("20.19.0", True),
        ("21.7.3", False),
        ("22.0.0", False),
        ("22.11.0", False),
        ("22.12.0", True),
        ("24.1.0", True),
    ],
)
def test_node_is_one_that_the_pages_build_takes(
    version: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program_file = tmp_path / "node"
    program_file.write_text(f"#!/bin/sh\necho v{version}\n")
    program_file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    node = next(one for one in prerequisites.SERVERS if one.package == "nodejs")
    if accepted:
        prerequisites.ensure([node], quiet)
        return
    with pytest.raises(MissingPrerequisites) as told:
        prerequisites.ensure([node], quiet)
    assert f"{version} is here, and it has to be from 20.19 and below 21, or from 22.12" in str(told.value)


def test_the_page_says_itself_which_node_it_takes() -> None:
    taken = json.loads((PROJECT_ROOT / "gateway/ui/package-lock.json").read_text())["packages"]
    assert taken["node_modules/vite"]["engines"] == taken[""]["engines"] == {"node": "^20.19.0 || >=22.12.0"}


@pytest.mark.parametrize(
    "file", ["studio/local/firestore/package-lock.json", "gateway/ui/package-lock.json", "requirements.lock"]
)
def test_lock_files_carry_no_addresses(file: str) -> None:
    text = (PROJECT_ROOT / file).read_text()
    if file.endswith(".json"):
        packages = json.loads(text)["packages"]
        assert [name for name, package in packages.items() if "resolved" in package] == []
    else:
        assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", text) == []


@pytest.mark.parametrize("folder", ["studio/local/firestore", "gateway/ui"])
def test_node_locks_are_complete_for_every_platform(folder: str) -> None:
    """`npm ci` refuses a lock in which another platform's optional package has no entry."""
    packages = json.loads((PROJECT_ROOT / folder / "package-lock.json").read_text())["packages"]
    named = {name for package in packages.values() for name in package.get("optionalDependencies", {})}
    assert {name for name in named if f"node_modules/{name}" not in packages} == set()


async def test_who_waits_is_told_what_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "REMIND_S", 0.01)
    monkeypatch.setattr(readiness, "WATCH_S", 60.0)
    told: list[tuple[str, str]] = []

    async def ready() -> None:
        return

    async def ready_once_it_was_named() -> None:
        if not any(name == "waiting" for name, _ in told):
            raise NotReady("mongo")

    layout = ready_layout(tmp_path)
    awaited = [Awaited("redis", ready), Awaited("mongo", ready_once_it_was_named)]
    await readiness.wait_for(awaited, Supervisor(layout), layout, lambda name, what: told.append((name, what)))
    assert [what.split(" (")[0] for name, what in told if name == "waiting"][-1] == "for mongo"
    assert told[-1][0] == "mongo"


def test_a_process_counts_with_what_it_has_started() -> None:
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        alone, whole = platform.resident(parent.pid), platform.resident_with_children(parent.pid)
        parent.communicate(b"\n")
    assert 0 < alone < whole
    assert platform.resident_with_children(parent.pid) == platform.resident_with_children(0) == 0
