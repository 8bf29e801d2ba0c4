"""Where a chart comes from, and that it is named by its bytes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shimyard.settings.charts import ChartSettings, chart_source
from shimyard.settings.registries import MirrorSettings, RegistrySettings

DIGEST = f"sha256:{'a' * 64}"
CHART = ChartSettings(
    reference="oci://quay.io/jetstack/charts/cert-manager", version="v1.21.2", digest=DIGEST
)


def registry(host: str, *urls: str) -> RegistrySettings:
    return RegistrySettings(host=host, mirrors=[MirrorSettings(url=url) for url in urls])


@pytest.mark.parametrize(
    ("registries", "place"),
    [
        ([], "quay.io"),
        ([registry("ghcr.io", "http://10.0.0.1:5000")], "quay.io"),
        ([registry("quay.io", "http://10.0.0.1:5000", "https://second.lab")], "10.0.0.1:5000"),
        ([registry("_default", "https://mirror.lab/")], "mirror.lab"),
        (
            [registry("_default", "https://mirror.lab"), registry("quay.io", "https://q.lab/quay")],
            "q.lab/quay",
        ),
        ([registry("quay.io", "https://mirror.lab/v2/quay/v2/")], "mirror.lab/v2/quay"),
    ],
)
def test_a_mirror_of_its_registry_comes_before_it(
    registries: list[RegistrySettings], place: str
) -> None:
    assert chart_source(CHART, registries) == (
        f"oci://{place}/jetstack/charts/cert-manager@{DIGEST}"
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("reference", "https://charts.jetstack.io/cert-manager", "is no chart in an OCI registry"),
        ("reference", "oci://quay.io/charts/cert-manager:v1.21.2", "without a tag or a digest"),
        ("reference", "oci://quay.io", "is no chart in an OCI registry"),
        ("version", "1.21", "is no chart's version"),
        ("version", "^1.21.2", "is no chart's version"),
        ("digest", "a" * 64, "write 'sha256:' and 64 hexadecimal digits"),
        ("digest", f"sha256:{'A' * 64}", "is no digest of a manifest"),
    ],
)
def test_what_names_more_than_one_chart_is_refused(field: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ChartSettings.model_validate({**CHART.model_dump(), field: value})


def test_version_and_digest_have_no_default() -> None:
    with pytest.raises(ValidationError) as refused:
        ChartSettings.model_validate({"reference": CHART.reference})
    assert {error["loc"] for error in refused.value.errors()} == {("version",), ("digest",)}
