"""A stack that violates policies is refused in its preview; the shipped ones are not."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

import toolchain
from lab.builds.inventory import build_all
from lab.builds.lock import write_lock
from tests.engine.program.project import CHECKOUT, Project
from tests.engine.review.conftest import CANARY, POLICIES, summarized

PACK = ["--policy-pack", str(POLICIES)]
VIOLATED = {
    ("container-limits", "mandatory", "Deployment greedy"),
    ("host-network", "mandatory", "Deployment greedy"),
    ("locked-artifacts", "mandatory", "Pretended edge-9"),
    ("no-plaintext-secrets", "mandatory", "Deployment greedy"),
    ("no-plaintext-secrets", "mandatory", "NodeFiles edge-1"),
    ("no-plaintext-secrets", "mandatory", "Secret open"),
    ("no-serious-advisories", "mandatory", "ContainerRuntime edge-1"),
    ("no-other-advisories", "advisory", "ContainerRuntime edge-1"),
    ("pinned-images", "advisory", "Deployment greedy"),
    ("scheduled-runtime-classes", "mandatory", "RuntimeClass anywhere"),
}


def set_config(project: Project, **values: Any) -> None:
    project.config |= values
    project.write()


def found(summary: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (each["policy"], each["level"], resource)
        for each in summary["policies"]
        for resource in each["resources"]
    }


def test_every_policy_refuses_what_breaks_it_with_reason_and_mend(team: Project) -> None:
    set_config(team, breaks="true")
    shown = team.pulumi("preview", *PACK, status=None)
    assert shown.status != 0
    assert "[mandatory]  host-network" in shown.output
    for sentence in (
        "spec.template.spec.hostNetwork: the pod shares the machine's network",
        "mend: take hostNetwork away, or make it a part of shimyard:index:IoTGateway",
        "container app, resources.limits.memory: is not set",
        "container app, env DB_PASSWORD: has a secret's name and a plain value",
        "files, /etc/edge/site.yaml: assigns a secret in plain text",
        "stringData.password: is a plain text in the state",
        "scheduling.nodeSelector: is empty, so pods of handler spin",
        "handler.shimyard.dev/spin",
        "wasmtime 45.0.1: has 2 known advisories",
        "RUSTSEC-2026-0269 (high, wasmtime 45.0.1)",
        "artifacts.runc: is 0000",
    ):
        assert sentence in shown.output, sentence
    assert CANARY not in shown.output
    assert "plain-and-open" not in shown.output.partition("Policies:")[2]


def test_the_summary_has_every_violation_and_its_own_exit_code(team: Project) -> None:
    set_config(team, breaks="true")
    summary = summarized(team, *PACK, "--format", "json")
    assert summary.code == 3, summary.errors
    assert summary.json["verdict"] == "policy violated"
    assert found(summary.json) == VIOLATED
    assert summary.json["errors"] == []


def test_a_stack_that_keeps_to_them_passes_with_its_gateway_and_its_secrets(team: Project) -> None:
    set_config(team, breaks="false")
    summary = summarized(team, *PACK, "--format", "json")
    assert summary.code == 0, summary.text + summary.errors
    assert found(summary.json) == {
        ("no-other-advisories", "advisory", "ContainerRuntime edge-1"),
    }
    assert set(summary.json["checked"]) == {policy for policy, _, _ in VIOLATED}


def test_a_stack_can_set_levels_and_settings(team: Project) -> None:
    set_config(team, breaks="true")
    settings = team.folder / "settings.json"
    settings.write_text(
        json.dumps(
            {
                "host-network": "advisory",
                "container-limits": "disabled",
                "pinned-images": {"exempt": ["registry.example.com/"]},
            }
        )
    )
    shown = team.pulumi("preview", *PACK, "--policy-pack-config", str(settings), status=None)
    assert "[advisory]  host-network" in shown.output
    assert "container-limits" not in shown.output
    assert "pinned-images" not in shown.output


def test_a_pack_that_does_not_start_fails_the_preview(team: Project) -> None:
    set_config(team, breaks="false")
    pack = team.folder / "pack"
    pack.mkdir()
    described = (POLICIES / "PulumiPolicy.yaml").read_text()
    (pack / "PulumiPolicy.yaml").write_text(described.replace("..", str(CHECKOUT)))
    (pack / "__main__.py").write_text("raise ValueError('the table is broken')\n")
    summary = summarized(team, "--policy-pack", str(pack))
    assert summary.code == 1
    assert f'policy pack "{pack}" failed to start' in summary.text


@pytest.mark.parametrize("stack", ["dev", "edge-production", "lab"])
def test_the_shipped_stacks_pass(
    tools: toolchain.Toolchain, tmp_path_factory: pytest.TempPathFactory, stack: str
) -> None:
    project = Project.of_checkout(tools, tmp_path_factory.mktemp(stack))
    shutil.copy(CHECKOUT / "stacks" / f"Pulumi.{stack}.yaml", project.folder / "stacks")
    if stack == "lab":
        lock = project.folder / ".lab/artifacts.lock.json"
        lock.parent.mkdir()
        built = build_all()
        write_lock(lock, built.artifacts, "http://192.0.2.1:8080")
    summary = summarized(project, *PACK, "--state", "none", "--format", "json", stack=stack)
    assert summary.code == 0, summary.text + summary.errors
    assert not [each for each in summary.json["policies"] if each["level"] == "mandatory"]
    assert len(summary.json["checked"]) == 8
