"""What the containers of a hybrid app share."""

from __future__ import annotations

from typing import Any

from components.manifests.metadata import without_empty
from shimyard.settings.workloads import HybridAppSettings
from shimyard.settings.workloads.hybrid import NewClaimSettings

_VOLUME = "shared"


def shared_volume(app: HybridAppSettings, claim: Any) -> dict[str, Any]:
    """The pod's shared volume: ``claim`` by its name, or an empty folder."""
    if claim is not None:
        return {"name": _VOLUME, "persistentVolumeClaim": {"claimName": claim}}
    folder = app.volume.empty_dir
    fields = {} if folder is None else folder.model_dump(by_alias=True, exclude_defaults=True)
    return {"name": _VOLUME, "emptyDir": fields}


def with_shared(
    app: HybridAppSettings, container: dict[str, Any], *, upstream: bool = False
) -> dict[str, Any]:
    """``container`` with the shared volume and, for the proxy, the way to the native app."""
    variables = [{"name": app.volume.env, "value": app.volume.mount_path}]
    if upstream:
        port = next(port for port in app.app.ports if port.protocol == "TCP")
        url = f"http://127.0.0.1:{port.container_port}"
        variables.append({"name": app.proxy.upstream_env, "value": url})
    mount = {"name": _VOLUME, "mountPath": app.volume.mount_path}
    return {
        **container,
        "env": [*variables, *container.get("env", [])],
        "volumeMounts": [mount, *container.get("volumeMounts", [])],
    }


def claim_spec(claim: NewClaimSettings) -> dict[str, Any]:
    """The spec of the claim that is made for an app."""
    return without_empty(
        {
            "accessModes": [claim.access_mode],
            "resources": {"requests": {"storage": claim.size}},
            "storageClassName": claim.storage_class_name,
        }
    )
