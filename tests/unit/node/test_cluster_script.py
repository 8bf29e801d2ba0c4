"""What a server's program asks of kubectl, and what it refuses to pass on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.node.cluster_program import Server

OF_A_NODE = ["cordon", "uncordon", "forget", "drain", "label", "taint"]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.mark.parametrize("verb", OF_A_NODE)
@pytest.mark.parametrize("name", ["", "-x", "--all", "a b", "a\nb", "a;b", "*", "Edge", "../a"])
def test_what_is_no_name_of_a_node_is_refused_before_anything_is_asked(
    server: Server, verb: str, name: str
) -> None:
    done = server.run(verb, name, "60", "-1", "no", "no")
    assert done.returncode == 2
    assert done.stdout.startswith("failed\tno name of a node: '")
    assert server.calls == []


@pytest.mark.parametrize("verb", OF_A_NODE)
def test_a_verb_without_a_name_is_refused(server: Server, verb: str) -> None:
    assert server.run(verb).returncode == 2
    assert server.calls == []


@pytest.mark.parametrize("verb", ["label", "taint"])
def test_an_option_between_labels_or_taints_is_refused(server: Server, verb: str) -> None:
    assert server.run(verb, "edge-1", "a=b", "--all").returncode == 2
    assert server.calls == []


def test_one_node_is_asked_for_alone(server: Server) -> None:
    assert server.run("members", "edge-1").returncode == 0
    assert server.run("members").returncode == 0
    one, every = server.calls
    assert one.startswith("get nodes --field-selector=metadata.name=edge-1 -o go-template=")
    assert every.startswith("get nodes -o go-template=")
    assert server.run("members", "--all").returncode == 2


def test_labels_and_taints_replace_what_is_there(server: Server) -> None:
    assert server.run("label", "edge-1", "a=b", "gone-").returncode == 0
    assert server.run("taint", "edge-1", "a=b:NoSchedule").returncode == 0
    assert server.calls == [
        "label node --overwrite edge-1 a=b gone-",
        "taint node --overwrite edge-1 a=b:NoSchedule",
    ]


def patched(call: str) -> object:
    """What a patch of the node edge-1 changes."""
    before, _, patch = call.partition(" -p ")
    assert before == "patch node edge-1 --type=merge"
    return json.loads(patch)


def test_a_cordon_is_marked_as_ours_in_one_step(server: Server) -> None:
    assert server.run("cordon", "edge-1").returncode == 0
    _, cordon = server.calls
    assert patched(cordon) == {
        "metadata": {"annotations": {"shimyard.dev/cordoned": "yes"}},
        "spec": {"unschedulable": True},
    }


def test_a_cordon_of_somebody_else_stays_theirs(server: Server) -> None:
    server.answers("jsonpath={.spec.unschedulable}", "true")
    assert server.run("cordon", "edge-1").returncode == 0
    (asked,) = server.calls
    assert asked.startswith("get node edge-1")


def test_a_cordon_that_is_refused_fails(server: Server) -> None:
    server.answers("patch", "", code=1)
    assert server.run("cordon", "edge-1").returncode != 0


def test_only_our_own_cordon_is_taken_back(server: Server) -> None:
    server.answers("get node edge-1", "yes")
    server.answers("get node edge-2", "<no value>")
    assert server.run("uncordon", "edge-1").returncode == 0
    assert server.run("uncordon", "edge-2").returncode == 0
    (uncordon,) = (call for call in server.calls if not call.startswith("get "))
    assert patched(uncordon) == {
        "metadata": {"annotations": {"shimyard.dev/cordoned": None}},
        "spec": {"unschedulable": None},
    }


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (
            ["300", "-1", "yes", "no"],
            "drain edge-1 --ignore-daemonsets --timeout=300s --grace-period=-1 "
            "--delete-emptydir-data=true --force=false",
        ),
        (
            ["7", "0", "no", "yes"],
            "drain edge-1 --ignore-daemonsets --timeout=7s --grace-period=0 "
            "--delete-emptydir-data=false --force=true",
        ),
    ],
)
def test_a_drain_gets_kubectls_own_words(server: Server, words: list[str], asked: str) -> None:
    assert server.run("drain", "edge-1", *words).returncode == 0
    # Without kubectl's short time limit: pods may take minutes.
    assert server.calls == [asked]


def test_a_drain_that_fails_says_so(server: Server) -> None:
    server.answers("drain", "error: cannot delete Pods\n", code=1)
    assert server.run("drain", "edge-1", "1", "-1", "no", "no").returncode == 1


def test_a_drain_that_fails_tells_which_budgets_hold_which_pods(server: Server) -> None:
    server.answers("drain edge-1", code=1)
    budgets = [
        ("shop", "front", "0", "2", "2", "app=front,tier in (a,b),!old,"),
        ("shop", "roomy", "1", "3", "2", "app=roomy,"),
        ("shop", "elsewhere", "0", "1", "1", "app=elsewhere,"),
        ("shop", "everything", "0", "1", "1", ""),
    ]
    server.answers("get poddisruptionbudgets -A", "".join("\t".join(b) + "\n" for b in budgets))
    server.answers("-l app=front,tier in (a,b),!old --field-selector spec.nodeName=edge-1", "a b ")
    server.answers("-l app=elsewhere ", "")
    server.answers("-l  --field-selector", "c ")
    done = server.run("drain", "edge-1", "1", "-1", "no", "no")
    assert done.returncode == 1
    assert done.stdout == "held\tshop/front\t2\t2\ta b\nheld\tshop/everything\t1\t1\tc\n"
    assert not any("app=roomy" in call for call in server.calls if "get pods" in call)


def test_a_node_is_forgotten_also_if_it_is_gone_already(server: Server) -> None:
    assert server.run("forget", "edge-1").returncode == 0
    assert server.calls == ["delete node edge-1 --ignore-not-found --wait=true --timeout=90s"]


def test_the_kubectl_of_the_server_is_asked_for_all_nodes_at_once(server: Server) -> None:
    server.answers("get nodes", "member\tedge-1\tTrue\t-\t-\ttrue\tv1.36.3+k3s1\ta=b,\t\n")
    done = server.run("members")
    assert done.stdout.startswith("member\tedge-1\tTrue")
    assert len(server.calls) == 1


# --- what a resource leaves of another one's ------------------------------------------------------


def make(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def holds(server: Server, resource: str, *rows: str) -> None:
    """The machine has ``resource``, with these rows in its manifest."""
    generation = server.root / "generations" / resource
    generation.mkdir(parents=True)
    (generation / "manifest").write_text("".join(f"{row}\n" for row in rows))
    current = server.root / "current"
    current.mkdir(exist_ok=True)
    (current / resource).symlink_to(generation)


def test_a_tree_goes_but_not_the_folder_in_it_that_another_resource_has(server: Server) -> None:
    tree = server.folder / "rancher"
    kept = tree / "k3s/agent/etc/cni/net.d"
    make(kept / "10-flannel.conflist", tree / "k3s/agent/.hidden", tree / "k3s/server/token")
    make(tree / "k3s/agent/etc/cni/other/x", tree / "k3s/agent/etc/cni/net.d.old/x")
    holds(server, "container-runtime", f"dir\t{kept}", "dir\t/etc/other")
    holds(server, "k3s-server", f"dir\t{tree}/k3s/server")
    assert server.call('remove_tree "$1"', str(tree)).returncode == 0
    assert [str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))] == [
        "k3s",
        "k3s/agent",
        "k3s/agent/etc",
        "k3s/agent/etc/cni",
        "k3s/agent/etc/cni/net.d",
    ]


def test_a_tree_in_which_nobody_has_a_folder_goes_as_a_whole(server: Server) -> None:
    tree = server.folder / "rancher"
    make(tree / "k3s/server/token")
    holds(server, "container-runtime", f"dir\t{tree}-other/x", f"file\t{tree}/k3s\t0644")
    server.call('remove_tree "$1"', str(tree))
    assert not tree.exists()


@pytest.mark.parametrize(
    ("exists", "made", "noted"),
    [
        (False, "", True),
        (True, "", False),
        (True, "data\t{tree}\n", False),
        (True, "dir\t{tree}/k3s\n", False),
        (True, "dir\t/etc/cni\ndir\t{tree}\n", True),
    ],
    ids=["not there", "somebody's", "noted already", "a folder in it is ours", "our folder"],
)
def test_a_tree_is_ours_if_nothing_or_only_a_folder_of_ours_stood_there(
    server: Server, *, exists: bool, made: str, noted: bool
) -> None:
    tree = server.folder / "rancher"
    server.root.mkdir()
    journal = server.root / "journal"
    journal.touch()
    if exists:
        tree.mkdir()
    if made:
        (server.root / "made").write_text(made.format(tree=tree))
    done = server.call(f'journal={journal}; prepare_data "$1"', str(tree))
    assert done.returncode == 0
    assert journal.read_text() == (f"undo\tmade-data\t{tree}\n" if noted else "")


# --- K3s on this machine --------------------------------------------------------------------------

AWAIT = """
journal={root}/journal
since=2026-01-01T00:00:02Z
quote_log() {{ note log "$1" "its last words"; }}
switch_await_node edge-1 k3s.service /etc/kubeconfig 0
code=$?
printf '%s' "$reason"
exit "$code"
"""


@pytest.mark.parametrize(
    ("seen", "ready"),
    [
        ("True 2026-01-01T00:00:02Z kubelet is posting ready status", True),
        ("True 2026-01-01T00:10:00Z kubelet is posting ready status", True),
        ("True 2026-01-01T00:00:01Z kubelet is posting ready status", False),
        ("False 2026-01-01T00:10:00Z container runtime is down", False),
        ("Unknown 2026-01-01T00:10:00Z Kubelet stopped posting node status.", False),
        ('Error from server (NotFound): nodes "edge-1" not found', False),
    ],
)
def test_a_node_is_ready_only_if_its_kubelet_has_said_so_since_the_start(
    server: Server, seen: str, *, ready: bool
) -> None:
    server.root.mkdir()
    server.answers("get node edge-1", seen)
    done = server.call(f"reason=\n{AWAIT.format(root=server.root)}")
    if ready:
        assert (done.returncode, done.stdout) == (0, "")
    else:
        assert done.returncode == 1
        said = f"node edge-1 is not Ready 0 s after the start of k3s.service: {seen}"
        assert done.stdout == said
        assert "log\tk3s.service\tits last words" in (server.root / "journal").read_text()
    assert server.calls[0].startswith("kubectl --kubeconfig /etc/kubeconfig get node edge-1 -o ")


SNAPSHOT = """
journal={root}/journal
generation={root}
reason=
activity() {{ echo {activity}; }}
prepare_snapshot {k3s} before-1.37.0-k3s1
code=$?
printf '%s' "$reason"
exit "$code"
"""


def snapshot(server: Server, activity: str) -> tuple[int, str]:
    server.root.mkdir()
    script = SNAPSHOT.format(root=server.root, activity=activity, k3s=server.folder / "k3s")
    done = server.call(script)
    return done.returncode, done.stdout


def test_etcd_is_saved_by_the_k3s_that_runs(server: Server) -> None:
    assert snapshot(server, "active") == (0, "")
    assert server.calls == ["etcd-snapshot save --name before-1.37.0-k3s1"]


def test_a_server_that_does_not_run_has_no_etcd_to_save(server: Server) -> None:
    assert snapshot(server, "failed") == (0, "")
    assert server.calls == []


def test_a_snapshot_that_fails_stops_the_upgrade_and_shows_why(server: Server) -> None:
    server.answers("etcd-snapshot", "no space left on device\n", code=1)
    assert snapshot(server, "active") == (1, "etcd can't be saved before the upgrade")
    journal = (server.root / "journal").read_text()
    assert journal == "log\tk3s etcd-snapshot\tno space left on device\n"
