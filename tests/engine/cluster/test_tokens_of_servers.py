"""Other tokens for three servers: each takes its turn, the API stays, and none is locked out."""

from __future__ import annotations

import pytest

from lab.builds.inventory import BuiltArtifacts
from lab.instance import Lab
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.cluster.stack import cluster_stack
from tests.engine.node.states import kill_at
from tests.engine.program.project import Project
from toolchain import Toolchain

pytestmark = pytest.mark.lab

NAMES = ["edge-1", "edge-2", "edge-3"]
TOKEN = "/etc/rancher/k3s/token"


@pytest.fixture(scope="module")
def project(
    tools: Toolchain,
    lab: Lab,
    built: BuiltArtifacts,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """Three servers, which are up."""
    made = Project.of_checkout(tools, tmp_path_factory.mktemp("servers"))
    made.config = cluster_stack(lab, built, NAMES, servers=NAMES)
    made.write()
    made.up()
    return made


def passwords(lab: Lab) -> list[str]:
    """What the servers start with, in their order."""
    texts = (lab.node(name).run(["cat", TOKEN]).stdout.strip() for name in NAMES)
    return [text.rpartition(":")[2] for text in texts]


def rotate(project: Project, word: str) -> None:
    project.config["cluster"]["tokenGeneration"] = word
    project.write()


def all_ready(lab: Lab) -> None:
    for each in NAMES:
        nodes = Kubectl(lab.node(each)).nodes()
        assert {name for name, node in nodes.items() if is_ready(node)} == set(NAMES)


def test_all_servers_take_the_new_token_and_start_with_it_again(project: Project, lab: Lab) -> None:
    (old,) = set(passwords(lab))
    rotate(project, "second")
    told = project.preview().output
    said = ": gives the cluster another server token"
    assert [line for line in told.splitlines() if line.endswith(said)] == [f"edge-1{said}"]
    assert "drains" not in told
    project.up()
    (new,) = set(passwords(lab))
    assert new != old
    for name in NAMES:
        lab.node(name).run(["systemctl", "restart", "k3s"], seconds=120)
    all_ready(lab)
    assert "updated" not in project.up().output.replace("Updating", "")


@pytest.mark.parametrize(
    ("name", "point"),
    [("edge-1", "switch restart k3s.service"), ("edge-2", f"switch rotate-token {TOKEN}")],
)
def test_cut_off_between_two_servers_the_next_up_takes_the_others_along(
    project: Project, lab: Lab, name: str, point: str
) -> None:
    (old,) = set(passwords(lab))
    rotate(project, f"after {point}")
    kill_at(lab.node(name), point)
    assert "the transaction was cut off" in project.up(status=1).output
    found = passwords(lab)
    assert found[0] != old
    assert found[2] == old
    all_ready(lab)
    project.up()
    (new,) = set(passwords(lab))
    assert new == found[0]
    all_ready(lab)


def test_a_server_that_was_down_meanwhile_follows_when_it_is_back(
    project: Project, lab: Lab
) -> None:
    (old,) = set(passwords(lab))
    rotate(project, "one is down")
    lab.node("edge-3").run(["systemctl", "stop", "k3s"])
    kill_at(lab.node("edge-3"), f"switch rotate-token {TOKEN}")
    project.up(status=1)
    assert passwords(lab)[2] == old
    started = lab.node("edge-3").run(["systemctl", "start", "k3s"], check=False, seconds=30)
    assert started.returncode != 0, "it starts with the former token"
    project.up()
    (new,) = set(passwords(lab))
    assert new != old
    all_ready(lab)
