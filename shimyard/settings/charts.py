"""Helm charts: which one, proven by its digest, and where it is pulled from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from shimyard.settings.base import Model, matching
from shimyard.settings.registries import RegistrySettings

_SCHEME = "oci://"
_REPOSITORY = r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
_CHART = rf"oci://[A-Za-z0-9][A-Za-z0-9.-]*(:\d{{1,5}})?/{_REPOSITORY}"
_VERSION = r"v?\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?"
_DIGEST = r"sha256:[0-9a-f]{64}"

ChartReference = Annotated[
    str,
    AfterValidator(
        matching(
            _CHART,
            "is no chart in an OCI registry; write 'oci://registry/path/chart', without a tag or "
            "a digest",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_CHART}$"}),
]
"""A chart in an OCI registry, without its version: 'oci://quay.io/jetstack/charts/cert-manager'."""

ChartVersion = Annotated[
    str,
    AfterValidator(
        matching(
            _VERSION,
            "is no chart's version; write all of it as its publisher does, like 'v1.21.2' or "
            "'0.6.1'",
        )
    ),
    Field(json_schema_extra={"pattern": f"^{_VERSION}$"}),
]
"""A chart's exact version (SemVer 2), spelled as its tag is: 'v1.21.2', '0.6.1'."""

Digest = Annotated[
    str,
    AfterValidator(
        matching(_DIGEST, "is no digest of a manifest; write 'sha256:' and 64 hexadecimal digits")
    ),
    Field(json_schema_extra={"pattern": f"^{_DIGEST}$"}),
]
"""The digest of a manifest in an OCI registry."""


class ChartSettings(Model):
    """One version of a chart, as one sequence of bytes."""

    reference: ChartReference = Field(
        description="Where its publisher has it. The mirrors of that registry in "
        "runtime.registries come before it."
    )
    version: ChartVersion = Field(description="Version, which is the tag in the registry.")
    digest: Digest = Field(
        description="Digest of the manifest that the tag names: what `helm pull` prints. Another "
        "one is refused."
    )


def chart_source(chart: ChartSettings, registries: Sequence[RegistrySettings]) -> str:
    """The reference by which Helm pulls ``chart``, and nothing else: 'oci://.../chart@sha256:...'.

    A registry with mirrors is left out: its first mirror has the chart at the same path, below the
    path of the mirror's own URL. As for images, '_default' stands for each registry without an
    entry.
    """
    host, _, repository = chart.reference.removeprefix(_SCHEME).partition("/")
    mirrors = {registry.host: registry.mirrors for registry in registries}
    found = mirrors.get(host, mirrors.get("_default"))
    place = host if found is None else _place(found[0].url)
    return f"{_SCHEME}{place}/{repository}@{chart.digest}"


def _place(url: str) -> str:
    parts = urlsplit(url)
    # Images' mirrors may state the API's own prefix, which a reference leaves out.
    return parts.netloc + parts.path.rstrip("/").removesuffix("/v2")
