"""A small valid stack with one of each workload, and ways to break one field of it."""

from __future__ import annotations

import copy
from typing import Any

from shimyard.settings import SettingsError, StackSettings, parse
from tests.unit.settings.stacks import VALID, WHERE

APP: dict[str, Any] = {
    "name": "greeter",
    "namespace": "shop",
    "handler": "wasmtime",
    "image": "registry.lab/greeter:1",
}

HYBRID: dict[str, Any] = {
    "name": "camera",
    "namespace": "shop",
    "handler": "wasmtime",
    "proxy": {"image": "registry.lab/proxy:1"},
    "app": {"image": "registry.lab/camera:1", "ports": [{"name": "api", "containerPort": 9000}]},
}

CLUSTER: dict[str, Any] = {"version": "1.36.3+k3s1", "servers": ["edge-1"]}

SPIN = {"name": "spin", "version": "0.18.0", "canaryImage": "registry.lab/canary:1"}


def stack(
    *,
    app: dict[str, Any] | None = None,
    hybrid: dict[str, Any] | None = None,
    namespace: dict[str, Any] | None = None,
    **sections: Any,
) -> dict[str, Any]:
    """The valid stack with some fields of its app, hybrid app, namespace or sections changed."""
    raw = copy.deepcopy(VALID)
    raw["runtime"]["shims"] = [*raw["runtime"]["shims"], SPIN]
    raw["cluster"] = copy.deepcopy(CLUSTER)
    raw["namespaces"] = [{"name": "shop", **(namespace or {})}]
    raw["apps"] = [{**copy.deepcopy(APP), **(app or {})}]
    raw["hybridApps"] = [{**copy.deepcopy(HYBRID), **(hybrid or {})}]
    return {**raw, **sections}


def accepted(**changes: Any) -> StackSettings:
    """The settings of the stack with these changes."""
    return parse(stack(**changes), where=WHERE)


def refusal(**changes: Any) -> SettingsError:
    """The error that the stack with these changes gets; fails the test if it is accepted."""
    try:
        accepted(**changes)
    except SettingsError as error:
        return error
    raise AssertionError("the settings were accepted")
