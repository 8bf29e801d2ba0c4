"""What is mounted into a container, and where."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from shimyard.settings.base import AbsolutePath, DnsLabel, FieldError, Line, Model, OctalMode
from shimyard.settings.kubernetes import ConfigKey, ObjectName
from shimyard.settings.quantity import MemoryQuantity


class KeyToPathSettings(Model):
    """One key of an object as a file."""

    key: ConfigKey = Field(description="Key in the object.")
    path: Line = Field(description="File below the mount's path, relative and without '..'.")

    @model_validator(mode="after")
    def _stays_below(self) -> Self:
        if self.path.startswith("/") or ".." in self.path.split("/"):
            raise FieldError("path", "leads out of the mount; write it relative, without '..'")
        return self


class ObjectVolumeSettings(Model):
    """Files from a ConfigMap or Secret of the app's namespace."""

    name: ObjectName = Field(description="Name of the ConfigMap or Secret.")
    items: list[KeyToPathSettings] = Field(
        default_factory=list, description="Which keys, as which files. Default: each under its key."
    )
    default_mode: OctalMode | None = Field(
        default=None, description="Mode of the files, quoted. Default: Kubernetes' own, '0644'."
    )
    optional: bool = Field(default=False, description="Start also where it is missing.")


class ClaimVolumeSettings(Model):
    """A PersistentVolumeClaim of the app's namespace."""

    claim_name: ObjectName = Field(description="Name of the claim.")


class EmptyDirSettings(Model):
    """An empty folder that lives as long as the pod."""

    medium: Literal["", "Memory"] = Field(
        default="", description="Memory: a tmpfs that counts against the memory limit."
    )
    size_limit: MemoryQuantity | None = Field(
        default=None, description="Bytes it may hold: '64Mi'. Default: no limit."
    )


class HostPathSettings(Model):
    """A path of the node itself; needs the app's allowHostPath."""

    path: AbsolutePath = Field(description="Path on the node.")
    type: (
        Literal[
            "",
            "DirectoryOrCreate",
            "Directory",
            "FileOrCreate",
            "File",
            "Socket",
            "CharDevice",
            "BlockDevice",
        ]
        | None
    ) = Field(default=None, description="What must be there. Default: anything.")


class VolumeSettings(Model):
    """One volume and where it is mounted; set exactly one origin."""

    name: DnsLabel = Field(description="Name in the pod.")
    mount_path: AbsolutePath = Field(description="Where the container sees it.")
    sub_path: Line | None = Field(default=None, description="Only this part of the volume.")
    read_only: bool | None = Field(
        default=None, description="Default: true for a configMap or secret, else false."
    )
    config_map: ObjectVolumeSettings | None = Field(default=None, description="A ConfigMap.")
    secret: ObjectVolumeSettings | None = Field(default=None, description="A Secret.")
    persistent_volume_claim: ClaimVolumeSettings | None = Field(
        default=None, description="A claim that is there already."
    )
    empty_dir: EmptyDirSettings | None = Field(default=None, description="An empty folder.")
    host_path: HostPathSettings | None = Field(
        default=None, description="A path of the node; needs allowHostPath."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [
            self.config_map,
            self.secret,
            self.persistent_volume_claim,
            self.empty_dir,
            self.host_path,
        ]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(
                "set exactly one of configMap, secret, persistentVolumeClaim, emptyDir and hostPath"
            )
        if self.sub_path is not None and (
            self.sub_path.startswith("/") or ".." in self.sub_path.split("/")
        ):
            raise FieldError("subPath", "leads out of the volume; write it relative, without '..'")
        return self

    @property
    def is_read_only(self) -> bool:
        """Whether the container can't write to it."""
        if self.read_only is not None:
            return self.read_only
        return self.config_map is not None or self.secret is not None


def one_volume_a_place(volumes: list[VolumeSettings]) -> None:
    """Raise ``FieldError`` if two volumes share a name or a path."""
    names: set[str] = set()
    paths: set[str] = set()
    for index, volume in enumerate(volumes):
        if volume.name in names:
            raise FieldError(
                f"volumes[{index}].name", f"'{volume.name}' stands twice; give each its own name"
            )
        if volume.mount_path in paths:
            raise FieldError(
                f"volumes[{index}].mountPath", f"{volume.mount_path} is taken; choose another path"
            )
        names.add(volume.name)
        paths.add(volume.mount_path)
