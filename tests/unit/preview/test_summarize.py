"""What a log comes to."""

from __future__ import annotations

import json
from typing import Any

from shimyard.preview.events import UNKNOWN
from shimyard.preview.model import FAILED, OK, VIOLATED, ValueChange, VersionChange
from tests.unit.preview.logs import (
    DEPLOYMENT,
    FILES,
    RUNTIME,
    SECRET,
    diagnostic,
    runtime,
    step,
    summary,
    violation,
)

CONFIG = "/etc/containerd/config.toml"


def artifact(version: str) -> dict[str, Any]:
    return {"runc": {"version": version, "sha256": "0" * 64}}


def test_a_changed_machine_shows_its_files_versions_and_effects() -> None:
    old = runtime(
        artifacts=artifact("1.3.3"),
        files={CONFIG: "a\nb\nc\n", "/same": "x"},
        runtime={"containerd": {"version": "1"}},
    )
    new = runtime(
        artifacts=artifact("1.3.4"),
        files={CONFIG: "a\nB\nc\n", "/same": "x", "/new": "n\n"},
        effects=["drains edge-1", "restarts containerd.service: config"],
        runtime={"containerd": {"version": "2"}},
    )
    (node,) = summary(step("update", RUNTIME, "edge-1", old, new)).nodes
    assert node.node == "edge-1"
    assert node.effects == ("drains edge-1", "restarts containerd.service: config")
    (change,) = node.resources
    assert change.versions == (VersionChange("runc", "1.3.3", "1.3.4"),)
    assert [(file.path, file.action) for file in change.files] == [
        (CONFIG, "update"),
        ("/new", "add"),
    ]
    assert change.files[0].diff == ("@@ -1,3 +1,3 @@", " a", "-b", "+B", " c")
    assert change.values == (ValueChange("runtime.containerd.version", "1", "2"),)


def test_how_to_reach_a_machine_is_no_change_of_it() -> None:
    old, new = runtime(sources={"airGap": True}), runtime()
    new["node"]["address"] = "192.0.2.9"
    (node,) = summary(step("update", RUNTIME, "edge-1", old, new)).nodes
    assert node.resources[0].values == ()


def test_secret_files_are_said_to_change_and_not_shown() -> None:
    hosts, other = "/etc/containerd/certs.d/a/hosts.toml", "/etc/edge/other"
    old = runtime(files={hosts: SECRET, other: SECRET})
    changed = {f'files["{hosts}"]': "update"}
    (node,) = summary(step("update", RUNTIME, "edge-1", old, old, changed=changed)).nodes
    (file,) = node.resources[0].files
    assert (file.path, file.diff, file.note) == (hosts, (), "a secret: not shown")


def test_placed_files_go_by_content_or_by_digest() -> None:
    def inputs(content: str, digest: str) -> dict[str, Any]:
        return runtime(
            name="site",
            files=[
                {"path": "/etc/edge/site.json", "content": content},
                {"path": "/opt/model", "source": "models/a"},
                {"path": "/etc/edge/key", "secretContent": SECRET},
            ],
            digests={
                "/etc/edge/site.json": {"sha256": "whatever"},
                "/opt/model": {"sha256": digest},
                "/etc/edge/key": SECRET,
            },
        )

    (node,) = summary(step("update", FILES, "edge-1", inputs("a\n", "1"), inputs("b\n", "2"))).nodes
    site, model = node.resources[0].files
    assert site.diff == ("@@ -1 +1 @@", "-a", "+b")
    assert model.note == "by digest: [sha256 1] -> [sha256 2]"


def test_a_file_that_is_not_known_yet_is_said_to_be() -> None:
    (node,) = summary(
        step("create", RUNTIME, "edge-1", None, runtime(files={"/t": UNKNOWN}, effects=UNKNOWN))
    ).nodes
    assert node.resources[0].files[0].note == "not known before `up`"
    assert node.effects == ("what restarts is not known before `up`",)


def test_a_repair_of_drift_has_none_of_the_last_changes_effects() -> None:
    inputs = runtime(effects=["drains edge-1"])
    (node,) = summary(
        step(
            "update",
            RUNTIME,
            "edge-1",
            inputs,
            inputs,
            outputs={"drift": ["/etc/x was changed by hand"]},
            changed={"drift": "update"},
        )
    ).nodes
    assert node.effects == ()
    assert node.resources[0].drift == ("/etc/x was changed by hand",)


def test_what_is_deleted_or_replaced_stands_apart_and_once() -> None:
    found = summary(
        step("create-replacement", FILES, "a", runtime(name="x"), runtime(name="y")),
        step("replace", FILES, "a", runtime(name="x"), runtime(name="y"), keys=["name"]),
        step("delete-replaced", FILES, "a", runtime(name="x")),
        step("delete", DEPLOYMENT, "shop.app", {"metadata": {"name": "app"}}),
        step("update", DEPLOYMENT, "shop.other", {"a": 1}, {"a": 2}),
    )
    assert [(each.action, each.name) for each in found.removals] == [
        ("replace", "a"),
        ("delete", "shop.app"),
    ]
    assert len(found.nodes[0].resources) == 1
    assert [each.action for each in found.objects] == ["delete", "update"]


def test_why_something_is_replaced_is_said() -> None:
    found = summary(
        step(
            "replace",
            FILES,
            "a",
            runtime(name="x"),
            runtime(name="y"),
            changed={"name": "update-replace", "files": "update"},
        )
    )
    assert found.removals[0].because == ("name",)


def test_objects_show_the_properties_that_change() -> None:
    old = {"spec": {"replicas": 1, "gone": True}, "__internal": 1}
    new = {"spec": {"replicas": 2, "ports": [{"port": 80}]}, "__internal": 2}
    (change,) = summary(step("update", DEPLOYMENT, "a", old, new)).objects
    assert change.values == (
        ValueChange("spec.gone", "true", None),
        ValueChange("spec.ports", None, '[{"port": 80}]'),
        ValueChange("spec.replicas", "1", "2"),
    )


def test_a_secret_property_is_said_to_change() -> None:
    inputs = {"data": {"a": SECRET, "b": SECRET}, "stringData": SECRET}
    changed = {'data["a"]': "update", "stringData": "update"}
    (change,) = summary(
        step("update", "kubernetes:core/v1:Secret", "a", inputs, inputs, changed=changed)
    ).objects
    assert [(v.path, v.before, v.after) for v in change.values] == [
        ("data.a", "[secret]", "[secret]"),
        ("stringData", "[secret]", "[secret]"),
    ]


def test_components_and_providers_are_bookkeeping_and_others_are_not() -> None:
    found = summary(
        step("create", "pulumi:pulumi:Stack", "shimyard-bench", None, {}),
        step("create", "shimyard:index:Fleet", "bench", None, {}),
        step("create", "pulumi:providers:kubernetes", "bench", None, {}),
        step("create", "acme:dns:Record", "gate", None, {}),
        step("same", RUNTIME, "edge-1", runtime(), runtime()),
    )
    assert [each.name for each in found.others] == ["gate"]
    assert found.unchanged == 1


def test_the_same_violation_of_several_resources_is_one() -> None:
    found = summary(
        violation("no limits", name="b", level="warning", policy="pinned-images"),
        violation("no limits", name="a"),
        violation("no limits", name="c"),
        result="failed",
    )
    assert [(each.policy, each.level, each.resources) for each in found.policies] == [
        ("container-limits", "mandatory", ("Deployment a", "Deployment c")),
        ("pinned-images", "advisory", ("Deployment b",)),
    ]


def test_the_exit_code_tells_a_failure_from_a_violation() -> None:
    assert summary().code == OK
    assert summary(violation("x", level="advisory")).code == OK
    assert summary(violation("x"), diagnostic("preview failed"), result="failed").code == VIOLATED
    assert summary(violation("x"), diagnostic("no such key"), result="failed").code == FAILED
    assert summary(result="failed").code == FAILED
    assert summary(diagnostic("no such key")).code == FAILED


def test_errors_name_their_resource_once() -> None:
    about = "urn:pulumi:bench::shimyard::a$shimyard:node:K3sServer::edge-1"
    found = summary(
        diagnostic("refused", urn=about), diagnostic("refused", urn=about), result="failed"
    )
    assert [(each.resource, each.message) for each in found.errors] == [
        ("K3sServer edge-1", "refused")
    ]


def test_programs_get_all_of_it() -> None:
    found = summary(
        step(
            "update", RUNTIME, "edge-1", runtime(files={"/a": "1\n"}), runtime(files={"/a": "2\n"})
        )
    ).as_json()
    again = json.loads(json.dumps(found))
    assert again["version"] == 1
    assert again["verdict"] == "ok"
    assert again["nodes"][0]["resources"][0]["files"][0]["diff"] == ["@@ -1 +1 @@", "-1", "+2"]


def test_warnings_are_told_but_for_how_the_toolchain_works() -> None:
    found = summary(
        diagnostic("using pulumi-resource-kubernetes from $PATH at /x", "warning"),
        diagnostic("the cluster is not reachable", "warning"),
    )
    assert [each.message for each in found.warnings] == ["the cluster is not reachable"]
