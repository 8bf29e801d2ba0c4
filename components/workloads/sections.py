"""What a thing was called in whatever section of a stack file it stood before.

With these as aliases, what moves between sections stays. It would else be made anew first, which
takes the cluster's object over, and then be deleted as the former one, with all that is in it.
"""

from __future__ import annotations

import pulumi

# The types from the program down, which are all that a URN has of the parents.
_WORKLOADS = "shimyard:index:Workloads"
_PLATFORM = "shimyard:index:Platform"
_SERVERLESS = f"{_PLATFORM}$shimyard:index:ServerlessPlatform"
_NAMESPACES = (
    f"{_WORKLOADS}$shimyard:index:WasmNamespace",
    f"{_SERVERLESS}$shimyard:index:WasmNamespace",
)
_APPS = (
    f"{_WORKLOADS}$shimyard:index:WasmApp",
    f"{_WORKLOADS}$shimyard:index:HybridApp",
    f"{_SERVERLESS}$shimyard:index:WasmFunction$shimyard:index:WasmApp",
    f"{_PLATFORM}$shimyard:index:CDNFunction",
    f"{_PLATFORM}$shimyard:index:CDNFunction$shimyard:index:WasmApp",
    f"{_PLATFORM}$shimyard:index:EdgeAI",
    f"{_PLATFORM}$shimyard:index:IoTGateway",
    f"{_PLATFORM}$shimyard:index:PluginHost",
    f"{_PLATFORM}$shimyard:index:SpinApp",
)

Aliases = list[pulumi.Input[str | pulumi.Alias]]


def of_namespace(resource_name: str) -> Aliases:
    """Of `namespaces`, or a tenant of `platform.serverless`."""
    return _urns(_NAMESPACES, resource_name)


def of_app(resource_name: str) -> Aliases:
    """Of `apps` or `hybridApps`, or any app of `platform`; all that they share stays."""
    return _urns(_APPS, resource_name)


def _urns(places: tuple[str, ...], name: str) -> Aliases:
    stack = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}"
    return [f"{stack}::{place}::{name}" for place in places]
