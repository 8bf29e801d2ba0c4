"""What a preview shows of a container runtime, and what counts as a change of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shimyard.provider.container_runtime import ContainerRuntimeResource
from shimyard.provider.messages import ApplyRequest
from shimyard.provider.values import UNKNOWN, Secret
from tests.unit.provider.engine import URN, KeptLog, changes, check, checked, node, runtime

CONFIG = "/etc/containerd/config.toml"
HOSTS = "/etc/containerd/certs.d/registry.lab/hosts.toml"


def registry(url: str = "http://192.0.2.1:5000", **mirror: Any) -> list[dict[str, Any]]:
    return [{"host": "registry.lab", "mirrors": [{"url": url, **mirror}]}]


def inputs(**changed: Any) -> dict[str, Any]:
    return {"node": node(), "runtime": runtime(), "sources": {}, **changed}


def test_a_preview_shows_artifacts_files_and_that_containerd_starts(
    container_runtime: ContainerRuntimeResource,
) -> None:
    shown = checked(container_runtime, inputs())
    assert shown["artifacts"]["containerd"]["version"] == "2.2.1"
    assert len(shown["artifacts"]["containerd"]["sha256"]) == 64
    assert "version = 3" in shown["files"][CONFIG]
    (effect,) = shown["effects"]
    assert effect.startswith("starts containerd.service")


def test_the_same_inputs_again_are_no_change_whatever_was_said_before(
    container_runtime: ContainerRuntimeResource,
) -> None:
    options = {"plugins": {"x": {"b": 1, "a": {"d": 2, "c": [1]}}}, "debug": {"level": "info"}}
    news = inputs(runtime=runtime(containerd={"version": "2.2.1", "options": options}))
    old = checked(container_runtime, news)
    new = checked(container_runtime, news, old)
    assert new == old
    assert changes(container_runtime, old, new) == {}


def test_a_changed_mirror_changes_its_file_and_restarts_nothing(
    container_runtime: ContainerRuntimeResource, log: KeptLog
) -> None:
    old = checked(container_runtime, inputs(runtime=runtime(registries=registry())))
    other = inputs(runtime=runtime(registries=registry("http://192.0.2.2:5000")))
    new = checked(container_runtime, other, old)
    assert new["effects"] == ["nothing restarts"]
    found = changes(container_runtime, old, new)
    assert found[f'files["{HOSTS}"]'] == "update"
    assert f'files["{CONFIG}"]' not in found
    assert log.kept == ["bench-1: nothing restarts"]


def test_a_changed_option_names_the_file_for_which_containerd_restarts(
    container_runtime: ContainerRuntimeResource, log: KeptLog
) -> None:
    old = checked(container_runtime, inputs())
    other = inputs(runtime=runtime(sandboxImage="registry.lab/pause:1"))
    new = checked(container_runtime, other, old)
    (effect,) = new["effects"]
    assert effect.startswith(f"restarts containerd.service: {CONFIG}")
    assert changes(container_runtime, old, new)[f'files["{CONFIG}"]'] == "update"
    assert log.kept == [f"bench-1: {effect}"]


@pytest.mark.parametrize(
    "changed",
    [
        {"node": node(labels={"site": "hall"}, zone="berlin")},
        {"node": node(address="192.0.2.99")},
        {"node": node(ssh={"user": "root", "agent": True, "port": 2222})},
        {"sources": {"mirrors": ["https://mirror.example.com"]}},
        {"node": node(address=UNKNOWN)},
    ],
    ids=["labels", "address", "login", "mirror", "unknown address"],
)
def test_how_to_reach_a_machine_and_a_download_is_no_change_of_it(
    container_runtime: ContainerRuntimeResource, changed: dict[str, Any]
) -> None:
    old = checked(container_runtime, inputs())
    new = checked(container_runtime, inputs(**changed), old)
    assert new["effects"] == old["effects"]
    assert changes(container_runtime, old, new) == {}


def test_drift_that_a_refresh_has_found_is_a_change(
    container_runtime: ContainerRuntimeResource, log: KeptLog
) -> None:
    same = checked(container_runtime, inputs())
    found = changes(container_runtime, same, same, {"drift": [f"{CONFIG} has other content"]})
    assert found == {"drift": "update"}
    assert log.kept == [f"bench-1: drift: {CONFIG} has other content"]


def test_an_unknown_runtime_is_unknown_in_the_preview_and_not_an_error(
    container_runtime: ContainerRuntimeResource,
) -> None:
    shown = checked(container_runtime, inputs(runtime=runtime(sandboxImage=UNKNOWN)))
    assert (shown["artifacts"], shown["files"], shown["effects"]) == (UNKNOWN, UNKNOWN, UNKNOWN)
    state = container_runtime.apply(ApplyRequest(URN, "", shown, preview=True)).state
    assert state["versions"] is UNKNOWN


def test_a_preview_of_known_inputs_knows_the_versions_and_not_the_canaries(
    container_runtime: ContainerRuntimeResource,
) -> None:
    shown = checked(container_runtime, inputs())
    state = container_runtime.apply(ApplyRequest(URN, "", shown, preview=True)).state
    assert state["versions"] == {"containerd": "2.2.1", "runc": "1.3.4"}
    assert state["handlers"] is UNKNOWN
    assert state["generation"] is UNKNOWN


def test_a_password_is_in_no_input_but_inside_secrets(
    container_runtime: ContainerRuntimeResource,
) -> None:
    mirrors = registry(username="puller", password=Secret("canary"))
    shown = checked(container_runtime, inputs(runtime=runtime(registries=mirrors)))
    assert isinstance(shown["files"][HOSTS], Secret)
    assert shown["runtime"]["registries"][0]["mirrors"][0]["password"] == Secret("canary")
    # A secret's repr shows nothing, so what is found here stands outside of one.
    assert "canary" not in repr(shown)
    assert "cHVsbGVyOmNhbmFyeQ" not in repr(shown)


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        (
            {"runtime": runtime(runc={"version": "9.9.9"})},
            "",
            "python -m shimyard.catalogue lock runc 9.9.9 --arch amd64",
        ),
        (
            {"runtime": runtime(shims=[{"name": "wasm", "version": "1.0.0"}])},
            "runtime.shims[0].name",
            "should be one",
        ),
        ({"node": node(address="a b")}, "node.address", "is neither a host name nor"),
        ({"node": node(ssh={})}, "node.ssh", "set exactly one of identityFile and agent"),
        ({"sources": {"lockFiles": ["no.json"]}}, "", "there is no such file"),
        ({"sources": {"airGap": True}}, "sources.airGap", "needs a source"),
        (
            {"runtime": runtime(containerd={"version": "2.2.1", "options": {"x": None}})},
            "runtime.containerd.options.x",
            "is null",
        ),
        (
            {"runtime": runtime(containerd={"version": "2.2.1", "options": {"root": "/x"}})},
            "",
            "root is set by Shimyard itself",
        ),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_the_mend(
    container_runtime: ContainerRuntimeResource, changed: dict[str, Any], path: str, words: str
) -> None:
    ((where, reason),) = check(container_runtime, inputs(**changed)).failures
    assert where == path
    assert words in reason


def test_two_runtimes_for_one_machine_are_refused(
    container_runtime: ContainerRuntimeResource,
) -> None:
    checked(container_runtime, inputs())
    ((where, reason),) = check(container_runtime, inputs(), urn="urn:other").failures
    assert where == "node"
    assert URN in reason


def test_a_new_template_of_shimyard_is_a_change_with_its_effect(
    container_runtime: ContainerRuntimeResource,
) -> None:
    old = checked(container_runtime, inputs())
    old["files"][CONFIG] = f"# an older template\n{old['files'][CONFIG]}"
    new = checked(container_runtime, inputs(), old)
    assert new["effects"][0].startswith(f"restarts containerd.service: {CONFIG}")


def test_old_inputs_of_another_shimyard_do_not_stop_a_preview(
    container_runtime: ContainerRuntimeResource,
) -> None:
    old = checked(container_runtime, inputs())
    old["runtime"]["aFieldThatWas"] = 1
    new = checked(container_runtime, inputs(), old)
    assert new["effects"] == ["not known: the last inputs are from another version of Shimyard"]


def test_a_lock_that_changes_between_check_and_apply_is_noticed(
    container_runtime: ContainerRuntimeResource, tmp_path: Path
) -> None:
    shown = checked(container_runtime, inputs())
    shown["artifacts"]["runc"]["sha256"] = "0" * 64
    with pytest.raises(Exception, match=r"the lock of runc 1\.3\.4 has changed"):
        container_runtime.desired(shown, recorded=False)
