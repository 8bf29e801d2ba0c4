"""A function at the edge before an origin, and a cache before the function."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from shimyard.settings.base import FieldError, Model, each_once, matching
from shimyard.settings.kubernetes import EnvName
from shimyard.settings.platform.routes import IngressSettings, RouteSettings, UrlPath
from shimyard.settings.quantity import MemoryQuantity, parse_quantity
from shimyard.settings.registries import HttpUrl
from shimyard.settings.runtime import Image
from shimyard.settings.workloads.apps import WasmAppSettings, check_service
from shimyard.settings.workloads.pod import PodsSettings
from shimyard.settings.workloads.ports import PortSettings
from shimyard.settings.workloads.resources import NativeResourcesSettings

CACHE_PORT: Final = 8080
"""Where the cache listens."""

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*"

HeaderName = Annotated[
    str,
    AfterValidator(
        matching(_NAME, "is not a header's name; write letters, digits and '-', like 'Accept'")
    ),
]
"""Name of a header, in any case: 'Accept-Language'."""

ArgumentName = Annotated[
    str,
    AfterValidator(
        matching(
            r"[A-Za-z0-9_]+",
            "is not a name that the cache can tell apart; use letters, digits and '_', or put all "
            "of the query into the key (query: all)",
        )
    ),
]
"""Name of an argument in a query, or of a cookie: 'page', 'session_id'."""

Status = Annotated[int, Field(ge=200, le=599)]
Seconds = Annotated[int, Field(ge=1, le=31_536_000)]


class LifetimeSettings(Model):
    """How long answers are fresh that don't say it themselves."""

    statuses: list[Status] = Field(description="Status codes of the answers.", min_length=1)
    seconds: Seconds = Field(description="Seconds from the answer on.")


class CacheKeySettings(Model):
    """What tells answers apart, beside the request's host and path."""

    query: Literal["all", "none"] | list[ArgumentName] = Field(
        default="all",
        description="all: the whole query as it was sent. none: nothing of it. A list: these "
        "arguments alone. The function gets no more of it than that.",
    )
    headers: list[HeaderName] = Field(
        default_factory=list,
        description="Headers of the request. What the answer's Vary names need not stand here.",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        each_once("headers[{}]", (name.lower() for name in self.headers), "keep one")
        return self


class CacheBypassSettings(Model):
    """Requests that are neither answered from the cache nor kept in it."""

    headers: list[HeaderName] = Field(
        default=["Authorization"], description="Requests with one of these headers."
    )
    cookies: list[ArgumentName] = Field(
        default_factory=list, description="Requests with one of these cookies."
    )


class CacheRuleSettings(Model):
    """How answers to GET and HEAD below a path are kept. Of several rules, the longest path."""

    path: UrlPath = Field(description="Beginning of the paths: '/', '/images/'.")
    lifetimes: list[LifetimeSettings] = Field(
        default=[LifetimeSettings(statuses=[200, 301], seconds=60)],
        description="How long answers are fresh without a word of their own. Default: 200 and 301 "
        "for 60 s. []: only what the origin says.",
    )
    respect_origin: bool = Field(
        default=True,
        description="Go by Cache-Control and Expires of the answer, before lifetimes. An answer "
        "with Set-Cookie is never kept.",
    )
    key: CacheKeySettings = Field(
        default_factory=CacheKeySettings, description="What tells answers apart."
    )
    bypass: CacheBypassSettings = Field(
        default_factory=CacheBypassSettings, description="What the cache keeps out of."
    )
    stale_if_error: bool = Field(
        default=True,
        description="Give an old answer where the function or the origin fails (no answer, 500, "
        "502, 503, 504).",
    )
    stale_while_revalidate: bool = Field(
        default=True, description="Give an old answer while a new one is on its way."
    )

    @model_validator(mode="after")
    def _path_can_be_compared(self) -> Self:
        wrong = next((character for character in "%$" if character in self.path), None)
        if wrong is not None:
            raise FieldError(
                "path", f"has '{wrong}', which the cache can't compare; write a shorter path"
            )
        return self

    @model_validator(mode="after")
    def _one_lifetime_a_status(self) -> Self:
        for index, lifetime in enumerate(self.lifetimes):
            earlier = {s for each in self.lifetimes[:index] for s in each.statuses}
            for status in lifetime.statuses:
                if status in earlier or lifetime.statuses.count(status) > 1:
                    raise FieldError(
                        f"lifetimes[{index}].statuses", f"{status} stands twice; keep one"
                    )
        return self

    @model_validator(mode="after")
    def _keeps_something(self) -> Self:
        if not self.lifetimes and not self.respect_origin:
            raise FieldError(
                "lifetimes",
                "is empty and respectOrigin is false, so nothing would ever be kept; give one a "
                "value, or remove the rule",
            )
        return self


class CacheSettings(Model):
    """The cache: nginx, in an ordinary container. Each pod has its own."""

    image: Image = Field(
        description="An image with nginx 1.18 or newer at /usr/sbin/nginx; name it by its digest."
    )
    size: MemoryQuantity = Field(default="256Mi", description="Bytes of answers on disk, a pod.")
    keep_seconds: Seconds = Field(
        default=86_400,
        description="Seconds after which an answer goes that nobody has asked for, stale or fresh.",
    )
    rules: list[CacheRuleSettings] = Field(
        description="Paths whose answers are kept; all others pass.", min_length=1
    )
    timeout_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=30, description="Seconds without a byte of the function until a request fails."
    )
    request_size: MemoryQuantity = Field(
        default="1Mi", description="Bytes of a request's body at most; larger ones get 413."
    )
    resources: NativeResourcesSettings = Field(
        default_factory=NativeResourcesSettings, description="Requests and limits."
    )

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        # To nginx, nothing is no limit.
        for field, quantity in (("size", self.size), ("requestSize", self.request_size)):
            if not parse_quantity(quantity):
                raise FieldError(field, f"{quantity} is no room for any; write a larger one")
        return self

    @model_validator(mode="after")
    def _one_rule_a_path(self) -> Self:
        each_once("rules[{}].path", (rule.path for rule in self.rules), "keep one")
        return self


def _as_written(schema: dict[str, Any]) -> None:
    """In a stack file, the function has the place and, unless it says so, the name of the whole."""
    del schema["properties"]["namespace"]
    schema["required"].remove("name")


class EdgeFunctionSettings(WasmAppSettings):
    """The Wasm app between cache and origin."""

    model_config = ConfigDict(json_schema_extra=_as_written)

    origin_env: EnvName = Field(
        default="UPSTREAM_URL", description="Variable with the URL of the origin."
    )

    @model_validator(mode="after")
    def _the_origin_is_given(self) -> Self:
        for index, variable in enumerate(self.env):
            if variable.name == self.origin_env:
                raise FieldError(
                    f"env[{index}].name",
                    f"'{variable.name}' is the origin's URL; remove it, or set originEnv",
                )
        return self


class CdnFunctionSettings(PodsSettings, IngressSettings):
    """A cache, a function behind it, and an origin behind the function."""

    origin: HttpUrl = Field(description="URL of the origin, which the function asks.")
    function: EdgeFunctionSettings = Field(
        description="The function. Default of its name: <name>-function."
    )
    cache: CacheSettings = Field(description="The cache before the function.")
    routes: list[RouteSettings] = Field(
        default_factory=list,
        description="Where it answers outside of the cluster. Default: nowhere.",
    )

    @model_validator(mode="before")
    @classmethod
    def _the_function_knows_its_place(cls, data: object) -> object:
        if not isinstance(data, dict) or not isinstance(data.get("function"), dict):
            return data
        place = data.get("namespace", "default")
        function = data["function"]
        if function.get("namespace", place) != place:
            raise FieldError("function.namespace", "is that of the whole; remove it")
        given = {"name": f"{data.get('name')}-function", "namespace": place}
        return {**data, "function": {**given, **function}}

    @model_validator(mode="after")
    def _the_cache_finds_the_function(self) -> Self:
        service = self.function.service
        if service is not None and service.type in {"None", "Headless"}:
            raise FieldError(
                "function.service.type",
                f"is {service.type}, and the cache asks the Service's address; remove it, or use "
                "ClusterIP",
            )
        check_service(self.service, self.ports)
        return self

    @model_validator(mode="after")
    def _routes_have_a_service(self) -> Self:
        if self.routes and self.service is not None and self.service.type == "None":
            raise FieldError("routes", "need a Service to lead to; set another service.type")
        for index, route in enumerate(self.routes):
            self.check_route(f"routes[{index}]", route)
        return self

    @property
    def ports(self) -> list[PortSettings]:
        """Where the cache listens."""
        return [PortSettings(name="http", container_port=CACHE_PORT)]
