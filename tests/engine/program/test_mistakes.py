"""Mistakes in a stack file, as a user meets them: `pulumi preview` says one thing, and the mend."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.program.project import Project

Mistake = Callable[[dict[str, Any]], object]

MISTAKES: dict[str, tuple[Mistake, str, str]] = {
    "a misspelt field": (
        lambda config: config["runtime"].update(sandboxImag="pause:1"),
        "runtime.sandboxImag: there is no such field",
        "did you mean 'sandboxImage'?",
    ),
    "a missing section": (
        lambda config: config.pop("nodes"),
        "nodes: is missing",
        "add it",
    ),
    "a version that YAML reads as a number": (
        lambda config: config["runtime"]["runc"].update(version=1.5),
        "runtime.runc.version: should be text",
        "put it in quotes",
    ),
    "two nodes of one name": (
        lambda config: config["nodes"].append({**config["nodes"][0], "address": "10.0.0.9"}),
        "nodes[1].name: 'edge-1' is taken",
        "give each node its own name",
    ),
    "two ways to log in": (
        lambda config: config["nodes"][0].update(ssh={"agent": True, "identityFile": "key"}),
        "nodes[0].ssh: ",
        "keep one",
    ),
    "a file for a node that is not there": (
        lambda config: config["files"][0].update(nodes=["edge-7"]),
        "files[0].nodes: there is no node 'edge-7'",
        "the stack has edge-1",
    ),
    "a version that is in no lock": (
        lambda config: config["runtime"]["runc"].update(version="9.9.9"),
        "resource 'edge-1' has a problem: runc 9.9.9 for amd64 is in no artifact lock",
        "python -m shimyard.catalogue lock runc 9.9.9 --arch amd64",
    ),
    "a lock file that is not there": (
        lambda config: config["artifacts"].update(lockFiles=["nowhere.json"]),
        "nowhere.json can't be used",
        "or take it out of artifacts.lockFiles",
    ),
    "a source that is not there": (
        lambda config: config["files"].append({"path": "/etc/x", "source": "no/such"}),
        "the source no/such of /etc/x can't be read: No such file or directory",
        "correct source",
    ),
    "an option that Shimyard sets itself": (
        lambda config: config["runtime"]["containerd"]["options"].update(root="/srv"),
        "runtime.containerd.options: root is set by Shimyard itself",
        "remove it there",
    ),
    "an option that TOML can't say": (
        lambda config: config["runtime"]["containerd"]["options"].update(debug=None),
        "runtime.containerd.options.debug: is null, which TOML has not",
        "remove it or write a value",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_one_message_with_the_place_and_the_mend(project: Project, what: str) -> None:
    make, place, mend = MISTAKES[what]
    kept = copy.deepcopy(project.config)
    make(project.config)
    project.write()
    try:
        output = project.preview(status=1).output
    finally:
        project.config = kept
        project.write()
    assert place in output, output
    assert mend in output
    assert output.count("error:") == 1
