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


Version = tuple[int, ...]
NUMBERS = r"\d+(?:\.\d+)*"


@dataclass(frozen=True)
class Versions:
    """Those from one on; where a line of versions ends, up to its end."""

    first: Version
    end: Version = ()

    def __contains__(self, version: Version) -> bool:
        return version >= self.first and (not self.end or version < self.end)

    def __str__(self) -> str:
        return f"from {dotted(self.first)}" + (f" and below {dotted(self.end)}" if self.end else "")


Accepted = tuple[Versions, ...]
JAVA: Accepted = (Versions((17,)),)
NODE: Accepted = (Versions((20, 19), (21,)), Versions((22, 12)))
"""What the page's build takes."""


class MissingPrerequisites(Exception):
    """Something is missing and could not be installed; the message is the command to type."""


@dataclass(frozen=True)
class Prerequisite:
    """One program or library: what it is for, how it is found, and Debian's package."""

    name: str
    purpose: str
    package: str
    found: Callable[[], str | None]
    accepted: Accepted = ()
    elsewhere: str = ""
    """Where another one is, for systems whose package is none of those that are accepted."""

    @property
    def wrong(self) -> str | None:
        """The version that is there, where it is none of those that are accepted."""
        if not isinstance(self.found, Program) or (version := self.found.version()) is None:
            return None
        return None if fits(version, self.accepted) else dotted(version)


@dataclass(frozen=True)
class Program:
    """Finds a program; where it is asked for its version, one of those that are accepted."""

    name: str
    arguments: tuple[str, ...] = ()
    accepted: Accepted = ()

    def __call__(self) -> str | None:
        path = shutil.which(self.name)
        if path is None or not self.arguments:
            return path
        version = self.version()
        return f"{path} {dotted(version)}" if version is not None and fits(version, self.accepted) else None

    def version(self) -> Version | None:
        """Of the one that is there, whatever it is."""
        path = shutil.which(self.name)
        if path is None or not self.arguments:
            return None
        command = [path, *self.arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_S)
        found = re.search(NUMBERS, result.stdout + result.stderr)
        return None if found is None else parsed(found[0])


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
    Prerequisite("java 17", "Kafka", "openjdk-17-jre-headless", Program("java", ("-version",), JAVA), JAVA),
    Prerequisite(
        "node 20.19",
        "Firestore emulator, page",
        "nodejs",
        Program("node", ("--version",), NODE),
        NODE,
        "https://nodejs.org/en/download",
    ),
    Prerequisite("setpriv", "processes end with their supervisor", "util-linux", Program("setpriv")),
    Prerequisite("libcurl.so.4", "MongoDB", "libcurl4", library("libcurl.so.4")),
    Prerequisite("libEGL.so.1", "drawing pictures", "libegl1", library("libEGL.so.1")),
    Prerequisite("libGL.so.1", "drawing pictures", "libgl1", library("libGL.so.1")),
)
FETCHING = (
    Prerequisite("mvn", "fetching Kafka", "maven", Program("mvn")),
    Prerequisite("npm", "fetching the Firestore emulator, building the page", "npm", Program("npm")),
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
    may = may_install()
    if may is not None:
        report("prerequisites", f"installing {', '.join(sorted({one.package for one in absent}))}")
        apt_get(may, "update", "-q")
        if packages := sorted({one.package for one in absent if unfit(one) is None}):
            apt_get(may, "install", "-y", "-q", "--no-install-recommends", *packages)
        absent = missing(absent)
    if absent:
        names = ", ".join(f"{one.name} (for {one.purpose}{instead(one)})" for one in absent)
        raise MissingPrerequisites(f"missing: {names}; {advice(absent)}")


def apt_get(may: list[str], *arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*may, "apt-get", *arguments]
    subprocess.run(command, check=False, stdout=sys.stderr, timeout=INSTALL_TIMEOUT_S, env=environment)


def advice(absent: Iterable[Prerequisite]) -> str:
    """What a person does about them: a command, where it helps."""
    told, packages = [], set()
    for one in absent:
        offered = unfit(one)
        if offered is None:
            packages.add(one.package)
        else:
            program = one.name.split()[0]
            told.append(f"apt has {one.package} {offered}: install {program} {in_words(one.accepted)}: {one.elsewhere}")
    if packages:
        told.append(f"type: sudo apt-get install -y {' '.join(sorted(packages))}")
    return "; ".join(told)


def instead(one: Prerequisite) -> str:
    """That another version is there, and which it has to be."""
    wrong = one.wrong
    return "" if wrong is None else f"; {wrong} is here, and it has to be {in_words(one.accepted)}"


def unfit(one: Prerequisite) -> str | None:
    """The version that apt would install, where that is none to install; None where it is, or nobody knows."""
    apt_cache = shutil.which("apt-cache")
    if apt_cache is None or not one.accepted or not one.elsewhere:
        return None
    policy = [apt_cache, "policy", one.package]
    plain = {**os.environ, "LC_ALL": "C"}
    told = subprocess.run(policy, capture_output=True, text=True, check=False, timeout=PROBE_TIMEOUT_S, env=plain)
    candidate = re.search(rf"Candidate: (?:\d+:)?({NUMBERS})", told.stdout)
    return candidate[1] if candidate is not None and not fits(parsed(candidate[1]), one.accepted) else None


def fits(version: Version, accepted: Accepted) -> bool:
    return any(version in versions for versions in accepted)


def in_words(accepted: Accepted) -> str:
    return ", or ".join(map(str, accepted))


def dotted(version: Version) -> str:
    return ".".join(map(str, version))


def parsed(version: str) -> Version:
    return tuple(map(int, version.split(".")))


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
    """For the Makefile: `setup` must succeed; without a `browser` its tests fail, unless Playwright brought its own."""
    sets = {"setup": (*SERVERS, *FETCHING), "browser": BROWSER}
    try:
        ensure(sets[purpose], lambda name, what: print(f"{name}: {what}", file=sys.stderr))  # noqa: T201
    except MissingPrerequisites as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1 if purpose == "setup" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
