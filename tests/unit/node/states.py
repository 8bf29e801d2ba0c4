"""A small runtime as desired state, and the facts of a machine that has it."""

from __future__ import annotations

from shimyard.node.container_runtime import container_runtime
from shimyard.node.desired import DesiredState, StoredArtifact
from shimyard.settings import RuntimeSettings

MEMBERS = {
    "containerd": (
        ("bin/containerd", "containerd"),
        ("bin/ctr", "ctr"),
        ("bin/containerd-shim-runc-v2", "containerd-shim-runc-v2"),
    ),
    "runc": (("", "runc"),),
    "containerd-shim-wasmtime": (("containerd-shim-wasmtime-v1", "containerd-shim-wasmtime-v1"),),
    "containerd-shim-wasmedge": (("containerd-shim-wasmedge-v1", "containerd-shim-wasmedge-v1"),),
}


def artifact(name: str, version: str) -> StoredArtifact:
    """Its digest is made of its name and version, so that a case can name it."""
    return StoredArtifact(
        name,
        version,
        f"{name}-{version}",
        1000,
        "raw" if name == "runc" else "tar.gz",
        MEMBERS[name],
        (f"https://mirror/{name}/{version}",),
    )


def settings(**changes: object) -> RuntimeSettings:
    """containerd 2.4.2, runc and the wasmtime shim, with these fields instead."""
    return RuntimeSettings.model_validate(
        {
            "containerd": {"version": "2.4.2"},
            "runc": {"version": "1.5.2"},
            "shims": [{"name": "wasmtime", "version": "1.0.0"}],
            **changes,
        }
    )


def runtime(**changes: object) -> DesiredState:
    """The desired state of ``settings(**changes)``."""
    wanted = settings(**changes)
    containerd, runc = wanted.own
    artifacts = [
        artifact("containerd", containerd.version),
        artifact("runc", runc.version),
        *(artifact(f"containerd-shim-{shim.name}", shim.version) for shim in wanted.shims),
    ]
    return container_runtime(wanted, artifacts, "amd64")
