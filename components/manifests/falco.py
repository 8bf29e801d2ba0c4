"""The rules that Falco gets on a node.

Source: falco.org/docs/reference/rules: rule-fields, supported-fields, supported-events.
"""

from __future__ import annotations

from typing import Final

from shimyard.rendering import render
from shimyard.settings import FileSettings, StackSettings
from shimyard.settings.quantity import parse_quantity
from shimyard.settings.security import FalcoSettings
from shimyard.settings.shims import shim_binary

_MACHINE: Final = "127.0.0.0/8"


def falco_files(settings: StackSettings, node: str) -> list[FileSettings]:
    """The rules file of one machine, if the stack asks for it and the machine has a shim."""
    falco, shims = settings.security.falco, settings.runtime_of(node).shims
    if falco is None or not shims:
        return []
    networks = falco.networks
    if networks is None:
        cluster = settings.cluster
        own = [] if cluster is None else [str(cluster.cluster_cidr), str(cluster.service_cidr)]
        networks = [_MACHINE, *own]
    text = falco_rules(falco, networks, sorted({shim_binary(shim.name) for shim in shims}))
    return [FileSettings(path=falco.path, content=text)]


def falco_rules(falco: FalcoSettings, networks: list[str], shims: list[str]) -> str:
    """A rules file. ``shims``: the names of their programs."""
    return render(
        "falco/wasm.yaml.j2",
        networks=networks,
        shell_images=falco.shell_images,
        shims=shims,
        # As the kernel counts it.
        kibibytes=int(parse_quantity(falco.memory)) // 1024,
    )
