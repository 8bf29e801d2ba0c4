"""A stack's configuration for the nodes of a test's lab."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab


def stack(lab: Lab, built: BuiltArtifacts, nodes: Sequence[str]) -> dict[str, Any]:
    """Section -> value, as below `shimyard:` in a stack file; everything comes from the lab."""
    settings = lab.settings

    def version(name: str) -> dict[str, str]:
        return {"version": built.find(name).version}

    return {
        "ssh": {
            "user": "edge",
            "identityFile": str(lab.state.user_key),
            "knownHostsFile": str(lab.state.known_hosts),
        },
        "nodes": [
            {
                "name": name,
                "address": str(settings.address_of(name)),
                "zone": "lab",
                "labels": {"edge.example.com/site": "bench"},
            }
            for name in nodes
        ],
        "runtime": {
            "containerd": {
                **version("containerd"),
                "systemdCgroup": False,
                "oomScoreAdjust": None,
                "options": {
                    "plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}
                },
            },
            "runc": version("runc"),
            "cniPlugins": version("cni-plugins"),
            "registries": [
                {
                    "host": "registry.lab",
                    "mirrors": [{"url": f"http://{settings.gateway}:5000"}],
                }
            ],
            "shims": [{"name": "wasmtime", **version("containerd-shim-wasmtime")}],
        },
        "artifacts": {"lockFiles": [str(lab.state.artifacts_lock)]},
        "files": [{"path": "/etc/edge/site.json", "content": '{"site": "bench"}\n'}],
    }
