"""The order of choices for the plugin, and where PATH gets it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import write_go, write_program
from toolchain.errors import GoMissingError, NothingWorkedError, PluginNotFoundError
from toolchain.installation import Toolchain
from toolchain.kubernetes.plugin import PROGRAM, KubernetesPlugin
from toolchain.kubernetes.selection import ensure_kubernetes
from toolchain.progress import Progress
from toolchain.version import Version

BUILDS = (
    'if [ "$1" = env ]; then echo go9.9.9; exit; fi\n'
    'while [ "$1" != -o ]; do shift; done; echo built > "$2"'
)


def test_the_vendors_plugin_on_path_comes_before_a_stand_in_that_is_built(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{bare}:/usr/bin:/bin")
    write_go(bare, BUILDS)
    stream = io.StringIO()
    built = ensure_kubernetes(Progress(stream))
    assert built.is_stand_in
    assert "a stand-in" in stream.getvalue()
    write_program(bare / PROGRAM, "")
    stream = io.StringIO()
    assert ensure_kubernetes(Progress(stream)).program == bare / PROGRAM
    assert "the vendor's" in stream.getvalue()


@pytest.mark.usefixtures("bare")
def test_when_nothing_works_every_way_is_listed_with_its_reason() -> None:
    with pytest.raises(NothingWorkedError, match="working Kubernetes provider") as caught:
        ensure_kubernetes(Progress(io.StringIO()))
    assert list(caught.value.reasons) == ["download", "build"]
    assert "SHIMYARD_KUBERNETES_PLUGIN_SHA256" in str(caught.value)
    assert "no Go found" in str(caught.value)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("origin", "error"), [("path", PluginNotFoundError), ("build", GoMissingError)]
)
def test_the_only_allowed_way_raises_its_own_error(
    monkeypatch: pytest.MonkeyPatch, origin: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("SHIMYARD_TOOLCHAIN", origin)
    with pytest.raises(error):
        ensure_kubernetes(Progress(io.StringIO()))


@pytest.mark.parametrize(("origin", "added"), [("build", True), ("path", False)])
def test_the_engine_finds_on_path_what_it_does_not_find_by_itself(
    tmp_path: Path, origin: str, added: bool
) -> None:
    folder = tmp_path / "plugin" / "bin"
    pulumi = tmp_path / "bin" / "pulumi"
    tools = Toolchain(pulumi, pulumi.with_name("host"), Version(3, 300, 0), "path")
    plugin = KubernetesPlugin(folder / PROGRAM, "4.34.2", origin)
    variables = tools.with_kubernetes(plugin).env("dev", tmp_path, {"PATH": "/usr/bin"})
    found = variables["PATH"].split(os.pathsep)
    assert found[0] == str(pulumi.parent)
    assert (str(folder) in found) is added
