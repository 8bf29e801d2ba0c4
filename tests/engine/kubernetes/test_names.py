"""Which name and namespace an object gets, and how its ID reads."""

from __future__ import annotations

import re

from tests.engine.kubernetes.programs import Program


def test_an_object_without_a_name_gets_one_that_stays(program: Program) -> None:
    text = 'k8s.core.v1.ConfigMap("shop", metadata={"namespace": ns}, data={"a": "1"}, opts=opts)'
    program.up(text)
    found = program.resource("core/v1:ConfigMap")
    name = found["outputs"]["metadata"]["name"]
    assert re.fullmatch(r"shop-[0-9a-f]{8}", name)
    assert found["id"] == f"{program.namespace}/{name}"
    live = program.get("configmap", name)
    assert live["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert "3 unchanged" in program.up(text).output
    assert program.resource("core/v1:ConfigMap")["id"] == found["id"]


def test_a_replaced_object_without_a_name_is_there_before_the_old_one_goes(
    program: Program,
) -> None:
    text = 'k8s.core.v1.ConfigMap("shop", metadata={"namespace": ns}, data={"a": "%s"}, opts=opts)'
    program.up(text % 1)
    before = program.resource("core/v1:ConfigMap")["id"]
    run = program.up(text % 2)
    assert "1 replaced" in run.output
    assert program.resource("core/v1:ConfigMap")["id"] != before
    assert not program.has("configmap", before.partition("/")[2])


def test_the_providers_namespace_is_the_default_one(program: Program) -> None:
    program.settings["namespace"] = program.namespace
    program.up('k8s.core.v1.ConfigMap("plain", metadata={"name": "plain"}, data={}, opts=opts)')
    assert program.has("configmap", "plain")


def test_a_cluster_wide_object_has_no_namespace_in_its_id(program: Program) -> None:
    program.up('k8s.core.v1.Namespace("site", opts=opts)')
    found = program.resource("core/v1:Namespace")
    assert found["id"] == found["outputs"]["metadata"]["name"]
    assert "namespace" not in found["inputs"]["metadata"]
    program.destroy()
    assert not program.kubectl.has("namespace", found["id"])
