"""Which artifacts a machine needs for its settings."""

from __future__ import annotations

from typing import NamedTuple

from shimyard.settings.k3s import K3sSettings
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
    programs = {
        "containerd": runtime.containerd,
        "runc": runtime.runc,
        "cni-plugins": runtime.cni_plugins,
    }
    needs = [
        Need(name, wanted.version, arch) for name, wanted in programs.items() if wanted is not None
    ]
    needs += [Need(f"containerd-shim-{shim.name}", shim.version, arch) for shim in runtime.shims]
    for engine in runtime.engines:
        needs.append(Need(engine.name, engine.version, arch))
        # WasmEdge releases its plugins together with the engine, under the same version.
        needs += [Need(f"wasmedge-plugin-{name}", engine.version, arch) for name in engine.plugins]
    return list(dict.fromkeys(needs))


def artifacts_of_k3s(k3s: K3sSettings, arch: Arch) -> list[Need]:
    """K3s and the archives of images."""
    images = [Need(each.name, each.version or k3s.version, arch) for each in k3s.images]
    return [Need("k3s", k3s.version, arch), *images]


def artifacts_of_node(settings: StackSettings, node: NodeSettings) -> list[Need]:
    """Every artifact of one machine of a stack: its runtime, and K3s if it is in the cluster."""
    needs = artifacts_of(settings.runtime_of(node.name), node.arch)
    version = settings.k3s_version_of(node.name)
    if settings.cluster is None or version is None:
        return needs
    k3s = settings.cluster.model_copy(update={"version": version})
    return [*needs, *artifacts_of_k3s(k3s, node.arch)]
