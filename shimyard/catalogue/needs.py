"""Which artifacts a machine needs for its settings."""

from __future__ import annotations

from typing import NamedTuple

from shimyard.settings.nodes import Arch, NodeSettings
from shimyard.settings.runtime import RuntimeSettings
from shimyard.settings.stack import StackSettings


class Need(NamedTuple):
    """The key of a needed artifact: ``catalogue.find(*need)``."""

    name: str
    version: str
    arch: Arch


def artifacts_of(runtime: RuntimeSettings, arch: Arch) -> list[Need]:
    """Every artifact of ``runtime`` for ``arch``, once, in the order in which it is installed."""
    needs = [
        Need("containerd", runtime.containerd.version, arch),
        Need("runc", runtime.runc.version, arch),
    ]
    if runtime.cni_plugins is not None:
        needs.append(Need("cni-plugins", runtime.cni_plugins.version, arch))
    needs += [Need(f"containerd-shim-{shim.name}", shim.version, arch) for shim in runtime.shims]
    for engine in runtime.engines:
        needs.append(Need(engine.name, engine.version, arch))
        # WasmEdge releases its plugins together with the engine, under the same version.
        needs += [Need(f"wasmedge-plugin-{name}", engine.version, arch) for name in engine.plugins]
    return list(dict.fromkeys(needs))


def artifacts_of_node(settings: StackSettings, node: NodeSettings) -> list[Need]:
    """Every artifact of one machine of a stack: its runtime, and K3s if it is in the cluster."""
    needs = artifacts_of(settings.runtime, node.arch)
    version = settings.k3s_version_of(node.name)
    return needs if version is None else [*needs, Need("k3s", version, node.arch)]
