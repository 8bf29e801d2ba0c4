"""A lab with all that a cluster needs, and the checkout's program for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import toolchain
from lab.builds.distribution import distribution_recipe
from lab.builds.inventory import BuiltArtifacts, build_all, recipes
from lab.images.publish import push_all, push_native, push_pause
from lab.instance import Lab
from lab.k3s.recipes import k3s_recipes
from lab.mirror.service import start_mirror
from lab.registry import start_registry
from lab.workloads import build
from lab.workloads.native_recipe import greeter_native
from lab.workloads.pause_recipe import pause
from tests.engine.cluster.stack import cluster_stack
from tests.engine.program.project import Project
from tests.lab.conftest import Place, place, slot
from toolchain import Toolchain

__all__ = ["place", "slot"]


@pytest.fixture(scope="session")
def tools() -> Toolchain:
    """The CLI that was built from source, and the Kubernetes provider of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIMYARD_TOOLCHAIN", "build")
        return toolchain.ensure().with_kubernetes(toolchain.ensure_kubernetes())


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest) -> BuiltArtifacts:
    """The artifacts of the nodes, from the cache if it has them.

    K3s in two minor versions, or in as many as the module's ``K3S_VERSIONS``.
    """
    k3s = k3s_recipes("amd64")[: getattr(request.module, "K3S_VERSIONS", None)]
    names = {"containerd", "runc", "cni-plugins", "containerd-shim-wasmtime"}
    machines = [each for each in recipes() if each.name in names]
    return build_all(wanted=[*machines, *k3s])


@pytest.fixture(scope="module")
def lab(
    request: pytest.FixtureRequest, place: Callable[[int], Place], built: BuiltArtifacts
) -> Iterator[Lab]:
    """Fresh nodes for each module, three or its ``MACHINES``, a mirror and a registry."""
    with place(6).lab(getattr(request.module, "MACHINES", 3)) as found:
        start_mirror(found.settings, built)
        registry = start_registry(found.settings, distribution_recipe("amd64").build().path)
        push_pause(registry, pause("amd64"), "amd64")
        push_native(registry, greeter_native("amd64"), "amd64")
        push_all(registry, build())
        yield found


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """The checkout's program with a server and two agents; nothing is applied yet."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("cluster"))
    made.config = cluster_stack(lab, built, ["edge-1", "edge-2", "edge-3"], servers=["edge-1"])
    made.write()
    return made
