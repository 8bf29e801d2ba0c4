"""One API server for all tests of this folder; a namespace and a Pulumi program a test.

`SHIMYARD_KUBERNETES_PLUGIN` is the plugin that the suite is about, a path to a program named
`pulumi-resource-kubernetes`; default: the toolchain's choice. So the vendor's can be asked, too.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import toolchain
from lab.k3s.recipes import k3s_recipes
from tests.engine.kubernetes.apiserver import Kubectl, api_server
from tests.engine.kubernetes.programs import Program
from toolchain import KubernetesPlugin, Toolchain


@pytest.fixture(scope="session")
def plugin() -> KubernetesPlugin:
    """The plugin that the suite is about."""
    given = os.environ.get("SHIMYARD_KUBERNETES_PLUGIN")
    if given:
        return KubernetesPlugin(Path(given).resolve(), "given", "download")
    return toolchain.ensure_kubernetes()


@pytest.fixture(scope="session")
def tools(plugin: KubernetesPlugin) -> Toolchain:
    """The CLI that was built from source, with the plugin on its PATH."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHIMYARD_TOOLCHAIN", "build")
        return toolchain.ensure().with_kubernetes(plugin)


@pytest.fixture(scope="session")
def k3s() -> Path:
    """The lab's K3s-compatible program, from the cache if it has it."""
    given = os.environ.get("SHIMYARD_K3S")
    if given:
        return Path(given)
    return k3s_recipes("amd64")[0].build().path


@pytest.fixture(scope="session")
def kubectl(k3s: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """The API server, and kubectl for it."""
    with api_server(k3s, tmp_path_factory.mktemp("k3s")) as found:
        yield found


@pytest.fixture(scope="session")
def new_program(
    tools: Toolchain, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Program]]:
    """Makes a Pulumi program in a project and a namespace of its own, nothing in it yet."""
    namespaces: list[str] = []

    def make() -> Program:
        name = f"trial-{uuid.uuid4().hex[:6]}"
        kubectl.run("create", "namespace", name)
        namespaces.append(name)
        return Program.new(tools, kubectl, name, tmp_path_factory.mktemp("program"))

    yield make
    kubectl.run("delete", "namespace", "--wait=false", "--ignore-not-found", *namespaces)


@pytest.fixture
def program(new_program: Callable[[], Program]) -> Program:
    """A program for one test. Modules whose tests look at one run make theirs of their own."""
    return new_program()
