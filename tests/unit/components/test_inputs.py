"""Settings as a resource's inputs: what is left out, what is secret, what stays null."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
from google.protobuf import json_format
from pulumi.runtime import rpc

from components import NodeFile
from components.inputs import inputs
from shimyard.settings import MirrorSettings, NodeSettings, RuntimeSettings, SshSettings


def runtime(**containerd: Any) -> RuntimeSettings:
    return RuntimeSettings.model_validate(
        {"containerd": {"version": "2.2.1", **containerd}, "runc": {"version": "1.3.4"}}
    )


def test_defaults_are_left_out_so_that_a_new_default_is_no_changed_input() -> None:
    assert inputs(runtime()) == {
        "containerd": {"version": "2.2.1"},
        "runc": {"version": "1.3.4"},
    }


def test_an_explicit_null_survives_the_sdk(loop: asyncio.Runner) -> None:
    given = {"runtime": inputs(runtime(oomScoreAdjust=None))}
    message = loop.run(rpc.serialize_properties(given, {}))
    containerd = json_format.MessageToDict(message)["runtime"]["containerd"]
    assert containerd["oomScoreAdjust"] is None


def test_names_are_those_of_a_stack_file() -> None:
    ssh = SshSettings(user="edge", identity_file="key", known_hosts_file="known")
    node = NodeSettings(name="a", address="192.0.2.1", ssh=ssh)
    assert inputs(node) == {
        "name": "a",
        "address": "192.0.2.1",
        "ssh": {"user": "edge", "identityFile": "key", "knownHostsFile": "known"},
    }


def test_a_password_becomes_a_pulumi_secret(loop: asyncio.Runner) -> None:
    mirror = MirrorSettings.model_validate(
        {"url": "https://192.0.2.1", "username": "puller", "password": "hush"}
    )

    async def known() -> tuple[bool, str | None]:
        password: pulumi.Output[str] = inputs(mirror)["password"]
        assert isinstance(password, pulumi.Output)
        return await password.is_secret(), await password.future()

    assert loop.run(known()) == (True, "hush")


def test_a_files_secret_content_becomes_a_pulumi_secret(loop: asyncio.Runner) -> None:
    async def is_secret() -> bool:
        given = NodeFile("/etc/key", secret_content="hush").inputs()
        assert set(given) == {"path", "secretContent"}
        secret: pulumi.Output[str] = given["secretContent"]
        return await secret.is_secret()

    assert loop.run(is_secret())
