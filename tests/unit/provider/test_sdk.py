"""What the provider imports, and the marks of the protocol that it knows by itself."""

from __future__ import annotations

import subprocess
import sys

from pulumi.runtime import rpc

from shimyard.provider.values import UNKNOWN, Secret, decode, encode

_PROGRAM = "import sys; import shimyard.provider.__main__; print(*sorted(sys.modules))"


def test_the_provider_starts_without_what_only_some_of_its_work_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert "pulumi.runtime.proto.provider_pb2" in loaded
    assert not loaded & {"pulumi.resource", "pulumi.automation", "paramiko", "fabric", "jinja2"}


def test_the_marks_of_secrets_and_unknowns_are_the_sdks() -> None:
    fields = encode({"password": Secret("x"), "address": UNKNOWN}).fields
    marked = fields["password"].struct_value.fields
    assert marked[rpc._special_sig_key].string_value == rpc._special_secret_sig
    assert fields["address"].string_value == rpc.UNKNOWN


def test_an_output_of_the_sdk_is_read_as_its_value() -> None:
    struct = encode({"token": {rpc._special_sig_key: rpc._special_output_value_sig, "value": "y"}})
    assert decode(struct) == {"token": "y"}
