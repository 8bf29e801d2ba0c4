"""A Spin application that SpinKube's operator runs: pods, variables, checks, and ways to it."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from shimyard.settings.base import DnsLabel, FieldError, Line, Model, matching
from shimyard.settings.kubernetes import Annotations, KubernetesTable, ObjectName
from shimyard.settings.platform.routes import IngressSettings, RouteSettings
from shimyard.settings.runtime import Image
from shimyard.settings.workloads.apps import check_host_paths, check_percentages
from shimyard.settings.workloads.environment import EnvSettings, one_value_a_name
from shimyard.settings.workloads.pod import AppSettings
from shimyard.settings.workloads.probes import HeaderSettings, ProbeTimesSettings, Seconds
from shimyard.settings.workloads.resources import WasmResourcesSettings
from shimyard.settings.workloads.scaling import AutoscalingSettings, Utilization, cpu_target
from shimyard.settings.workloads.volumes import VolumeSettings, one_volume_a_place

RUNTIME_CONFIG_FILE: Final = "runtime-config.toml"
"""Key in the Secret, and file in the pod's root. Source: spin-operator, `deployment.go`."""
MOST_NAME: Final = 52
"""Characters of a name: the operator labels pods with 'app.<name>.status', which may have 63."""

_RESERVED_VOLUME = "spin-"

SpinVariableName = Annotated[
    str,
    AfterValidator(
        matching(
            r"[a-z][a-z0-9]*(_[a-z0-9]+)*",
            "is not a name of a Spin variable; use lower case letters, digits and single '_' "
            "inside, with a letter first",
        )
    ),
]
"""Name of a variable of a Spin application: 'api_token'."""


class SpinVariableSettings(EnvSettings):
    """One variable of the application; set exactly one origin of its value."""

    name: SpinVariableName = Field(description="Name as the application's manifest has it.")


class SpinScalingSettings(AutoscalingSettings):
    """How many pods an application has: 5 to 100, at 70 percent of the requested processors."""

    DEFAULT_UTILIZATION: ClassVar[int] = 70

    by: Literal["hpa", "keda"] = Field(
        default="hpa",
        description="Who scales: Kubernetes' own autoscaler, or KEDA, which must be in the cluster "
        "already.",
    )
    min_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=5, description="Fewest pods."
    )
    max_replicas: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=100, description="Most pods."
    )
    cpu_utilization: Utilization | None = cpu_target(DEFAULT_UTILIZATION)
    triggers: list[KubernetesTable] = Field(
        default_factory=list,
        description="keda only: more triggers as its documentation spells them, beside that of the "
        "processors.",
    )

    @model_validator(mode="after")
    def _triggers_are_kedas(self) -> Self:
        if self.triggers and self.by != "keda":
            raise FieldError("triggers", "need by: keda; set it, or remove them")
        return self


class SpinHttpGetSettings(Model):
    """Works if a GET answers with a status from 200 to 399."""

    path: Annotated[Line, Field(max_length=2048)] = Field(description="Path of the request.")
    http_headers: list[HeaderSettings] = Field(
        default_factory=list, description="Headers of the request."
    )


class SpinCheckSettings(ProbeTimesSettings):
    """A check of an application, always by HTTP on its port."""

    http_get: SpinHttpGetSettings = Field(description="The request.")
    # From 1 on: the operator takes 0 for not given.
    initial_delay_seconds: Seconds = Field(
        default=1, description="Seconds to wait after the container's start."
    )


class SpinChecksSettings(Model):
    """How kubelet asks an application whether it works."""

    readiness: SpinCheckSettings | None = Field(
        default=None, description="While it fails, the pod gets no request. Default: none."
    )
    liveness: SpinCheckSettings | None = Field(
        default=None, description="When it fails, the container is started anew. Default: none."
    )

    @model_validator(mode="after")
    def _one_success_is_enough(self) -> Self:
        if self.liveness is not None and self.liveness.success_threshold != 1:
            raise FieldError(
                "liveness.successThreshold", "must be 1 here, says Kubernetes; remove it"
            )
        return self


class SpinRuntimeConfigSettings(Model):
    """Spin's runtime configuration: key value stores, databases, models; set exactly one field."""

    text: SecretStr | None = Field(
        default=None,
        description="The TOML itself, kept in a Secret of the app. Set it with `--secret`, if "
        "there are passwords in it.",
    )
    secret_name: ObjectName | None = Field(
        default=None,
        description=f"A Secret that is there already, with the key {RUNTIME_CONFIG_FILE}.",
    )

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.text is None) == (self.secret_name is None):
            raise ValueError("set exactly one of text and secretName")
        if self.text is not None:
            try:
                tomllib.loads(self.text.get_secret_value())
            except tomllib.TOMLDecodeError as error:
                # Only where: the words around it may be a password.
                place = re.search(r"line \d+, column \d+|end of document", str(error))
                raise FieldError(
                    "text", f"is not TOML ({'' if place is None else place[0]}); mend it there"
                ) from None
        return self


class SpinIngressSettings(IngressSettings):
    """An Ingress before an application."""

    routes: list[RouteSettings] = Field(description="Hosts and paths.", min_length=1)

    @model_validator(mode="after")
    def _a_certificate_is_for_hosts(self) -> Self:
        for index, route in enumerate(self.routes):
            self.check_route(f"routes[{index}]", route)
        return self


class SpinAppSettings(AppSettings):
    """A Spin application, as SpinKube's operator runs it (core.spinkube.dev/v1alpha1 SpinApp).

    The operator makes its pods, so what its SpinApp has no field for can't be set: node selectors
    and tolerations (the RuntimeClass has them), sidecars, security contexts, other ports than 80.
    """

    image: Image = Field(description="The application as an OCI artifact: `spin registry push`.")
    executor: DnsLabel | None = Field(
        default=None,
        description="One of `spinKube.executors`, by its name. Default: the first of them.",
    )
    autoscaling: SpinScalingSettings | None = Field(
        default=None,
        description="Let load decide how many pods there are. Default: no; {} for 5 to 100 at 70 "
        "percent of the requested processors.",
    )
    variables: list[SpinVariableSettings] = Field(
        default_factory=list, description="Variables of the application."
    )
    runtime_config: SpinRuntimeConfigSettings | None = Field(
        default=None, description="Spin's runtime configuration. Default: Spin's own."
    )
    resources: WasmResourcesSettings = Field(
        default_factory=WasmResourcesSettings, description="Requests and limits."
    )
    volumes: list[VolumeSettings] = Field(
        default_factory=list, description="Volumes and where they are mounted."
    )
    checks: SpinChecksSettings = Field(
        default_factory=SpinChecksSettings, description="Checks of each pod."
    )
    components: list[Line] = Field(
        default_factory=list, description="Only these components of it. Default: all."
    )
    invocation_limits: dict[Line, Line] = Field(
        default_factory=dict,
        description="Limits of each request, for executors that know some: limit -> value.",
    )
    service_account_name: ObjectName | None = Field(
        default=None,
        description="Account of the pods. Default: the namespace's own, which carries the "
        "registries' credentials and no token.",
    )
    service_annotations: Annotations = Field(
        default_factory=dict, description="Annotations of its Service, which listens on 80."
    )
    ingress: SpinIngressSettings | None = Field(
        default=None, description="How it is reached from outside. Default: not at all."
    )

    @model_validator(mode="after")
    def _the_operator_takes_it(self) -> Self:
        if len(self.name) > MOST_NAME:
            raise FieldError(
                "name",
                f"has {len(self.name)} characters, and the operator makes a label of it, which "
                f"leaves room for {MOST_NAME}; shorten it",
            )
        if self.replicas == 0:
            raise FieldError(
                "replicas", "is 0, which the operator refuses; write 1 or more, or remove the app"
            )
        return self

    @model_validator(mode="after")
    def _nothing_twice(self) -> Self:
        one_value_a_name(self.variables, "variables")
        one_volume_a_place(self.volumes)
        for index, volume in enumerate(self.volumes):
            if volume.name.startswith(_RESERVED_VOLUME):
                raise FieldError(
                    f"volumes[{index}].name",
                    f"starts with '{_RESERVED_VOLUME}', as the operator's own do; choose another",
                )
            if volume.mount_path == f"/{RUNTIME_CONFIG_FILE}":
                raise FieldError(
                    f"volumes[{index}].mountPath", "is where runtimeConfig goes; use that instead"
                )
        check_host_paths(self.volumes, allowed=self.allow_host_path)
        return self

    @model_validator(mode="after")
    def _percentages_of_what_is_stated(self) -> Self:
        check_percentages(self.autoscaling, self.resources)
        return self
