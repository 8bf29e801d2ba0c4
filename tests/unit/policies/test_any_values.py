"""No rule falls over a resource, whatever a program has put into it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.rules.advisories import engine_advisories
from policies.rules.artifacts import locked_artifacts
from policies.rules.host_network import host_network
from policies.rules.images import pinned_images
from policies.rules.limits import limits
from policies.rules.plaintext_secrets import plaintext_secrets
from policies.rules.runtime_classes import scheduled_runtime_class
from policies.subject import Rule
from policies.values import UNKNOWN, Secret, decoded
from tests.unit.policies.subjects import subject

RULES: list[Rule] = [
    *(engine_advisories(serious=True), engine_advisories(serious=False), locked_artifacts),
    *(host_network, pinned_images, limits, plaintext_secrets, scheduled_runtime_class),
]
CONFIG: dict[str, Any] = {
    "accepted": [],
    "allowed": [],
    "components": [],
    "exempt": [],
    "resources": ["memory"],
}
TYPES = [
    *(
        "shimyard-edge:node:ContainerRuntime",
        "shimyard-edge:node:NodeFiles",
        "kubernetes:core/v1:Pod",
    ),
    *("kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Secret", "kubernetes:core/v1:ConfigMap"),
    *("kubernetes:node.k8s.io/v1:RuntimeClass", "kubernetes:core.spinkube.dev/v1alpha1:SpinApp"),
]
KEYS = [
    *("spec", "template", "containers", "name", "env", "value", "image", "resources", "limits"),
    *("files", "path", "content", "url", "sha256", "artifacts", "runc", "version", "node", "arch"),
    *("sources", "lockFiles", "data", "stringData", "scheduling", "nodeSelector", "runtime"),
    *("shims", "sandboxImage", "canaryImage", "volumes", "reference", "wasmtime", "password"),
]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([UNKNOWN, "1.3.4", "x"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
        | inner.map(Secret)
    ),
    max_leaves=20,
)


@pytest.mark.parametrize("type_", TYPES)
@given(inputs=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_any_inputs_are_judged_or_passed_over(type_: str, inputs: dict[str, Any]) -> None:
    for rule in RULES:
        for violation in rule(subject(type_, inputs), CONFIG):
            assert str(violation)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_values_of_the_protocol_are_decoded(value: Any) -> None:
    assert decoded(value) == value
