"""Kubernetes' own structural schemas, out of its OpenAPI documents (package kubernetes-validate).

Those of add-ons' kinds are in the folder ``upstream``, or come with Shimyard as CRDs, as read at
the commit that stands in each.

They know fields, types and what is required. They do not know the rules between fields that an API
server has beside them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate.utils import ValidationError, validate

from components.manifests.spin import CRDS

UPSTREAM = Path(__file__).with_name("upstream")
VERSIONS = ("1.34", "1.37")
"""The oldest Kubernetes in which all that we use is on by default, and the newest that is known."""


def check(manifest: dict[str, Any], version: str) -> None:
    """Fail the test if Kubernetes ``version`` does not have this object's fields."""
    name = f"{manifest['kind']} {manifest['metadata'].get('name')}"
    upstream = _upstream().get((manifest["apiVersion"], manifest["kind"]))
    if upstream is not None:
        found = next(upstream.iter_errors(manifest), None)
        assert found is None, f"{name}: {found.json_path}: {found.message}"
        return
    try:
        validate(manifest, version, strict=True)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.path)
        raise AssertionError(f"{name}: {place}: {error.message}") from None


@cache
def _upstream() -> dict[tuple[str, str], Draft202012Validator]:
    paths = [*UPSTREAM.glob("*.json"), *CRDS.glob("*.json")]
    read = [json.loads(path.read_text()) for path in paths]
    return {
        (f"{each['group']}/{each['version']}", each["kind"]): Draft202012Validator(
            _strict(_of_any_object(each["schema"]))
        )
        for each in read
    }


def _of_any_object(schema: dict[str, Any]) -> dict[str, Any]:
    """Not every upstream writes down what each object has."""
    common: dict[str, Any] = {"apiVersion": {}, "kind": {}, "metadata": {}}
    return {**schema, "properties": {**common, **schema["properties"]}}


def _strict(schema: Any) -> Any:
    """``schema`` that refuses a field which an API server would drop without a word."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        made["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return made
