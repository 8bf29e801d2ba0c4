"""The codec of the protocol's values, and what differs between two of them."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from shimyard.provider.values import (
    SECRET_NAMES,
    UNKNOWN,
    Secret,
    decode,
    differences,
    encode,
    secrets_in,
)
from shimyard.settings import StackSettings


def test_whole_numbers_arrive_as_whole_numbers() -> None:
    arrived = decode(encode({"port": 22, "ratio": 0.5, "big": 2.0}))
    assert [type(value) for value in arrived.values()] == [int, int, float]


def test_properties_arrive_sorted_so_that_rendered_files_are_the_same_in_each_process() -> None:
    message = struct_pb2.Struct()
    for key in ("zebra", "ant", "middle", "b", "a"):
        message.fields[key].struct_value.fields["y"].null_value = struct_pb2.NULL_VALUE
        message.fields[key].struct_value.fields["x"].null_value = struct_pb2.NULL_VALUE
    arrived = decode(message)
    assert list(arrived) == ["a", "ant", "b", "middle", "zebra"]
    assert list(arrived["ant"]) == ["x", "y"]


def test_an_output_value_of_the_engine_is_read() -> None:
    def output(**fields: Any) -> dict[str, Any]:
        return {rpc._special_sig_key: rpc._special_output_value_sig, **fields}

    arrived = decode(
        encode({"known": output(value=1), "secret": output(value=1, secret=True), "no": output()})
    )
    assert arrived == {"known": 1, "secret": Secret(1), "no": UNKNOWN}


def test_an_asset_is_refused_in_words() -> None:
    asset = {rpc._special_sig_key: rpc._special_asset_sig, "text": "x"}
    with pytest.raises(TypeError, match="assets, archives"):
        decode(encode({"file": asset}))


def test_what_pulumi_has_no_value_for_is_refused() -> None:
    with pytest.raises(TypeError, match="no value for bytes"):
        encode({"content": b"x"})


def test_a_secret_shows_nothing_of_itself() -> None:
    assert "hush" not in repr({"password": Secret("hush")})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 2}, [("a", "update")]),
        ({"a": 1}, {}, [("a", "delete")]),
        ({}, {"a": 1}, [("a", "add")]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [("a.b[1]", "update")]),
        ({"a": [1]}, {"a": [1, 2]}, [("a[1]", "add")]),
        ({"a": [1, 2]}, {"a": [1]}, [("a[1]", "delete")]),
        ({"a": {"b": 1}}, {"a": 1}, [("a", "update")]),
        (
            {"f": {"/etc/x.toml": "1"}},
            {"f": {"/etc/x.toml": "2"}},
            [('f["/etc/x.toml"]', "update")],
        ),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, [("a", "update")]),
    ],
)
def test_each_leaf_that_differs_is_named_by_its_path(
    old: Any, new: Any, expected: list[tuple[str, str]]
) -> None:
    assert list(differences(old, new)) == expected


# They go to the API server by the Kubernetes provider, marked as secrets, and to no machine.
OF_THE_CLUSTER = {"key", "secrets", "text"}


def test_secrets_are_found_by_their_mark_and_by_their_name() -> None:
    inputs = {
        "node": {"name": "edge-1", "ssh": {"passphrase": "p", "identityFile": "key"}},
        "files": [{"path": "/x", "secretContent": Secret("c")}, {"path": "/y", "content": "plain"}],
        "rendered": {"/hosts.toml": Secret({"a": ["t", 1]})},
    }
    assert secrets_in(inputs) == {"p", "c", "t"}


def test_every_field_that_is_a_secret_in_a_stack_file_is_known_by_its_name() -> None:
    def names(schema: Any) -> set[str]:
        if isinstance(schema, list):
            return set().union(*(names(each) for each in schema))
        if not isinstance(schema, dict):
            return set()
        found = set().union(*(names(each) for each in schema.values()))
        for name, field in schema.get("properties", {}).items():
            if "'format': 'password'" in str(field):
                found.add(name)
        return found

    found = names(StackSettings.model_json_schema(by_alias=True))
    assert found - OF_THE_CLUSTER == SECRET_NAMES
