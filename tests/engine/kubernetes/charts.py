"""A small Helm chart, as a folder and as an artifact in a real OCI registry on loopback."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from lab.builds.distribution import distribution_recipe
from lab.charts import Chart
from lab.deadline import wait_for
from lab.registry import ENVIRONMENT, serves, write_config

FILES = {
    "values.yaml": """\
color: red
wait: false
""",
    "templates/map.yaml": """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-map
data:
  color: {{ .Values.color | quote }}
""",
    "templates/deployment.yaml": """\
{{- if .Values.wait }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers: [{name: app, image: "registry.example/app:1"}]
{{- end }}
""",
}

# Newer than what Helm's library takes for the version of a cluster that it does not ask.
CHART = Chart("trial", "1.2.3", FILES, {"appVersion": "7", "kubeVersion": ">= 1.30.0-0"})


def write_chart(folder: Path) -> Path:
    """Write the chart into ``folder``; the chart's own folder."""
    files = {**FILES, "Chart.yaml": yaml.safe_dump(CHART.description)}
    for name, text in files.items():
        path = folder / "trial" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "trial"


@contextmanager
def registry_with_chart(folder: Path) -> Iterator[str]:
    """A registry on loopback that has the chart; its address as ``oci://host:port/charts``."""
    program = distribution_recipe("amd64").build().path
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    config = write_config(folder / "registry", address)
    log = folder / "registry.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            [str(program), "serve", str(config)],
            env={**os.environ, **ENVIRONMENT},
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as registry,
    ):
        try:
            url = f"http://{address}"
            wait_for(
                "the registry", lambda: None if serves(url) else "no answer", seconds=20, log=log
            )
            CHART.push(url)
            yield f"oci://{address}/charts"
        finally:
            registry.terminate()
