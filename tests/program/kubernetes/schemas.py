"""Structural schemas: Kubernetes' own, and those of custom resources as upstream has them.

Kubernetes' are out of its OpenAPI documents (package kubernetes-validate). ``upstream`` holds the
others, each with the commit at which it was read. They know fields, types and what is required.
They do not know the rules between fields that an API server or a webhook has beside them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import ValidationError, validate

VERSIONS = ("1.34", "1.37")
"""The oldest Kubernetes in which all that we use is on by default, and the newest that is known."""

_UPSTREAM = Path(__file__).with_name("upstream")
# No schema of them is here; an API server with the CRD knows them.
_UNKNOWN = {"policy.sigstore.dev/v1alpha1 TrustRoot"}


def check(manifest: dict[str, Any], version: str) -> None:
    """Fail the test if Kubernetes ``version``, or upstream, does not have this object's fields."""
    name = f"{manifest['kind']} {manifest['metadata'].get('name')}"
    if f"{manifest['apiVersion']} {manifest['kind']}" in _UNKNOWN:
        return
    try:
        custom = _upstream(manifest["apiVersion"], manifest["kind"])
        if custom is None:
            validate(manifest, version, strict=True)
        else:
            custom.validate(manifest)
    except (ValidationError, jsonschema.ValidationError) as error:
        place = ".".join(str(part) for part in error.path)
        raise AssertionError(f"{name}: {place}: {error.message}") from None


@cache
def _upstream(group_version: str, kind: str) -> Draft202012Validator | None:
    group, _, version = group_version.partition("/")
    path = _UPSTREAM / f"{kind}.{version}.json"
    if not path.exists():
        return None
    known = json.loads(path.read_text())
    if known["group"] != group:
        return None
    return Draft202012Validator(
        _closed(
            {
                **known["schema"],
                "properties": {
                    **known["schema"]["properties"],
                    "apiVersion": {},
                    "kind": {},
                    "metadata": {},
                },
            }
        )
    )


def _closed(schema: Any) -> Any:
    """An API server drops what a structural schema does not have; here it is an error."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
