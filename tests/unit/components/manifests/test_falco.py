"""The rules for Falco are ones that it would load, and say what the stack says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.manifests.falco import falco_files
from shimyard.settings import StackSettings
from tests.unit.components.manifests.falco_rules import RefusedError, load
from tests.unit.settings.workloads.apps import accepted, refusal


def text(stack: StackSettings) -> str:
    """The rules of the stack's machines."""
    (file,) = falco_files(stack)
    assert file.content is not None
    return file.content


def lists(of: str) -> dict[str, list[Any]]:
    return {each["list"]: each["items"] for each in yaml.safe_load(of) if "list" in each}


def test_by_default_memory_over_100_mb_and_what_leaves_the_cluster_is_told() -> None:
    stack = accepted(security={"falco": {}})
    (file,) = falco_files(stack)
    assert file.path == "/etc/falco/rules.d/shimyard-wasm.yaml"
    rules = load(text(stack))
    assert {name: rule["priority"] for name, rule in rules.items()} == {
        "Wasm guest uses much memory": "WARNING",
        "Wasm guest connects to an unexpected network": "WARNING",
        "Wasm shim starts a shell": "CRITICAL",
    }
    assert "proc.vmrss > 97656" in rules["Wasm guest uses much memory"]["condition"]
    assert lists(text(stack))["shimyard_wasm_networks"] == [
        "127.0.0.0/8", "10.42.0.0/16", "10.43.0.0/16"
    ]  # fmt: skip
    assert lists(text(stack))["shimyard_wasm_shell_images"] == []


def test_guests_are_known_by_the_shims_of_the_stack() -> None:
    macros = {
        each["macro"]: each["condition"]
        for each in yaml.safe_load(text(accepted(security={"falco": {}})))
        if "macro" in each
    }
    for macro, field in (
        ("shimyard_wasm_guest", "proc.exepath"),
        ("shimyard_child_of_a_wasm_shim", "proc.pexepath"),
    ):
        assert f'{field} endswith "/containerd-shim-wasmtime-v1"' in macros[macro]
        assert f'{field} endswith "/containerd-shim-spin-v2"' in macros[macro]
        assert "wasmer" not in macros[macro]


def test_what_the_stack_says_is_in_the_rules() -> None:
    falco = {
        "path": "/opt/falco/wasm.yaml",
        "memory": "64Mi",
        "networks": ["192.0.2.0/24", "2001:db8::/32"],
        "shellImages": ["registry.lab:5000/shop/camera"],
    }
    stack = accepted(security={"falco": falco})
    (file,) = falco_files(stack)
    assert file.path == "/opt/falco/wasm.yaml"
    assert "proc.vmrss > 65536" in load(text(stack))["Wasm guest uses much memory"]["condition"]
    assert lists(text(stack))["shimyard_wasm_networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert lists(text(stack))["shimyard_wasm_shell_images"] == ["registry.lab:5000/shop/camera"]


def test_a_stack_that_does_not_ask_gets_none() -> None:
    assert falco_files(accepted()) == []


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"security": {"falco": {"networks": ["10.0.0.1/8"]}}}, "networks[0]"),
        ({"security": {"falco": {"shellImages": ["a, b) or x"]}}}, "is no repository"),
        ({"security": {"falco": {"shellImages": ["registry.lab/a:1"]}}}, "is no repository"),
        ({"security": {"falco": {"path": "rules.yaml"}}}, "security.falco.path"),
        (
            {
                "security": {"falco": {"path": "/etc/rules.yaml"}},
                "files": [{"path": "/etc/rules.yaml", "content": "x"}],
            },
            "files[0].path: /etc/rules.yaml is written for security.falco",
        ),
    ],
)
def test_what_would_not_work_is_refused(sections: dict[str, Any], told: str) -> None:
    assert told in str(refusal(**sections))


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("- rule: Wasm shim", "- rle: Wasm shim", "is no list, macro or rule"),
        ("priority: CRITICAL", "priority: BAD", "BAD is no priority"),
        ("proc.vmrss >", "proc.rss >", "'proc.rss' is neither a field nor a macro"),
        ("fd.type in (ipv4, ipv6)", "fd.type in (ipv4 ipv6)", "no comma behind ipv4"),
        ("evt.type in (execve, execveat) and", "user.uid = 0 and", "without evt.type"),
        ("%proc.cmdline", "%proc.command", "unknown field proc.command"),
        ("shimyard_child_of_a_wasm_shim and", "shimyard_child and", "'shimyard_child' is neither"),
        ("(execve, execveat)", "(execve, exec)", "unknown events {'exec'}"),
        ("container.id != host and\n    (", "container.id != host and\n    ((", "is not closed"),
        ("source: syscall", "sauce: syscall", "unknown keys {'sauce'}"),
    ],
)
def test_the_check_itself_finds_what_falco_would_refuse(before: str, after: str, told: str) -> None:
    good = text(accepted(security={"falco": {}}))
    assert before in good
    with pytest.raises(RefusedError) as refused:
        load(good.replace(before, after))
    assert told in str(refused.value)
