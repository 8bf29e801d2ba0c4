"""`pulumi up` ends when an object works, and tells in the meantime what it waits for."""

from __future__ import annotations

from tests.engine.kubernetes.kubelet import always, kubelets, waiting
from tests.engine.kubernetes.programs import Program
from tests.engine.program.running import upping

JOB = """\
k8s.batch.v1.Job("job", metadata={"namespace": ns, "name": "job"},
    spec={"backoff_limit": 0, "template": {"spec": {"restart_policy": "Never", "containers": [
        {"name": "app", "image": "registry.example/app:1"}]}}}, opts=opts)
"""


def test_a_deployment_is_done_when_its_pods_are_ready(program: Program) -> None:
    with kubelets(program.kubectl, program.namespace):
        program.up('deployment("web", replicas=2)', *program.event_log)
    status = program.get("deployment", "web")["status"]
    assert status["availableReplicas"] == 2
    assert program.resource("apps/v1:Deployment")["outputs"]["status"]["availableReplicas"] == 2
    assert any("web" in line or "vailable" in line for line in program.status_lines())


def test_a_deployment_that_does_not_start_fails_with_what_its_pods_say(program: Program) -> None:
    text = """\
opts = pulumi.ResourceOptions(provider=cluster,
    custom_timeouts=pulumi.CustomTimeouts(create="6s", update="30s"))
deployment("web", image="registry.example/app:%s")
"""
    bad = waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/app:1"')
    with kubelets(program.kubectl, program.namespace, bad):
        failed = program.up(text % 1, status=1)
    assert "timed out" in failed.output
    assert 'Back-off pulling image "registry.example/app:1"' in failed.output
    assert "ImagePullBackOff" in failed.output
    # It exists and the state knows it: a mended program goes on from there.
    assert program.resource("apps/v1:Deployment")["id"] == f"{program.namespace}/web"
    with kubelets(program.kubectl, program.namespace):
        mended = program.up(text % 2)
    assert "1 updated" in mended.output


def test_a_crash_loop_tells_the_exit_code(program: Program) -> None:
    text = """\
opts = pulumi.ResourceOptions(provider=cluster,
    custom_timeouts=pulumi.CustomTimeouts(create="6s"))
deployment("web")
"""
    bad = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container", exit_code=137)
    with kubelets(program.kubectl, program.namespace, bad):
        failed = program.up(text, status=1)
    assert "CrashLoopBackOff" in failed.output


def test_pods_that_fit_on_no_node_fail_with_the_schedulers_words(program: Program) -> None:
    failed = program.up(
        """\
opts = pulumi.ResourceOptions(provider=cluster,
    custom_timeouts=pulumi.CustomTimeouts(create="6s"))
deployment("web")
""",
        status=1,
    )
    assert "Unschedulable" in failed.output
    assert "no nodes available to schedule pods" in failed.output


def test_skip_await_waits_for_nothing(program: Program) -> None:
    program.up('deployment("web", metadata={"annotations": {"pulumi.com/skipAwait": "true"}})')
    assert program.get("deployment", "web")["status"].get("availableReplicas", 0) == 0


def test_an_object_that_was_not_ready_is_waited_for_again(program: Program) -> None:
    text = """\
opts = pulumi.ResourceOptions(provider=cluster,
    custom_timeouts=pulumi.CustomTimeouts(create="2s", update="30s"))
deployment("web")
"""
    program.up(text, status=1)
    with kubelets(program.kubectl, program.namespace):
        assert "1 updated" in program.up().output
    assert "3 unchanged" in program.up().output


def test_a_service_is_done_when_it_leads_to_a_pod(program: Program) -> None:
    text = """\
deployment("web")
k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
    spec={"selector": labels("web"), "ports": [{"port": 80}],
          "publish_not_ready_addresses": True}, opts=opts)
"""
    # A pod without a node counts as an endpoint only where not ready ones do.
    with kubelets(program.kubectl, program.namespace):
        program.up(text)
    slices = program.get("endpointslices")["items"]
    assert [each["endpoints"][0]["addresses"] for each in slices] == [["10.42.0.9"]]


def test_a_service_that_leads_nowhere_fails_and_says_so(program: Program) -> None:
    failed = program.up(
        """\
k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
    spec={"selector": labels("nobody"), "ports": [{"port": 80}]},
    opts=pulumi.ResourceOptions(provider=cluster,
        custom_timeouts=pulumi.CustomTimeouts(create="3s")))
""",
        status=1,
    )
    assert "does not target any Pods" in failed.output


def test_services_without_pods_of_their_own_are_not_waited_for(program: Program) -> None:
    program.up(
        """\
k8s.core.v1.Service("headless", metadata={"namespace": ns, "name": "headless"},
    spec={"cluster_ip": "None", "selector": labels("later"), "ports": [{"port": 80}]}, opts=opts)
k8s.core.v1.Service("alias", metadata={"namespace": ns, "name": "alias"},
    spec={"type": "ExternalName", "external_name": "shop.example"}, opts=opts)
"""
    )
    assert program.has("service", "headless", "alias")


def test_a_load_balancer_is_done_when_it_has_an_address(program: Program) -> None:
    text = """\
made = k8s.core.v1.Service("web", metadata={"namespace": ns, "name": "web"},
    spec={"type": "LoadBalancer", "load_balancer_class": "example.com/none",
          "ports": [{"port": 80}]}, opts=opts)
pulumi.export("address", made.status.load_balancer.ingress[0].ip)
"""
    program.write(text)
    program.prepare(None)
    with upping(program.project) as engine:
        program.kubectl.run(
            "wait", "service/web", "-n", program.namespace, "--for=create", "--timeout=30s"
        )
        assert engine.poll() is None
        balancer = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
        program.kubectl.status("service", "web", program.namespace, balancer)
        output, _ = engine.communicate(timeout=30)
    assert engine.returncode == 0, output
    assert program.project.outputs() == {"address": "192.0.2.7"}


def test_a_job_is_done_when_it_is_complete(program: Program) -> None:
    done = {"phase": "Succeeded", "conditions": [{"type": "Ready", "status": "False"}]}
    with kubelets(program.kubectl, program.namespace, always(done)):
        program.up(JOB)
    assert program.get("job", "job")["status"]["succeeded"] == 1


def test_a_failed_job_fails_the_up_at_once(program: Program) -> None:
    bad = {"phase": "Failed", "reason": "Error", "message": "no space left"}
    with kubelets(program.kubectl, program.namespace, always(bad)):
        failed = program.up(JOB, status=1)
    assert "BackoffLimitExceeded" in failed.output or "backoff limit" in failed.output


def test_a_pod_a_stateful_set_and_a_daemon_set_are_waited_for(program: Program) -> None:
    text = """\
pod = {"containers": [{"name": "app", "image": "registry.example/app:1"}]}
k8s.core.v1.Pod("pod", metadata={"namespace": ns, "name": "pod"}, spec=pod, opts=opts)
k8s.apps.v1.StatefulSet("set", metadata={"namespace": ns, "name": "set"},
    spec={"service_name": "set", "replicas": 1, "selector": {"match_labels": labels("set")},
          "template": {"metadata": {"labels": labels("set")}, "spec": pod}}, opts=opts)
k8s.apps.v1.DaemonSet("each", metadata={"namespace": ns, "name": "each"},
    spec={"selector": {"match_labels": labels("each")},
          "template": {"metadata": {"labels": labels("each")}, "spec": pod}}, opts=opts)
"""
    with kubelets(program.kubectl, program.namespace):
        program.up(text)
    assert program.get("statefulset", "set")["status"]["readyReplicas"] == 1


def test_an_interrupted_up_ends_soon_and_keeps_what_it_has_made(program: Program) -> None:
    program.write('deployment("web")')
    program.prepare(None)
    with upping(program.project) as engine:
        program.kubectl.run(
            "wait", "deployment/web", "-n", program.namespace, "--for=create", "--timeout=30s"
        )
        engine.terminate()
        output, _ = engine.communicate(timeout=20)
    assert engine.returncode != 0
    assert program.resource("apps/v1:Deployment")["id"] == f"{program.namespace}/web", output
