"""A namespace for Wasm workloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import (
    LimitRange,
    Namespace,
    ResourceQuota,
    Secret,
    ServiceAccount,
)
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components.manifests.metadata import MANAGED_BY, without_empty
from components.manifests.namespaces import (
    docker_config,
    limit_range_spec,
    namespace_labels,
    network_policies,
)
from components.manifests.profiles import egress_spec, profile_labels
from components.manifests.signatures import HELD
from shimyard.settings import NamespaceSettings
from shimyard.settings.security import CapabilityProfileSettings

ACCOUNT = "shimyard"
"""Name of the service account, and of what there is one of in a namespace."""
CREDENTIALS = f"{ACCOUNT}-registries"
"""Name of the Secret with the registries' credentials."""


class WasmNamespace(pulumi.ComponentResource):
    """A namespace with what its workloads need: quota, limits, isolation, credentials, an account.

    Defaults: pod security 'restricted'; a LimitRange that asks for 10m and 2Mi and allows 128Mi
    where a container states nothing; no quota; no network policy. An existing namespace is not
    made and not removed.

    Outputs: ``name``, ``service_account`` (name of the account that carries the registries'
    credentials and no token), ``pull_secrets`` (names of the Secrets with these credentials),
    ``denies_ingress`` (whether an app's ports must be opened).
    """

    name: pulumi.Output[str]
    service_account: pulumi.Output[str]
    pull_secrets: list[pulumi.Output[str]]
    denies_ingress: bool

    def __init__(
        self,
        resource_name: str,
        *,
        namespace: NamespaceSettings,
        profiles: Sequence[CapabilityProfileSettings] = (),
        signed: bool = False,
        solvers: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``profiles``: capability profiles of its pods, whose hosts a NetworkPolicy lists.

        The one that names the namespace is the only one that its pods may have. ``signed``: they
        need signed images, which takes a ``SignedImages`` that it depends on. ``solvers``:
        cert-manager has issuers that prove hosts of its Ingresses over HTTP.

        ``opts``: with the Kubernetes provider.
        """
        super().__init__("shimyard:index:WasmNamespace", resource_name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.name = pulumi.Output.from_input(namespace.name)
        if not namespace.existing:
            made = Namespace(
                resource_name,
                metadata=without_empty(
                    {
                        "name": namespace.name,
                        "labels": {
                            **namespace_labels(namespace),
                            **profile_labels(namespace.name, profiles),
                            **(HELD if signed else {}),
                        },
                        "annotations": dict(namespace.annotations),
                    }
                ),
                opts=child,
            )
            self.name = made.metadata["name"]
        metadata = {"name": ACCOUNT, "namespace": self.name, "labels": MANAGED_BY}
        if namespace.quota:
            ResourceQuota(
                resource_name, metadata=metadata, spec={"hard": dict(namespace.quota)}, opts=child
            )
        if namespace.limits is not None:
            LimitRange(
                resource_name,
                metadata=metadata,
                spec=limit_range_spec(namespace.limits),
                opts=child,
            )
        policy = namespace.network_policy
        self.denies_ingress = policy is not None and policy.deny_ingress
        policies = {} if policy is None else network_policies(policy, solvers=solvers)
        policies |= {each.policy_name: egress_spec(each) for each in profiles}
        for name, spec in policies.items():
            NetworkPolicy(
                f"{resource_name}-{name}",
                metadata={**metadata, "name": name},
                spec=spec,
                opts=child,
            )
        self.service_account = self._account(resource_name, namespace)
        self.register_outputs({"name": self.name, "serviceAccount": self.service_account})

    def _account(self, resource_name: str, namespace: NamespaceSettings) -> pulumi.Output[str]:
        child = pulumi.ResourceOptions(parent=self)
        self.pull_secrets = []
        if namespace.registries:
            logins = [
                (each.host, each.username, each.password.get_secret_value())
                for each in namespace.registries
            ]
            credentials = Secret(
                f"{resource_name}-registries",
                metadata={
                    "name": CREDENTIALS,
                    "namespace": self.name,
                    "labels": MANAGED_BY,
                },
                type="kubernetes.io/dockerconfigjson",
                data={".dockerconfigjson": pulumi.Output.secret(docker_config(logins))},
                opts=child,
            )
            self.pull_secrets.append(credentials.metadata["name"])
        account = ServiceAccount(
            resource_name,
            metadata={"name": ACCOUNT, "namespace": self.name, "labels": MANAGED_BY},
            automount_service_account_token=False,
            image_pull_secrets=[{"name": name} for name in self.pull_secrets] or None,
            opts=child,
        )
        name: pulumi.Output[str] = account.metadata["name"]
        return name


def given_by(home: WasmNamespace | None) -> dict[str, Any]:
    """What an app's pods have of their namespace; None: one that the stack does not describe."""
    return {
        "service_account": None if home is None else ACCOUNT,
        "pull_secrets": [CREDENTIALS] if home is not None and home.pull_secrets else [],
        "open_ports": home is not None and home.denies_ingress,
    }
