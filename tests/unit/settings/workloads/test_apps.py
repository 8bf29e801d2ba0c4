"""Mistakes in a Wasm app: each message has the field and says the mend."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.settings.workloads.apps import accepted, refusal

HTTP = {"name": "http", "containerPort": 8080}
EXEC = "can't run: the shim of a Wasm pod starts no second program in a container"

# (changed fields of the app, field of the error below apps[0], its sentence's start)
MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    # Names and references
    ({"name": "Greeter"}, "name", "is not a name for an app; start with a letter"),
    ({"name": "1greeter"}, "name", "is not a name for an app; start with a letter"),
    (
        {"handler": "wasmer"},
        "handler",
        "there is no handler 'wasmer'; the runtime's shims have: wa",
    ),
    ({"namespace": "till"}, "namespace", "there is no namespace 'till'; add it to namespaces"),
    ({"artifact": "registry.lab/x:1"}, "", "set exactly one of image and artifact"),
    ({"image": None}, "", "set exactly one of image and artifact"),
    ({"image": "a b"}, "image", "is no image; write it like"),
    ({"podLabels": {"a b": "c"}}, "podLabels.a b", "is not a label name"),
    ({"imagePullPolicy": "Sometimes"}, "imagePullPolicy", "should be one of: 'Always', 'IfNotPr"),
    ({"replica": 2}, "replica", "there is no such field; did you mean 'replicas'?"),
    # Number of pods
    (
        {"replicas": 2, "autoscaling": {"maxReplicas": 3}},
        "replicas",
        "has autoscaling beside it, which decides; remove one",
    ),
    ({"replicas": -1}, "replicas", "should be greater than or equal to 0"),
    ({"autoscaling": {}}, "autoscaling.maxReplicas", "is missing; add it"),
    (
        {"autoscaling": {"minReplicas": 5, "maxReplicas": 4}},
        "autoscaling.minReplicas",
        "5 is more than maxReplicas (4); raise that, or lower this",
    ),
    (
        {"autoscaling": {"minReplicas": 0, "maxReplicas": 4}},
        "autoscaling.minReplicas",
        "should be greater than or equal to 1",
    ),
    (
        {"autoscaling": {"maxReplicas": 4, "cpuUtilization": 80, "cpuAverage": "50m"}},
        "autoscaling.cpuAverage",
        "has cpuUtilization beside it; keep one",
    ),
    (
        {"autoscaling": {"maxReplicas": 4, "memoryUtilization": 80}},
        "autoscaling.memoryUtilization",
        "is a percentage of resources.requests.memory, of which the default is far below",
    ),
    # Disruptions
    (
        {"replicas": 2, "disruptionBudget": {"minAvailable": 2}},
        "disruptionBudget.minAvailable",
        "2 of 2 would stop every drain; write a smaller number, or run more pods",
    ),
    (
        {"replicas": 3, "disruptionBudget": {"minAvailable": "67%"}},
        "disruptionBudget.minAvailable",
        "67% of 3 would stop every drain; write a smaller number, or run more pods",
    ),
    (
        {"disruptionBudget": {"maxUnavailable": 0}},
        "disruptionBudget.maxUnavailable",
        "would stop every drain, and with it every upgrade of a node; allow one pod",
    ),
    (
        {"disruptionBudget": {"minAvailable": "100%"}},
        "disruptionBudget.minAvailable",
        "would stop every drain",
    ),
    (
        {"disruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}},
        "disruptionBudget.maxUnavailable",
        "has minAvailable beside it; keep one",
    ),
    (
        {"disruptionBudget": {"maxUnavailable": "half"}},
        "disruptionBudget.maxUnavailable",
        "is neither a whole number nor a percentage; write 1 or '25%'",
    ),
    (
        {"strategy": {"maxSurge": 0}},
        "strategy.maxSurge",
        "leaves no way to move together with maxUnavailable 0; raise one",
    ),
    (
        {"strategy": {"type": "Recreate", "maxSurge": 1}},
        "strategy.maxSurge",
        "belongs to type RollingUpdate; remove it",
    ),
    (
        {"strategy": {"minReadySeconds": 600}},
        "strategy.progressDeadlineSeconds",
        "must be more than minReadySeconds (600); raise it",
    ),
    ({"spread": {"zones": "Always"}}, "spread.zones", "should be one of: 'ScheduleAnyway', 'DoN"),
    # Draining
    (
        {"preStopSleepSeconds": 30},
        "preStopSleepSeconds",
        "30 leaves no time of the terminationGracePeriodSeconds (30)",
    ),
    (
        {"terminationGracePeriodSeconds": 5},
        "terminationGracePeriodSeconds",
        "5 leaves no time after the sleep of 5; raise it, or set preStopSleepSeconds",
    ),
    # Nothing can be executed in a Wasm container
    ({"lifecycle": {"preStop": {"exec": {"command": ["/x"]}}}}, "lifecycle", EXEC),
    ({"probes": {"liveness": {"exec": {"command": ["/x"]}}}}, "probes.liveness.exec", EXEC),
    (
        {"podOverride": {"containers": [{"name": "g", "livenessProbe": {"exec": {}}}]}},
        "podOverride.containers[0].livenessProbe.exec",
        EXEC,
    ),
    # Probes
    ({"probes": {"readiness": {}}}, "probes.readiness", "set exactly one of httpGet, tcpSocket an"),
    (
        {"probes": {"readiness": {"httpGet": {}, "tcpSocket": {}}}},
        "probes.readiness",
        "set exactly one of httpGet, tcpSocket and grpc",
    ),
    (
        {"probes": {"readiness": {"httpGet": {"port": "admin"}}}},
        "probes.readiness",
        "there is no port 'admin'; the container's ports: http",
    ),
    (
        {"ports": [], "probes": {"readiness": {"tcpSocket": {}}}},
        "probes.readiness",
        "has no port to ask; add one to ports, or write its number",
    ),
    (
        {"probes": {"readiness": {"tcpSocket": {"port": 0}}}},
        "probes.readiness.tcpSocket.port",
        "is neither a port from 1 to 65535 nor a port's name; write 8080 or 'http'",
    ),
    (
        {"probes": {"liveness": {"tcpSocket": {}, "successThreshold": 2}}},
        "probes.liveness.successThreshold",
        "must be 1 here, says Kubernetes; remove it",
    ),
    # Ports and Service
    ({"ports": [{"containerPort": 0}]}, "ports[0].containerPort", "should be greater than or eq"),
    (
        {"ports": [{"name": "much-too-long-a-name", "containerPort": 1}]},
        "ports[0].name",
        "is not a port's name; use at most 15 lower case letters",
    ),
    (
        {"ports": [HTTP, {"name": "http", "containerPort": 81}]},
        "ports[1].name",
        "'http' stands twice; give each its own name",
    ),
    (
        {"ports": [HTTP, {"name": "also", "containerPort": 8080}]},
        "ports[1].containerPort",
        "8080/TCP stands twice; keep one entry",
    ),
    (
        {"ports": [], "service": {}},
        "service",
        "has no port to lead to; add one to ports, or set type: None",
    ),
    (
        {"service": {"ports": [{"name": "web", "port": 80}]}},
        "service.ports[0]",
        "no port of the container is 'web' or 80; set targetPort",
    ),
    (
        {"service": {"ports": [{"port": 80, "targetPort": "web"}]}},
        "service.ports[0].targetPort",
        "there is no port 'web'; the container's ports: http",
    ),
    (
        {"service": {"ports": [{"port": 80, "protocol": "UDP"}]}},
        "service.ports[0].protocol",
        "is UDP, and the container's port 'http' is TCP; make them the same",
    ),
    (
        {"service": {"ports": [{"port": 80, "nodePort": 30080}]}},
        "service.ports[0].nodePort",
        "needs type NodePort or LoadBalancer; remove it",
    ),
    (
        {"service": {"ports": []}},
        "service.ports",
        "is empty; add a port, or set type: None",
    ),
    (
        {"service": {"type": "None", "labels": {"a": "b"}}},
        "service.labels",
        "has no meaning with type None; remove it",
    ),
    (
        {"service": {"externalTrafficPolicy": "Local"}},
        "service.externalTrafficPolicy",
        "needs type NodePort or LoadBalancer; remove it",
    ),
    (
        {"service": {"type": "NodePort", "loadBalancerClass": "x"}},
        "service.loadBalancerClass",
        "needs type LoadBalancer; remove it",
    ),
    ({"service": {"type": "External"}}, "service.type", "should be one of: 'ClusterIP', 'NodePo"),
    # Resources
    (
        {"resources": {"requests": {"memory": "256Mi"}}},
        "resources.requests.memory",
        "256Mi is more than limits.memory (128Mi, its default); raise the limit, or ask for less",
    ),
    (
        {"resources": {"requests": {"cpu": "2"}, "limits": {"cpu": "1500m"}}},
        "resources.requests.cpu",
        "2 is more than limits.cpu (1500m); raise the limit, or ask for less",
    ),
    (
        {"resources": {"limits": {"memory": "128m"}}},
        "resources.limits.memory",
        "is a fraction of bytes ('m' is milli); write '64Mi' for mebibytes",
    ),
    (
        {"resources": {"limits": {"memory": 128}}},
        "resources.limits.memory",
        "is less than 1 KiB; write a unit, like '64Mi'",
    ),
    (
        {"resources": {"limits": {"cpu": "64Mi"}}},
        "resources.limits.cpu",
        "has a unit of memory; write processors, like '0.5' or '500m'",
    ),
    # Environment
    ({"env": [{"name": "1A", "value": "x"}]}, "env[0].name", "is not a name of a variable; use l"),
    (
        {"env": [{"name": "A"}]},
        "env[0]",
        "set exactly one of value, secretValue, secretKeyRef, con",
    ),
    (
        {"env": [{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]},
        "env[1].name",
        "'A' stands twice; keep one",
    ),
    (
        {"env": [{"name": "A", "secretKeyRef": {"name": "s", "key": "../x"}}]},
        "env[0].secretKeyRef.key",
        "is not a key; use letters, digits, '-', '_' and '.', not '..'",
    ),
    ({"envFrom": [{"prefix": "A_"}]}, "envFrom[0]", "set exactly one of configMapRef and secretR"),
    # Volumes
    (
        {"volumes": [{"name": "a", "mountPath": "/a"}]},
        "volumes[0]",
        "set exactly one of configMap, secret, persistentVolumeClaim, emptyDir and hostPath",
    ),
    (
        {"volumes": [{"name": "a", "mountPath": "/a", "hostPath": {"path": "/opt"}}]},
        "volumes[0].hostPath",
        "opens the node's own files to the pod; use another volume, or set allowHostPath",
    ),
    (
        {"volumes": [{"name": n, "mountPath": "/a", "emptyDir": {}} for n in ("a", "b")]},
        "volumes[1].mountPath",
        "/a is taken; choose another path",
    ),
    (
        {"volumes": [{"name": "a", "mountPath": f"/{n}", "emptyDir": {}} for n in ("a", "b")]},
        "volumes[1].name",
        "'a' stands twice; give each its own name",
    ),
    (
        {"volumes": [{"name": "a", "mountPath": "/a", "subPath": "../b", "emptyDir": {}}]},
        "volumes[0].subPath",
        "leads out of the volume; write it relative, without '..'",
    ),
    # Where it may run
    (
        {"tolerations": [{"value": "x"}]},
        "tolerations[0].key",
        "is missing; add it, or set operator: Exists for every taint",
    ),
    (
        {"tolerations": [{"key": "a", "operator": "Exists", "value": "x"}]},
        "tolerations[0].value",
        "belongs to operator Equal; remove it",
    ),
    (
        {"tolerations": [{"key": "a", "tolerationSeconds": 3}]},
        "tolerations[0].tolerationSeconds",
        "needs effect: NoExecute; set it, or remove this",
    ),
    (
        {"allowHostPath": True},
        "allowHostPath",
        "the namespace 'shop' enforces 'restricted' pod security, which refuses paths of the node",
    ),
    (
        {"handler": "spin"},
        "namespace",
        "'shop' enforces 'restricted' pod security, and the spin shim runs as root; set that nam",
    ),
    ({"podOverride": {"a": 2**60}}, "podOverride.a", "numbers are no longer exact; write it as t"),
]


@pytest.mark.parametrize(("change", "field", "sentence"), MISTAKES)
def test_a_mistake_in_an_app_names_its_field_and_the_mend(
    change: dict[str, Any], field: str, sentence: str
) -> None:
    error = refusal(app=change)

    assert error.fields == [f"apps[0].{field}" if field else "apps[0]"]
    assert sentence in str(error)


def test_the_defaults_fit_wasm() -> None:
    (app,) = accepted().apps

    assert (app.resources.requests.cpu, app.resources.requests.memory) == ("10m", "2Mi")
    assert (app.resources.limits.cpu, app.resources.limits.memory) == (None, "128Mi")
    assert [port.container_port for port in app.ports_with("wasmtime")] == [8080]
    assert [port.container_port for port in app.ports_with("spin")] == [80]
    assert app.ports_with("wasmedge") == []
    assert app.sleep_seconds(listens=True) == 5
    assert app.sleep_seconds(listens=False) == 0
    assert not app.has_budget


def test_one_limit_can_be_changed_without_the_other_defaults() -> None:
    (app,) = accepted(app={"resources": {"limits": {"memory": "1Gi"}}}).apps
    assert app.resources.limits.memory == "1Gi"
    assert app.resources.requests.memory == "2Mi"

    (app,) = accepted(app={"resources": {"limits": {"memory": None}}}).apps
    assert app.resources.limits.memory is None


def test_plain_numbers_are_read_as_kubernetes_reads_them() -> None:
    limits = {"cpu": 1.5, "memory": 268435456}
    (app,) = accepted(app={"resources": {"limits": limits}}).apps
    assert (app.resources.limits.cpu, app.resources.limits.memory) == ("1.5", "268435456")


def test_a_grace_period_may_be_short_where_nothing_sleeps() -> None:
    short = {"terminationGracePeriodSeconds": 0, "preStopSleepSeconds": 0}
    assert accepted(app=short).apps[0].sleep_seconds(listens=True) == 0


def test_a_budget_by_percentage_leaves_a_drain_one_pod() -> None:
    kept = {"replicas": 3, "disruptionBudget": {"minAvailable": "66%"}}
    assert accepted(app=kept).apps[0].has_budget


def test_an_app_may_be_in_the_namespace_that_every_cluster_has() -> None:
    assert accepted(app={"namespace": "default"}).apps[0].namespace == "default"
