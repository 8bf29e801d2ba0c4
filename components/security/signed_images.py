"""Signed images only, in the namespaces that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    MutatingWebhookConfigurationPatch,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidatingWebhookConfigurationPatch,
)
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinitionPatch
from pulumi_kubernetes.core.v1 import ConfigMap, Namespace

from components.manifests.metadata import MANAGED_BY
from components.manifests.signatures import (
    CA_FILE,
    POLICY_VERSION,
    REGISTRY_CA,
    TRUST_ROOT_VERSION,
    WEBHOOK,
    controller_values,
    image_volumes_spec,
    policy_spec,
    trust_root_spec,
    webhooks,
)
from components.platform.chart import chart_release
from shimyard.settings.registries import RegistrySettings
from shimyard.settings.security import SignedImagesSettings
from shimyard.settings.security.signatures import CONTROLLER_NAMESPACE

_IMAGE_VOLUMES = "shimyard-signed-images"
_POLICIES = "clusterimagepolicies.policy.sigstore.dev"
# Seconds. Its image is large for the uplink of an edge site.
_TIMEOUT = 600


class SignedImages(pulumi.ComponentResource):
    """sigstore's policy-controller with its policies: the API server asks it about each pod.

    It holds the pods of namespaces with the label ``policy.sigstore.dev/include: "true"``, which a
    ``WasmNamespace`` has with ``signed=True``. What depends on this component is made when the API
    server asks the controller, and the controller knows the policies.

    Outputs: ``policies`` (names of the ClusterImagePolicies).
    """

    policies: list[str]

    def __init__(
        self,
        resource_name: str,
        *,
        signed: SignedImagesSettings,
        registries: Sequence[RegistrySettings] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``registries``: of the stack, whose mirrors have the chart.

        ``opts``: with the Kubernetes provider.
        """
        super().__init__("shimyard:index:SignedImages", resource_name, None, opts)
        self._close_image_volumes()
        asked = self._controller(resource_name, signed, registries)
        after = pulumi.ResourceOptions(parent=self, depends_on=asked)
        roots = [
            CustomResource(
                f"{resource_name}-{root.name}",
                api_version=TRUST_ROOT_VERSION,
                kind="TrustRoot",
                metadata=_waiting(root.name, "condition=Ready", MANAGED_BY),
                spec=trust_root_spec(root),
                opts=after,
            )
            for root in signed.trust_roots
        ]
        known = {root.name: root for root in signed.trust_roots}
        self.policies = [policy.name for policy in signed.policies]
        for policy in signed.policies:
            CustomResource(
                policy.name,
                api_version=POLICY_VERSION,
                kind="ClusterImagePolicy",
                metadata=_waiting(policy.name, "condition=Ready", MANAGED_BY),
                spec=policy_spec(policy, known),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*asked, *roots]),
            )
        self.register_outputs({"policies": self.policies})

    def _controller(
        self,
        resource_name: str,
        signed: SignedImagesSettings,
        registries: Sequence[RegistrySettings],
    ) -> list[pulumi.Resource]:
        """What stands for: the API server asks the controller."""
        child = pulumi.ResourceOptions(parent=self)
        home = Namespace(
            CONTROLLER_NAMESPACE,
            metadata={"name": CONTROLLER_NAMESPACE, "labels": MANAGED_BY},
            opts=child,
        )
        needed: list[pulumi.Resource] = [home]
        if signed.registry_ca is not None:
            needed.append(
                ConfigMap(
                    REGISTRY_CA,
                    metadata={
                        "name": REGISTRY_CA,
                        "namespace": home.metadata["name"],
                        "labels": MANAGED_BY,
                    },
                    data={CA_FILE: signed.registry_ca},
                    opts=child,
                )
            )
        release = chart_release(
            f"{resource_name}-policy-controller",
            chart=signed.chart,
            registries=registries,
            name="policy-controller",
            namespace=CONTROLLER_NAMESPACE,
            values=controller_values(signed),
            timeout=_TIMEOUT,
            opts=pulumi.ResourceOptions(parent=self, depends_on=needed),
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=[release])
        # The controller itself writes into them what it is asked about, and by whom it is known.
        # Its pods are ready before that, and until then every image runs.
        asks = _waiting(WEBHOOK, "jsonpath={.webhooks[0].rules[0].resources[0]}")
        converts = "jsonpath={.spec.conversion.webhook.clientConfig.caBundle}"
        return [
            MutatingWebhookConfigurationPatch(
                resource_name, metadata=asks, webhooks=webhooks(), opts=after
            ),
            ValidatingWebhookConfigurationPatch(
                resource_name, metadata=asks, webhooks=webhooks(), opts=after
            ),
            CustomResourceDefinitionPatch(
                resource_name, metadata=_waiting(_POLICIES, converts), opts=after
            ),
        ]

    def _close_image_volumes(self) -> None:
        child = pulumi.ResourceOptions(parent=self)
        metadata = {"name": _IMAGE_VOLUMES, "labels": MANAGED_BY}
        made = ValidatingAdmissionPolicy(
            _IMAGE_VOLUMES, metadata=metadata, spec=image_volumes_spec(), opts=child
        )
        ValidatingAdmissionPolicyBinding(
            _IMAGE_VOLUMES,
            metadata=metadata,
            spec={"policyName": _IMAGE_VOLUMES, "validationActions": ["Deny"]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[made]),
        )


def _waiting(name: str, condition: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Metadata of an object that is there when ``condition`` holds."""
    given = {"labels": dict(labels)} if labels else {}
    return {"name": name, **given, "annotations": {"pulumi.com/waitFor": condition}}
