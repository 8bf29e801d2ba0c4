"""Other tokens for a cluster: what a preview says, who is let in afterwards, who sees a secret."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.instance import Lab
from lab.nodes.node import Node
from tests.engine.cluster.kubectl import Kubectl, is_ready
from tests.engine.node.states import kill_at, leftovers
from tests.engine.program.hunt import Hunt, inside
from tests.engine.program.project import Project, Run

pytestmark = pytest.mark.lab

SERVER, AGENTS = "edge-1", ("edge-2", "edge-3")
ETC, DATA = "/etc/rancher/k3s", "/var/lib/rancher/k3s"
# Asks a server for an agent's settings, as a node that joins does; $1: user, $2: password.
JOIN = """\
curl --silent --insecure --max-time 10 --output /dev/null --write-out '%{http_code}' \\
    --config - "https://$1:6443/v1-k3s/$2"
"""


@pytest.fixture(scope="module", autouse=True)
def first(project: Project) -> Run:
    """The first `up`."""
    return project.up()


@pytest.fixture(scope="module")
def kubectl(lab: Lab) -> Kubectl:
    return Kubectl(lab.node(SERVER))


class Tokens:
    """The passwords that a server and the agents have at a time."""

    def __init__(self, lab: Lab) -> None:
        self.server = self._password(lab.node(SERVER), "token")
        self.agent = self._password(lab.node(SERVER), "agent-token")
        self.of_agents = {self._password(lab.node(name), "token") for name in AGENTS}

    def _password(self, node: Node, name: str) -> str:
        return node.run(["cat", f"{ETC}/{name}"]).stdout.strip().rpartition(":")[2]


class Record(Hunt):
    """Keeps what it sees: the secrets are known only when they have been made."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__([], folders)
        self.seen: set[tuple[str, bytes]] = set()

    def look(self, where: str, content: bytes) -> None:
        """Keep it."""
        self.seen.add((where, content))

    def having(self, secret: str) -> set[str]:
        """Where a secret was seen."""
        return {where for where, content in self.seen if secret.encode() in content}


def rotate(project: Project, word: str) -> None:
    project.config["cluster"]["tokenGeneration"] = word
    project.write()


def answer(lab: Lab, user: str, password: str, path: str = "config") -> str:
    """The status that a server gives to who asks as somebody who joins."""
    asked = lab.node("edge-2").run(
        ["sh", "-c", JOIN, "sh", str(lab.node(SERVER).address), path],
        stdin=f'user = "{user}:{password}"\n',
    )
    return asked.stdout


def all_ready(kubectl: Kubectl) -> None:
    nodes = kubectl.nodes()
    assert sorted(nodes) == [SERVER, *AGENTS]
    for name, node in nodes.items():
        assert is_ready(node), name
        assert "unschedulable" not in node["spec"], name


def starts(node: Node) -> str:
    """When K3s was started there."""
    units = ["k3s.service", "k3s-agent.service"]
    shown = ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", *units]
    return node.run(shown).stdout


def test_a_preview_says_that_k3s_restarts_everywhere_and_that_nothing_is_drained(
    project: Project,
) -> None:
    rotate(project, "second")
    told = project.preview().output
    assert "gives the cluster another server token" in told
    assert "restarts k3s.service: /etc/rancher/k3s/token, /etc/rancher/k3s/agent-token" in told
    assert told.count("restarts k3s-agent.service: /etc/rancher/k3s/token") >= len(AGENTS)
    assert "drains" not in told


def test_nodes_take_the_new_tokens_and_the_old_ones_open_nothing(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    old, pods = Tokens(lab), kubectl.get("pods", "-A")["items"]
    rotate(project, "second")
    project.up("--diff", "--debug")
    new = Tokens(lab)
    assert {old.server, old.agent}.isdisjoint({new.server, new.agent})
    assert new.of_agents == {new.agent}
    assert answer(lab, "server", new.server, "server-bootstrap") in {"200", "400"}
    assert answer(lab, "node", new.agent) == "200"
    assert answer(lab, "node", new.agent, "server-bootstrap") == "403"
    for user, password in (("server", old.server), ("node", old.agent)):
        assert answer(lab, user, password) == "401"
    all_ready(kubectl)
    # Pods have run on.
    assert {each["metadata"]["uid"] for each in pods} <= {
        each["metadata"]["uid"] for each in kubectl.get("pods", "-A")["items"]
    }


def test_a_second_up_changes_nothing(project: Project, lab: Lab) -> None:
    before = [starts(node) for node in lab.nodes]
    again = project.up().output
    assert "unchanged" in again
    assert "updated" not in again
    assert [starts(node) for node in lab.nodes] == before
    del project.config["cluster"]["tokenGeneration"]
    project.write()
    assert "updated" not in project.up().output


@pytest.mark.parametrize(
    ("name", "point"),
    [
        (SERVER, "token taken"),
        (SERVER, "switch restart k3s.service"),
        ("edge-2", "switch restart k3s-agent.service"),
    ],
)
def test_killed_in_the_middle_the_next_up_ends_it(
    project: Project, lab: Lab, kubectl: Kubectl, name: str, point: str
) -> None:
    old = Tokens(lab)
    rotate(project, f"after {point}")
    node = lab.node(name)
    kill_at(node, point)
    told = project.up(status=1).output
    assert "the transaction was cut off" in told
    # Whatever it has taken, it starts with it: a reboot now would be no end of the cluster.
    node.run(["systemctl", "restart", "k3s" if name == SERVER else "k3s-agent"], seconds=120)
    project.up()
    new = Tokens(lab)
    assert {old.server, old.agent}.isdisjoint({new.server, new.agent})
    assert new.of_agents == {new.agent}
    assert answer(lab, "server", new.server, "server-bootstrap") in {"200", "400"}
    assert answer(lab, "server", old.server) == "401"
    assert answer(lab, "node", old.agent) == "401"
    all_ready(kubectl)
    assert leftovers(node) == []


def test_a_change_that_fails_beside_it_leaves_a_server_that_starts(
    project: Project, lab: Lab, kubectl: Kubectl
) -> None:
    rotate(project, "beside a mistake")
    project.config["cluster"]["kubeletArgs"]["max-pods"] = "many"
    project.write()
    told = project.up(status=1).output
    assert "the node runs what it ran before" in told
    assert is_ready(kubectl.nodes()[SERVER])
    assert "many" not in lab.node(SERVER).run(["cat", f"{ETC}/config.yaml"]).stdout
    # No agent was touched: the rollout has stopped at the server.
    assert "rollout stopped" not in told
    del project.config["cluster"]["kubeletArgs"]["max-pods"]
    project.write()
    project.up()
    new = Tokens(lab)
    assert new.of_agents == {new.agent}
    assert answer(lab, "server", new.server, "server-bootstrap") in {"200", "400"}
    all_ready(kubectl)


def look_at(hunt: Hunt, node: Node) -> None:
    """Look at a node and at K3s's data, which the lab's nodes have on a disk of its own."""
    hunt.look_at(node)
    hunt.look_below(inside(node, DATA.lstrip("/")), DATA)


def test_all_the_while_no_token_was_seen_where_others_can_read_it(
    project: Project, lab: Lab
) -> None:
    old, temporary = Tokens(lab), project.folder.parent / "temporary"
    temporary.mkdir()
    project.environment["TMPDIR"] = str(temporary)
    folders = [temporary, *(inside(lab.node(SERVER), name) for name in ("tmp", "dev/shm"))]
    rotate(project, "hunted")
    with Record(folders) as record:
        project.up("--diff", "--debug", "-v=5", "--logtostderr", "--logflow")
    new = Tokens(lab)
    for secret in (old.server, old.agent, new.server, new.agent):
        assert record.having(secret) == set()
    assert record.having("/usr/local/bin/k3s") != set(), "it has seen the nodes' processes"
    rest = Hunt([old.server, old.agent, new.server, new.agent], [])
    project.pulumi("stack", "export")
    project.pulumi("stack", "history", "--json")
    for path in project.state_files:
        rest.look(str(path), path.read_bytes())
    for number, each in enumerate(project.runs):
        rest.look(f"output {number}", each.output.encode())
    rest.look_below(temporary)
    look_at(rest, lab.node(SERVER))
    assert rest.found == {
        (f"0600 {ETC}/token", new.server),
        (f"0600 {ETC}/agent-token", new.agent),
        (f"0600 {DATA}/server/token", new.server),
        (f"0600 {DATA}/server/agent-token", new.agent),
    }
    # The server's is on the server alone, and nothing is left of the former ones.
    for name in AGENTS:
        of_agent = Hunt([old.server, old.agent, new.server, new.agent], [])
        look_at(of_agent, lab.node(name))
        assert of_agent.found == {(f"0600 {ETC}/token", new.agent)}
