"""Rules between fields: two settings that can't both be meant, and defaults that depend."""

from __future__ import annotations

import pytest

from shimyard.settings import SettingsError, parse
from tests.unit.settings.stacks import VALID, WHERE, accepted, changed, refusal

RULES: list[tuple[str, object, str, str]] = [
    (
        "files[0].precompiledFor",
        {"version": "44.0.0"},
        "files[0].precompiledFor",
        "is wasmtime 44.0.0, and the nodes' engine is wasmtime 45.0.1, which refuses the program",
    ),
    (
        "nodes[1].name",
        "edge-1",
        "nodes[1].name",
        "'edge-1' is taken; give each node its own name",
    ),
    (
        "nodes[1].address",
        "10.0.0.1",
        "nodes[1].address",
        "10.0.0.1 port 22 is already 'edge-1'; one machine is one node",
    ),
    (
        "runtime.shims[1]",
        {"name": "wasmtime", "version": "0.6.1"},
        "runtime.shims[1].handler",
        "'wasmtime' is taken; give each shim a handler name of its own",
    ),
    (
        "runtime.shims[0].handler",
        "runc",
        "runtime.shims[0].handler",
        "'runc' is taken",
    ),
    (
        "runtime.shims[1]",
        {"name": "wasmtime", "version": "0.6.0", "handler": "old"},
        "runtime.shims[1].version",
        "wasmtime has another version above; one machine has one version of a shim",
    ),
    (
        "runtime.shims[1]",
        {"name": "spin", "version": "0.18.0"},
        "runtime.shims[1].canaryImage",
        "is missing: the spin shim runs Spin applications only",
    ),
    (
        "runtime.registries[1]",
        {"host": "ghcr.io", "mirrors": [{"url": "http://other"}]},
        "runtime.registries[1].host",
        "'ghcr.io' stands twice; put all its mirrors into one entry",
    ),
    (
        "runtime.registries[0].mirrors[0]",
        {"url": "http://mirror", "skipVerify": True},
        "runtime.registries[0].mirrors[0].skipVerify",
        "has no meaning for http; remove it or use https",
    ),
    (
        "runtime.registries[0].mirrors[0]",
        {"url": "http://mirror", "caFile": "/etc/ca.pem"},
        "runtime.registries[0].mirrors[0].caFile",
        "has no meaning for http; remove it or use https",
    ),
    (
        "runtime.registries[0].mirrors[0]",
        {"url": "https://mirror", "username": "a:b", "password": "x"},
        "runtime.registries[0].mirrors[0].username",
        "has a ':', which HTTP forbids; choose another",
    ),
    (
        "runtime.engines[1]",
        {"name": "wasmtime", "version": "43.0.1"},
        "runtime.engines[1].name",
        "wasmtime stands twice; keep one entry",
    ),
    (
        "runtime.engines[0]",
        {"name": "wasmedge", "version": "0.17.1", "config": {"a": 1}},
        "runtime.engines[0].config",
        "belongs to the wasmtime engine; remove it",
    ),
    (
        "runtime.engines[0].plugins",
        ["wasi-nn"],
        "runtime.engines[0].plugins",
        "belong to the wasmedge engine; remove them",
    ),
    (
        "artifacts",
        {"airGap": True},
        "artifacts.airGap",
        "needs a source; add mirrors or a bundle",
    ),
    (
        "files[0]",
        {"path": "/etc/x"},
        "files[0]",
        "set exactly one of content, secretContent and source",
    ),
    (
        "files[0].source",
        "site.json",
        "files[0]",
        "set exactly one of content, secretContent and source",
    ),
    (
        "files[0].path",
        "/var/lib/shimyard/store/x",
        "files[0].path",
        "/var/lib/shimyard is not a place for files; choose another",
    ),
    (
        "files[0]",
        {"path": "/etc/key", "secretContent": "s", "mode": "0640"},
        "files[0].mode",
        "a file with secretContent is for its owner only; end the mode in '00'",
    ),
    (
        "files[0].nodes",
        ["edge-3"],
        "files[0].nodes",
        "there is no node 'edge-3'; the stack has edge-1, edge-2",
    ),
    ("files[0].nodes", ["edge-1", "edge-1"], "files[0].nodes", "name a node twice; keep one"),
    (
        "files[1]",
        {"path": "/etc/edge/site.json", "content": "", "nodes": ["edge-2"]},
        "files[1].path",
        "/etc/edge/site.json stands twice for node 'edge-2'; keep one entry",
    ),
]


@pytest.mark.parametrize(("path", "value", "field", "sentence"), RULES)
def test_settings_that_contradict_each_other_are_refused(
    path: str, value: object, field: str, sentence: str
) -> None:
    error = refusal(changed(path, value))

    assert error.fields == [field]
    assert f"  {field}: {sentence}" in str(error)


def test_the_same_private_address_behind_two_jump_hosts_is_two_machines() -> None:
    raw = changed("nodes[1].address", "10.0.0.1")
    for index, gate in enumerate(["gate-a", "gate-b"]):
        raw["nodes"][index]["ssh"] = {"bastion": {"address": gate, "agent": True}}

    assert len(parse(raw, where=WHERE).nodes) == 2


def test_a_node_inherits_the_ssh_defaults_field_by_field() -> None:
    node = accepted("nodes[0].ssh", {"port": 2222}).nodes[0].ssh

    assert (node.port, node.user, node.identity_file) == (2222, "edge", "keys/edge")
    assert node.uses_sudo


def test_a_node_that_uses_the_agent_does_not_inherit_the_default_key() -> None:
    raw = changed("nodes[0].ssh", {"agent": True})
    raw["ssh"]["passphrase"] = "secret"

    node = parse(raw, where=WHERE).nodes[0].ssh

    assert (node.agent, node.identity_file, node.passphrase) == (True, None, None)


def test_a_node_with_its_own_key_does_not_inherit_the_agent_or_another_keys_passphrase() -> None:
    raw = changed("nodes[0].ssh", {"identityFile": "keys/own"})
    raw["ssh"] = {"agent": True}
    assert not parse(raw, where=WHERE).nodes[0].ssh.agent

    raw["ssh"] = {"identityFile": "keys/edge", "passphrase": "secret"}
    node = parse(raw, where=WHERE).nodes[0].ssh
    assert (node.identity_file, node.passphrase) == ("keys/own", None)


def test_a_handler_is_called_after_its_shim_unless_it_is_named() -> None:
    assert parse(VALID, where=WHERE).runtime.shims[0].handler == "wasmtime"
    assert accepted("runtime.shims[0].handler", "wasi").runtime.shims[0].handler == "wasi"


def test_one_shim_may_serve_two_handlers() -> None:
    second = {"name": "wasmtime", "version": "0.6.1", "handler": "wasmtime-fast"}

    shims = accepted("runtime.shims[1]", second).runtime.shims

    assert [shim.handler for shim in shims] == ["wasmtime", "wasmtime-fast"]


def test_a_secret_file_is_for_its_owner_only_by_default() -> None:
    assert accepted("files[0].mode", None).files[0].effective_mode == "0644"
    secret = accepted("files[0]", {"path": "/etc/key", "secretContent": "s"}).files[0]
    assert secret.effective_mode == "0600"


def test_root_needs_no_sudo_unless_it_is_asked_for() -> None:
    assert not accepted("ssh.user", "root").nodes[0].ssh.uses_sudo
    raw = changed("ssh.user", "root")
    raw["ssh"]["sudo"] = True
    assert parse(raw, where=WHERE).nodes[0].ssh.uses_sudo


def test_a_program_is_for_an_engine_that_the_nodes_have() -> None:
    accepted("files[0].precompiledFor", {"version": "45.0.1"})
    raw = changed("files[0].precompiledFor", {"version": "45.0.1"})
    del raw["runtime"]["engines"]
    with pytest.raises(SettingsError, match=r"which no node has; add it to runtime\.engines"):
        parse(raw, where=WHERE)
