"""A whole stack: one environment from its machines to what runs on them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from shimyard.settings.artifacts import ArtifactSettings
from shimyard.settings.base import FieldError, Model
from shimyard.settings.cluster import ClusterSettings
from shimyard.settings.embedded import check_containerd
from shimyard.settings.files import FileSettings
from shimyard.settings.membership import MembershipSettings
from shimyard.settings.nodes import NodeSettings, SshDefaults
from shimyard.settings.platform import PlatformSettings
from shimyard.settings.platform.cdn_rules import check_origins
from shimyard.settings.platform.certificate_rules import check_certificates
from shimyard.settings.platform.claims import check_claims
from shimyard.settings.platform.edge_ai_rules import check_edge_ai
from shimyard.settings.platform.gateway_rules import check_gateways
from shimyard.settings.platform.spin_rules import check_spin
from shimyard.settings.runtime import CniSettings, RuntimeSettings
from shimyard.settings.security import SecuritySettings
from shimyard.settings.security.rules import check_falco, check_profiles
from shimyard.settings.security.signature_rules import check_signed_images
from shimyard.settings.workloads import (
    HybridAppSettings,
    NamespaceSettings,
    RuntimeClassesSettings,
    WasmAppSettings,
)
from shimyard.settings.workloads.rules import check_workloads

K3S_CNI_CONFIG = "/var/lib/rancher/k3s/agent/etc/cni/net.d"
K3S_CNI_BIN = "/var/lib/rancher/k3s/data/cni"


class StackSettings(Model):
    """What an operator writes under `shimyard:` in stacks/Pulumi.<env>.yaml."""

    ssh: SshDefaults = Field(
        default_factory=SshDefaults, description="Defaults for the `ssh` section of every node."
    )
    nodes: Annotated[list[NodeSettings], Field(min_length=1)] = Field(
        description="The machines of this environment."
    )
    runtime: RuntimeSettings = Field(description="The container runtime of every machine.")
    artifacts: ArtifactSettings = Field(
        default_factory=ArtifactSettings, description="Where artifacts come from."
    )
    cluster: ClusterSettings | None = Field(
        default=None, description="The K3s cluster of the machines. Default: none."
    )
    files: list[FileSettings] = Field(
        default_factory=list, description="Files and trees on the nodes."
    )
    runtime_classes: RuntimeClassesSettings = Field(
        default_factory=RuntimeClassesSettings,
        description="The cluster's RuntimeClasses, one for each handler.",
    )
    namespaces: list[NamespaceSettings] = Field(
        default_factory=list, description="Namespaces for workloads."
    )
    apps: list[WasmAppSettings] = Field(default_factory=list, description="Wasm apps.")
    hybrid_apps: list[HybridAppSettings] = Field(
        default_factory=list,
        description="Pods of a Wasm proxy, a native app and a Wasm log sidecar.",
    )
    security: SecuritySettings = Field(
        default_factory=SecuritySettings, description="What workloads may do, and what may run."
    )
    platform: PlatformSettings = Field(
        default_factory=PlatformSettings, description="Add-ons of the cluster, and what they carry."
    )

    def membership(self) -> MembershipSettings | None:
        """What a change of one of the cluster's machines must know of it; None without one."""
        if self.cluster is None:
            return None
        nodes = {node.name: node for node in self.nodes}
        return MembershipSettings(
            cluster="cluster",
            servers=[nodes[name] for name in self.cluster.servers],
            rollout=self.cluster.rollout,
        )

    def membership_of(self, node: str) -> MembershipSettings | None:
        """The same for one machine, which may be outside of the cluster."""
        return self.membership() if node in self._clustered() else None

    def runtime_of(self, node: str) -> RuntimeSettings:
        """The runtime of one machine; on a cluster's node, pods get their network from K3s.

        Where K3s brings containerd, runc and CNI plugins, they are left out.
        Source: https://docs.k3s.io/networking/basic-network-options for the folders.
        """
        if self.embeds(node):
            others = {"containerd": None, "runc": None, "cni_plugins": None, "cni": CniSettings()}
            return self.runtime.model_copy(update=others)
        if node not in self._clustered():
            return self.runtime
        cni = CniSettings(conf_dir=K3S_CNI_CONFIG, bin_dirs=[K3S_CNI_BIN])
        return self.runtime.model_copy(update={"cni": cni})

    def embeds(self, node: str) -> bool:
        """Whether one machine runs the containerd that comes with K3s."""
        cluster = self.cluster
        return (
            cluster is not None and cluster.containerd == "embedded" and node in self._clustered()
        )

    def k3s_version_of(self, node: str) -> str | None:
        """The version of K3s on one machine; None if it is outside of the cluster."""
        cluster = self.cluster
        if cluster is None or node not in self._clustered():
            return None
        return cluster.version if node in cluster.servers else cluster.version_of_agents

    def _clustered(self) -> set[str]:
        cluster = self.cluster
        names = [node.name for node in self.nodes]
        return set() if cluster is None else {*cluster.servers, *cluster.agents_of(names)}

    @model_validator(mode="before")
    @classmethod
    def _ssh_defaults_for_every_node(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        defaults, nodes = data.get("ssh", {}), data.get("nodes")
        if not isinstance(defaults, dict) or not isinstance(nodes, list):
            return data
        # A mistake in the defaults is told once, where it stands, and not again for each node.
        known = {field.alias or name for name, field in SshDefaults.model_fields.items()}
        usable = {key: value for key, value in defaults.items() if key in known}
        return {**data, "nodes": [_with_defaults(node, usable) for node in nodes]}

    @model_validator(mode="after")
    def _one_machine_a_node(self) -> Self:
        names: set[str] = set()
        places: dict[tuple[str, int, str], str] = {}
        for index, node in enumerate(self.nodes):
            if node.name in names:
                raise FieldError(
                    f"nodes[{index}].name", f"'{node.name}' is taken; give each node its own name"
                )
            names.add(node.name)
            # The same private address behind two jump hosts is two machines.
            behind = node.ssh.bastion.address if node.ssh.bastion is not None else ""
            place = (node.address, node.ssh.port, behind)
            if place in places:
                raise FieldError(
                    f"nodes[{index}].address",
                    f"{place[0]} port {place[1]} is already '{places[place]}'; "
                    "one machine is one node",
                )
            places[place] = node.name
        return self

    @model_validator(mode="after")
    def _cluster_of_nodes(self) -> Self:
        names = [node.name for node in self.nodes]
        for field in ("servers", "agents"):
            for name in (getattr(self.cluster, field) or []) if self.cluster is not None else []:
                if name not in names:
                    raise FieldError(
                        f"cluster.{field}",
                        f"there is no node '{name}'; the stack has {', '.join(names)}",
                    )
        return self

    @model_validator(mode="after")
    def _one_containerd_a_machine(self) -> Self:
        check_containerd(self)
        return self

    @model_validator(mode="after")
    def _one_file_a_place(self) -> Self:
        names = [node.name for node in self.nodes]
        taken: set[tuple[str, str]] = set()
        for index, file in enumerate(self.files):
            for node in file.nodes if file.nodes is not None else names:
                if node not in names:
                    raise FieldError(
                        f"files[{index}].nodes",
                        f"there is no node '{node}'; the stack has {', '.join(names)}",
                    )
                if (node, file.path) in taken:
                    raise FieldError(
                        f"files[{index}].path",
                        f"{file.path} stands twice for node '{node}'; keep one entry",
                    )
                taken.add((node, file.path))
        return self

    @model_validator(mode="after")
    def _one_version_of_engine_and_program(self) -> Self:
        versions = {engine.name: engine.version for engine in self.runtime.engines}
        for index, file in enumerate(self.files):
            wanted = file.precompiled_for
            if wanted is None or versions.get(wanted.engine) == wanted.version:
                continue
            found = versions.get(wanted.engine)
            raise FieldError(
                f"files[{index}].precompiledFor",
                f"is {wanted.engine} {wanted.version}, and the nodes' engine is {wanted.engine} "
                f"{found}, which refuses the program; compile it anew with {found}, or set "
                f"runtime.engines to {wanted.version}"
                if found
                else f"is {wanted.engine} {wanted.version}, which no node has; add it to "
                "runtime.engines",
            )
        return self

    @model_validator(mode="after")
    def _workloads_fit_the_runtime(self) -> Self:
        check_workloads(self)
        check_gateways(self)
        check_origins(self)
        check_certificates(self)
        check_spin(self)
        check_profiles(self)
        check_falco(self)
        check_edge_ai(self)
        check_signed_images(self)
        check_claims(self)
        return self


def _with_defaults(node: object, defaults: dict[str, Any]) -> object:
    if not isinstance(node, dict):
        return node
    own = node.get("ssh", {})
    if not isinstance(own, dict):
        return node
    merged = {**defaults, **own}
    # A node that names its own way to log in does not inherit the other one.
    if "identityFile" in own and "agent" not in own:
        merged.pop("agent", None)
        if "passphrase" not in own:
            merged.pop("passphrase", None)
    if own.get("agent") is True and "identityFile" not in own:
        merged.pop("identityFile", None)
        merged.pop("passphrase", None)
    return {**node, "ssh": merged}
