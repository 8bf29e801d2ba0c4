"""The rules about what runs in a cluster, on what the program makes of the shipped stacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components import HybridApp, IoTGateway
from components.manifests.iot import on_host_network
from policies.pack import policies
from policies.rules.host_network import host_network
from policies.rules.limits import limits
from policies.rules.plaintext_secrets import plaintext_secrets
from policies.rules.runtime_classes import scheduled_runtime_class
from policies.subject import Rule, Subject
from tests.program.test_stacks import NODES, outcome, run, stack_file

CHECKOUT = Path(__file__).resolve().parents[2]
RULES: dict[str, Rule] = {
    "container-limits": limits,
    "host-network": host_network,
    "no-plaintext-secrets": plaintext_secrets,
    "scheduled-runtime-classes": scheduled_runtime_class,
}


def settings(name: str) -> dict[str, Any]:
    """The defaults of a policy."""
    (policy,) = [each for each in policies() if each.name == name]
    schema = policy.config_schema
    return {key: each["default"] for key, each in (schema.properties if schema else {}).items()}


def violations(resources: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(policy, resource, where). The mocks show a secret as a word, which is none."""
    found = []
    for each in resources:
        inputs = each["inputs"]
        if each["type"].endswith(":Secret"):
            # What the SDK has marked as a secret can't be told from a text here.
            inputs = {}
        subject = Subject(f"urn:pulumi:s::p::{each['type']}::x", each["type"], each["name"], inputs)
        for name, rule in RULES.items():
            found += [(name, each["name"], one.where) for one in rule(subject, settings(name))]
    return found


@pytest.mark.parametrize("stack", NODES)
def test_a_shipped_stack_keeps_to_them(stack: str) -> None:
    made = outcome(stack)
    assert made.error == ""
    assert violations(made.resources) == []


def test_only_a_gateway_may_use_the_machines_network() -> None:
    kind = "kubernetes:apps/v1:Deployment"
    spec = {"template": {"spec": on_host_network({"containers": []})}}
    found = {}
    for part in (IoTGateway, HybridApp):
        urn = f"urn:pulumi:s::p::shimyard:index:Platform${part.TYPE}${kind}::shop.hall"
        subject = Subject(urn, kind, "shop.hall", {"spec": spec})
        found[part.__name__] = len([*host_network(subject, settings("host-network"))])
    assert found == {"IoTGateway": 0, "HybridApp": 1}


def test_an_operators_own_fields_are_judged_too() -> None:
    config = stack_file("edge-production")
    app = config["shimyard:apps"][0]
    app["podOverride"] = {"hostNetwork": True}
    app["env"].append({"name": "UPLINK_TOKEN", "value": "0123456789abcdef"})
    files = config["shimyard:files"]
    files.append({"path": "/etc/edge/uplink.env", "content": "PASSWORD=correct-horse\n"})
    made = run("edge-production", config)
    assert made.error == ""
    found = violations(made.resources)
    assert ("host-network", "shop.price-list", "spec.template.spec.hostNetwork") in found
    named = "container price-list, env UPLINK_TOKEN"
    assert ("no-plaintext-secrets", "shop.price-list", named) in found
    nodes = {name for policy, name, where in found if where == "files, /etc/edge/uplink.env"}
    assert nodes == set(NODES["edge-production"])
    assert "correct-horse" not in json.dumps(found)
