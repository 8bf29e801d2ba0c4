"""What the provider imports, and the marks of the protocol that it knows by itself."""

from __future__ import annotations

import subprocess
import sys

from pulumi.runtime import rpc

from shimyard.provider.values import UNKNOWN, Secret, decode, encode

_PROGRAM = "import sys; import shimyard.provider.__main__; print(*sorted(sys.modules))"
_RENDERS = """
import sys
import shimyard.provider.__main__
from shimyard.rendering import render_toml, render_yaml

before = set(sys.modules)
render_toml("containerd/config.toml.j2", {"version": 3})
render_yaml("k3s/config.yaml.j2", {"node-name": "edge-1"})
print(*sorted(set(sys.modules) - before))
"""


def modules_told_by(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(done.stdout.split())


def test_the_provider_starts_without_what_only_some_of_its_work_needs() -> None:
    loaded = modules_told_by(_PROGRAM)
    assert "pulumi.runtime.proto.provider_pb2" in loaded
    assert not loaded & {"pulumi.resource", "pulumi.automation", "paramiko", "fabric"}


def test_to_render_in_one_thread_imports_nothing_beside_a_connection_in_another() -> None:
    # PyYAML and the YAML in Invoke import each other's parts: at a bad moment both threads failed,
    # one with importlib's _DeadlockError, the other with KeyError.
    assert modules_told_by(_RENDERS) == set()


def test_the_marks_of_secrets_and_unknowns_are_the_sdks() -> None:
    fields = encode({"password": Secret("x"), "address": UNKNOWN}).fields
    marked = fields["password"].struct_value.fields
    assert marked[rpc._special_sig_key].string_value == rpc._special_secret_sig
    assert fields["address"].string_value == rpc.UNKNOWN


def test_an_output_of_the_sdk_is_read_as_its_value() -> None:
    struct = encode({"token": {rpc._special_sig_key: rpc._special_output_value_sig, "value": "y"}})
    assert decode(struct) == {"token": "y"}
