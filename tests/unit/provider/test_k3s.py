"""K3s as a resource: what a preview shows, which versions follow each other, how a node goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.facts import Facts, ManagedFacts
from shimyard.node.k3s_config import (
    AGENT_TOKEN_PATH,
    CONFIG_PATH,
    ENTRANCE_PATH,
    ENTRANCE_TOKEN_PATH,
    TOKEN_PATH,
)
from shimyard.node.operations import RestartUnit, StopUnit
from shimyard.node.plan import Plan
from shimyard.node.progress import silent
from shimyard.node.transaction import Result, read_facts
from shimyard.provider import admission
from shimyard.provider.admission import AdmissionError
from shimyard.provider.k3s import K3sAgentResource, K3sServerResource, step_refused
from shimyard.provider.messages import ApplyRequest, ApplyResponse, DeleteRequest, ReadRequest
from shimyard.provider.nodes import CancelledRunError, Nodes
from shimyard.provider.resource import Resource
from shimyard.provider.values import UNKNOWN, Secret, revealed
from shimyard.settings import NodeSettings
from tests.unit.errors.cases_node import Scripted, facts
from tests.unit.provider.clusters import (
    CA,
    Clock,
    StandInCluster,
    StandInControl,
    agent,
    machine,
    membership,
    server,
)
from tests.unit.provider.engine import URN, KeptLog, changes, check, checked

VERSIONS = ["1.35.5+k3s1", "1.36.3+k3s1", "1.36.4+k3s1", "1.37.0+k3s1", "1.38.0+k3s1"]
THREE = ("s1", "s2", "s3")
OTHER = "urn:pulumi:dev::shimyard::shimyard-edge:node:K3sAgent::another"


@pytest.fixture
def lock(tmp_path: Path) -> str:
    """A lock with K3s, in the project's folder."""
    entries = [
        {
            "name": "k3s",
            "version": version,
            "arch": "amd64",
            "url": f"https://example.com/{version}",
            "sha256": hashlib.sha256(version.encode()).hexdigest(),
            "size": 1000,
            "unpack": {"format": "raw", "files": {"": "k3s"}},
            "checksum_source": "the test's own",
            "signature": None,
        }
        for version in VERSIONS
    ]
    built_in = json.loads(
        (Path(__file__).parents[3] / "shimyard/catalogue/artifacts.lock.json").read_text()
    )
    (tmp_path / "lock.json").write_text(json.dumps({**built_in, "artifacts": entries}))
    return "lock.json"


@pytest.fixture
def servers(nodes: Nodes, log: KeptLog, lock: str) -> K3sServerResource:
    return K3sServerResource(nodes, log)


@pytest.fixture
def agents(nodes: Nodes, log: KeptLog, lock: str) -> K3sAgentResource:
    return K3sAgentResource(nodes, log)


def of_server(version: str = VERSIONS[1], **changed: Any) -> dict[str, Any]:
    """Inputs of the server that starts a cluster."""
    return {
        "node": machine("s1"),
        "k3s": {"version": version, "datastore": "etcd"},
        "token": Secret("server-Secret1"),
        "agentToken": Secret("agent-Secret1"),
        "membership": membership("s1", "s2", "s3"),
        "sources": {"lockFiles": ["lock.json"]},
        **changed,
    }


def of_agent(version: str = VERSIONS[1], **changed: Any) -> dict[str, Any]:
    """Inputs of an agent."""
    return {
        "node": machine("a"),
        "k3s": {"version": version},
        "token": Secret("K10ab::node:agent-Secret1"),
        "joins": "192.0.2.101",
        "membership": membership("s1"),
        "sources": {"lockFiles": ["lock.json"]},
        **changed,
    }


# --- previews -------------------------------------------------------------------------------------


def test_a_preview_shows_the_config_and_that_k3s_starts(servers: K3sServerResource) -> None:
    shown = checked(servers, of_server())
    assert shown["artifacts"]["k3s"]["version"] == VERSIONS[1]
    assert f'"token-file": "{TOKEN_PATH}"' in shown["files"][CONFIG_PATH]
    (effect,) = shown["effects"]
    assert effect.startswith("starts k3s.service: ")


def test_a_token_is_in_no_input_but_inside_secrets(
    servers: K3sServerResource, agents: K3sAgentResource
) -> None:
    shown = checked(servers, of_server())
    assert shown["files"][TOKEN_PATH] == Secret("server-Secret1\n")
    assert shown["files"][AGENT_TOKEN_PATH] == Secret("agent-Secret1\n")
    # A secret's repr shows nothing, so what is found here stands outside of one.
    assert "Secret1" not in repr(shown)
    assert "Secret1" not in repr(checked(agents, of_agent()))


def test_a_token_is_taken_out_of_what_machines_print(
    servers: K3sServerResource, nodes: Nodes
) -> None:
    checked(servers, of_server())
    assert "Secret1" not in nodes.redacted("level=fatal msg=server-Secret1 and agent-Secret1")


def test_a_token_that_is_not_made_yet_is_unknown_and_not_an_error(
    servers: K3sServerResource,
) -> None:
    shown = checked(servers, of_server(token=UNKNOWN, agentToken=UNKNOWN))
    assert shown["files"][TOKEN_PATH] is UNKNOWN
    assert shown["files"][AGENT_TOKEN_PATH] is UNKNOWN
    assert f'"token-file": "{TOKEN_PATH}"' in shown["files"][CONFIG_PATH]
    (effect,) = shown["effects"]
    assert effect.startswith("starts k3s.service: ")


def test_a_preview_of_other_tokens_says_that_k3s_restarts_and_nothing_is_drained(
    servers: K3sServerResource, agents: K3sAgentResource
) -> None:
    unknown = Secret(UNKNOWN)
    old = checked(servers, of_server())
    rotates, restarts = checked(servers, of_server(token=unknown, agentToken=unknown), old)[
        "effects"
    ]
    assert rotates == "gives the cluster another server token"
    assert restarts == f"restarts k3s.service: {TOKEN_PATH}, {AGENT_TOKEN_PATH}"
    (restarts,) = checked(agents, of_agent(token=unknown), checked(agents, of_agent()))["effects"]
    assert restarts == f"restarts k3s-agent.service: {TOKEN_PATH}"


def test_a_server_that_is_not_known_yet_is_unknown_in_the_preview(
    agents: K3sAgentResource,
) -> None:
    shown = checked(agents, of_agent(joins=UNKNOWN))
    assert (shown["artifacts"], shown["files"]) == (UNKNOWN, UNKNOWN)


def test_a_preview_knows_the_version_and_not_how_the_cluster_is_reached(
    servers: K3sServerResource,
) -> None:
    shown = checked(servers, of_server())
    state = servers.apply(ApplyRequest(URN, "", shown, preview=True)).state
    assert state == {
        "drift": [],
        "registration": UNKNOWN,
        "version": VERSIONS[1],
        "versions": {"k3s": VERSIONS[1]},
        "handlers": {},
        "datastore": "etcd",
        "generation": UNKNOWN,
        "machineId": UNKNOWN,
        "caSha256": UNKNOWN,
        "kubeconfig": Secret(UNKNOWN),
    }


def test_the_same_inputs_again_are_no_change(
    servers: K3sServerResource, agents: K3sAgentResource
) -> None:
    for resource, news in ((servers, of_server()), (agents, of_agent())):
        old = checked(resource, news)
        new = checked(resource, news, old)
        assert new == old
        assert changes(resource, old, new) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"membership": membership("s1", "s2", "s3", maxUnavailable=5, readyTimeout=900)},
        {"membership": membership("s1", "s4", "s5")},
        {"node": machine("s1", "192.0.2.99")},
        {"sources": {"lockFiles": ["lock.json"], "mirrors": ["https://mirror.example.com"]}},
    ],
    ids=["pace", "other servers", "address", "mirror"],
)
def test_the_pace_of_changes_and_how_to_reach_machines_is_no_change(
    servers: K3sServerResource, changed: dict[str, Any]
) -> None:
    old = checked(servers, of_server())
    new = checked(servers, of_server(**changed), old)
    assert changes(servers, old, new) == {}


def test_a_changed_option_shows_the_line_of_its_file_and_restarts_k3s(
    servers: K3sServerResource, log: KeptLog
) -> None:
    old = checked(servers, of_server())
    changed = {"version": VERSIONS[1], "datastore": "etcd", "disable": []}
    new = checked(servers, of_server(k3s=changed), old)
    assert changes(servers, old, new)[f'files["{CONFIG_PATH}"]'] == "update"
    assert new["effects"] == [f"restarts k3s.service: {CONFIG_PATH}"]
    assert log.kept == [f"s1: restarts k3s.service: {CONFIG_PATH}"]


def test_another_token_restarts_k3s_and_is_shown_as_a_secret(agents: K3sAgentResource) -> None:
    old = checked(agents, of_agent())
    new = checked(agents, of_agent(token=Secret("K10ab::node:another")), old)
    found = changes(agents, old, new)
    assert {"token", f'files["{TOKEN_PATH}"]'} <= set(found)
    assert new["effects"] == [f"restarts k3s-agent.service: {TOKEN_PATH}"]


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"k3s": {"version": "1.36.3"}}, "k3s.version", "has no K3s release"),
        ({"k3s": {"version": "1.36.9+k3s1"}}, "", "catalogue lock k3s 1.36.9+k3s1 --arch amd64"),
        ({"token": "a\nb"}, "token", "is no token; it is one line of text"),
        ({"token": " "}, "token", "is no token; it is one line of text"),
        ({"membership": {"cluster": "x", "servers": []}}, "membership.servers", "is empty"),
        ({"node": machine("Not A Name")}, "node.name", "is not a DNS label"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_the_mend(
    agents: K3sAgentResource, changed: dict[str, Any], path: str, words: str
) -> None:
    ((where, reason),) = check(agents, of_agent(**changed)).failures
    assert where == path
    assert words in reason


# --- versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("1.36.3+k3s1", "1.36.3+k3s1"),
        ("1.36.3+k3s1", "1.36.4+k3s1"),
        ("1.36.3+k3s1", "1.36.3+k3s2"),
        ("1.36.4+k3s1", "1.36.3+k3s1"),
        ("1.36.3+k3s1", "1.37.0+k3s1"),
        ("1.36.3+k3s1", "1.37.0-rc1+k3s1"),
        ("1.9.0+k3s1", "1.10.0+k3s1"),
    ],
)
def test_a_version_may_follow_by_a_patch_either_way_or_by_one_minor(was: str, now: str) -> None:
    assert step_refused(was, now) is None


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("1.36.3+k3s1", "1.38.0+k3s1", "skips a minor version: 1.36.3+k3s1 runs"),
        ("1.36.3+k3s1", "1.38.0+k3s1", "go to 1.37 first"),
        ("1.36.3+k3s1", "1.35.9+k3s1", "goes back from 1.36.3+k3s1 to 1.35.9+k3s1"),
        ("1.10.0+k3s1", "1.9.0+k3s1", "keep 1.10, or restore a snapshot"),
        ("2.0.0+k3s1", "1.99.0+k3s1", "goes back"),
    ],
)
def test_a_version_that_can_not_follow_is_refused_with_the_one_that_can(
    was: str, now: str, words: str
) -> None:
    assert words in str(step_refused(was, now))


def test_a_preview_refuses_to_skip_a_minor_version(servers: K3sServerResource) -> None:
    old = checked(servers, of_server(VERSIONS[1]))
    ((path, reason),) = check(servers, of_server(VERSIONS[4]), old).failures
    assert path == "k3s.version"
    assert "go to 1.37 first" in reason
    assert check(servers, of_server(VERSIONS[3]), old).failures == ()


def test_a_first_version_may_be_any(servers: K3sServerResource) -> None:
    assert check(servers, of_server(VERSIONS[4])).failures == ()


RESTARTS = Plan((RestartUnit("k3s.service", ("/usr/local/bin/k3s",)),))
STARTS = Plan((RestartUnit("k3s.service", ("is failed",), starts=True),))


@pytest.mark.parametrize(
    ("steps", "was", "drains"),
    [
        (RESTARTS, {"version": VERSIONS[0]}, True),
        (RESTARTS, {"version": VERSIONS[1]}, False),
        (RESTARTS, {"version": VERSIONS[2]}, False),
        (RESTARTS, {"k3s": {"version": VERSIONS[0]}}, True),
        (RESTARTS, {"k3s": {"version": VERSIONS[1]}}, False),
        (RESTARTS, {}, False),
        (RESTARTS, {"version": UNKNOWN}, False),
        (STARTS, {"version": VERSIONS[0]}, False),
        (Plan((StopUnit("x.service"),)), {"version": VERSIONS[0]}, False),
    ],
    ids=[
        *("a minor", "the same", "a patch", "a minor, by inputs", "the same, by inputs"),
        *("nothing before", "unknown before", "it does not run", "another service"),
    ],
)
def test_only_another_minor_version_of_the_kubelet_drains_its_node(
    servers: K3sServerResource, steps: Plan, was: dict[str, Any], *, drains: bool
) -> None:
    assert servers.disrupts(steps, was, of_server(VERSIONS[1])) is drains


def test_a_preview_says_that_an_upgrade_drains_the_node(servers: K3sServerResource) -> None:
    old = checked(servers, of_server(VERSIONS[1]))
    patch = checked(servers, of_server(VERSIONS[2]), old)
    assert patch["effects"] == ["restarts k3s.service: /usr/local/bin/k3s"]
    minor = checked(servers, of_server(VERSIONS[3]), old)
    assert minor["effects"] == ["drains s1", "restarts k3s.service: /usr/local/bin/k3s"]
    alone = checked(servers, of_server(VERSIONS[1], membership=None), None)
    assert checked(servers, of_server(VERSIONS[3], membership=None), alone)["effects"] == [
        "restarts k3s.service: /usr/local/bin/k3s"
    ]


# --- a node that goes -----------------------------------------------------------------------------

K3S_THERE = (
    "resource|k3s-agent|1\n"
    "have|k3s-agent|unit|k3s-agent.service|kubelet\n"
    "unit|k3s-agent.service|loaded|active|enabled\n"
)
DONE = "step|1|begin|k3s-agent|2\nresult|ok|2\n"


@pytest.fixture
def leaving(
    agents: K3sAgentResource, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., StandInControl]:
    """Makes the machine of the agent 'a' and its cluster: how its sessions answer is given."""

    def make(*, ready: bool = True, away: Exception | None = None) -> StandInControl:
        control = StandInControl(StandInCluster(server("s1"), agent("a", ready=ready)), "a")

        @contextmanager
        def session(_node: NodeSettings, *_: Any) -> Iterator[Scripted]:
            if away is not None:
                raise away
            control.cluster.asked.append("remove a")
            yield Scripted({"facts": facts(K3S_THERE), "launch": DONE})

        monkeypatch.setattr(agents.nodes, "session", session)
        monkeypatch.setattr(agents, "control", lambda *_: control)
        return control

    return make


def request(resource: Resource, urn: str = URN) -> DeleteRequest:
    return DeleteRequest(urn, "a/k3s-agent", checked(resource, of_agent()))


def unreachable() -> ConnectionFailedError:
    return ConnectionFailedError("a", "connect", "no connection to a", mend="look at it")


def test_a_node_is_drained_cleaned_and_forgotten(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl]
) -> None:
    control = leaving()
    agents.delete(request(agents))
    assert control.cluster.asked == ["cordon a", "drain a", "remove a", "forget a"]
    assert control.closed == 2


def test_a_machine_that_is_gone_for_good_leaves_the_cluster_all_the_same(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl], log: KeptLog
) -> None:
    control = leaving(ready=False, away=unreachable())
    agents.delete(request(agents))
    assert control.cluster.asked == ["cordon a", "forget a"]
    (said,) = log.kept
    assert said.startswith(
        "a: it has left the cluster, but the machine itself was not cleaned (no conn"
    )


def test_a_machine_that_only_we_do_not_reach_stays_in_the_cluster(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl]
) -> None:
    control = leaving(away=unreachable())
    with pytest.raises(ConnectionFailedError, match="pulumi state delete"):
        agents.delete(request(agents))
    assert "forget a" not in control.cluster.asked
    assert control.closed


def test_a_cancelled_delete_forgets_nobody(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl]
) -> None:
    control = leaving(ready=False, away=unreachable())
    agents.nodes.cancelled = True
    with pytest.raises(CancelledRunError):
        agents.delete(request(agents))
    assert "forget a" not in control.cluster.asked


def test_pods_that_stay_leave_k3s_on_the_machine(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl]
) -> None:
    control = leaving()
    control.cluster.refuses["drain"] = "a disruption budget allows none"
    with pytest.raises(NodeError, match="a disruption budget allows none"):
        agents.delete(request(agents))
    assert "remove a" not in control.cluster.asked


def test_a_resource_with_another_name_is_the_same_node_and_stays(
    agents: K3sAgentResource, leaving: Callable[..., StandInControl], log: KeptLog
) -> None:
    control = leaving()
    asked = request(agents, urn=OTHER)
    agents.delete(asked)
    assert control.cluster.asked == []
    assert log.kept == ["a: stays: it goes by another name in this stack now"]


# --- what only a server knows ---------------------------------------------------------------------

ACCESS = f"ca-sha256|{'a' * 64}\nkubeconfig|YXBpVmVyc2lvbjogdjEK\n"


def test_a_server_tells_how_its_cluster_is_reached(servers: K3sServerResource) -> None:
    learned = servers.learned(Scripted({"access": ACCESS}))
    assert learned == {"caSha256": "a" * 64, "kubeconfig": Secret("apiVersion: v1\n")}


@pytest.fixture
def reading(servers: K3sServerResource, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Reads the server, whose `access` answers as given."""

    def read(access: object, told: str = "resource|k3s-server|1\n") -> Any:
        def session(_node: NodeSettings, **_: Any) -> Any:
            return _given(Scripted({"access": access}))

        known = Scripted({"facts": facts(told)})
        monkeypatch.setattr(servers.nodes, "session", session)
        monkeypatch.setattr(servers.nodes, "facts", lambda *_: read_facts(known))
        inputs = checked(servers, of_server())
        state = {"caSha256": "b" * 64, "kubeconfig": Secret("old"), "version": VERSIONS[1]}
        return servers.read(ReadRequest(URN, "s1/k3s-server", inputs, state))

    return read


@contextmanager
def _given(session: Scripted) -> Iterator[Scripted]:
    yield session


def test_a_refresh_reads_the_kubeconfig_again(reading: Callable[..., Any]) -> None:
    state = reading(ACCESS).state
    assert (state["caSha256"], state["kubeconfig"]) == ("a" * 64, Secret("apiVersion: v1\n"))


def test_a_server_that_is_down_keeps_what_is_known_of_it(
    reading: Callable[..., Any], log: KeptLog
) -> None:
    state = reading((1, "", "no such file\n")).state
    assert (state["caSha256"], state["kubeconfig"]) == ("b" * 64, Secret("old"))
    assert log.kept[-1] == "s1: its kubeconfig can't be read: no such file"


def test_a_server_that_is_gone_is_gone(reading: Callable[..., Any]) -> None:
    assert reading(ACCESS, told="").id == ""


# --- a machine that is in no cluster yet ----------------------------------------------------------


def test_who_joins_needs_a_free_name(
    servers: K3sServerResource, agents: K3sAgentResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "time", Clock())
    free = StandInControl(StandInCluster(server("s2"), agent("a", ready=False)), "a")
    agents.admit(free, of_agent(), silent)
    assert free.cluster.asked == ["forget a"]
    taken = StandInControl(StandInCluster(server("s2")), "s2", "s1", "s2")
    with pytest.raises(AdmissionError, match="it is Ready: another machine"):
        servers.admit(taken, of_server(joins="192.0.2.101"), silent)


Converged = Callable[..., list[dict[str, str]]]


@pytest.fixture
def converging(servers: K3sServerResource, monkeypatch: pytest.MonkeyPatch) -> Converged:
    """Converges the server 's1': the text of each file by its path, once for each transaction."""

    def run(
        control: StandInControl, inputs: dict[str, Any], *, there: bool = False, **state: str
    ) -> list[dict[str, str]]:
        known = [Facts(managed=ManagedFacts({"k3s-server": ()} if there else {}))]
        states: list[dict[str, str]] = []

        def converge(_session: object, desired: DesiredState, _report: object, around: Any) -> Any:
            with around(Plan(), known[-1]):
                states.append({file.path: file.read().decode() for file in desired.files})
            known.append(Facts(managed=ManagedFacts({"k3s-server": ()})))
            return Result(known[-1], Plan())

        monkeypatch.setattr("shimyard.provider.resource.converge", converge)
        monkeypatch.setattr("shimyard.provider.k3s.read_facts", lambda _: known[-1])
        monkeypatch.setattr(servers, "control", lambda *_: control)
        shown = checked(servers, inputs)
        desired = servers.desired(revealed(shown), recorded=False)
        asked = ApplyRequest(URN, "", shown, preview=False, state=state)
        servers.converged(Scripted({}), desired, asked, silent)
        assert states[-1] == {file.path: file.read().decode() for file in desired.files}
        return states

    return run


def entrances(states: list[dict[str, str]]) -> list[str]:
    return [text for state in states if (text := state.get(ENTRANCE_PATH)) is not None]


def test_the_first_server_starts_a_cluster_and_closes_the_entrance(converging: Converged) -> None:
    states = converging(StandInControl(StandInCluster(), "s1", *THREE), of_server())
    assert [ENTRANCE_PATH in state for state in states] == [True, False]
    assert '"cluster-init": true' in states[0][ENTRANCE_PATH]
    assert ENTRANCE_TOKEN_PATH not in states[0]


def test_the_first_server_joins_the_cluster_that_stands(converging: Converged) -> None:
    nodes = StandInCluster(server("s1", ready=False), server("s2"))
    states = converging(StandInControl(nodes, "s1", *THREE), of_server())
    assert nodes.asked == ["forget s1"]
    assert '"server": "https://192.0.2.102:6443"' in states[0][ENTRANCE_PATH]
    assert states[0][ENTRANCE_TOKEN_PATH] == f"K10{CA}::server:server-Secret1\n"
    assert entrances(states[1:]) == []


def test_a_server_that_is_in_has_no_entrance_any_more(converging: Converged) -> None:
    control = StandInControl(StandInCluster(server("s1"), server("s2")), "s1", *THREE)
    assert entrances(converging(control, of_server(), there=True, datastore="etcd")) == []


def test_a_server_goes_from_sqlite_to_etcd_by_an_entrance(converging: Converged) -> None:
    control = StandInControl(StandInCluster(server("s1")), "s1")
    (entrance,) = entrances(converging(control, of_server(), there=True, datastore="sqlite"))
    assert '"cluster-init": true' in entrance


def test_another_first_server_is_no_change_of_the_files(servers: K3sServerResource) -> None:
    old = checked(servers, of_server(joins="192.0.2.102", token=Secret("K10ab::server:x-Secret1")))
    new = checked(servers, of_server(token=Secret("x-Secret1")), old)
    assert set(changes(servers, old, new)) == {"token", "effects[0]"}
    assert new["effects"] == ["nothing restarts"]
    joined: dict[str, Any] = {"joins": "192.0.2.103", "token": Secret("K10ab::server:x-Secret1")}
    assert changes(servers, old, checked(servers, of_server(**joined), old)) == {}


def test_a_node_that_is_made_anew_is_another_registration_and_no_update_is(
    servers: K3sServerResource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Resource, "apply", lambda _, asked: ApplyResponse("s1/k3s-server", {**asked.state})
    )
    first, again = (
        servers.apply(ApplyRequest(URN, "", {}, preview=False)).state["registration"]
        for _ in range(2)
    )
    assert first != again
    updated = ApplyRequest(URN, "s1/k3s-server", {}, preview=False, state={"registration": first})
    assert servers.apply(updated).state["registration"] == first


# --- what no update changes -----------------------------------------------------------------------


def test_a_preview_of_an_update_knows_what_stays(servers: K3sServerResource) -> None:
    known = {"caSha256": "a" * 64, "kubeconfig": Secret("x"), "machineId": "m", "generation": 3}
    shown = checked(servers, of_server())
    asked = ApplyRequest(URN, "s1/k3s-server", shown, preview=True, state=known)
    state = servers.apply(asked).state
    assert state["generation"] is UNKNOWN
    assert {key: state[key] for key in ("caSha256", "kubeconfig", "machineId")} == {
        "caSha256": "a" * 64,
        "kubeconfig": Secret("x"),
        "machineId": "m",
    }
