"""The schema and the reference page say what the models say."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from shimyard.settings.reference import reference_text
from shimyard.settings.schema import schema_text, stack_file_schema
from tests.unit.settings.stacks import VALID

ROOT = Path(__file__).parents[3]
STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))


def config(**changes: Any) -> dict[str, Any]:
    sections = {f"shimyard:{name}": part for name, part in copy.deepcopy(VALID).items()}
    return {"config": {**sections, **changes}}


def is_valid(document: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(stack_file_schema()).is_valid(document)


def test_the_committed_schema_is_current() -> None:
    committed = (ROOT / "stacks" / "schema.json").read_text(encoding="utf-8")

    assert committed == schema_text(), "run: python -m shimyard.settings schema"


def test_the_committed_reference_page_is_current() -> None:
    committed = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")

    assert committed == reference_text(), "run: python -m shimyard.settings docs"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(stack_file_schema())


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_an_editor_finds_no_fault_in_a_shipped_stack(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))

    jsonschema.validate(document, stack_file_schema())


def test_an_editor_underlines_what_the_check_refuses() -> None:
    assert is_valid(config())
    assert not is_valid(config(**{"shimyard:node": []}))
    assert not is_valid(config(**{"shimyard:ssh": {"usr": "x"}}))
    assert not is_valid(config(**{"shimyard:ssh": {"port": 0}}))
    assert not is_valid(config(**{"shimyard:nodes": [{"name": "Bad Name", "address": "a"}]}))
    assert not is_valid({**config(), "nodes": []})


def test_an_editor_accepts_other_namespaces_and_encrypted_secrets() -> None:
    encrypted = {"identityFile": "k", "passphrase": {"secure": "v1:abc"}}

    assert is_valid(config(**{"kubernetes:context": "x", "shimyard:ssh": encrypted}))
    assert not is_valid(config(**{"shimyard:ssh": {"user": {"secure": "v1:abc"}}}))


def test_every_field_of_the_reference_page_has_a_meaning() -> None:
    rows = [line for line in reference_text().splitlines() if line.startswith("| `")]

    assert len(rows) > 50
    assert [row for row in rows if row.rstrip().endswith("|  |")] == []
