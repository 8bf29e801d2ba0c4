"""Image registries as containerd sees them: mirrors, trust and credentials."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import AbsolutePath, FieldError, Line, Model, matching


def plain_port(value: str) -> str:
    """Refuse what only looks like a URL: an unclosed bracket, a wrong port or character."""
    if not (value.isascii() and value.isprintable()):
        raise ValueError("has a character that no URL has; write it percent-encoded")
    try:
        port, host = urlsplit(value).port, urlsplit(value).hostname
    except ValueError:
        raise ValueError("has a wrong address or port; write 'https://host[:port]/path'") from None
    if not host or port == 0:
        raise ValueError("has a wrong address or port; write 'https://host[:port]/path'")
    return value


_HTTP_URL = r"https?://[A-Za-z0-9.\[\]:_-]+(/[^\s\"'\\]*)?"
_REGISTRY = r"([A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?|_default)"

HttpUrl = Annotated[
    str,
    AfterValidator(
        matching(
            _HTTP_URL,
            "is not an http(s) URL; write 'https://host[:port]/path' without spaces, quotes, "
            "user or password",
        )
    ),
    AfterValidator(plain_port),
    Field(json_schema_extra={"pattern": f"^{_HTTP_URL}$"}),
]
"""An http or https URL without spaces, quotes or user information."""

RegistryHost = Annotated[
    str,
    AfterValidator(
        matching(
            _REGISTRY,
            "is not a registry name; write it as image names do, like 'ghcr.io' or "
            "'registry.lab:5000', without 'https://' and path; '_default' means any",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_REGISTRY}$"}),
]
"""A registry as image names spell it: 'ghcr.io', 'registry.lab:5000'; '_default' means any."""


class MirrorSettings(Model):
    """One endpoint that can serve a registry's images."""

    url: HttpUrl = Field(description="Base URL, for example 'http://10.0.0.1:5000'.")
    capabilities: list[Literal["pull", "resolve", "push"]] = Field(
        default=["pull", "resolve"], description="What containerd may use the endpoint for."
    )
    ca_file: AbsolutePath | None = Field(
        default=None, description="CA certificate on the node that signs the endpoint."
    )
    skip_verify: bool = Field(default=False, description="Accept any TLS certificate.")
    username: Line | None = Field(default=None, description="Basic authentication: user name.")
    password: SecretStr | None = Field(
        default=None, description="Basic authentication: password. Set it with `--secret`."
    )

    @model_validator(mode="after")
    def _whole_credentials(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("set both username and password, or neither")
        if self.username is not None and ":" in self.username:
            # RFC 7617, section 2: what follows the first colon is the password.
            raise FieldError("username", "has a ':', which HTTP forbids; choose another")
        if self.skip_verify and self.url.startswith("http://"):
            raise FieldError("skipVerify", "has no meaning for http; remove it or use https")
        if self.ca_file is not None and self.url.startswith("http://"):
            raise FieldError("caFile", "has no meaning for http; remove it or use https")
        return self


class RegistrySettings(Model):
    """A registry, the mirrors tried before it, and whether it is asked at all."""

    host: RegistryHost = Field(description="The registry's name in image references.")
    mirrors: Annotated[list[MirrorSettings], Field(min_length=1)] = Field(
        description="Endpoints in the order in which containerd tries them."
    )
    upstream: bool = Field(
        default=False, description="Ask the registry itself after its mirrors have failed."
    )
