"""What of a stack answers at routes, whichever part of the platform it belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shimyard.settings.platform.routes import IngressSettings, RouteSettings
from shimyard.settings.workloads.pod import AppSettings

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


@dataclass(frozen=True)
class Entrance:
    """An app's Ingress. ``field`` is the app's, ``settings_field`` that of how it is reached."""

    field: str
    app: AppSettings
    settings_field: str
    settings: IngressSettings
    routes: Sequence[tuple[str, RouteSettings]]
    """(field, route) of each."""


def entrances_of(stack: StackSettings) -> Iterator[Entrance]:
    """All that there are, those without a route too."""
    platform = stack.platform
    if platform.serverless is not None:
        for below, tenant, function in platform.serverless.functions():
            field = f"platform.serverless.{below}"
            routes = _numbered(field, platform.serverless.routes_of(tenant, function))
            yield Entrance(field, function, "platform.serverless", platform.serverless, routes)
    for index, cdn in enumerate(platform.cdn_functions):
        field = f"platform.cdnFunctions[{index}]"
        yield Entrance(field, cdn, field, cdn, _numbered(field, cdn.routes))
    for index, app in enumerate(platform.spin_apps):
        field = f"platform.spinApps[{index}]"
        if app.ingress is not None:
            place = f"{field}.ingress"
            routes = _numbered(place, app.ingress.routes)
            yield Entrance(field, app, place, app.ingress, routes)


def _numbered(field: str, routes: Sequence[RouteSettings]) -> list[tuple[str, RouteSettings]]:
    return [(f"{field}.routes[{index}]", route) for index, route in enumerate(routes)]
