"""Between Pulumi's SDK for policies and the rules, which are plain functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi_policy.policy as sdk
from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from policies.subject import Rule, Subject
from policies.values import decoded


def keep_secrets_and_unknowns() -> None:
    """Let the SDK hand over which values are secret or unknown.

    By itself it opens every secret, so that nobody could say whether a password is one, and it
    ends a policy at the first unknown value. Raises RuntimeError for an SDK that works otherwise.
    """
    replaced: dict[str, Callable[[Any], Any]] = {
        "deserialize_properties": decoded,
        "unknown_checking_proxy": lambda properties: properties,
    }
    namespace = vars(sdk)
    for name, function in replaced.items():
        if name not in namespace:
            raise RuntimeError(
                f"pulumi_policy.policy has no {name} any more: take the version that "
                "requirements.txt names"
            )
        namespace[name] = function


def resource_policy(
    name: str,
    description: str,
    rule: Rule,
    level: EnforcementLevel,
    properties: dict[str, dict[str, Any]],
) -> ResourceValidationPolicy:
    """``rule`` as a policy. ``properties``: JSON schemas of its settings, with their defaults."""
    defaults = {key: schema["default"] for key, schema in properties.items()}

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        subject = Subject(args.urn, args.resource_type, args.name, args.props)
        for violation in rule(subject, {**defaults, **args.get_config()}):
            report(str(violation), None)

    schema = PolicyConfigSchema(properties=properties) if properties else None
    return ResourceValidationPolicy(name, description, validate, level, schema)
