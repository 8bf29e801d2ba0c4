"""Rules of K3s's own containerd: what it can't do of a runtime, and what it brings itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shimyard.settings.base import FieldError
from shimyard.settings.registries import MirrorSettings
from shimyard.settings.runtime import CniSettings, RuntimeSettings

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings

_EXTERNAL = "or set cluster.containerd: external"
_CAPABILITIES = {"pull", "resolve"}
_HUB = "docker.io"


def check_containerd(stack: StackSettings) -> None:
    """Raise ``FieldError`` unless each machine has one containerd, which can all it must."""
    names = [node.name for node in stack.nodes]
    ours = [name for name in names if not stack.embeds(name)]
    try:
        if ours:
            _ = stack.runtime.own
        else:
            _brings_its_own(stack.runtime)
        if len(ours) < len(names):
            check_embedded(stack.runtime)
    except FieldError as error:
        raise FieldError(f"runtime.{error.field}", error.sentence) from None


def check_embedded(runtime: RuntimeSettings) -> None:
    """Raise ``FieldError`` for what registries.yaml of K3s can't say.

    Source: https://docs.k3s.io/installation/private-registry.
    """
    known: dict[str, tuple[str, MirrorSettings]] = {}
    closed = any(not registry.upstream for registry in runtime.registries)
    for index, registry in enumerate(runtime.registries):
        if closed and registry.upstream and registry.host == "_default":
            raise FieldError(
                f"registries[{index}].upstream",
                "is true for '_default' only, and K3s asks either all registries after their "
                f"mirrors or none; give all the same, {_EXTERNAL}",
            )
        for place, mirror in enumerate(registry.mirrors):
            field = f"registries[{index}].mirrors[{place}]"
            if set(mirror.capabilities) != _CAPABILITIES:
                raise FieldError(
                    f"{field}.capabilities",
                    f"are pull and resolve in K3s's registries.yaml; remove them, {_EXTERNAL}",
                )
            host = endpoint_host(mirror)
            first, other = known.setdefault(host, (field, mirror))
            if access(mirror) != access(other):
                raise FieldError(
                    field,
                    f"reaches {host} with other credentials or another trust than {first}, and "
                    f"K3s's registries.yaml has one entry a host; give both the same, {_EXTERNAL}",
                )
    _canaries_need_no_password(runtime)


def endpoint_host(mirror: MirrorSettings) -> str:
    """The host and port by which registries.yaml knows credentials and trust of an endpoint."""
    host = urlsplit(mirror.url).netloc
    return _HUB if host == "registry-1.docker.io" else host


def access(mirror: MirrorSettings) -> tuple[object, ...]:
    """Credentials and trust, to compare."""
    return mirror.username, mirror.password, mirror.ca_file, mirror.skip_verify


def _canaries_need_no_password(runtime: RuntimeSettings) -> None:
    locked = {
        registry.host
        for registry in runtime.registries
        if any(mirror.password is not None for mirror in registry.mirrors)
    }
    for index, shim in enumerate(runtime.shims):
        host = (shim.canary_image or "").partition("/")[0]
        if host in locked or (host and "_default" in locked):
            raise FieldError(
                f"shims[{index}].canaryImage",
                "comes from a registry with a password, which K3s hands to its kubelet alone; "
                f"take one that needs none, {_EXTERNAL}",
            )


def _brings_its_own(runtime: RuntimeSettings) -> None:
    for field, given in (
        ("containerd", runtime.containerd is not None),
        ("runc", runtime.runc is not None),
        ("cniPlugins", runtime.cni_plugins is not None),
        ("cni", runtime.cni != CniSettings()),
    ):
        if given:
            raise FieldError(
                field,
                f"is used by no machine: with cluster.containerd: embedded, K3s brings its own; "
                f"remove it, {_EXTERNAL}",
            )
