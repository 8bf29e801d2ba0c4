"""What K3s's own containerd is told: a template of its configuration, and registries.yaml.

Sources: https://docs.k3s.io/advanced#configuring-containerd for the template, which must not
define a table of its base again; https://docs.k3s.io/installation/private-registry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from shimyard.node.containerd_config import RUNTIME, has_credentials, upstream
from shimyard.node.desired import StoredArtifact
from shimyard.rendering import GoAction, render_go_toml, render_yaml
from shimyard.settings import MirrorSettings, RegistrySettings, RuntimeSettings, ShimName
from shimyard.settings.embedded import access, endpoint_host
from shimyard.settings.shims import runtime_type, shim_binary

TEMPLATE_PATH = "/var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl"
REGISTRIES_PATH = "/etc/rancher/k3s/registries.yaml"

_BASE = '{{ template "base" . }}'
# What K3s finds out for its own handlers holds for ours: with another one, pods have no metrics.
_CGROUP = GoAction("{{ .SystemdCgroup }}", example=True)

Table = dict[str, Any]


def shim_program(shim: ShimName, artifacts: Sequence[StoredArtifact]) -> str:
    """Where a shim lies in the store, off K3s's PATH.

    One that K3s finds there becomes a handler by itself, and ours would define its table again.
    """
    found = next(item for item in artifacts if item.name == f"containerd-shim-{shim}")
    return found.path(shim_binary(shim))


def containerd_template(runtime: RuntimeSettings, artifacts: Sequence[StoredArtifact]) -> str:
    """The template: K3s's base and the tables of each handler. Raises ``RenderError``."""
    handlers: Table = {
        shim.handler: {
            "runtime_type": runtime_type(shim.name),
            "runtime_path": shim_program(shim.name, artifacts),
            "options": {"SystemdCgroup": _CGROUP, **shim.options},
        }
        for shim in runtime.shims
    }
    tables = {"plugins": {RUNTIME: {"containerd": {"runtimes": handlers}}}} if handlers else {}
    return render_go_toml("k3s/config-v3.toml.tmpl.j2", tables, base=_BASE)


def registries_yaml(runtime: RuntimeSettings) -> str:
    """registries.yaml, with the credentials in it. Raises ``RenderError``."""
    return render_yaml("k3s/registries.yaml.j2", registries_config(runtime))


def registries_config(runtime: RuntimeSettings) -> Table:
    """The whole of registries.yaml; ``check_embedded`` has refused what it can't say."""
    closed = closes_registries(runtime)
    mirrors = {
        _host(registry): {"endpoint": _endpoints(registry, closed=closed)}
        for registry in runtime.registries
    }
    configs = {
        endpoint_host(mirror): _access(mirror)
        for registry in runtime.registries
        for mirror in registry.mirrors
        if any(access(mirror))
    }
    return {"mirrors": mirrors, **({"configs": configs} if configs else {})}


def closes_registries(runtime: RuntimeSettings) -> bool:
    """Whether K3s must not ask registries themselves after their mirrors have failed."""
    return any(not registry.upstream for registry in runtime.registries)


def has_secrets(runtime: RuntimeSettings) -> bool:
    """Whether registries.yaml holds a password."""
    return any(has_credentials(registry) for registry in runtime.registries)


def _host(registry: RegistrySettings) -> str:
    return "*" if registry.host == "_default" else registry.host


def _endpoints(registry: RegistrySettings, *, closed: bool) -> list[str]:
    endpoints = [_endpoint(mirror.url) for mirror in registry.mirrors]
    # Where K3s is told to leave registries alone, the one that is to be asked is an endpoint, too.
    if closed and registry.upstream:
        endpoints.append(upstream(registry.host))
    return endpoints


def _endpoint(url: str) -> str:
    """With a path, K3s asks for exactly that path; containerd would add the API's version."""
    path = urlsplit(url).path.rstrip("/")
    return f"{url.rstrip('/')}/v2" if path and not path.endswith("/v2") else url


def _access(mirror: MirrorSettings) -> Table:
    table: Table = {}
    if mirror.username is not None and mirror.password is not None:
        password = mirror.password.get_secret_value()
        table["auth"] = {"username": mirror.username, "password": password}
    tls: Table = {}
    if mirror.ca_file is not None:
        tls["ca_file"] = mirror.ca_file
    if mirror.skip_verify:
        tls["insecure_skip_verify"] = True
    return table | ({"tls": tls} if tls else {})
