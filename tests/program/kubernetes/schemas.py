"""Kubernetes' own structural schemas, out of its OpenAPI documents (package kubernetes-validate).

They know fields, types and what is required. They do not know the rules between fields that an API
server has beside them.
"""

from __future__ import annotations

from typing import Any

from kubernetes_validate.utils import ValidationError, validate

VERSIONS = ("1.34", "1.37")
"""The oldest Kubernetes in which all that we use is on by default, and the newest that is known."""


def check(manifest: dict[str, Any], version: str) -> None:
    """Fail the test if Kubernetes ``version`` does not have this object's fields."""
    try:
        validate(manifest, version, strict=True)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.path)
        name = f"{manifest['kind']} {manifest['metadata'].get('name')}"
        raise AssertionError(f"{name}: {place}: {error.message}") from None
