"""The configuration of a cluster on a lab's nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from tests.engine.program.stack import stack


def cluster_stack(
    lab: Lab, built: BuiltArtifacts, nodes: Sequence[str], *, servers: Sequence[str]
) -> dict[str, Any]:
    """Section -> value: ``servers``, and all other ``nodes`` as agents, with the newest K3s."""
    config = stack(lab, built, nodes)
    for node in config["nodes"]:
        # The lab's nodes have no default route, by which K3s would find it.
        node["internalIp"] = node["address"]
        node["zone"] = f"hall-{node['name'][-1]}"
    config["runtime"]["sandboxImage"] = "registry.lab/pause:1"
    config["cluster"] = {
        "version": built.find("k3s").version,
        "servers": list(servers),
        "flannelBackend": "host-gw",
        # The lab's nodes have version 1 of cgroups.
        "kubeletArgs": {"fail-cgroupv1": "false"},
        "rollout": {"readyTimeout": 120, "drain": {"timeout": 60}},
    }
    return config
