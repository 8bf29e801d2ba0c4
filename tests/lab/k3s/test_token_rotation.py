"""A server takes another token by its API: who may ask, who is answered, how it starts then."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lab.errors import CommandError
from tests.lab.k3s.cluster import DATA, Cluster

pytestmark = pytest.mark.lab

# A kubeconfig like the administrator's, with a password in the place of the certificate.
ACCESS = """\
server=$(sed -n 's/^ *server: *//p' /etc/rancher/k3s/k3s.yaml)
authority=$(sed -n 's/^ *certificate-authority-data: *//p' /etc/rancher/k3s/k3s.yaml)
cat >/run/access <<END
{"apiVersion": "v1", "kind": "Config", "current-context": "x",
 "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
 "clusters": [{"name": "x", "cluster":
    {"server": "$server", "certificate-authority-data": "$authority"}}],
 "users": [{"name": "x", "user": {"username": "$1", "password": "$2"}}]}
END
"""
CONFIG = {"disable-agent": True, "token": "first", "agent-token": "agents"}


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster]) -> Cluster:
    made = cluster_lab(1)
    made.start(made.server, "server", CONFIG, restart="no")
    return made


def restart(cluster: Cluster, **config: object) -> None:
    """Restart the server with other settings."""
    cluster.server.run(["systemctl", "stop", "k3s"])
    cluster.start(cluster.server, "server", {**CONFIG, **config}, restart="no")


def ask(cluster: Cluster, password: str, new_token: str, user: str = "server") -> str:
    """Ask for another token; fails with kubectl's words."""
    cluster.server.run(["sh", "-c", ACCESS, "sh", user, password])
    return replace(cluster, "/run/access", new_token)


def replace(cluster: Cluster, kubeconfig: str, new_token: str) -> str:
    words = ["replace", "--kubeconfig", kubeconfig, "--raw", "/v1-k3s/token", "--filename=-"]
    return cluster.kubectl(*words, stdin=json.dumps({"newToken": new_token}))


def config_of(cluster: Cluster, user: str, password: str) -> str:
    """What the supervisor answers to who asks for an agent's settings."""
    cluster.server.run(["sh", "-c", ACCESS, "sh", user, password])
    return cluster.kubectl("get", "--kubeconfig", "/run/access", "--raw", "/v1-k3s/config")


def test_only_who_knows_the_server_token_may_ask(cluster: Cluster) -> None:
    with pytest.raises(CommandError, match=r"(?i)forbidden"):
        replace(cluster, "/etc/rancher/k3s/k3s.yaml", "second")
    with pytest.raises(CommandError, match=r"(?i)forbidden"):
        ask(cluster, "agents", "second", user="node")
    with pytest.raises(CommandError, match="must be logged in"):
        ask(cluster, "guessed", "second")
    assert cluster.token().endswith("::server:first")


def test_it_writes_the_token_down_and_answers_to_the_former_one_until_it_restarts(
    cluster: Cluster,
) -> None:
    ask(cluster, "first", "second")
    assert cluster.token().endswith("::server:second")
    assert cluster.token("agent-token").endswith("::node:agents")
    with pytest.raises(CommandError, match="must be logged in"):
        config_of(cluster, "server", "second")
    assert "10.42.0.0/16" in config_of(cluster, "server", "first")
    # The same again, and back: each answer is about what the datastore has afterwards.
    ask(cluster, "first", "second")
    ask(cluster, "first", "first")
    assert cluster.token().endswith("::server:first")
    ask(cluster, "first", "second")


def test_it_starts_with_the_token_that_it_has_taken_and_no_other(cluster: Cluster) -> None:
    with pytest.raises(CommandError):
        restart(cluster)
    assert "encrypted with different token" in cluster.log(cluster.server, "server")
    restart(cluster, **{"token": "second", "agent-token": "other agents"})
    config_of(cluster, "server", "second")
    config_of(cluster, "node", "other agents")
    for user, password in (("server", "first"), ("node", "agents")):
        with pytest.raises(CommandError, match="must be logged in"):
            config_of(cluster, user, password)
    names = cluster.server.run(["sh", "-c", f"cat {DATA}/server/token"]).stdout
    assert names.strip().endswith("::server:second")
