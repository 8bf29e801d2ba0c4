"""The pack as the engine sees it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pulumi_policy.policy as sdk
import pytest
import yaml
from pulumi_policy import EnforcementLevel

from policies import sdk as ours
from policies.pack import policies
from policies.sdk import keep_secrets_and_unknowns

CHECKOUT = Path(__file__).resolve().parents[3]
STACKS = sorted((CHECKOUT / "policies/stacks").glob("*.json"))
LEVELS = {
    "locked-artifacts": "mandatory",
    "pinned-images": "advisory",
    "scheduled-runtime-classes": "mandatory",
    "container-limits": "mandatory",
    "host-network": "mandatory",
    "no-plaintext-secrets": "mandatory",
    "no-serious-advisories": "mandatory",
    "no-other-advisories": "advisory",
}


def level(policy: Any) -> str:
    chosen = policy.enforcement_level
    assert isinstance(chosen, EnforcementLevel)
    return str(chosen.value)


def test_the_strictness_of_each_policy_is_as_documented() -> None:
    assert {policy.name: level(policy) for policy in policies()} == LEVELS
    page = (CHECKOUT / "docs/how-to/policies.md").read_text()
    for name, strictness in LEVELS.items():
        assert f"| `{name}` | {strictness} |" in page


def test_every_setting_has_a_default_that_fits_its_schema() -> None:
    for policy in policies():
        for schema in (policy.config_schema.properties if policy.config_schema else {}).values():
            jsonschema.validate(schema["default"], schema)


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_the_settings_of_a_shipped_stack_fit(path: Path) -> None:
    known = {policy.name: policy for policy in policies()}
    assert (CHECKOUT / "stacks" / f"Pulumi.{path.stem}.yaml").is_file()
    for name, given in json.loads(path.read_text()).items():
        schema = known[name].config_schema
        assert schema is not None
        for key, value in given.items():
            jsonschema.validate(value, schema.properties[key])
        for accepted in given.get("accepted", []):
            assert date.fromisoformat(accepted["until"])


def test_the_pack_runs_in_the_checkouts_python() -> None:
    described = yaml.safe_load((CHECKOUT / "policies/PulumiPolicy.yaml").read_text())
    assert described["runtime"] == {"name": "python", "options": {"virtualenv": "../.venv"}}


def test_the_sdk_still_has_the_places_where_secrets_are_kept() -> None:
    for name in ("deserialize_properties", "unknown_checking_proxy"):
        assert callable(vars(sdk)[name])


def test_an_sdk_that_works_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Another:
        pass

    monkeypatch.setattr(ours, "sdk", Another())
    with pytest.raises(RuntimeError, match="has no deserialize_properties any more"):
        keep_secrets_and_unknowns()
