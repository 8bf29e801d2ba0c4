"""A small Helm chart, as a folder and as an artifact in a real OCI registry on loopback."""

from __future__ import annotations

import io
import os
import socket
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.builds.distribution import distribution_recipe
from lab.deadline import wait_for
from lab.images.content import Blob, Image, json_blob
from lab.images.registry_client import RegistryClient
from lab.registry import ENVIRONMENT, serves, write_config

# https://helm.sh/docs/topics/registries/
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"

FILES = {
    "Chart.yaml": """\
apiVersion: v2
name: trial
version: 1.2.3
appVersion: "7"
""",
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


def write_chart(folder: Path) -> Path:
    """Write the chart into ``folder``; the chart's own folder."""
    for name, text in FILES.items():
        path = folder / "trial" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "trial"


def packed() -> bytes:
    """The chart as `helm package` packs it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"trial/{name}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


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
            meta = {"apiVersion": "v2", "name": "trial", "version": "1.2.3", "appVersion": "7"}
            chart = Image(json_blob(_CONFIG, meta), (Blob(_CONTENT, packed()),))
            RegistryClient(url).push(chart, "charts/trial", "1.2.3")
            yield f"oci://{address}/charts"
        finally:
            registry.terminate()
