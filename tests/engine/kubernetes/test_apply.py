"""What `pulumi up` sends: only the program's fields, under a manager of its own."""

from __future__ import annotations

import re

from tests.engine.kubernetes.programs import Program

MAP = 'config_map("settings", {"color": "red"}, name="settings")'


def managers(program: Program, *what: str) -> dict[str, str]:
    entries = program.get(*what, "--show-managed-fields")["metadata"]["managedFields"]
    return {each["manager"]: each["operation"] for each in entries}


def test_each_object_has_a_field_manager_of_its_own_which_the_state_keeps(
    program: Program,
) -> None:
    program.up(MAP)
    manager = program.resource("core/v1:ConfigMap")["outputs"]["__fieldManager"]
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", manager)
    assert managers(program, "configmap", "settings") == {manager: "Apply"}


def test_a_second_up_changes_nothing_and_what_others_add_stays(program: Program) -> None:
    program.up(MAP)
    program.kubectl.run("label", "configmap", "settings", "team=shop", "-n", program.namespace)
    before = program.get("configmap", "settings")["metadata"]["resourceVersion"]
    assert "3 unchanged" in program.up().output
    after = program.get("configmap", "settings")["metadata"]
    assert after["resourceVersion"] == before
    assert after["labels"] == {"team": "shop"}


def test_an_update_in_place_shows_its_line_and_keeps_the_object(program: Program) -> None:
    program.up('config_map("settings", {}, name="settings", labels={"tier": "a"})')
    uid = program.get("configmap", "settings")["metadata"]["uid"]
    text = 'config_map("settings", {}, name="settings", labels={"tier": "b"})'
    shown = program.preview(text).output
    assert re.search(r"~ tier: \"a\" => \"b\"", shown)
    assert "1 to update" in shown
    program.up()
    live = program.get("configmap", "settings")["metadata"]
    assert (live["uid"], live["labels"]) == (uid, {"tier": "b"})


def test_a_field_that_the_program_drops_is_taken_away(program: Program) -> None:
    program.up('config_map("settings", {}, name="settings", labels={"a": "1", "b": "2"})')
    program.up('config_map("settings", {}, name="settings", labels={"a": "1"})')
    assert program.get("configmap", "settings")["metadata"]["labels"] == {"a": "1"}


def test_an_object_that_somebody_else_made_is_not_taken_over_by_accident(
    program: Program,
) -> None:
    program.kubectl.run("create", "configmap", "settings", "-n", program.namespace)
    failed = program.up(MAP, status=1)
    assert "already exists" in failed.output
    program.settings["upsert_existing_objects"] = True
    program.up(MAP)
    assert program.get("configmap", "settings")["data"] == {"color": "red"}


def test_a_field_that_somebody_else_owns_is_a_conflict_until_it_is_forced(
    program: Program,
) -> None:
    program.up('config_map("settings", {}, name="settings", labels={"tier": "a"})')
    where = ("-n", program.namespace, "--field-manager=team-x")
    program.kubectl.run("label", "--overwrite", "configmap", "settings", "tier=z", *where)
    text = 'config_map("settings", {}, name="settings", labels={"tier": "b"}%s)'
    failed = program.up(text % "", status=1)
    assert "conflict" in failed.output
    assert "team-x" in failed.output
    program.up(text % ', annotations={"pulumi.com/patchForce": "true"}')
    assert program.get("configmap", "settings")["metadata"]["labels"] == {"tier": "b"}


def test_what_ignore_changes_names_stays_as_others_have_set_it(program: Program) -> None:
    text = """\
opts = pulumi.ResourceOptions(provider=cluster, ignore_changes=["spec.replicas"])
deployment("web", replicas=1, image="registry.example/app:%s", opts=opts,
           metadata={"annotations": {"pulumi.com/skipAwait": "true"}})
"""
    program.up(text % 1)
    program.kubectl.run("scale", "deployment", "web", "--replicas=4", "-n", program.namespace)
    program.up(text % 2)
    spec = program.get("deployment", "web")["spec"]
    assert spec["replicas"] == 4
    assert spec["template"]["spec"]["containers"][0]["image"].endswith(":2")


def test_a_patch_owns_its_fields_only_and_gives_them_back(program: Program) -> None:
    program.kubectl.run(
        "create", "configmap", "others", "--from-literal=a=1", "-n", program.namespace
    )
    program.up(
        'k8s.core.v1.ConfigMapPatch("p", metadata={"namespace": ns, "name": "others"}, '
        'data={"b": "2"}, opts=opts)'
    )
    assert program.get("configmap", "others")["data"] == {"a": "1", "b": "2"}
    program.destroy()
    assert program.get("configmap", "others")["data"] == {"a": "1"}


def test_without_server_side_apply_an_update_is_a_patch_of_what_changed(program: Program) -> None:
    program.settings["enable_server_side_apply"] = False
    program.up('config_map("settings", {}, name="settings", labels={"a": "1", "b": "2"})')
    program.up('config_map("settings", {}, name="settings", labels={"a": "3"})')
    live = program.get("configmap", "settings")["metadata"]
    assert live["labels"].items() >= {"a": "3"}.items()
    assert "b" not in live["labels"]
