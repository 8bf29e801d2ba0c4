"""The stack files that come with Shimyard, previewed where no network is at all."""

from __future__ import annotations

import os
import shutil

import pytest

import toolchain
from tests.engine.program.project import CHECKOUT, Project

OFFLINE = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "offline"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to take the network away")
@pytest.mark.parametrize(("name", "nodes"), [("dev", 1), ("edge-production", 5)])
def test_a_stack_file_of_shimyard_can_be_previewed_with_nothing_reachable(
    tools: toolchain.Toolchain, tmp_path_factory: pytest.TempPathFactory, name: str, nodes: int
) -> None:
    # Only a stack with a cluster asks for the Kubernetes provider.
    plugins = tools.with_kubernetes(toolchain.ensure_kubernetes())
    project = Project.of_checkout(plugins, tmp_path_factory.mktemp(name))
    shutil.copy(CHECKOUT / "stacks" / f"Pulumi.{name}.yaml", project.folder / "stacks")
    project.pulumi("stack", "init", name, "--no-select")
    shown = project.pulumi("preview", "--diff", "--stack", name, before=OFFLINE).output
    assert shown.count("+ shimyard-edge:node:ContainerRuntime: (create)") == nodes
    assert shown.count("starts containerd.service") == nodes
    assert "/etc/containerd/config.toml" in shown
