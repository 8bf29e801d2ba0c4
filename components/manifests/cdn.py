"""The cache before a function: nginx's configuration, its container, and where it keeps answers.

Source: nginx.org/en/docs/http/ngx_http_proxy_module.html.
"""

from __future__ import annotations

from typing import Any, Final

from components.manifests.containers import native_container
from shimyard.rendering import render
from shimyard.settings.platform.cdn import CACHE_PORT, CacheRuleSettings, CdnFunctionSettings
from shimyard.settings.quantity import parse_quantity
from shimyard.settings.workloads import NativeContainerSettings

CONFIG_FILE: Final = "nginx.conf"
_CONFIG: Final = "config"
_CONFIG_FOLDER: Final = "/etc/cdn"
_KEPT: Final = "kept"
_KEPT_FOLDER: Final = "/var/cache/cdn"
_FAILURES: Final = ("error", "timeout", "http_500", "http_502", "http_503", "http_504")
# nginx ends old answers a moment after there are too many.
_ROOM: Final = 64 * 2**20


def cache_config(cdn: CdnFunctionSettings, function_port: int) -> str:
    """nginx's configuration; it asks the function by its Service's name and ``function_port``."""
    cache = cdn.cache
    return render(
        "nginx/cdn.conf.j2",
        folder=_KEPT_FOLDER,
        port=CACHE_PORT,
        function=f"{cdn.function.name}:{function_port}",
        bytes=_bytes(cache.size),
        keep_seconds=cache.keep_seconds,
        request_bytes=_bytes(cache.request_size),
        timeout_seconds=cache.timeout_seconds,
        rules=[_rule(rule) for rule in cache.rules],
    )


def cache_container(cdn: CdnFunctionSettings) -> dict[str, Any]:
    """The container of nginx, which can write to nothing but the folder of its answers."""
    settings = NativeContainerSettings.model_validate(
        {
            "image": cdn.cache.image,
            "command": ["/usr/sbin/nginx", "-c", f"{_CONFIG_FOLDER}/{CONFIG_FILE}"],
            "ports": [port.model_dump(by_alias=True) for port in cdn.ports],
            "resources": cdn.cache.resources.model_dump(by_alias=True, exclude_unset=True),
            "securityContext": {"readOnlyRootFilesystem": True},
        }
    )
    mounts = [
        {"name": _CONFIG, "mountPath": _CONFIG_FOLDER, "readOnly": True},
        {"name": _KEPT, "mountPath": _KEPT_FOLDER},
    ]
    return {**native_container("cache", settings), "volumeMounts": mounts}


def cache_volumes(cdn: CdnFunctionSettings, config: Any) -> list[dict[str, Any]]:
    """The volumes of the configuration, a ConfigMap by its name, and of the answers."""
    limit = _bytes(cdn.cache.size) * 5 // 4 + _ROOM
    return [
        {"name": _CONFIG, "configMap": {"name": config}},
        {"name": _KEPT, "emptyDir": {"sizeLimit": f"{-(-limit // 2**20)}Mi"}},
    ]


def _bytes(quantity: str) -> int:
    return int(parse_quantity(quantity))


def _rule(rule: CacheRuleSettings) -> dict[str, Any]:
    stale = [*(_FAILURES if rule.stale_if_error else ())]
    if rule.stale_while_revalidate:
        stale.append("updating")
    return {
        "path": rule.path,
        "key": _key(rule),
        "arguments": _arguments(rule),
        "bypass": [
            *(_header(name) for name in rule.bypass.headers),
            *(f"cookie_{name}" for name in rule.bypass.cookies),
        ],
        "lifetimes": rule.lifetimes,
        "respect_origin": rule.respect_origin,
        "stale": stale,
    }


def _arguments(rule: CacheRuleSettings) -> list[str] | None:
    """The arguments of the query that the function gets; None: all of it, as it was sent."""
    query = rule.key.query
    if query == "all":
        return None
    return list(query) if isinstance(query, list) else []


def _key(rule: CacheRuleSettings) -> list[str]:
    """Names of nginx's variables whose values tell answers apart."""
    arguments = _arguments(rule)
    place = ["request_uri"] if arguments is None else ["cdn_path"]
    told = (f"arg_{name}" for name in arguments or ())
    headers = (_header(name) for name in rule.key.headers)
    return ["cdn_proto", "host", *place, *told, *headers]


def _header(name: str) -> str:
    return f"http_{name.lower().replace('-', '_')}"
