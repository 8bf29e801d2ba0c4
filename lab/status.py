"""What a lab is doing, as facts for programs and as text for people."""

from __future__ import annotations

from typing import Any

from lab import cgroups
from lab.instance import Lab
from lab.nodes.nspawn import processes
from lab.settings import SSH_USER


def facts(lab: Lab) -> dict[str, Any]:
    """The lab's nodes, services and paths: JSON values only. Reads; changes nothing.

    ``up`` is False where there is no lab, and then nothing else is told.
    """
    settings = lab.state.recorded()
    if settings is None:
        return {"up": False, "state": str(lab.state.folder)}
    return {
        "up": True,
        "name": settings.name,
        "subnet": str(settings.subnet),
        "gateway": str(settings.gateway),
        "state": str(settings.folder),
        "user": SSH_USER,
        "key": str(lab.state.user_key),
        "known_hosts": str(lab.state.known_hosts),
        "nodes": [
            {
                "name": name,
                "address": str(settings.address_of(name)),
                "running": processes(settings, name) is not None,
            }
            for name in settings.node_names
        ],
        "services": sorted(
            folder.name.removeprefix("service-")
            for top in cgroups.folders(settings.name)[:1]
            for folder in top.glob("service-*")
            if not folder.name.endswith(".launch") and cgroups.processes(settings.name, folder.name)
        ),
    }


def describe(found: dict[str, Any]) -> str:
    """The facts as a few lines of text."""
    if not found["up"]:
        return f"no lab in {found['state']}; `python -m lab up` makes one"
    lines = [f"lab {found['name']} on {found['subnet']}, state in {found['state']}"]
    lines += [
        f"  {node['name']:<8} {node['address']:<15} {'running' if node['running'] else 'off'}"
        for node in found["nodes"]
    ]
    lines.append(f"  services: {', '.join(found['services']) or 'none'}")
    if found["nodes"]:
        first = found["nodes"][0]["address"]
        lines.append(
            f"  login: ssh -i {found['key']} -o UserKnownHostsFile={found['known_hosts']} "
            f"{found['user']}@{first}"
        )
    return "\n".join(lines)
