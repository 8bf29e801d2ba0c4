"""Charts of the lab: the same files are the same artifact, laid out as Helm reads it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import yaml

from lab.charts import CONFIG, CONTENT, Chart

FILES = {"templates/a.yaml": "kind: ConfigMap\n", "values.yaml": "a: 1\n"}


def test_a_chart_has_its_files_below_its_name() -> None:
    chart = Chart("trial", "1.2.3", FILES, {"appVersion": "7"})
    with tarfile.open(fileobj=io.BytesIO(chart.archive)) as tar:
        names = tar.getnames()
        description = tar.extractfile("trial/Chart.yaml")
        assert description is not None
        known = yaml.safe_load(description)
    assert names == ["trial/Chart.yaml", "trial/templates/a.yaml", "trial/values.yaml"]
    assert known == {"apiVersion": "v2", "name": "trial", "version": "1.2.3", "appVersion": "7"}


def test_its_artifact_says_what_it_is_and_is_the_same_each_time() -> None:
    chart = Chart("trial", "1.2.3", FILES)
    assert chart.image.config.media_type == CONFIG
    assert json.loads(chart.image.config.data)["version"] == "1.2.3"
    assert [layer.media_type for layer in chart.image.layers] == [CONTENT]
    backwards = Chart("trial", "1.2.3", dict(reversed(FILES.items())))
    assert backwards.image.digest == chart.image.digest
    assert Chart("trial", "1.2.4", FILES).image.digest != chart.image.digest


def test_a_publishers_source_gets_its_version(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.yaml").write_text("kind: ConfigMap\n")
    (tmp_path / "Chart.yaml").write_text(
        "apiVersion: v2\nname: trial\nversion: v0.0.0\nappVersion: v0.0.0\nhome: https://a.lab\n"
    )
    chart = Chart.of_folder(tmp_path, "v1.2.3")
    assert chart.description == {
        "apiVersion": "v2",
        "name": "trial",
        "version": "v1.2.3",
        "appVersion": "v1.2.3",
        "home": "https://a.lab",
    }
    assert dict(chart.files) == {"templates/a.yaml": "kind: ConfigMap\n"}
