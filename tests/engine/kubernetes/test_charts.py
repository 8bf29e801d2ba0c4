"""Helm releases: install, upgrade, uninstall, from a folder and from an OCI registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.kubernetes.charts import CHART, registry_with_chart, write_chart
from tests.engine.kubernetes.kubelet import kubelets, waiting
from tests.engine.kubernetes.programs import Program

RELEASE = """\
made = k8s.helm.v3.Release("site", k8s.helm.v3.ReleaseArgs(
    chart="%(chart)s", name="site", namespace=ns, values=%(values)s%(more)s), opts=opts)
pulumi.export("status", made.status)
"""


def release(chart: str | Path, values: dict[str, object] | None = None, more: str = "") -> str:
    return RELEASE % {"chart": chart, "values": values or {}, "more": more and f", {more}"}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    return write_chart(tmp_path / "charts")


def test_a_release_lives_from_install_to_uninstall(program: Program, chart: Path) -> None:
    text = release(chart)
    assert "3 to create" in program.preview(text).output
    assert not program.has("configmap", "site-map")
    program.up()
    assert program.get("configmap", "site-map")["data"] == {"color": "red"}
    status = program.project.outputs()["status"]
    assert (status["status"], status["version"], status["revision"]) == ("deployed", "1.2.3", 1)
    assert program.resource("helm.sh/v3:Release")["id"] == f"{program.namespace}/site"
    assert "3 unchanged" in program.up().output
    assert "1 to update" in program.preview(release(chart, {"color": "blue"})).output
    program.up()
    assert program.get("configmap", "site-map")["data"] == {"color": "blue"}
    assert program.project.outputs()["status"]["revision"] == 2
    program.destroy()
    assert not program.has("configmap", "site-map")
    assert not program.has("secret", "sh.helm.release.v1.site.v1")


def test_a_change_within_the_chart_is_seen_in_the_preview(program: Program, chart: Path) -> None:
    program.up(release(chart))
    template = chart / "templates" / "map.yaml"
    template.write_text(template.read_text() + "  more: x\n")
    assert "1 to update" in program.preview().output
    program.up()
    assert program.get("configmap", "site-map")["data"]["more"] == "x"


def test_a_chart_comes_from_an_oci_registry(program: Program, tmp_path: Path) -> None:
    with registry_with_chart(tmp_path) as charts:
        program.up(release(f"{charts}/trial", more='version="1.2.3"'))
    assert program.get("configmap", "site-map")["data"] == {"color": "red"}
    program.destroy()


def test_a_chart_is_the_one_whose_digest_is_pinned(program: Program, tmp_path: Path) -> None:
    with registry_with_chart(tmp_path) as charts:
        pinned = f"{charts}/trial@{CHART.image.digest}"
        program.up(release(pinned, more='version="1.2.3"'))
        assert program.project.outputs()["status"]["version"] == "1.2.3"
        assert "unchanged" in program.up().output
        other = f"{charts}/trial@sha256:{'0' * 64}"
        failed = program.preview(release(other, more='version="1.2.3"'), status=1)
        assert f"chart reference digest mismatch: {CHART.image.digest} is not sha256:000" in (
            failed.output
        )
    program.destroy()


def test_a_chart_that_is_nowhere_stops_the_preview(program: Program) -> None:
    failed = program.preview(release("./no-such-chart"), status=1)
    assert "no-such-chart" in failed.output
    assert "check the chart name and repository configuration" in failed.output


def test_a_release_waits_for_its_objects(program: Program, chart: Path) -> None:
    with kubelets(program.kubectl, program.namespace):
        program.up(release(chart, {"wait": True}))
    assert program.get("deployment", "site-web")["status"]["availableReplicas"] == 1


def test_a_release_that_does_not_become_ready_fails_with_what_its_pods_say(
    program: Program, chart: Path
) -> None:
    bad = waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/app:1"')
    with kubelets(program.kubectl, program.namespace, bad):
        failed = program.up(release(chart, {"wait": True}, "timeout=6"), status=1)
    assert "site" in failed.output
    assert "Back-off pulling image" in failed.output
    assert program.resource("helm.sh/v3:Release")["outputs"]["status"]["status"] == "failed"
    with kubelets(program.kubectl, program.namespace):
        program.up(release(chart, {"wait": False}, "timeout=20"))
    assert program.project.outputs()["status"]["status"] == "deployed"


def test_skip_await_waits_for_nothing(program: Program, chart: Path) -> None:
    program.up(release(chart, {"wait": True}, "skip_await=True"))
    assert program.project.outputs()["status"]["status"] == "deployed"
    assert program.get("deployment", "site-web")["status"].get("availableReplicas", 0) == 0


def test_a_release_makes_its_namespace_where_it_may(program: Program, chart: Path) -> None:
    text = release(chart, more="create_namespace=True").replace(
        "namespace=ns", 'namespace=f"{ns}-own"'
    )
    program.up(text)
    own = f"{program.namespace}-own"
    assert program.kubectl.get("configmap", "site-map", "-n", own)["data"] == {"color": "red"}
    program.destroy()
    program.kubectl.run("delete", "namespace", own, "--wait=false")


def test_a_release_that_is_gone_is_installed_again_after_a_refresh(
    program: Program, chart: Path
) -> None:
    program.up(release(chart))
    program.kubectl.run("delete", "secret", "-l", "owner=helm", "-n", program.namespace)
    program.kubectl.run("delete", "configmap", "site-map", "-n", program.namespace)
    assert "1 deleted" in program.refresh().output
    assert "1 created" in program.up().output


def test_a_secret_among_the_values_is_shown_nowhere(program: Program, chart: Path) -> None:
    canary = "value-canary-90ab"
    text = release(chart).replace(
        "values={}", f'values={{"color": pulumi.Output.secret("{canary}")}}'
    )
    shown = [program.preview(text).output, program.up().output, program.refresh().output]
    assert program.get("configmap", "site-map")["data"] == {"color": canary}
    written = [path.read_text() for path in program.project.state_files]
    assert [each for each in shown + written if canary in each] == []


def test_a_chart_of_version_4_becomes_objects_of_the_program(program: Program, chart: Path) -> None:
    text = f"""\
k8s.helm.v4.Chart("site", chart="{chart}", namespace=ns, values={{"color": "green"}},
    opts=pulumi.ResourceOptions(providers=[cluster], provider=cluster))
"""
    assert "site-map" in program.preview(text).output
    program.up()
    assert program.get("configmap", "site-map")["data"] == {"color": "green"}
    assert program.resource("core/v1:ConfigMap")["id"] == f"{program.namespace}/site-map"
    program.destroy()
    assert not program.has("configmap", "site-map")
