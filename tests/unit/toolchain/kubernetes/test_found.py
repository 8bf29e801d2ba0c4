"""The vendor's plugin that is there already, and what is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.toolchain.stand_ins import write_program
from toolchain.errors import PluginNotFoundError
from toolchain.kubernetes.found import from_machine
from toolchain.kubernetes.lock import KubernetesLock
from toolchain.kubernetes.plugin import PROGRAM


def test_a_plugin_on_path_is_used_and_needs_no_place_on_path(
    tmp_path: Path, lock: KubernetesLock
) -> None:
    write_program(tmp_path / "vendor" / PROGRAM, "")
    found = from_machine(lock, str(tmp_path / "vendor"))
    assert (found.program, found.origin) == (tmp_path / "vendor" / PROGRAM, "path")
    assert found.folder_for_path is None
    assert not found.is_stand_in


@pytest.mark.usefixtures("bare")
def test_a_plugin_that_pulumi_has_installed_is_used(
    pulumi_home: Path, lock: KubernetesLock
) -> None:
    program = pulumi_home / "plugins" / "resource-kubernetes-v4.34.2" / PROGRAM
    write_program(program, "")
    found = from_machine(lock)
    assert (found.program, found.origin) == (program, "pulumi")
    assert found.folder_for_path is None


@pytest.mark.usefixtures("bare")
def test_another_version_in_pulumis_cache_is_none_that_the_engine_would_take(
    pulumi_home: Path, lock: KubernetesLock
) -> None:
    write_program(pulumi_home / "plugins" / "resource-kubernetes-v4.33.0" / PROGRAM, "")
    with pytest.raises(PluginNotFoundError, match=r"plugin install resource kubernetes v4\.34\.2"):
        from_machine(lock)


def test_our_own_build_on_path_is_not_taken_for_the_vendors(
    cache: Path, lock: KubernetesLock
) -> None:
    folder = cache / "outputs" / "kubernetes-plugin" / "bin"
    write_program(folder / PROGRAM, "")
    with pytest.raises(PluginNotFoundError):
        from_machine(lock, str(folder))
