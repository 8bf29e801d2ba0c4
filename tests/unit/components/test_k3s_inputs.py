"""What a server and an agent get as inputs."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import rpc

from components.inputs import inputs
from components.k3s_inputs import k3s_inputs
from shimyard.settings import NodeSettings
from shimyard.settings.k3s import K3sSettings
from shimyard.settings.membership import MembershipSettings

LOGIN = {"user": "edge", "agent": True}


def node(**changes: Any) -> NodeSettings:
    return NodeSettings.model_validate(
        {"name": "a", "address": "192.0.2.1", "ssh": LOGIN, **changes}
    )


def given(**changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "node": node(),
        "k3s": K3sSettings(version="1.36.3+k3s1"),
        "token": "secret",
        "joins": None,
        "membership": None,
        "sources": None,
        "runtime": None,
    }
    return k3s_inputs(**{**wanted, **changes})


def test_what_is_not_said_is_left_out(loop: asyncio.Runner) -> None:
    async def made(**changes: Any) -> dict[str, Any]:
        return given(**changes)

    least = loop.run(made())
    assert least["k3s"] == {"version": "1.36.3+k3s1"}
    assert {"joins", "membership"} & set(least) == set()
    member = MembershipSettings(cluster="cluster", servers=[node()])
    more = loop.run(made(joins="192.0.2.9", membership=member))
    assert more["joins"] == "192.0.2.9"
    assert more["membership"]["cluster"] == "cluster"
    assert [server["name"] for server in more["membership"]["servers"]] == ["a"]


def test_a_token_becomes_a_pulumi_secret(loop: asyncio.Runner) -> None:
    async def known() -> tuple[bool, str | None]:
        token: pulumi.Output[str] = given()["token"]
        return await token.is_secret(), await token.future()

    assert loop.run(known()) == (True, "secret")


def test_addresses_and_networks_are_sent_as_text(loop: asyncio.Runner) -> None:
    k3s = K3sSettings.model_validate(
        {"version": "1.36.3+k3s1", "clusterCidr": "10.99.0.0/16", "serverConfig": {"a": [1, None]}}
    )
    plain = {"node": inputs(node(internalIp="172.16.0.1")), "k3s": inputs(k3s)}
    assert plain["node"]["internalIp"] == "172.16.0.1"
    assert plain["k3s"]["clusterCidr"] == "10.99.0.0/16"
    sent = json_format.MessageToDict(loop.run(rpc.serialize_properties(plain, {})))
    assert NodeSettings.model_validate(sent["node"]) == node(internalIp="172.16.0.1")
    assert K3sSettings.model_validate(sent["k3s"]) == k3s
