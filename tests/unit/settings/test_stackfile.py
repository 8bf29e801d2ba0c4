"""Stack files without Pulumi: encrypted values, other namespaces, mistakes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from shimyard.errors import ShimyardError
from shimyard.settings import SettingsError
from shimyard.settings.stackfile import read_stack_file
from tests.unit.settings.stacks import VALID


def stack_file(folder: Path, **changes: Any) -> Path:
    config = {f"shimyard:{section}": value for section, value in copy.deepcopy(VALID).items()}
    path = folder / "Pulumi.x.yaml"
    path.write_text(yaml.safe_dump({"config": {**config, **changes}, "encryptionsalt": "v1:x"}))
    return path


def test_a_stack_file_is_read_like_pulumi_would(tmp_path: Path) -> None:
    settings = read_stack_file(stack_file(tmp_path, **{"kubernetes:context": "x"}))

    assert [node.name for node in settings.nodes] == ["edge-1", "edge-2"]


def test_an_encrypted_value_is_accepted_where_a_secret_belongs(tmp_path: Path) -> None:
    ssh = {**VALID["ssh"], "passphrase": {"secure": "v1:abc=="}}

    settings = read_stack_file(stack_file(tmp_path, **{"shimyard:ssh": ssh}))

    assert settings.nodes[0].ssh.passphrase is not None


def test_an_encrypted_value_where_no_secret_belongs_is_named(tmp_path: Path) -> None:
    nodes = copy.deepcopy(VALID["nodes"])
    nodes[0]["address"] = {"secure": "v1:abc=="}

    with pytest.raises(SettingsError) as caught:
        read_stack_file(stack_file(tmp_path, **{"shimyard:nodes": nodes}))

    assert caught.value.fields == ["nodes[0].address"]
    assert "is encrypted, but this field holds no secret" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("", "config: is missing; add it"),
        ("- a\n", "config: is missing; add it"),
        ("encryptionsalt: v1\n", "config: is missing; add it"),
        ("config: []\n", "config: is missing; add it"),
        ("nodes: []\nconfig: {}\n", "nodes: is no part of a stack file; settings go below"),
        ("config: {'shimyard:nodes': [}\n", "line 1"),
        ("config: {}\n", "nodes: is missing; add it"),
    ],
)
def test_a_file_that_is_no_stack_file_gets_a_clear_message(
    tmp_path: Path, text: str, fact: str
) -> None:
    path = tmp_path / "Pulumi.x.yaml"
    path.write_text(text)

    with pytest.raises(ShimyardError) as caught:
        read_stack_file(path)

    assert fact in str(caught.value)
    assert str(path) in str(caught.value)
