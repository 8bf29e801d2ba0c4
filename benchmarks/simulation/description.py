"""The measured stack: a server and its agents, each with a runtime, K3s, files, labels."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from benchmarks.simulation.fleet import USER, SimulatedFleet
from shimyard.catalogue.catalogue import BUILT_IN_LOCK
from shimyard.catalogue.lockfile import read_lock
from shimyard.settings.capabilities import PROVEN, capability_label

ZONES: Final = 10
OWN_FILE: Final = "/etc/edge/node.conf"
SHARED_FILES: Final = {
    "/etc/edge/site-ca.pem": "-----BEGIN CERTIFICATE-----\n" + 30 * f"{'M' * 64}\n"
    "-----END CERTIFICATE-----\n",
    "/etc/edge/site.conf": 40 * "a line that every node of the site has\n",
}
# ContainerRuntime, NodeFiles, K3sServer or K3sAgent, ClusterNode, and the component around them.
A_NODE: Final = 5
# The stack, the fleet, the cluster, its tokens, its Kubernetes provider.
A_STACK: Final = 5


def names(count: int) -> list[str]:
    """The nodes' names; the first is the server."""
    return [f"node-{number:04}" for number in range(1, count + 1)]


def own_content(name: str) -> str:
    """The content of a file that is another on each node."""
    return f"name = {name}\n" + 10 * f"{name} says which node it is\n"


def described(fleet: SimulatedFleet, count: int) -> dict[str, Any]:
    """The configuration of a stack with the first ``count`` machines of the fleet."""
    return {
        "shimyard:ssh": {"user": USER, "identityFile": str(fleet.key)},
        "shimyard:nodes": [
            {
                "name": name,
                "address": address,
                "zone": f"site-{number % ZONES}",
                "labels": {"edge.example.com/site": "mast"},
                "ssh": {"hostKey": fleet.host_key},
            }
            for number, (name, address) in enumerate(
                zip(names(count), fleet.addresses[:count], strict=True)
            )
        ],
        "shimyard:runtime": _runtime(),
        "shimyard:cluster": {"version": _locked()["k3s"], "servers": names(1)},
        "shimyard:files": [
            *({"path": path, "content": content} for path, content in SHARED_FILES.items()),
            *(
                {"path": OWN_FILE, "content": own_content(name), "nodes": [name]}
                for name in names(count)
            ),
        ],
    }


def file_digests(name: str) -> dict[str, str]:
    """Path -> SHA-256 of the files that a node must have at the end."""
    contents = {**SHARED_FILES, OWN_FILE: own_content(name)}
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in contents.items()}


def labels(count: int) -> dict[str, dict[str, str]]:
    """The labels that each Node object must have at the end, beside K3s's own."""
    proven = {capability_label(name): PROVEN for name in ("runc", "spin")}
    return {
        name: {
            "topology.kubernetes.io/zone": f"site-{number % ZONES}",
            "edge.example.com/site": "mast",
            **proven,
        }
        for number, name in enumerate(names(count))
    }


def _runtime() -> dict[str, Any]:
    locked = _locked()
    return {
        "containerd": {"version": locked["containerd"]},
        "runc": {"version": locked["runc"]},
        "cniPlugins": {"version": locked["cni-plugins"]},
        "shims": [
            {
                "name": "spin",
                "version": locked["containerd-shim-spin"],
                "canaryImage": "registry.example.com/canaries/spin-hello:1",
            }
        ],
        "engines": [{"name": "wasmtime", "version": locked["wasmtime"]}],
    }


def _locked() -> dict[str, str]:
    """Artifact -> the first version of it in the built-in lock."""
    found: dict[str, str] = {}
    for each in read_lock(BUILT_IN_LOCK):
        found.setdefault(each.name, each.version)
    return found
