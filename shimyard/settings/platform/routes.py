"""Where something in the cluster answers requests from outside of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shimyard.settings.base import DNS_LABEL, Model, matching
from shimyard.settings.kubernetes import Annotations, ObjectName

_HOST = rf"(?=.{{1,253}}$)(\*\.)?{DNS_LABEL}(\.{DNS_LABEL})+"
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

UrlPath = Annotated[
    str, AfterValidator(matching(_PATH, "is not a path of a URL; start it with '/', without '?'"))
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
        description="Annotations of each Ingress, such as cert-manager.io/cluster-issuer.",
    )
    tls_secret: ObjectName | None = Field(
        default=None,
        description="Secret, in the namespace of what answers, with the certificate of the routes' "
        "hosts. Default: plain HTTP.",
    )
