"""What this machine's own apt says: where Debian's packages come from, and installing some."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.commands import attempt, run
from lab.errors import HostUnfitError

# It asks nothing, and says what programs can read.
ENVIRONMENT: Final = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_FORMAT: Final = "$(ORIGIN)|$(LABEL)|$(RELEASE)|$(COMPONENT)|$(SIGNED_BY)|$(REPO_URI)"


@dataclass(frozen=True)
class Mirror:
    """A Debian mirror: its URL, the keyring that apt trusts for it, and apt's HTTP proxy."""

    url: str
    keyring: Path | None = None
    proxy: str | None = None


def debian_mirror() -> Mirror:
    """The mirror of Debian's main archive that this machine's apt uses.

    Errors: ``HostUnfitError`` where apt knows none (not a Debian machine, or no sources).
    """
    listed = attempt(["apt-get", "indextargets", "--format", _FORMAT, "Created-By: Packages"])
    found = mirror_in(listed.stdout if listed.returncode == 0 else "", _codename())
    if found is None:
        raise HostUnfitError(
            ["an apt source for Debian's main archive"],
            "add one to /etc/apt/sources.list.d, run `apt-get update`, and try again",
        )
    return Mirror(found.url, found.keyring, _proxy())


def mirror_in(listing: str, codename: str) -> Mirror | None:
    """The main archive in `apt-get indextargets`' answer, by label or else by suite name."""
    by_suite: Mirror | None = None
    for line in listing.splitlines():
        origin, label, release, component, signed_by, url = line.split("|", 5)
        if component != "main":
            continue
        # apt leaves a field that it has no value for as it was asked.
        keyring = Path(signed_by) if signed_by.startswith("/") else None
        found = Mirror(url.rstrip("/"), keyring)
        if origin == "Debian" and label == "Debian":
            return found
        if release == codename and by_suite is None and label in {"", "$(LABEL)"}:
            by_suite = found
    return by_suite


def install(packages: list[str]) -> None:
    """Install packages with apt-get. Errors: ``CommandError`` with apt's own words."""
    update()
    run(
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
        seconds=600,
        env=ENVIRONMENT,
    )


def update() -> None:
    """Learn anew what the archives hold. Errors: ``CommandError`` with apt-get's own words."""
    run(["apt-get", "update"], seconds=300, env=ENVIRONMENT)


def _codename() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    return ""


def _proxy() -> str | None:
    """apt's HTTP proxy, which debootstrap does not read by itself."""
    seen = attempt(["apt-config", "shell", "PROXY", "Acquire::http::Proxy"])
    words = shlex.split(seen.stdout) if seen.returncode == 0 else []
    return next((w.partition("=")[2] for w in words if w.startswith("PROXY=")), None) or None
