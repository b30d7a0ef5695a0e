"""Fixtures that every room's tests may use."""

import gc
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.redis import OwnRedis
from tests.servers import Servers, running
from tests.shared import end_all_but

pytest_plugins = ["tests.platform", "tests.sandbox"]

SHARED = ("platform", "core", "sandbox")
"""Platforms; the tests that share one are a group."""

# A property holds or it does not, however busy the machine is.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, None, None]:
    """What is collected is there until the end: nobody looks again and again whether some of it is garbage."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs on real servers gets a second try, reported as a rerun: their time-outs meet a machine that others use.

    Everything else passes at once or fails. Those who share a platform run in one process (`--dist loadgroup`), so that
    each kind is started once, and none stands idle beside others: a platform is a dozen processes. Others go by file.
    What takes longest begins first, so that all processes end at about the same time (`--no-loadscope-reorder`).
    """
    slow = set()
    for item in items:
        if item.get_closest_marker("servers") is not None:
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.xdist_group(_group(item)))
            if item.get_closest_marker("slow") is not None:
                slow.add(_group(item))
    items.sort(key=lambda item: (_group(item) not in SHARED, _group(item) not in slow))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Where groups are kept, one that has ended does not come again, and its platform would only stand idle."""
    if item.config.getoption("loadgroup", False):
        end_all_but(getattr(item, "fixturenames", ()))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: Sequence[str]) -> None:
    """Where groups are not kept, each process starts each platform, and nothing else tells of it."""
    if node.config.getoption("dist") == "loadgroup" and ids and not any("@" in name for name in ids):
        pytest.exit("this pytest-xdist writes no groups into the node ids of this pytest: see pyproject.toml", 4)


def _group(item: pytest.Item) -> str:
    fixtures = set(getattr(item, "fixturenames", ()))
    for name in SHARED:
        if name in fixtures:
            return name
    return item.nodeid.partition("::")[0]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Real Kafka, MongoDB, Redis and Firestore emulator, started when the first test asks for them.

    They are shared by all tests of a worker: use names (topics, databases, keys) of your own in each test.
    """
    with running(tmp_path_factory.getbasetemp() / "servers") as addresses:
        yield addresses


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Servers of one module's tests, where what others have left on the log would be a part of what they are given."""
    with running(tmp_path_factory.mktemp("own")) as addresses:
        yield addresses


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis of one test, which it may flush or kill."""
    (tmp_path / "redis").mkdir()
    with OwnRedis(tmp_path / "redis") as server:
        yield server
