"""cert-manager, who signs, and what is signed."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace, Secret
from pulumi_kubernetes.helm.v3 import Release

from components.manifests.certificates import (
    API_VERSION,
    certificate_spec,
    chart_values,
    issuer_secrets,
    issuer_spec,
)
from components.manifests.metadata import MANAGED_BY, without_empty
from components.platform.chart import chart_release
from shimyard.settings.platform import CertificateSettings, CertManagerSettings, IssuerSettings
from shimyard.settings.registries import RegistrySettings

RELEASE = "cert-manager"
"""Name of the release, which the names of its objects begin with."""


class CertManager(pulumi.ComponentResource):
    """A release of cert-manager's chart, issuers and certificates, each ready before the next.

    The release is done when the webhook answers, so that no issuer meets one that can't yet.
    An issuer of a CA waits for the certificate that brings its key, and a certificate for its
    issuer.

    Outputs: ``release``, ``issuers`` and ``certificates`` ('namespace/name', or 'name' for an
    issuer of the whole cluster -> resource), ``secrets`` (certificate -> name of its Secret).
    """

    release: Release
    issuers: dict[str, CustomResource]
    certificates: dict[str, CustomResource]
    secrets: dict[str, str]

    def __init__(
        self,
        resource_name: str,
        *,
        manager: CertManagerSettings,
        registries: Sequence[RegistrySettings] = (),
        namespaces: Mapping[str, pulumi.Resource] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """``registries``: of the stack, whose mirrors have the chart too.

        ``namespaces``: name -> what makes it, for issuers and certificates that are in them.

        ``opts``: with the Kubernetes provider; all waits for what it depends on.
        """
        super().__init__("shimyard:index:CertManager", resource_name, None, opts)
        self._manager = manager
        after = [] if opts is None or opts.depends_on is None else opts.depends_on
        home = Namespace(
            resource_name,
            metadata={"name": manager.namespace, "labels": MANAGED_BY},
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )
        self._namespaces = {**(namespaces or {}), manager.namespace: home}
        self.release = chart_release(
            resource_name,
            chart=manager.chart,
            registries=registries,
            name=RELEASE,
            namespace=manager.namespace,
            values=chart_values(manager),
            timeout=manager.timeout,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[home]),
        )
        self.issuers = {}
        self.certificates = {}
        for issuer in manager.issuers:
            self._issuer(issuer)
        for certificate in manager.certificates:
            self._certificate(certificate)
        self.secrets = {each.title: each.secret for each in manager.certificates}
        self.register_outputs({"secrets": self.secrets})

    def _issuer(self, issuer: IssuerSettings) -> CustomResource:
        if issuer.title in self.issuers:
            return self.issuers[issuer.title]
        place = self._manager.secrets_of(issuer)
        needs: list[pulumi.Resource] = [
            Secret(
                f"{place}.{issuer.name}.{name}",
                metadata={"name": name, "namespace": place, "labels": MANAGED_BY},
                data={
                    key: pulumi.Output.secret(base64.b64encode(value.encode()).decode())
                    for key, value in data.items()
                },
                opts=self._after(place),
            )
            for name, data in issuer_secrets(issuer).items()
        ]
        authority = self._manager.authority_of(issuer)
        if authority is not None:
            needs.append(self._certificate(authority))
        made = CustomResource(
            # A dot is in no namespace's name: an issuer of one is none of the cluster.
            issuer.title.replace("/", "."),
            api_version=API_VERSION,
            kind=issuer.kind,
            metadata=_metadata(issuer, waits=True),
            spec=issuer_spec(issuer),
            opts=self._after(issuer.namespace, *needs),
        )
        self.issuers[issuer.title] = made
        return made

    def _certificate(self, certificate: CertificateSettings) -> CustomResource:
        if certificate.title in self.certificates:
            return self.certificates[certificate.title]
        issuer = self._manager.issuer_of(certificate)
        made = CustomResource(
            f"{certificate.namespace}.{certificate.name}",
            api_version=API_VERSION,
            kind="Certificate",
            metadata=_metadata(certificate, waits=certificate.wait),
            spec=certificate_spec(certificate, issuer),
            opts=self._after(certificate.namespace, self._issuer(issuer)),
        )
        self.certificates[certificate.title] = made
        return made

    def _after(self, namespace: str | None, *others: pulumi.Resource) -> pulumi.ResourceOptions:
        """Options of what needs cert-manager's API, its own namespace and ``others``."""
        home = None if namespace is None else self._namespaces.get(namespace)
        patience = f"{self._manager.timeout}s"
        needs: list[Any] = [self.release, *others, *([] if home is None else [home])]
        return pulumi.ResourceOptions(
            parent=self,
            depends_on=needs,
            custom_timeouts=pulumi.CustomTimeouts(create=patience, update=patience),
        )


def _metadata(each: IssuerSettings | CertificateSettings, *, waits: bool) -> dict[str, Any]:
    return without_empty(
        {
            "name": each.name,
            "namespace": each.namespace,
            "labels": {**each.labels, **MANAGED_BY},
            "annotations": {"pulumi.com/waitFor": "condition=Ready"} if waits else {},
        }
    )
