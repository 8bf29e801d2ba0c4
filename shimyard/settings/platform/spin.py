"""SpinKube: the operator that runs Spin applications, and how it runs them."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import (
    DnsLabel,
    FieldError,
    Line,
    LocalPath,
    Model,
    each_once,
    matching,
)
from shimyard.settings.charts import ChartReference, ChartSettings
from shimyard.settings.kubernetes import KubernetesTable, ObjectName
from shimyard.settings.platform.spin_app import SpinAppSettings
from shimyard.settings.workloads.probes import Seconds

EXECUTOR: Final = "containerd-shim-spin"
"""What SpinKube's documentation calls the executor that uses the shim."""


class SpinTelemetrySettings(Model):
    """Where Spin sends OpenTelemetry data, by OTLP."""

    exporter_otlp_endpoint: Line | None = Field(
        default=None, description="URL for all that has none of its own: 'http://otel.svc:4318'."
    )
    exporter_otlp_traces_endpoint: Line | None = Field(default=None, description="URL for traces.")
    exporter_otlp_metrics_endpoint: Line | None = Field(
        default=None, description="URL for metrics."
    )
    exporter_otlp_logs_endpoint: Line | None = Field(default=None, description="URL for logs.")


class SpinExecutorSettings(Model):
    """How the operator runs applications: with the spin shim of the nodes (SpinAppExecutor)."""

    name: DnsLabel = Field(default=EXECUTOR, description="Name of the SpinAppExecutor.")
    handler: DnsLabel = Field(
        default="spin",
        description="Handler of a spin shim in `runtime.shims`; its RuntimeClass sends pods to "
        "nodes where it is proven, and to no others.",
    )
    ca_cert_secret: ObjectName | None = Field(
        default=None,
        description="Secret in the app's namespace with ca-certificates.crt, for requests of the "
        "applications. Default: none.",
    )
    install_default_ca_certs: bool = Field(
        default=False, description="Let the operator make that Secret, with its own list."
    )
    otel: SpinTelemetrySettings | None = Field(
        default=None, description="OpenTelemetry of the applications. Default: none."
    )


class SpinCrdsSettings(Model):
    """Where the kinds SpinApp and SpinAppExecutor come from; the operator's chart has them not."""

    install: bool = Field(
        default=True, description="False: something else puts them into the cluster."
    )
    file: LocalPath | None = Field(
        default=None,
        description="YAML of other ones, on the controller: `spin-operator.crds.yaml` of the "
        "operator's release. Default: those that come with Shimyard, as of spin-operator's commit "
        "943f5b1.",
    )
    sha256: (
        Annotated[
            str,
            AfterValidator(matching(r"[0-9a-f]{64}", "is no SHA-256; write 64 hexadecimal digits")),
        ]
        | None
    ) = Field(default=None, description="SHA-256 of `file`. Another one is refused.")

    @model_validator(mode="after")
    def _a_file_is_proven(self) -> Self:
        if self.file is not None and not self.install:
            raise FieldError("file", "is not used with install: false; remove one")
        if self.file is not None and self.sha256 is None:
            raise FieldError("sha256", "is missing; add what `sha256sum` says of the file")
        if self.file is None and self.sha256 is not None:
            raise FieldError("sha256", "has no file to prove; add file, or remove it")
        return self


class SpinOperatorChartSettings(ChartSettings):
    """The chart of spin-operator."""

    reference: ChartReference = Field(
        default="oci://ghcr.io/spinframework/charts/spin-operator",
        description="Where its publisher has it. The mirrors of that registry in "
        "runtime.registries come before it.",
    )


class SpinKubeSettings(Model):
    """SpinKube's operator in the cluster. Needs cert-manager and a spin shim."""

    chart: SpinOperatorChartSettings = Field(description="Its chart, 0.6 or newer.")
    namespace: DnsLabel = Field(
        default="spin-operator", description="Namespace of the operator, which is made for it."
    )
    values: KubernetesTable = Field(default_factory=dict, description="Values of the chart.")
    timeout: Seconds = Field(
        default=300, description="Seconds that the operator may take to be ready."
    )
    crds: SpinCrdsSettings = Field(
        default_factory=SpinCrdsSettings, description="The operator's own kinds."
    )
    cert_manager: Literal["stack", "external"] = Field(
        default="stack",
        description="Who has put cert-manager into the cluster, which makes the certificate of the "
        "operator's webhooks. stack: platform.certManager. external: somebody else.",
    )
    executors: list[SpinExecutorSettings] = Field(
        default_factory=lambda: [SpinExecutorSettings()],
        description="Ways to run applications, made in each namespace that has some. Default: one "
        f"by the name {EXECUTOR}, with handler 'spin'.",
        min_length=1,
    )

    @model_validator(mode="after")
    def _each_executor_once(self) -> Self:
        each_once("executors[{}].name", (executor.name for executor in self.executors))
        for name in ("nameOverride", "fullnameOverride"):
            if name in self.values:
                raise FieldError(
                    f"values.{name}", "would hide the webhooks that are waited for; remove it"
                )
        return self

    def executor_of(self, app: SpinAppSettings) -> str:
        """Name of the executor that runs an application."""
        return app.executor or self.executors[0].name
