"""One server's datastore: made one of a cluster, restored from a snapshot, under another token."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.errors import CommandError
from tests.lab.k3s.cluster import DATA, Cluster

pytestmark = pytest.mark.lab

ALONE = {"disable-agent": True, "token": "first"}


@pytest.fixture(scope="module")
def cluster(cluster_lab: Callable[[int], Cluster]) -> Cluster:
    made = cluster_lab(1)
    made.start(made.server, "server", ALONE, restart="no")
    made.kubectl("create", "configmap", "kept", "--from-literal=said=hello")
    return made


def restart(cluster: Cluster, **config: object) -> None:
    """Restart the server with other settings."""
    cluster.server.run(["systemctl", "stop", "k3s"])
    cluster.start(cluster.server, "server", {"disable-agent": True, **config}, restart="no")


def said(cluster: Cluster) -> str:
    """What the object that was made first holds, "" if it is gone."""
    path = "jsonpath={.data.said}"
    return cluster.kubectl("get", "configmap", "kept", "--ignore-not-found", "--output", path)


def test_a_server_keeps_its_data_when_it_becomes_the_first_of_a_cluster(cluster: Cluster) -> None:
    restart(cluster, **{"token": "first", "cluster-init": True})
    assert said(cluster) == "hello"
    assert "saved" in cluster.server.run(["k3s", "etcd-snapshot", "save"]).stdout


def test_a_snapshot_brings_back_what_was_deleted(cluster: Cluster) -> None:
    cluster.server.run(["k3s", "etcd-snapshot", "save", "--name=whole"])
    cluster.kubectl("delete", "configmap", "kept")
    assert said(cluster) == ""
    cluster.server.run(["systemctl", "stop", "k3s"])
    name = cluster.server.run(["sh", "-c", f"ls {DATA}/server/db/snapshots/whole-*"]).stdout.strip()
    reset = ["k3s", "server", "--cluster-reset", f"--cluster-reset-restore-path={name}"]
    done = cluster.server.run(reset, seconds=90)
    assert "membership has been reset" in done.stdout + done.stderr
    cluster.server.run(["systemctl", "start", "k3s"], seconds=90)
    assert said(cluster) == "hello"


def test_after_a_rotation_only_the_new_token_starts_the_server(cluster: Cluster) -> None:
    cluster.server.run(["k3s", "token", "rotate", "--token=first", "--new-token=second"])
    assert cluster.token().endswith("::server:second")
    with pytest.raises(CommandError):
        restart(cluster, **{"token": "first", "cluster-init": True})
    assert "encrypted with different token" in cluster.log(cluster.server, "server")
    restart(cluster, **{"token": "second", "cluster-init": True})
    assert said(cluster) == "hello"
