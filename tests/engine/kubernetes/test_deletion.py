"""Destroy waits until an object is really gone, and says what holds it."""

from __future__ import annotations

from tests.engine.kubernetes.programs import Program
from tests.engine.program.running import upping

HELD = 'config_map("held", {}, name="held", finalizers=["example.com/hold"])'


def release(program: Program, name: str) -> None:
    where = ("-n", program.namespace, "--type=merge")
    program.kubectl.run(
        "patch", "configmap", name, *where, "-p", '{"metadata":{"finalizers":null}}'
    )


def test_an_object_with_a_finalizer_is_waited_for(program: Program) -> None:
    program.up(HELD)
    program.prepare(None)
    command = ("destroy", "--yes", "--skip-preview", *program.event_log)
    with upping(program.project, *command) as engine:
        program.kubectl.run(
            "wait", "configmap/held", "-n", program.namespace,
            "--for=jsonpath={.metadata.deletionTimestamp}", "--timeout=30s",
        )  # fmt: skip
        assert engine.poll() is None
        release(program, "held")
        output, _ = engine.communicate(timeout=30)
    assert engine.returncode == 0, output
    assert not program.has("configmap", "held")
    assert any("example.com/hold" in line for line in program.status_lines())


def test_an_object_that_does_not_go_in_time_is_an_error_and_stays_in_the_state(
    program: Program,
) -> None:
    program.up(
        """\
opts = pulumi.ResourceOptions(provider=cluster,
                              custom_timeouts=pulumi.CustomTimeouts(delete="2s"))
"""
        + HELD
    )
    failed = program.destroy(status=1)
    assert "timed out" in failed.output
    assert program.resource("core/v1:ConfigMap")
    release(program, "held")
    program.destroy()


def test_what_an_object_owns_goes_before_it(program: Program) -> None:
    program.up('deployment("web", replicas=0)')
    assert len(program.get("replicasets")["items"]) == 1
    program.destroy()
    assert program.get("replicasets")["items"] == []


def test_a_namespace_is_gone_with_all_that_is_in_it(program: Program) -> None:
    program.up(
        """\
site = k8s.core.v1.Namespace("site", metadata={"name": f"{ns}-site"}, opts=opts)
k8s.core.v1.ConfigMap("inside", metadata={"namespace": site.metadata.name}, data={"a": "1"},
                      opts=opts)
"""
    )
    program.destroy()
    assert not program.kubectl.has("namespace", f"{program.namespace}-site")
