"""Knows which programs and libraries the platform needs, and installs the missing ones where it may."""

import ctypes
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.local import toolchain

PROBE_TIMEOUT_S = 20
INSTALL_TIMEOUT_S = 900


class MissingPrerequisites(Exception):
    """Something is missing and could not be installed; the message is the command to type."""


@dataclass(frozen=True)
class Prerequisite:
    """One program or library: what it is for, how it is found, and Debian's package."""

    name: str
    purpose: str
    package: str
    found: Callable[[], str | None]


def program(name: str, *arguments: str, at_least: int = 0) -> Callable[[], str | None]:
    """Finds a program, and with a version command one that is new enough."""

    def found() -> str | None:
        path = shutil.which(name)
        if path is None or not arguments:
            return path
        result = subprocess.run(
            [path, *arguments], capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_S
        )
        version = re.search(r"\d+(\.\d+)*", result.stdout + result.stderr)
        if version is None or int(version[0].split(".")[0]) < at_least:
            return None
        return f"{path} {version[0]}"

    return found


def library(name: str) -> Callable[[], str | None]:
    """Finds a shared library by loading it."""

    def found() -> str | None:
        try:
            ctypes.CDLL(name)
        except OSError:
            return None
        return name

    return found


def browser() -> str | None:
    """Finds a Chromium for the browser tests."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


SERVERS = (
    Prerequisite("java 17", "Kafka", "openjdk-17-jre-headless", program("java", "-version", at_least=17)),
    Prerequisite("node 20", "Firestore emulator, page", "nodejs", program("node", "--version", at_least=20)),
    Prerequisite("setpriv", "processes end with their supervisor", "util-linux", program("setpriv")),
    Prerequisite("libcurl.so.4", "MongoDB", "libcurl4", library("libcurl.so.4")),
    Prerequisite("libEGL.so.1", "drawing pictures", "libegl1", library("libEGL.so.1")),
    Prerequisite("libGL.so.1", "drawing pictures", "libgl1", library("libGL.so.1")),
)
FETCHING = (
    Prerequisite("mvn", "fetching Kafka", "maven", program("mvn")),
    Prerequisite("npm", "fetching the Firestore emulator, building the page", "npm", program("npm")),
)
BROWSER = (Prerequisite("chromium", "browser tests", "chromium", browser),)


def needed() -> tuple[Prerequisite, ...]:
    """What starting the platform needs now: fetching programs only while something is to be fetched."""
    return (*SERVERS, *FETCHING) if toolchain.missing() else SERVERS


def missing(prerequisites: Iterable[Prerequisite]) -> list[Prerequisite]:
    """Those that are not there."""
    return [prerequisite for prerequisite in prerequisites if prerequisite.found() is None]


def ensure(prerequisites: Iterable[Prerequisite], report: Callable[[str, str], None]) -> None:
    """Installs what is missing where this is allowed, otherwise names the command that would."""
    absent = missing(prerequisites)
    if not absent:
        return
    packages = sorted({prerequisite.package for prerequisite in absent})
    may = may_install()
    if may is not None:
        report("prerequisites", f"installing {', '.join(packages)}")
        for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
            apt_get = [*may, "apt-get", *arguments]
            environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run(apt_get, check=False, stdout=sys.stderr, timeout=INSTALL_TIMEOUT_S, env=environment)
        absent = missing(absent)
    if absent:
        names = ", ".join(f"{one.name} (for {one.purpose})" for one in absent)
        packages = sorted({one.package for one in absent})
        raise MissingPrerequisites(f"missing: {names}; type: sudo apt-get install -y {' '.join(packages)}")


def may_install() -> list[str] | None:
    """What to put before apt-get: nothing as root, sudo where it asks no password; None when neither."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    asked = subprocess.run([sudo, "-n", "true"], capture_output=True, check=False, timeout=PROBE_TIMEOUT_S)
    return [sudo, "-n"] if asked.returncode == 0 else None


def main(purpose: str) -> int:
    """For the Makefile: `setup` must succeed, `browser` may be missing (its tests are skipped then)."""
    sets = {"setup": (*SERVERS, *FETCHING), "browser": BROWSER}
    try:
        ensure(sets[purpose], lambda name, what: print(f"{name}: {what}", file=sys.stderr))  # noqa: T201
    except MissingPrerequisites as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1 if purpose == "setup" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
