"""A release of a Helm chart whose bytes are known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release

from shimyard.settings.charts import ChartSettings, chart_source
from shimyard.settings.registries import RegistrySettings


def chart_release(
    resource_name: str,
    *,
    chart: ChartSettings,
    registries: Sequence[RegistrySettings],
    name: str,
    namespace: str,
    values: Mapping[str, Any],
    timeout: int,
    opts: pulumi.ResourceOptions | None = None,
) -> Release:
    """The release ``name`` of ``chart``, which is done when all its objects and hooks are.

    ``registries``: of the stack; a mirror comes before the chart's own registry. ``namespace``:
    its name, which must exist (``opts`` says what makes it): with an output, no preview could
    render the chart. ``timeout``: seconds.

    Helm refuses a chart whose manifest has another digest, or whose version's tag names another
    one, when it renders the chart: in the preview, if the cluster is there already.
    """
    return Release(
        resource_name,
        chart=chart_source(chart, registries),
        version=chart.version,
        name=name,
        namespace=namespace,
        values=dict(values),
        timeout=timeout,
        opts=opts,
    )
