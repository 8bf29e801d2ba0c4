"""Files and trees on nodes: models, seccomp profiles, certificates."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import (
    AbsolutePath,
    DnsLabel,
    FieldError,
    LocalPath,
    Model,
    OctalMode,
    Sha256,
    Version,
    matching,
)

_OWNED_BY_SHIMYARD = ("/var/lib/shimyard", "/proc", "/sys", "/dev", "/run")

_ACCOUNT = r"([a-z_][a-z0-9_-]{0,31}|\d{1,9})"

Account = Annotated[
    str,
    AfterValidator(
        matching(_ACCOUNT, "is not an account; write its name, or its number in quotes")
    ),
    Field(json_schema_extra={"pattern": f"^{_ACCOUNT}$"}),
]
"""A user or group on the node: a name or a number."""


class PrecompiledFor(Model):
    """The engine that runs a program which was compiled ahead of time."""

    engine: Literal["wasmtime"] = Field(default="wasmtime", description="Which engine.")
    version: Version = Field(description="Its version; that of runtime.engines.")


class FileSettings(Model):
    """One file or tree on some nodes, by content."""

    path: AbsolutePath = Field(description="Final path on the node.")
    content: str | None = Field(default=None, description="Text of the file, shown in diffs.")
    secret_content: SecretStr | None = Field(
        default=None, description="Text that must not be shown. Set it with `--secret`."
    )
    source: LocalPath | None = Field(
        default=None,
        description="File or folder on the controller, relative to the project; by its digest.",
    )
    sha256: Sha256 | None = Field(
        default=None,
        description="Digest that the file at `source` must have, as `sha256sum` prints it: another "
        "file is refused before the machine changes. Default: whatever is there.",
    )
    mode: OctalMode | None = Field(
        default=None,
        description="Mode of files, quoted. Default: '0644', or '0600' for secretContent.",
    )
    owner: Account = Field(default="root", description="Owner on the node.")
    group: Account = Field(default="root", description="Group on the node.")
    precompiled_for: PrecompiledFor | None = Field(
        default=None,
        description="The engine of a `.cwasm`, which must be of its version and of the node's "
        "architecture. Required for files that Wasmtime has precompiled.",
    )
    nodes: list[DnsLabel] | None = Field(
        default=None, description="Names of the nodes that get it. Default: all."
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        origins = [self.content, self.secret_content, self.source]
        if sum(origin is not None for origin in origins) != 1:
            raise ValueError("set exactly one of content, secretContent and source")
        if self.sha256 is not None and self.source is None:
            raise FieldError("sha256", "is the digest of a source, and there is none; remove it")
        for owned in _OWNED_BY_SHIMYARD:
            if self.path == owned or self.path.startswith(owned + "/"):
                raise FieldError("path", f"{owned} is not a place for files; choose another")
        if self.secret_content is not None and self.mode is not None and self.mode[2:] != "00":
            raise FieldError(
                "mode", "a file with secretContent is for its owner only; end the mode in '00'"
            )
        if self.nodes is not None and len(self.nodes) != len(set(self.nodes)):
            raise FieldError("nodes", "name a node twice; keep one")
        return self

    @property
    def effective_mode(self) -> str:
        """The mode of files, four octal digits."""
        return self.mode or ("0644" if self.secret_content is None else "0600")
