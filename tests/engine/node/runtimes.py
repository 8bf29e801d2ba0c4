"""Desired container runtimes out of what the lab has built; the controller streams the archives."""

from __future__ import annotations

from typing import Any, cast

from lab.builds.inventory import BuiltArtifacts
from lab.builds.recipe import BuiltArtifact
from shimyard.node.container_runtime import container_runtime
from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.settings import RuntimeSettings


def stored(built: BuiltArtifact, urls: tuple[str, ...] = ()) -> StoredArtifact:
    """As the catalogue would hand it over: from the controller's disk, or from ``urls``."""
    return StoredArtifact(
        built.name,
        built.version,
        built.sha256,
        built.size,
        cast(Any, built.unpack.format),
        tuple(dict(built.unpack.files).items()),
        urls,
        None if urls else built.path,
    )


def runtime_settings(containerd: str = "", **more: object) -> RuntimeSettings:
    """Settings that fit a lab node: no systemd cgroups, no OOM scores below its own."""
    options = {"plugins": {"io.containerd.cri.v1.runtime": {"restrict_oom_score_adj": True}}}
    return RuntimeSettings.model_validate(
        {
            "containerd": {
                "version": containerd,
                "systemdCgroup": False,
                "oomScoreAdjust": None,
                "options": options,
            },
            "runc": {"version": "1.5.2"},
            **more,
        }
    )


def runtime_state(built: BuiltArtifacts, containerd: str = "", **more: object) -> DesiredState:
    """The desired state of a runtime, with the newest containerd or the one that is named."""
    daemon = built.find("containerd", containerd or None)
    names = ["runc", "cni-plugins"]
    names += [each.name for each in built if each.name.startswith("containerd-shim-")]
    artifacts = [stored(daemon), *(stored(built.find(name)) for name in names)]
    return container_runtime(runtime_settings(daemon.version, **more), artifacts, daemon.arch)
