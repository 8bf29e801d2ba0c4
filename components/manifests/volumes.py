"""Volumes of a pod."""

from __future__ import annotations

from typing import Any

from components.manifests.metadata import without_empty
from shimyard.settings.workloads import VolumeSettings


def volume(settings: VolumeSettings) -> dict[str, Any]:
    """The volume, without where it is mounted."""
    return {"name": settings.name, **_source(settings)}


def _source(settings: VolumeSettings) -> dict[str, Any]:
    for field, name, found in (
        ("configMap", "name", settings.config_map),
        ("secret", "secretName", settings.secret),
    ):
        if found is not None:
            source = {
                name: found.name,
                "items": [item.model_dump(by_alias=True) for item in found.items],
                "defaultMode": None if found.default_mode is None else int(found.default_mode, 8),
                "optional": found.optional or None,
            }
            return {field: without_empty(source)}
    if settings.persistent_volume_claim is not None:
        claim = settings.persistent_volume_claim.model_dump(by_alias=True)
        # Kubernetes asks here as well as at the mount, and mounts a claim so for the whole pod.
        return {"persistentVolumeClaim": without_empty({**claim, "readOnly": settings.read_only})}
    if settings.empty_dir is not None:
        return {"emptyDir": settings.empty_dir.model_dump(by_alias=True, exclude_defaults=True)}
    if settings.host_path is not None:
        return {"hostPath": settings.host_path.model_dump(by_alias=True, exclude_none=True)}
    raise AssertionError(settings)
