"""A JSON Schema of the stack file, so that an editor completes and checks it while one types."""

from __future__ import annotations

import json
from typing import Any

from shimyard.settings.load import NAMESPACE
from shimyard.settings.stack import StackSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def stack_file_schema() -> dict[str, Any]:
    """The schema of stacks/Pulumi.<env>.yaml, generated from the models."""
    model = settings_schema()
    definitions: dict[str, Any] = model["$defs"]
    for definition in definitions.values():
        _allow_encrypted(definition)
    sections = {f"{NAMESPACE}:{name}": part for name, part in model["properties"].items()}
    return {
        "$schema": DIALECT,
        "title": "Shimyard stack",
        "description": "Settings of one environment: stacks/Pulumi.<environment>.yaml.",
        "type": "object",
        "additionalProperties": False,
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "description": "Configuration by namespace.",
                "required": [f"{NAMESPACE}:{name}" for name in model["required"]],
                "properties": sections,
                # Settings of other namespaces (pulumi:..., kubernetes:...) are not ours to judge.
                "patternProperties": {f"^(?!{NAMESPACE}:)": True},
                "additionalProperties": False,
            },
            "encryptionsalt": {"type": "string", "description": "Written by Pulumi."},
            "encryptedkey": {"type": "string", "description": "Written by Pulumi."},
            "secretsprovider": {"type": "string", "description": "Written by Pulumi."},
            "environment": {"description": "Pulumi ESC environments."},
        },
        "$defs": {**definitions, "Encrypted": _ENCRYPTED},
    }


def settings_schema() -> dict[str, Any]:
    """The schema of the settings alone, as an operator writes them."""
    model = StackSettings.model_json_schema(by_alias=True, mode="validation")
    # The stack's ssh section is every node's default, so a node alone need not have one.
    model["$defs"]["NodeSettings"]["required"].remove("ssh")
    return model


def schema_text() -> str:
    """The file stacks/schema.json."""
    return json.dumps(stack_file_schema(), indent=2) + "\n"


_ENCRYPTED = {
    "type": "object",
    "description": "A value that `pulumi config set --secret` encrypted.",
    "additionalProperties": False,
    "required": ["secure"],
    "properties": {"secure": {"type": "string"}},
}


def _allow_encrypted(part: Any) -> None:
    """Let a field for secrets also hold what Pulumi writes for it into the file."""
    if isinstance(part, list):
        for item in part:
            _allow_encrypted(item)
    elif isinstance(part, dict):
        if part.get("writeOnly") and part.get("type") == "string":
            part.clear()
            part["anyOf"] = [{"type": "string"}, {"$ref": "#/$defs/Encrypted"}]
        else:
            for item in part.values():
                _allow_encrypted(item)
