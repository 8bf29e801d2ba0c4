"""Field types of Kubernetes' own API: names, ports, labels, tolerations, tables of more fields."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, PlainValidator, model_validator

from shimyard.settings.base import FieldError, Model, matching
from shimyard.settings.nodes import LabelKey, LabelValue
from shimyard.settings.tables import misfits

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_SERVICE_NAME = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
_PORT_NAME = r"(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_ENV_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,252}"
_CONFIG_KEY = r"(?!\.\.?$)(?!\.\.)[A-Za-z0-9._-]{1,253}"
_PERCENT = r"(100|[1-9]?[0-9])%"

ObjectName = Annotated[
    str,
    Field(max_length=253, json_schema_extra={"pattern": f"^{_SUBDOMAIN}$"}),
    AfterValidator(
        matching(
            _SUBDOMAIN,
            "is not a name of an object; use lower case letters, digits, '-' and '.' inside",
        )
    ),
]
"""Name of most Kubernetes objects: a DNS subdomain (RFC 1123), at most 253 characters."""

AppName = Annotated[
    str,
    AfterValidator(
        matching(
            _SERVICE_NAME,
            "is not a name for an app; start with a letter, use lower case letters, digits and "
            "'-' inside, at most 63",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_SERVICE_NAME}$"}),
]
"""A DNS label that starts with a letter (RFC 1035), as a Service's name must."""

PortName = Annotated[
    str,
    AfterValidator(
        matching(
            _PORT_NAME,
            "is not a port's name; use at most 15 lower case letters, digits and single '-' "
            "inside, with at least one letter",
        )
    ),
]
"""Name of a port (RFC 6335): at most 15 characters, at least one letter."""

EnvName = Annotated[
    str,
    AfterValidator(
        matching(
            _ENV_NAME,
            "is not a name of a variable; use letters, digits, '_', '-' and '.', no digit first",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_ENV_NAME}$"}),
]
"""Name of an environment variable, as widely usable ones are."""

ConfigKey = Annotated[
    str,
    AfterValidator(
        matching(_CONFIG_KEY, "is not a key; use letters, digits, '-', '_' and '.', not '..'")
    ),
]
"""A key in a ConfigMap or Secret."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A whole number that Kubernetes keeps in 32 bits."""


def _count_or_percent(value: object) -> int | str:
    # One check instead of a union: pydantic tells a wrong union once for each of its members.
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    if isinstance(value, str) and re.fullmatch(_PERCENT, value, re.ASCII):
        return value
    raise ValueError("is neither a whole number nor a percentage; write 1 or '25%'")


def _port_or_name(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535:
        return value
    if isinstance(value, str) and re.fullmatch(_PORT_NAME, value, re.ASCII):
        return value
    raise ValueError("is neither a port from 1 to 65535 nor a port's name; write 8080 or 'http'")


PodCount = Annotated[int | str, PlainValidator(_count_or_percent, json_schema_input_type=int | str)]
"""A number of pods, or a percentage of them in quotes: 1, '25%'."""

PortReference = Annotated[
    int | str, PlainValidator(_port_or_name, json_schema_input_type=int | str)
]
"""A port of a container by its number or by its name."""


def _fit_for_kubernetes(table: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for path, problem in misfits(table):
        raise FieldError(path, problem)
    return table


KubernetesTable = Annotated[dict[str, JsonValue], AfterValidator(_fit_for_kubernetes)]
"""Fields of a Kubernetes object as its own documentation spells them (camelCase)."""

_OURS = {
    "shimyard.dev/profile": "names a pod's capability profile; set profile of the app instead",
    "policy.sigstore.dev/include": "is what security.signedImages sets; use its exempt",
}


def _free(labels: dict[str, str]) -> dict[str, str]:
    for key, mend in _OURS.items():
        if key in labels:
            raise FieldError(key, mend)
    return labels


Labels = Annotated[dict[LabelKey, LabelValue], AfterValidator(_free)]
"""Labels, without those by which security is held."""
Annotations = dict[LabelKey, str]


class TolerationSettings(Model):
    """Lets a pod onto nodes with a taint (Kubernetes: Toleration)."""

    key: LabelKey | None = Field(
        default=None, description="The taint's key. Default: every key, with operator Exists."
    )
    operator: Literal["Equal", "Exists"] = Field(
        default="Equal", description="How the taint's value is compared."
    )
    value: LabelValue | None = Field(default=None, description="The taint's value, for Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect. Default: every effect."
    )
    toleration_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None,
        description="Seconds that a running pod may stay, for NoExecute. Default: for ever.",
    )

    @model_validator(mode="after")
    def _as_the_api_allows(self) -> Self:
        if self.key is None and self.operator == "Equal":
            raise FieldError("key", "is missing; add it, or set operator: Exists for every taint")
        if self.operator == "Exists" and self.value is not None:
            raise FieldError("value", "belongs to operator Equal; remove it")
        if self.toleration_seconds is not None and self.effect != "NoExecute":
            raise FieldError("tolerationSeconds", "needs effect: NoExecute; set it, or remove this")
        return self
