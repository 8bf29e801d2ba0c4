"""Environment variables of a container: plain, secret, or from objects of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from shimyard.settings.base import Line, Model, each_once
from shimyard.settings.kubernetes import ConfigKey, EnvName, ObjectName


class KeyReferenceSettings(Model):
    """One key of a ConfigMap or Secret in the app's namespace."""

    name: ObjectName = Field(description="Name of the ConfigMap or Secret.")
    key: ConfigKey = Field(description="Key in it.")
    optional: bool = Field(default=False, description="Start also where it is missing.")


class FieldReferenceSettings(Model):
    """A field of the pod itself (Kubernetes: downward API)."""

    field_path: Line = Field(description="For example 'metadata.name' or 'status.podIP'.")


class EnvSettings(Model):
    """One variable; set exactly one origin of its value."""

    name: EnvName = Field(description="Name of the variable.")
    value: str | None = Field(default=None, description="The value, shown in diffs.")
    secret_value: SecretStr | None = Field(
        default=None,
        description="A value that must not be shown, kept in a Secret of the app. "
        "Set it with `--secret`.",
    )
    secret_key_ref: KeyReferenceSettings | None = Field(
        default=None, description="A key of a Secret that is there already."
    )
    config_map_key_ref: KeyReferenceSettings | None = Field(
        default=None, description="A key of a ConfigMap that is there already."
    )
    field_ref: FieldReferenceSettings | None = Field(
        default=None, description="A field of the pod."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [
            self.value,
            self.secret_value,
            self.secret_key_ref,
            self.config_map_key_ref,
            self.field_ref,
        ]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError(
                "set exactly one of value, secretValue, secretKeyRef, configMapKeyRef and fieldRef"
            )
        return self


class ObjectReferenceSettings(Model):
    """A whole ConfigMap or Secret in the app's namespace."""

    name: ObjectName = Field(description="Name of the ConfigMap or Secret.")
    optional: bool = Field(default=False, description="Start also where it is missing.")


class EnvFromSettings(Model):
    """All keys of an object as variables; set exactly one of configMapRef and secretRef."""

    prefix: Annotated[str, Field(max_length=64)] = Field(
        default="", description="Text before each variable's name."
    )
    config_map_ref: ObjectReferenceSettings | None = Field(
        default=None, description="A ConfigMap that is there already."
    )
    secret_ref: ObjectReferenceSettings | None = Field(
        default=None, description="A Secret that is there already."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.config_map_ref is None) == (self.secret_ref is None):
            raise ValueError("set exactly one of configMapRef and secretRef")
        return self


def one_value_a_name(variables: Sequence[EnvSettings], field: str = "env") -> None:
    """Raise ``FieldError`` if a name stands twice: the last one would silently win."""
    each_once(f"{field}[{{}}].name", (variable.name for variable in variables), "keep one")
