"""Which stacks a change is about."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest

from shimyard.preview.changed import changed_stacks, main

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two stacks, one of which names a lock and a folder."""
    stacks = tmp_path / "stacks"
    stacks.mkdir()
    (stacks / "Pulumi.shop.yaml").write_text("config:\n  shimyard:nodes: []\n")
    (stacks / "Pulumi.mast.yaml").write_text(
        "config:\n"
        "  shimyard:artifacts: {lockFiles: [locks/mast.lock.json]}\n"
        "  shimyard:files: [{path: /opt/models, source: ./models/defects}]\n"
    )
    (stacks / "schema.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "stacks"),
    [
        ("stacks/Pulumi.shop.yaml", ["shop"]),
        ("policies/stacks/mast.json", ["mast"]),
        ("locks/mast.lock.json", ["mast"]),
        ("models/defects/weights.bin", ["mast"]),
        ("models/other/weights.bin", []),
        ("models/defects2", []),
        ("components/fleet.py", ["mast", "shop"]),
        ("templates/k3s/config.yaml.j2", ["mast", "shop"]),
        ("shimyard/node/plan.py", ["mast", "shop"]),
        ("policies/rules/limits.py", ["mast", "shop"]),
        ("toolchain/pulumi.lock.json", ["mast", "shop"]),
        ("__main__.py", ["mast", "shop"]),
        ("requirements.txt", ["mast", "shop"]),
        ("README.md", []),
        ("docs/how-to/cluster.md", []),
        ("tests/unit/test_handlers.py", []),
        ("lab/network.py", []),
        ("stacks/schema.json", []),
        # Deleted: there is nothing to preview.
        ("stacks/Pulumi.gone.yaml", []),
        ("", []),
        ("stacks/Pulumi.../x.yaml", []),
        ("a\0b", []),
    ],
)
def test_a_change_is_about_the_stacks_that_it_can_reach(
    project: Path, path: str, stacks: list[str]
) -> None:
    assert changed_stacks([path], project) == stacks


def test_several_changes_are_one_list_without_the_stacks_that_are_never_meant(
    project: Path,
) -> None:
    paths = ["stacks/Pulumi.shop.yaml", "stacks/Pulumi.mast.yaml", "stacks/Pulumi.shop.yaml"]
    assert changed_stacks(paths, project) == ["mast", "shop"]
    assert changed_stacks(paths, project, without=["mast"]) == ["shop"]


def test_a_stack_file_that_can_not_be_read_is_still_meant(project: Path) -> None:
    (project / "stacks/Pulumi.shop.yaml").write_text("config: [")
    assert changed_stacks(["stacks/Pulumi.shop.yaml"], project) == ["shop"]
    assert changed_stacks(["locks/mast.lock.json"], project) == ["mast"]


def test_the_command_reads_what_git_prints_and_writes_a_matrix(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setattr("sys.stdin", io.StringIO("components/fleet.py\nREADME.md\n"))
    assert main(["--without", "shop"]) == 0
    assert json.loads(capsys.readouterr().out) == ["mast"]


def test_what_is_for_all_is_there() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for path in ("components/fleet.py", "templates/k3s/config.yaml.j2", "policies/pack.py"):
        assert path in tracked
    assert changed_stacks(["Pulumi.yaml"], CHECKOUT) == ["dev", "edge-production", "lab"]
