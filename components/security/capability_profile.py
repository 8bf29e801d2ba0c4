"""A capability profile in the cluster."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)

from components.manifests.admission import binding_specs, policy_spec
from components.manifests.metadata import MANAGED_BY
from shimyard.settings.security import CapabilityProfileSettings


class CapabilityProfile(pulumi.ComponentResource):
    """What the API server holds the pods of a profile to, whoever makes or changes them.

    A pod is of the profile by its label ``shimyard.dev/profile``, and in a namespace with that
    label every pod must be. ``WasmApp`` and ``WasmNamespace`` have the other parts: they take the
    profile too.

    Outputs: ``policy`` (name of the ValidatingAdmissionPolicy).
    """

    policy: pulumi.Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        profile: CapabilityProfileSettings,
        classes: Sequence[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``classes``: names of the RuntimeClasses that its pods may have.

        ``opts``: with the Kubernetes provider.
        """
        super().__init__("shimyard:index:CapabilityProfile", resource_name, None, opts)
        name = f"shimyard-profile-{profile.name}"
        made = ValidatingAdmissionPolicy(
            resource_name,
            metadata={"name": name, "labels": MANAGED_BY},
            spec=policy_spec(profile, classes),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for binding, spec in binding_specs(profile, name).items():
            ValidatingAdmissionPolicyBinding(
                binding,
                metadata={"name": binding, "labels": MANAGED_BY},
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[made]),
            )
        self.policy = made.metadata["name"]
        self.register_outputs({"policy": self.policy})
