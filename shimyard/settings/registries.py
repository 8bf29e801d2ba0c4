"""Image registries as containerd sees them: mirrors, trust and credentials."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from shimyard.settings.base import AbsolutePath, Line, Model

HttpUrl = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.\[\]:_-]+(/[^\s\"'\\]*)?$")]
"""An http or https URL without spaces, quotes or user information."""

RegistryHost = Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?|_default)$")]
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
        if self.skip_verify and self.url.startswith("http://"):
            raise ValueError("skipVerify has no meaning for http; remove it or use https")
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
