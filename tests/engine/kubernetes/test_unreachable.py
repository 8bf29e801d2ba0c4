"""A cluster that does not answer: previews work, changes say so, the state can be cleaned."""

from __future__ import annotations

from tests.engine.kubernetes.programs import Program

MAP = 'config_map("settings", {"color": "red"}, name="settings")'
NOWHERE = """\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:9"}}]
users: [{name: u, user: {token: none}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""


def lose_the_cluster(program: Program) -> None:
    """The same cluster by its identifier, at an address where nobody answers."""
    program.settings["kubeconfig"] = NOWHERE


def start(program: Program) -> None:
    program.settings["cluster_identifier"] = "site-7"
    program.up(MAP)
    lose_the_cluster(program)


def test_a_preview_works_without_the_cluster(program: Program) -> None:
    lose_the_cluster(program)
    shown = program.preview(MAP + '\ndeployment("web")\n')
    assert "4 to create" in shown.output


def test_a_preview_of_changes_works_without_the_cluster(program: Program) -> None:
    start(program)
    shown = program.preview(MAP.replace("red", "blue")).output
    assert "1 to replace" in shown
    assert "red" in shown
    assert "blue" in shown


def test_an_up_says_that_the_cluster_is_unreachable(program: Program) -> None:
    lose_the_cluster(program)
    failed = program.up(MAP, status=1)
    assert "configured Kubernetes cluster is unreachable" in failed.output
    assert "127.0.0.1:9" in failed.output


def test_a_destroy_fails_unless_it_may_forget_what_is_unreachable(program: Program) -> None:
    start(program)
    program.up(status=None)
    failed = program.destroy(status=1)
    assert "configured Kubernetes cluster is unreachable" in failed.output
    assert "PULUMI_K8S_DELETE_UNREACHABLE" in failed.output
    program.project.environment["PULUMI_K8S_DELETE_UNREACHABLE"] = "true"
    program.up(status=None)
    program.destroy()
    assert program.project.resources() == []


def test_a_kubeconfig_that_is_none_is_an_error_with_its_place(program: Program) -> None:
    program.settings["kubeconfig"] = "no: kubeconfig\nat: [all"
    failed = program.up(MAP, status=1)
    assert "kubeconfig" in failed.output
    assert "unreachable" in failed.output
