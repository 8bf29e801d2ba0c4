"""The container runtime of a machine: containerd, runc, CNI plugins, Wasm shims and engines."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, field_validator, model_validator

from shimyard.settings.base import (
    AbsolutePath,
    DnsLabel,
    FieldError,
    Line,
    Model,
    Version,
    each_once,
    matching,
)
from shimyard.settings.registries import RegistrySettings
from shimyard.settings.tables import misfits

ShimName = Literal["wasmtime", "wasmedge", "wasmer", "wamr", "spin"]

ModelEncoding = Literal["openvino", "onnx", "tensorflow", "pytorch", "tensorflowlite", "ggml"]
"""How a model is written down, as WASI-NN's `graph-encoding` spells it."""


def _fit_for_toml(table: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for path, problem in misfits(table, null="is null, which TOML has not"):
        raise FieldError(path, problem)
    return table


TomlTable = Annotated[dict[str, JsonValue], AfterValidator(_fit_for_toml)]
"""Tables for a TOML file: only values that reach the file as they were written."""


Image = Annotated[
    Line,
    # A leading '-' would be an option of the programs that get it.
    AfterValidator(
        matching(
            r"[A-Za-z0-9\[][A-Za-z0-9._:/@\[\]-]{0,1023}",
            "is no image; write it like 'registry.lab/canaries/hello:1'",
        )
    ),
]
"""An image's reference: 'registry/name:tag', 'registry/name@sha256:...'."""


class ContainerdSettings(Model):
    """containerd itself."""

    version: Version = Field(description="Version in the artifact lock; 2.0.0 or newer.")
    systemd_cgroup: bool = Field(
        default=True,
        description="Let systemd manage the cgroups of all handlers; must match the kubelet.",
    )
    oom_score_adjust: Annotated[int, Field(ge=-999, le=1000)] | None = Field(
        default=-999, description="OOM score of the daemon; null keeps systemd's default."
    )
    options: TomlTable = Field(
        default_factory=dict,
        description="More tables for config.toml, merged into the rendered ones. A value that "
        "Shimyard sets itself is refused.",
    )

    @field_validator("version")
    @classmethod
    def _second_generation(cls, value: str) -> str:
        if int(value.split(".", maxsplit=1)[0]) < 2:
            raise ValueError("containerd 1.x has another configuration format; choose 2.0.0 or up")
        return value


class VersionedSettings(Model):
    """A component of which only the version can be chosen."""

    version: Version = Field(description="Version in the artifact lock.")


class ShimSettings(Model):
    """One runwasi-style shim and the runtime handler that it serves."""

    name: ShimName = Field(description="Which shim: the artifact `containerd-shim-<name>`.")
    version: Version = Field(description="Version in the artifact lock.")
    handler: DnsLabel = Field(
        default="", description="Handler name for RuntimeClasses. Default: the shim's name."
    )
    options: TomlTable = Field(
        default_factory=dict,
        description="Options of the handler's runtime table in config.toml.",
    )
    wasi_nn: list[ModelEncoding] = Field(
        default_factory=list,
        description="Encodings of the models that this build of the shim runs for its guests. "
        "Default: none, as in the vendors' static builds, which have no WASI-NN.",
    )
    canary_image: Image | None = Field(
        default=None,
        description="Image whose container must exit 0 for the handler to count as proven. "
        "Default: a tiny WASI module that Shimyard makes itself. Required for spin.",
    )

    @model_validator(mode="before")
    @classmethod
    def _handler_named_after_shim(cls, data: object) -> object:
        if isinstance(data, dict) and "handler" not in data and isinstance(data.get("name"), str):
            return {**data, "handler": data["name"]}
        return data

    @model_validator(mode="after")
    def _spin_runs_no_plain_module(self) -> Self:
        if self.name == "spin" and self.canary_image is None:
            raise FieldError(
                "canaryImage",
                "is missing: the spin shim runs Spin applications only; "
                "name an image of one whose trigger ends by itself",
            )
        return self


class EngineSettings(Model):
    """A Wasm engine on the node itself, beside the one that is built into a shim."""

    name: Literal["wasmtime", "wasmedge"] = Field(description="Which engine.")
    version: Version = Field(description="Version in the artifact lock.")
    config: TomlTable = Field(
        default_factory=dict,
        description="wasmtime only: content of /etc/wasmtime/wasmtime.toml, the file that "
        "`wasmtime --config` reads.",
    )
    plugins: list[DnsLabel] = Field(
        default_factory=list,
        description="wasmedge only: plugins by their artifact name, for example 'wasi-nn'.",
    )

    @model_validator(mode="after")
    def _fields_of_the_engine(self) -> Self:
        if self.name != "wasmtime" and self.config:
            raise FieldError("config", "belongs to the wasmtime engine; remove it")
        if self.name != "wasmedge" and self.plugins:
            raise FieldError("plugins", "belong to the wasmedge engine; remove them")
        if len(self.plugins) != len(set(self.plugins)):
            raise FieldError("plugins", "name a plugin twice; keep one")
        return self


class CniSettings(Model):
    """Where containerd finds the network of pods."""

    conf_dir: AbsolutePath = Field(
        default="/etc/cni/net.d", description="Folder of the network's configuration."
    )
    bin_dirs: list[AbsolutePath] = Field(
        default_factory=lambda: ["/opt/cni/bin"],
        description="Folders of the plugins, in the order to search them.",
    )


class RuntimeSettings(Model):
    """What a machine runs containers with, for a containerd of ours or for K3s's own."""

    containerd: ContainerdSettings | None = Field(
        default=None,
        description="The container runtime. Required, except where cluster.containerd is embedded.",
    )
    runc: VersionedSettings | None = Field(
        default=None,
        description="Runtime of ordinary containers and of pauses. Required like containerd.",
    )
    cni_plugins: VersionedSettings | None = Field(
        default=None, description="CNI plugins in /opt/cni/bin. Default: none."
    )
    cni: CniSettings = Field(
        default_factory=CniSettings,
        description="Folders of the pods' network. On a cluster's node: those of K3s.",
    )
    sandbox_image: Image | None = Field(
        default=None, description="Pause image of pods. Default: containerd's own choice."
    )
    registries: list[RegistrySettings] = Field(
        default_factory=list, description="Registries with mirrors or credentials."
    )
    shims: list[ShimSettings] = Field(
        default_factory=list, description="Wasm shims; each brings one runtime handler."
    )
    engines: list[EngineSettings] = Field(
        default_factory=list, description="Wasm engines to use outside of containers."
    )

    @property
    def own(self) -> tuple[ContainerdSettings, VersionedSettings]:
        """containerd and runc, where they are Shimyard's. Raises ``FieldError``."""
        if self.containerd is None:
            raise FieldError("containerd", "is missing; add it")
        if self.runc is None:
            raise FieldError("runc", "is missing; add it")
        return self.containerd, self.runc

    @model_validator(mode="after")
    def _one_shim_a_handler(self) -> Self:
        seen: set[str] = {"runc"}
        versions: dict[str, str] = {}
        for index, shim in enumerate(self.shims):
            if shim.handler in seen:
                raise FieldError(
                    f"shims[{index}].handler",
                    f"'{shim.handler}' is taken; give each shim a handler name of its own",
                )
            seen.add(shim.handler)
            if versions.setdefault(shim.name, shim.version) != shim.version:
                raise FieldError(
                    f"shims[{index}].version",
                    f"{shim.name} has another version above; one machine has one version of a "
                    "shim, since all its handlers run the same binary",
                )
        return self

    @model_validator(mode="after")
    def _one_entry_a_registry(self) -> Self:
        hosts = (registry.host for registry in self.registries)
        each_once("registries[{}].host", hosts, "put all its mirrors into one entry")
        return self

    @model_validator(mode="after")
    def _one_entry_an_engine(self) -> Self:
        names: set[str] = set()
        for index, engine in enumerate(self.engines):
            if engine.name in names:
                raise FieldError(
                    f"engines[{index}].name", f"{engine.name} stands twice; keep one entry"
                )
            names.add(engine.name)
        return self
