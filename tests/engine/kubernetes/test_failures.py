"""Objects that do not come to work: the `up` fails in the cluster's words and keeps the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engine.kubernetes.kubelet import Status, always, kubelets, waiting
from tests.engine.kubernetes.programs import Program
from tests.engine.program.project import Run

BROKEN = """\
opts = pulumi.ResourceOptions(provider=cluster,
    custom_timeouts=pulumi.CustomTimeouts(create="8s", update="60s"))
deployment("pulling", image="registry.example/app:%s")
deployment("crashing")
deployment("homeless")
k8s.core.v1.Service("nowhere", metadata={"namespace": ns, "name": "nowhere"},
    spec={"selector": labels("nobody"), "ports": [{"port": 80}]}, opts=opts)
"""
JOB = """\
k8s.batch.v1.Job("%(name)s", metadata={"namespace": ns, "name": "%(name)s"},
    spec={"backoff_limit": 0, "template": {"spec": {"restart_policy": "Never", "containers": [
        {"name": "app", "image": "registry.example/app:1"}]}}}, opts=opts)
"""
PULLING = waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/app:1"')
CRASHING = waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container", exit_code=137)


def report(pod: dict[str, Any]) -> Status:
    name = pod["metadata"]["labels"]["app"]
    reports: dict[str, Callable[..., Status]] = {"pulling": PULLING, "crashing": CRASHING}
    # The scheduler itself tells about the homeless one.
    return reports.get(name, always({}))(pod)


@dataclass
class Failed:
    """An `up` of which nothing came to work."""

    program: Program
    run: Run


@pytest.fixture(scope="module")
def failed(new_program: Callable[[], Program]) -> Failed:
    program = new_program()
    with kubelets(program.kubectl, program.namespace, report):
        run = program.up(BROKEN % 1, status=1)
    return Failed(program, run)


def test_the_wait_ends_with_its_timeout(failed: Failed) -> None:
    assert failed.run.output.count("timed out waiting to be Ready") >= 4


def test_an_image_that_cannot_be_pulled_is_quoted(failed: Failed) -> None:
    assert "ImagePullBackOff" in failed.run.output
    assert 'Back-off pulling image "registry.example/app:1"' in failed.run.output


def test_a_crash_loop_is_quoted(failed: Failed) -> None:
    assert "CrashLoopBackOff" in failed.run.output
    assert "back-off 5m0s restarting failed container" in failed.run.output


def test_pods_that_fit_on_no_node_are_told_in_the_schedulers_words(failed: Failed) -> None:
    assert "Unschedulable" in failed.run.output
    assert "no nodes available to schedule pods" in failed.run.output


def test_a_service_that_leads_nowhere_says_so(failed: Failed) -> None:
    assert "does not target any Pods" in failed.run.output


def test_what_failed_is_in_the_state_and_a_mended_program_goes_on_from_there(
    failed: Failed,
) -> None:
    program = failed.program
    kept = {each["id"] for each in program.project.resources() if each.get("initErrors")}
    names = ("pulling", "crashing", "homeless", "nowhere")
    assert kept == {f"{program.namespace}/{name}" for name in names}
    mended = (BROKEN % 2).replace('"selector": labels("nobody")', '"cluster_ip": "None"')
    mended = mended.replace('"nowhere"', '"somewhere"')
    with kubelets(program.kubectl, program.namespace):
        run = program.up(mended)
    assert "3 updated" in run.output
    assert not any(each.get("initErrors") for each in program.project.resources())


def test_a_job_is_done_when_it_is_complete_and_fails_at_once_when_it_has(
    program: Program,
) -> None:
    done = {"phase": "Succeeded"}
    bad = {"phase": "Failed", "reason": "Error", "message": "no space left"}

    def end(pod: dict[str, Any]) -> Status:
        return done if pod["metadata"]["labels"]["job-name"] == "good" else bad

    with kubelets(program.kubectl, program.namespace, end):
        run = program.up(JOB % {"name": "good"} + JOB % {"name": "bad"}, status=1)
    assert program.get("job", "good")["status"]["succeeded"] == 1
    assert "BackoffLimitExceeded" in run.output or "backoff limit" in run.output
    failed = [each["id"] for each in program.project.resources() if each.get("initErrors")]
    assert failed == [f"{program.namespace}/bad"]
