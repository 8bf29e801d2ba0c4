"""containerd's configuration as data: config.toml and hosts.toml.

Sources: containerd's docs/cri/config.md (versions 3 and 4), docs/hosts.md.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from shimyard.errors import ShimyardError
from shimyard.settings import (
    ContainerdSettings,
    MirrorSettings,
    RegistrySettings,
    RuntimeSettings,
)
from shimyard.settings.shims import RUNC, runtime_type

CONFIG_PATH = "/etc/containerd/config.toml"
CERTS_FOLDER = "/etc/containerd/certs.d"

RUNTIME = "io.containerd.cri.v1.runtime"
_IMAGES = "io.containerd.cri.v1.images"
_OPT = "io.containerd.internal.v1.opt"

Table = dict[str, Any]


class OptionConflictError(ShimyardError):
    """runtime.containerd.options sets a value that Shimyard sets itself. Attribute ``path``."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"runtime.containerd.options: {path} is set by Shimyard itself",
            mend="remove it there; the runtime section has a field for it or derives it",
        )
        self.path = path


def containerd_config(runtime: RuntimeSettings) -> Table:
    """The whole of config.toml. Raises ``OptionConflictError``."""
    containerd, _ = runtime.own
    images: Table = {"registry": {"config_path": CERTS_FOLDER}}
    if runtime.sandbox_image is not None:
        images["pinned_images"] = {"sandbox": runtime.sandbox_image}
    rendered: Table = {
        "version": _format_version(containerd.version),
        "root": "/var/lib/containerd",
        "state": "/run/containerd",
        "plugins": {
            _IMAGES: images,
            RUNTIME: {
                "cni": {"bin_dirs": list(runtime.cni.bin_dirs), "conf_dir": runtime.cni.conf_dir},
                "containerd": {
                    "default_runtime_name": "runc",
                    "runtimes": _handlers(runtime, containerd),
                },
            },
            # Kept out of /opt, where other people's files are.
            _OPT: {"path": "/var/lib/containerd/opt"},
        },
    }
    return _merged(rendered, containerd.options, "")


def _handlers(runtime: RuntimeSettings, containerd: ContainerdSettings) -> Table:
    # Without SystemdCgroup where systemd manages cgroups, pods of a handler have no metrics.
    cgroup = {"SystemdCgroup": containerd.systemd_cgroup}
    handlers: Table = {"runc": {"runtime_type": RUNC, "options": cgroup}}
    for shim in runtime.shims:
        handlers[shim.handler] = {
            "runtime_type": runtime_type(shim.name),
            "options": {**cgroup, **shim.options},
        }
    return handlers


def _format_version(version: str) -> int:
    major, minor = (int(part) for part in version.split(".")[:2])
    return 4 if (major, minor) >= (2, 3) else 3


def _merged(rendered: Table, options: Mapping[str, Any], path: str) -> Table:
    merged = dict(rendered)
    for key, value in options.items():
        here = f"{path}.{key}" if path else key
        if key not in merged:
            merged[key] = value
        elif isinstance(merged[key], dict) and isinstance(value, Mapping):
            merged[key] = _merged(merged[key], value, here)
        else:
            raise OptionConflictError(here)
    return merged


def hosts_path(registry: RegistrySettings) -> str:
    """Where hosts.toml of a registry stands on the node."""
    return f"{CERTS_FOLDER}/{registry.host}/hosts.toml"


def has_credentials(registry: RegistrySettings) -> bool:
    """Whether its hosts.toml holds a secret."""
    return any(mirror.password is not None for mirror in registry.mirrors)


def hosts_config(registry: RegistrySettings) -> Table:
    """hosts.toml of one registry."""
    hosts = {mirror.url: _host(mirror) for mirror in registry.mirrors}
    if registry.upstream and registry.host == "_default":
        return {"host": hosts}
    # Without `server`, containerd falls back to the registry itself.
    server = upstream(registry.host) if registry.upstream else registry.mirrors[-1].url
    return {"server": server, "host": hosts}


def upstream(host: str) -> str:
    """The URL of a registry itself."""
    return f"https://{'registry-1.docker.io' if host == 'docker.io' else host}"


def _host(mirror: MirrorSettings) -> Table:
    table: Table = {"capabilities": list(mirror.capabilities)}
    if mirror.skip_verify:
        table["skip_verify"] = True
    if mirror.ca_file is not None:
        table["ca"] = mirror.ca_file
    if mirror.username is not None and mirror.password is not None:
        pair = f"{mirror.username}:{mirror.password.get_secret_value()}"
        token = base64.b64encode(pair.encode()).decode()
        table["header"] = {"authorization": f"Basic {token}"}
    return table
