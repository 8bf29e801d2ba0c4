"""Custom resources, also of kinds that come with the same program."""

from __future__ import annotations

import pytest

from tests.engine.kubernetes.programs import Program

CRD = """\
group = f"{ns}.example.com"
crd = k8s.apiextensions.v1.CustomResourceDefinition("crd",
    metadata={"name": f"widgets.{group}"},
    spec={
        "group": group,
        "scope": "%(scope)s",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "subresources": {"status": {}},
            "schema": {"open_apiv3_schema": {
                "type": "object",
                "properties": {
                    "spec": {"type": "object",
                             "properties": {"size": {"type": "integer"},
                                            "any": {"type": "object",
                                                    "x_kubernetes_preserve_unknown_fields": True}}},
                    "status": {"type": "object", "x_kubernetes_preserve_unknown_fields": True},
                }}},
        }],
    }, opts=opts)
"""
WIDGET = """\
k8s.apiextensions.CustomResource("one", api_version=f"{group}/v1", kind="Widget",
    metadata={"name": "one", **%(metadata)s}, spec={"size": %(size)s, "any": {"a": 1}},
    opts=pulumi.ResourceOptions(provider=cluster, depends_on=[crd]))
"""


def text(scope: str = "Namespaced", size: int = 1, **metadata: object) -> str:
    place = {"namespace": "NS"} if scope == "Namespaced" else {}
    spelled = repr({**place, **metadata}).replace("'NS'", "ns")
    return (CRD % {"scope": scope}) + (WIDGET % {"metadata": spelled, "size": size})


@pytest.mark.parametrize("scope", ["Namespaced", "Cluster"])
def test_a_kind_and_an_object_of_it_come_in_one_go(program: Program, scope: str) -> None:
    shown = program.preview(text(scope))
    assert "4 to create" in shown.output
    program.up()
    found = program.kubectl.get(
        f"widgets.{program.namespace}.example.com", "one", "-n", program.namespace
    )
    assert found["spec"] == {"size": 1, "any": {"a": 1}}
    assert "4 unchanged" in program.up().output
    assert "1 updated" in program.up(text(scope, size=2)).output
    program.destroy()
    assert not program.kubectl.has("crd", f"widgets.{program.namespace}.example.com")


def test_an_object_of_a_kind_that_is_not_there_says_which_crd_to_look_for(
    program: Program,
) -> None:
    failed = program.up(
        """\
k8s.apiextensions.CustomResource("one", api_version="nowhere.example.com/v1", kind="Widget",
    metadata={"namespace": ns, "name": "one"}, opts=opts)
""",
        status=1,
    )
    assert "nowhere.example.com/v1" in failed.output
    assert "Verify that any required CRDs have been created" in failed.output


def test_a_custom_resource_can_be_waited_for_by_a_condition(program: Program) -> None:
    program.up(text())
    program.destroy("--target", "**one", "--target-dependents")
    waits = {
        "pulumi.com/waitFor": "jsonpath={.status.state}=done",
        "pulumi.com/timeoutSeconds": "2",
    }
    failed = program.up(text(annotations=waits), status=1)
    assert "timed out" in failed.output
    kind = f"widgets.{program.namespace}.example.com"
    program.kubectl.status(kind, "one", program.namespace, {"state": "done"})
    program.up()
    program.destroy()
