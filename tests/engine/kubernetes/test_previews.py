"""What `pulumi preview` can know before anything is there, and what it refuses."""

from __future__ import annotations

from tests.engine.kubernetes.programs import Program

BROKEN = """\
k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
                    spec={"ports": [{"port": 99999}]}, opts=opts)
"""


def test_a_preview_shows_what_the_api_server_would_fill_in_and_keeps_nothing(
    program: Program,
) -> None:
    text = deployment_with_policy()
    shown = program.preview(text).output
    assert "policy=Always" in shown
    assert not program.has("deployment", "web")


def deployment_with_policy() -> str:
    return """\
web = deployment("web")
web.spec.template.spec.apply(lambda spec: pulumi.info(f"policy={spec.restart_policy}"))
"""


def test_a_preview_tells_what_the_api_server_would_refuse(program: Program) -> None:
    failed = program.preview(BROKEN, status=1)
    assert "spec.ports[0].port" in failed.output
    assert "must be between 1 and 65535" in failed.output


def test_objects_in_a_namespace_of_the_same_program_are_previewed(program: Program) -> None:
    shown = program.preview(
        """\
site = k8s.core.v1.Namespace("site", metadata={"name": f"{ns}-site"}, opts=opts)
k8s.core.v1.ConfigMap("inside", metadata={"namespace": f"{ns}-site"}, data={"a": "1"},
                      opts=pulumi.ResourceOptions(provider=cluster, depends_on=[site]))
"""
    )
    assert "4 to create" in shown.output


def test_values_that_are_not_known_yet_are_previewed(program: Program) -> None:
    shown = program.preview(
        """\
first = k8s.core.v1.ConfigMap("first", metadata={"namespace": ns}, data={"a": "1"}, opts=opts)
config_map("second", {"first": first.id}, name="second")
"""
    )
    assert "4 to create" in shown.output
    assert "[unknown]" in shown.output or "output<string>" in shown.output


def test_a_program_whose_kubeconfig_is_not_known_yet_is_previewed(program: Program) -> None:
    shown = program.preview(
        """\
first = k8s.core.v1.ConfigMap("first", metadata={"namespace": ns}, data={"a": "1"}, opts=opts)
later = k8s.Provider("later", kubeconfig=first.id)
k8s.core.v1.ConfigMap("second", metadata={"namespace": ns}, data={"a": "1"},
                      opts=pulumi.ResourceOptions(provider=later))
"""
    )
    assert "5 to create" in shown.output
