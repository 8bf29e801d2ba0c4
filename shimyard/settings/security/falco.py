"""Rules for Falco on the nodes: what of a Wasm pod deserves somebody's attention."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from shimyard.settings.base import AbsolutePath, Model, matching
from shimyard.settings.quantity import MemoryQuantity
from shimyard.settings.security.profiles import Cidr

_REPOSITORY = r"(?=.{1,255}$)[a-z0-9][a-z0-9._-]*(:[0-9]+/)?[a-z0-9._/-]*[a-z0-9]"

Repository = Annotated[
    str,
    AfterValidator(
        matching(
            _REPOSITORY,
            "is no repository; write an image without its tag, like 'registry.lab/shop/camera'",
        )
    ),
]
"""An image's repository, without tag and digest: 'registry.lab/shop/camera'."""


class FalcoSettings(Model):
    """Rules for a Falco that runs on the nodes; it itself is not installed."""

    path: AbsolutePath = Field(
        default="/etc/falco/rules.d/shimyard-wasm.yaml",
        description="Where the rules are put on each node with a shim.",
    )
    memory: MemoryQuantity = Field(
        default="100M", description="Bytes of resident memory above which a guest is told of."
    )
    networks: list[Cidr] | None = Field(
        default=None,
        description="Networks that guests may connect to. Default: the cluster's pods and "
        "Services, and the machine itself.",
    )
    shell_images: list[Repository] = Field(
        default_factory=list,
        description="Repositories whose ordinary containers start shells in Wasm pods: the native "
        "parts of hybrid apps.",
    )
