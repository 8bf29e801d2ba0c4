"""The lab's bridge: made, checked to be the lab's own, and removed with all links on it."""

from __future__ import annotations

import hashlib
import json
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

from lab.commands import attempt, run
from lab.errors import BridgeTakenError, SubnetTakenError
from lab.settings import LabSettings

ALIAS: Final = "shimyard lab "


def ensure_bridge(settings: LabSettings) -> None:
    """Make the lab's bridge with its address, or find it there.

    Nothing is forwarded: the lab sets no route, no NAT and no sysctl on this machine.
    Errors: ``BridgeTakenError`` if the name is someone else's, ``SubnetTakenError`` on an overlap.
    """
    if owned_bridge(settings) is None:
        refuse_overlap(settings)
        # The address is set by the call that makes the bridge, so none is ever without an owner;
        # Linux ignores an alias there.
        run(["ip", "link", "add", "name", settings.name, "address", owner_mark(settings.folder),
             "type", "bridge"])  # fmt: skip
    run(["ip", "link", "set", "dev", settings.name, "alias", _alias(settings.folder)])
    width = settings.subnet.prefixlen
    run(["ip", "address", "replace", f"{settings.gateway}/{width}", "dev", settings.name])
    run(["ip", "link", "set", settings.name, "up"])


def owned_bridge(settings: LabSettings) -> dict[str, Any] | None:
    """The lab's bridge as `ip` tells it, or None if there is no interface of that name.

    Errors: ``BridgeTakenError`` if the interface is not this lab's.
    """
    seen = attempt(["ip", "-json", "-details", "link", "show", "dev", settings.name])
    if seen.returncode != 0:
        return None
    link: dict[str, Any] = json.loads(seen.stdout)[0]
    if link["address"] != owner_mark(settings.folder):
        alias = str(link.get("ifalias", ""))
        owner = Path(alias.removeprefix(ALIAS)) if alias.startswith(ALIAS) else None
        raise BridgeTakenError(settings.name, alias or None, owner)
    return link


def remove_bridge(settings: LabSettings) -> None:
    """Remove the lab's bridge and every link that is still on it."""
    if owned_bridge(settings) is None:
        return
    listed = json.loads(run(["ip", "-json", "link", "show", "master", settings.name]) or "[]")
    for port in listed:
        # A node's link may go by itself while we are at it.
        attempt(["ip", "link", "delete", "dev", str(port["ifname"])])
    run(["ip", "link", "delete", "dev", settings.name])


def remove_link(interface: str) -> None:
    """Remove a dead node's end of a link, if it is still there."""
    attempt(["ip", "link", "delete", "dev", interface])


def set_link(interface: str, *, up: bool) -> None:
    """Plug a node's cable in or out, on the host's side."""
    run(["ip", "link", "set", "dev", interface, "up" if up else "down"])


def refuse_overlap(settings: LabSettings) -> None:
    """Raise ``SubnetTakenError`` if this machine already has an address in the lab's subnet."""
    for link in json.loads(run(["ip", "-json", "-4", "address", "show"])):
        for address in link["addr_info"]:
            used = IPv4Network(f"{address['local']}/{address['prefixlen']}", strict=False)
            if link["ifname"] != settings.name and used.overlaps(settings.subnet):
                raise SubnetTakenError(settings.subnet, used, str(link["ifname"]))


def owner_mark(folder: Path) -> str:
    """A locally administered Ethernet address that stands for the state folder."""
    return "02:" + hashlib.sha256(str(folder).encode()).digest()[:5].hex(":")


def _alias(folder: Path) -> str:
    # Linux keeps 255 characters; a path's end tells more than its start.
    return ALIAS + str(folder)[-(255 - len(ALIAS)) :]
