"""Kubernetes' own structural schemas, out of its OpenAPI documents (package kubernetes-validate).

They know fields, types and what is required. They do not know the rules between fields that an API
server has beside them. For SpinKube's kinds, likewise, those of its own CRDs.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
from kubernetes_validate.utils import ValidationError, validate

from components.manifests.spin import CRDS, GROUP_VERSION

VERSIONS = ("1.34", "1.37")
"""The oldest Kubernetes in which all that we use is on by default, and the newest that is known."""


_NO_SCHEMA = frozenset({"keda.sh/v1alpha1"})
"""Kinds whose schemas are not here; what is made of them is only compared with what was read."""


def check(manifest: dict[str, Any], version: str) -> None:
    """Fail the test if Kubernetes ``version`` does not have this object's fields."""
    group_version = manifest["apiVersion"]
    if group_version in _NO_SCHEMA:
        return
    if group_version == GROUP_VERSION:
        check_custom(manifest, schema_of(manifest["kind"]))
        return
    try:
        validate(manifest, version, strict=True)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.path)
        name = f"{manifest['kind']} {manifest['metadata'].get('name')}"
        raise AssertionError(f"{name}: {place}: {error.message}") from None


@cache
def schema_of(kind: str) -> dict[str, Any]:
    """The structural schema of one of SpinKube's kinds, without room for unknown fields."""
    known = json.loads((CRDS / f"{kind}.v1alpha1.json").read_text())["schema"]
    closed: dict[str, Any] = _closed(known)
    # Kubernetes' own: no CRD says what is in it.
    closed["properties"]["metadata"] = {"type": "object"}
    return closed


def check_custom(manifest: dict[str, Any], schema: dict[str, Any]) -> None:
    """Fail the test if a CRD with this schema would refuse the object, or drop a field of it."""
    for error in jsonschema.Draft202012Validator(schema).iter_errors(manifest):
        place = ".".join(str(part) for part in error.absolute_path)
        raise AssertionError(f"{manifest['kind']}: {place}: {error.message}")


def _closed(schema: Any) -> Any:
    """As a CRD's schema means it: a field that it does not name is dropped."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _closed(value) for key, value in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made
