"""The pack: which rule goes by which name, and how strict it is unless a stack says otherwise."""

from __future__ import annotations

from typing import Any

from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

from policies.rules.advisories import engine_advisories
from policies.rules.artifacts import locked_artifacts
from policies.rules.host_network import host_network
from policies.rules.images import pinned_images
from policies.rules.limits import limits
from policies.rules.plaintext_secrets import plaintext_secrets
from policies.rules.runtime_classes import scheduled_runtime_class
from policies.sdk import keep_secrets_and_unknowns, resource_policy

NAME = "shimyard"

_MANDATORY, _ADVISORY = EnforcementLevel.MANDATORY, EnforcementLevel.ADVISORY

_ACCEPTED: dict[str, Any] = {
    "type": "array",
    "default": [],
    "items": {
        "type": "object",
        "properties": {
            "artifact": {"type": "string"},
            "version": {"type": "string"},
            "advisories": {"type": "array", "items": {"type": "string"}},
            "reason": {"type": "string", "minLength": 1},
            "until": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        },
        "required": ["artifact", "version", "advisories", "reason", "until"],
        "additionalProperties": False,
    },
}


def _names(*default: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "default": list(default)}


def policies() -> list[ResourceValidationPolicy]:
    """Every policy of the pack."""
    return [
        resource_policy(
            "locked-artifacts",
            "Artifacts and downloaded files have a SHA-256 that is known beforehand.",
            locked_artifacts,
            _MANDATORY,
            {},
        ),
        resource_policy(
            "pinned-images",
            "Images and OCI artifacts are named with their digest.",
            pinned_images,
            _ADVISORY,
            {"exempt": _names()},
        ),
        resource_policy(
            "scheduled-runtime-classes",
            "A RuntimeClass selects the machines that have its handler.",
            scheduled_runtime_class,
            _MANDATORY,
            {},
        ),
        resource_policy(
            "container-limits",
            "Containers have limits.",
            limits,
            _MANDATORY,
            {"resources": _names("memory")},
        ),
        resource_policy(
            "host-network",
            "Only gateways use the machine's network.",
            host_network,
            _MANDATORY,
            {"components": _names("shimyard:index:IoTGateway")},
        ),
        resource_policy(
            "no-plaintext-secrets",
            "Secrets are encrypted by Pulumi.",
            plaintext_secrets,
            _MANDATORY,
            {"allowed": _names()},
        ),
        resource_policy(
            "no-serious-advisories",
            "No Wasm engine has a known advisory that is rated high or critical.",
            engine_advisories(serious=True),
            _MANDATORY,
            {"accepted": _ACCEPTED},
        ),
        resource_policy(
            "no-other-advisories",
            "No Wasm engine has a known advisory, and every shim's engine is known.",
            engine_advisories(serious=False),
            _ADVISORY,
            {"accepted": _ACCEPTED},
        ),
    ]


def start() -> None:
    """Serve the pack to the engine until it ends."""
    keep_secrets_and_unknowns()
    PolicyPack(NAME, list(policies()), _MANDATORY)
