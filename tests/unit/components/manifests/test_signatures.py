"""What policy-controller is told, beside the objects that were agreed to."""

from __future__ import annotations

from typing import Any

import pytest

from components.manifests.signatures import controller_values
from shimyard.settings.security import SignedImagesSettings
from tests.unit.settings.security.signed import BY_KEY, BY_WORKFLOW, CERTIFICATE, by


def values(*authorities: dict[str, Any], **fields: Any) -> dict[str, Any]:
    section = by(*authorities, **fields)["signedImages"]
    return controller_values(SignedImagesSettings.model_validate(section))


def test_a_controller_that_is_down_or_knows_no_policy_lets_nothing_in() -> None:
    webhook = values(BY_KEY)["webhook"]
    assert webhook["failurePolicy"] == "Fail"
    assert webhook["configData"] == {"no-match-policy": "deny"}


@pytest.mark.parametrize(("authority", "fetches"), [(BY_KEY, False), (BY_WORKFLOW, True)])
def test_the_public_sigstores_keys_are_fetched_where_they_are_needed_only(
    authority: dict[str, Any], fetches: bool
) -> None:
    """Without a way out, the controller would end at its start."""
    off = values(authority)["webhook"].get("extraArgs", {}).get("disable-tuf") == "true"
    assert off is not fetches


def test_an_operators_values_come_beside_shimyards_own() -> None:
    given = {"webhook": {"image": {"version": "sha256:1"}}, "commonTolerations": []}
    made = values(BY_KEY, values=given, registryCa=CERTIFICATE)
    assert made["commonTolerations"] == []
    assert made["webhook"]["image"] == {"version": "sha256:1"}
    assert made["webhook"]["replicaCount"] == 2
    assert made["webhook"]["registryCaBundle"]["name"] == "shimyard-registry-ca"
