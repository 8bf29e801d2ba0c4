"""Changes that need a new object are announced, and made in an order that works."""

from __future__ import annotations

import pytest

from tests.engine.kubernetes.programs import Program

SKIP = 'metadata={"annotations": {"pulumi.com/skipAwait": "true"}}'
CASES = {
    "the name": (
        'config_map("a", {}, name="one")',
        'config_map("a", {}, name="two")',
        "metadata.name",
        "core/v1:ConfigMap",
    ),
    "the data of a ConfigMap": (
        'config_map("a", {"x": "1"}, name="one")',
        'config_map("a", {"x": "2"}, name="one")',
        "data",
        "core/v1:ConfigMap",
    ),
    "the data of a Secret": (
        'k8s.core.v1.Secret("a", metadata={"namespace": ns, "name": "a"}, '
        'string_data={"x": "1"}, opts=opts)',
        'k8s.core.v1.Secret("a", metadata={"namespace": ns, "name": "a"}, '
        'string_data={"x": "2"}, opts=opts)',
        "data",
        "core/v1:Secret",
    ),
    "the selector of a Deployment": (
        f'deployment("a", {SKIP})',
        """\
k8s.apps.v1.Deployment("a",
    metadata={"namespace": ns, "name": "a", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"replicas": 1, "selector": {"match_labels": labels("b")}, "template": {
        "metadata": {"labels": labels("b")},
        "spec": {"containers": [{"name": "app", "image": "registry.example/app:1"}]}}},
    opts=opts)
""",
        "spec.selector",
        "apps/v1:Deployment",
    ),
    "the template of a Job": (
        """\
k8s.batch.v1.Job("a",
    metadata={"namespace": ns, "name": "a", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"template": {"spec": {"restart_policy": "Never", "containers": [
        {"name": "app", "image": "registry.example/app:1"}]}}}, opts=opts)
""",
        """\
k8s.batch.v1.Job("a",
    metadata={"namespace": ns, "name": "a", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"template": {"spec": {"restart_policy": "Never", "containers": [
        {"name": "app", "image": "registry.example/app:2"}]}}}, opts=opts)
""",
        "spec.template",
        "batch/v1:Job",
    ),
    "the size of a claim": (
        """\
k8s.core.v1.PersistentVolumeClaim("a",
    metadata={"namespace": ns, "name": "a", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    opts=opts)
""",
        """\
k8s.core.v1.PersistentVolumeClaim("a",
    metadata={"namespace": ns, "name": "a", "annotations": {"pulumi.com/skipAwait": "true"}},
    spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}},
    opts=opts)
""",
        "spec.resources",
        "core/v1:PersistentVolumeClaim",
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_of_this_replaces_the_object_and_the_preview_says_so(
    program: Program, case: str
) -> None:
    before, after, path, kind = CASES[case]
    program.up(before)
    uid = program.resource(kind)["outputs"]["metadata"]["uid"]
    shown = program.preview(after).output
    assert "1 to replace" in shown
    assert path.rpartition(".")[2] in shown
    assert "1 replaced" in program.up().output
    assert program.resource(kind)["outputs"]["metadata"]["uid"] != uid
    assert "3 unchanged" in program.up().output


def test_a_replaced_object_that_keeps_its_name_goes_first(program: Program) -> None:
    program.up('config_map("a", {"x": "1"}, name="one")')
    log = program.up('config_map("a", {"x": "2"}, name="one")').output
    assert log.index("deleting original") < log.index("creating replacement")
    assert program.get("configmap", "one")["data"] == {"x": "2"}


def test_data_changes_in_place_where_the_provider_allows_it(program: Program) -> None:
    program.settings["enable_config_map_mutable"] = True
    program.up('config_map("a", {"x": "1"}, name="one")')
    assert "1 updated" in program.up('config_map("a", {"x": "2"}, name="one")').output
    assert program.get("configmap", "one")["data"] == {"x": "2"}


def test_another_handler_replaces_a_runtime_class(program: Program) -> None:
    text = 'k8s.node.v1.RuntimeClass("r", metadata={"name": ns}, handler="%s", opts=opts)'
    program.up(text % "wasmtime")
    assert "1 to replace" in program.preview(text % "wasmedge").output
    program.up()
    assert program.kubectl.get("runtimeclass", program.namespace)["handler"] == "wasmedge"
    program.destroy()
