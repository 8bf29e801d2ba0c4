"""Where something in the cluster answers requests from outside of it."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from shimyard.settings.base import DNS_LABEL, FieldError, Model, matching
from shimyard.settings.kubernetes import Annotations, ObjectName

MOST_HOST: Final = 253
"""Characters of a host name at most."""
ISSUER_ANNOTATION: Final = "cert-manager.io/cluster-issuer"
"""Of an Ingress whose certificate cert-manager is to bring."""

_DOMAIN = rf"(?=.{{1,{MOST_HOST}}}$){DNS_LABEL}(\.{DNS_LABEL})+"
_HOST = rf"(?=.{{1,{MOST_HOST}}}$)(\*\.)?{DNS_LABEL}(\.{DNS_LABEL})+"
_PATH = r"/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*"

HostName = Annotated[
    str,
    AfterValidator(
        matching(
            _HOST,
            "is not a host name; write it like 'api.example.com' or '*.example.com', in lower case",
        )
    ),
]
"""A DNS name of at least two labels, at most 253 characters; the first label may be '*'."""

DomainName = Annotated[
    str,
    AfterValidator(
        matching(_DOMAIN, "is not a domain; write it like 'fn.example.com', in lower case")
    ),
]
"""A DNS name of at least two labels, at most 253 characters."""


def _plain(path: str) -> str:
    # Kubernetes refuses these in an Ingress, where they would mean different things to different
    # controllers (networking.k8s.io/v1, ValidateHTTPIngressPath).
    if re.search(r"//|/\.\.?(/|$)|%2f", path, re.IGNORECASE):
        raise ValueError("has an empty, '.' or '..' part, or '%2F'; write the plain path")
    return path


UrlPath = Annotated[
    str,
    AfterValidator(matching(_PATH, "is not a path of a URL; start it with '/', without '?'")),
    AfterValidator(_plain),
]
"""The path of a URL: '/', '/orders'."""


class RouteSettings(Model):
    """Where something answers outside of the cluster."""

    host: HostName | None = Field(
        default=None,
        description="Host of the requests; '*.' before it stands for one label. Default: for a "
        "function, <function>.<tenant>.<domain>, if the platform has a domain; else every host.",
    )
    path: UrlPath = Field(default="/", description="Path of the requests.")
    path_type: Literal["Prefix", "Exact"] = Field(
        default="Prefix", description="Prefix: and everything below the path."
    )


class IngressSettings(Model):
    """Which ingress controller serves routes, and how."""

    ingress_class: ObjectName | None = Field(
        default=None,
        description="Class of the ingress controller. Default: the cluster's default, which is "
        "Traefik in K3s unless it is disabled.",
    )
    ingress_annotations: Annotations = Field(
        default_factory=dict,
        description="Annotations of each Ingress.",
    )
    tls_secret: ObjectName | None = Field(
        default=None,
        description="Secret, in the namespace of what answers, with the certificate of the routes' "
        "hosts. Default: plain HTTP.",
    )
    tls_issuer: ObjectName | None = Field(
        default=None,
        description="Issuer of the cluster by which cert-manager brings a certificate for the "
        "routes' hosts, in Secret <name of what answers>-tls. Default: none.",
    )

    @property
    def with_issuer(self) -> dict[str, str]:
        """Annotations of each Ingress, the issuer's among them."""
        issuer = {} if self.tls_issuer is None else {ISSUER_ANNOTATION: self.tls_issuer}
        return {**self.ingress_annotations, **issuer}

    def tls_secret_of(self, name: str) -> str | None:
        """Secret with the certificate of what is called so; None: plain HTTP."""
        return self.tls_secret if self.tls_issuer is None else f"{name}-tls"

    def check_route(self, field: str, route: RouteSettings, mend: str = "name one") -> None:
        """Raise ``FieldError`` for a route that no certificate can be for."""
        if route.host is None and (self.tls_secret or self.tls_issuer) is not None:
            source = "tlsSecret has" if self.tls_issuer is None else "tlsIssuer signs"
            raise FieldError(
                f"{field}.host", f"is missing, and {source} a certificate for hosts; {mend}"
            )

    @model_validator(mode="after")
    def _one_source_of_certificates(self) -> Self:
        if self.tls_issuer is None:
            return self
        if self.tls_secret is not None:
            raise FieldError("tlsSecret", "is not needed beside tlsIssuer; remove one of them")
        if ISSUER_ANNOTATION in self.ingress_annotations:
            raise FieldError(
                f"ingressAnnotations.{ISSUER_ANNOTATION}", "is what tlsIssuer sets; remove it"
            )
        return self
