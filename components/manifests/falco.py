"""The rules that Falco gets on a node.

Source: falco.org/docs/reference/rules: rule-fields, supported-fields, supported-events.
"""

from __future__ import annotations

from typing import Final

from shimyard.rendering import render
from shimyard.settings import FileSettings, StackSettings
from shimyard.settings.quantity import parse_quantity
from shimyard.settings.shims import shim_binary

_MACHINE: Final = "127.0.0.0/8"


def falco_files(settings: StackSettings) -> list[FileSettings]:
    """The rules file of each machine, if the stack asks for it."""
    falco = settings.security.falco
    if falco is None:
        return []
    networks = falco.networks
    if networks is None:
        cluster = settings.cluster
        own = [] if cluster is None else [str(cluster.cluster_cidr), str(cluster.service_cidr)]
        networks = [_MACHINE, *own]
    text = render(
        "falco/wasm.yaml.j2",
        networks=networks,
        shell_images=falco.shell_images,
        shims=sorted({shim_binary(shim.name) for shim in settings.runtime.shims}),
        # As the kernel counts it.
        kibibytes=int(parse_quantity(falco.memory)) // 1024,
    )
    return [FileSettings(path=falco.path, content=text)]
