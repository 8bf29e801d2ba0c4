"""A RuntimeClass without a node selector strands its pods."""

from __future__ import annotations

from typing import Any

import pytest

from policies.rules.runtime_classes import scheduled_runtime_class
from policies.values import UNKNOWN
from tests.unit.policies.subjects import subject

KIND = "kubernetes:node.k8s.io/v1:RuntimeClass"


@pytest.mark.parametrize("scheduling", [None, {}, {"nodeSelector": {}}, {"tolerations": []}])
def test_a_class_for_any_machine_is_refused_with_the_label_to_select(scheduling: Any) -> None:
    made = subject(KIND, {"handler": "spin", "scheduling": scheduling})
    (found,) = scheduled_runtime_class(made, {})
    assert found.where == "scheduling.nodeSelector"
    assert "handler spin" in found.reason
    assert "handler.shimyard.dev/spin" in found.mend


@pytest.mark.parametrize(
    "scheduling", [{"nodeSelector": {"a": "b"}}, {"nodeSelector": UNKNOWN}, UNKNOWN]
)
def test_a_class_with_a_selector_passes(scheduling: Any) -> None:
    made = subject(KIND, {"handler": "spin", "scheduling": scheduling})
    assert not list(scheduled_runtime_class(made, {}))


def test_other_objects_are_left_alone() -> None:
    assert not list(scheduled_runtime_class(subject("kubernetes:core/v1:Pod", {}), {}))
