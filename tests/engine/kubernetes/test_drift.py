"""Refresh, import and look-ups: what the cluster is like now comes into the state."""

from __future__ import annotations

from tests.engine.kubernetes.programs import Program

MAP = 'config_map("settings", {"color": "red"}, name="settings", labels={"tier": "a"})'


def test_drift_shows_after_a_refresh_and_the_next_up_takes_back_what_was_done_by_hand(
    program: Program,
) -> None:
    program.up(MAP)
    program.kubectl.run(
        "label", "--overwrite", "configmap", "settings", "tier=z", "-n", program.namespace
    )
    assert "3 unchanged" in program.preview().output
    assert "tier" in program.refresh("--diff").output
    assert "1 to update" in program.preview().output
    program.up()
    assert program.get("configmap", "settings")["metadata"]["labels"] == {"tier": "a"}


def test_an_object_that_is_gone_leaves_the_state_and_is_made_again(program: Program) -> None:
    program.up(MAP)
    program.kubectl.run("delete", "configmap", "settings", "-n", program.namespace)
    assert "1 deleted" in program.refresh().output
    assert "1 created" in program.up().output
    assert program.has("configmap", "settings")


def test_an_object_that_is_gone_can_be_destroyed(program: Program) -> None:
    program.up(MAP)
    program.kubectl.run("delete", "configmap", "settings", "-n", program.namespace)
    assert "3 deleted" in program.destroy().output


def test_an_existing_object_can_be_imported(program: Program) -> None:
    program.kubectl.run(
        "create", "configmap", "settings", "--from-literal=color=red", "-n", program.namespace
    )
    uid = program.get("configmap", "settings")["metadata"]["uid"]
    text = """\
k8s.core.v1.ConfigMap("settings", metadata={"namespace": ns, "name": "settings"},
    data={"color": "red"},
    opts=pulumi.ResourceOptions(provider=cluster, import_=f"{ns}/settings"))
"""
    assert "1 imported" in program.up(text).output
    assert program.resource("core/v1:ConfigMap")["outputs"]["metadata"]["uid"] == uid
    assert "3 unchanged" in program.up(MAP.replace(', labels={"tier": "a"}', "")).output


def test_an_object_can_be_looked_up_by_its_id(program: Program) -> None:
    program.kubectl.run(
        "create", "configmap", "settings", "--from-literal=color=red", "-n", program.namespace
    )
    program.up(
        """\
found = k8s.core.v1.ConfigMap.get("settings", f"{ns}/settings", opts=opts)
pulumi.export("color", found.data["color"])
"""
    )
    assert program.project.outputs() == {"color": "red"}
