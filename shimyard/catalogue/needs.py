"""Which artifacts a machine needs for its settings."""

from __future__ import annotations

from typing import NamedTuple

from shimyard.settings.nodes import Arch
from shimyard.settings.runtime import RuntimeSettings


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
