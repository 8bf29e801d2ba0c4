"""K3s on a machine: what it consists of, when it restarts, what its removal leaves behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shimyard.node.desired import DesiredState
from shimyard.node.facts import Facts, ServiceFacts
from shimyard.node.facts.services import Service
from shimyard.node.k3s import Membership, secret_paths, with_entrance
from shimyard.node.operations import (
    AwaitNode,
    DeclareData,
    LeavePods,
    PlaceFile,
    RemoveData,
    RestartUnit,
    RotateToken,
    SaveSnapshot,
)
from shimyard.node.plan import Plan
from shimyard.node.planning import plan
from shimyard.node.removal import removal
from tests.unit.node.k3s_states import AGENT, FIRST, JOINING, agent, server, settings

CONFIG = "/etc/rancher/k3s/config.yaml"
TOKEN = "/etc/rancher/k3s/token"
AGENT_TOKEN = "/etc/rancher/k3s/agent-token"
ENTRANCE = "/etc/rancher/k3s/config.yaml.d/entrance.yaml"
ENTRANCE_TOKEN = "/etc/rancher/k3s/entrance-token"
BINARY = "/usr/local/bin/k3s"


def from_to(was: DesiredState, wanted: DesiredState) -> Plan:
    return plan(wanted, Facts.converged(was))


def texts_of(state: DesiredState) -> dict[str, str]:
    return {file.path: file.read().decode() for file in state.files}


def names(steps: Plan) -> list[str]:
    return [operation.words()[0] for operation in steps.operations]


def restart(steps: Plan) -> RestartUnit:
    (found,) = [each for each in steps.operations if isinstance(each, RestartUnit)]
    return found


# --- what it consists of --------------------------------------------------------------------------


def test_a_server_has_both_tokens_and_an_agent_its_own() -> None:
    texts = texts_of(server(JOINING))
    assert texts[TOKEN] == "server-secret\n"
    assert texts[AGENT_TOKEN] == "agent-secret\n"
    assert texts_of(agent())[TOKEN] == "K10ab::node:agent-secret\n"
    assert AGENT_TOKEN not in texts_of(agent())


def test_a_server_knows_its_cluster_before_it_shows_the_token() -> None:
    texts = texts_of(with_entrance(server(JOINING), settings(), JOINING))
    assert texts[ENTRANCE_TOKEN] == "K10ab::server:server-secret\n"
    assert f'"token-file": "{ENTRANCE_TOKEN}"' in texts[ENTRANCE]
    assert '"server": "https://10.0.0.1:6443"' in texts[ENTRANCE]
    starting = texts_of(with_entrance(server(), settings(), FIRST))
    assert '"cluster-init": true' in starting[ENTRANCE]
    assert ENTRANCE_TOKEN not in starting


def test_the_entrance_goes_without_a_restart() -> None:
    steps = from_to(with_entrance(server(JOINING), settings(), JOINING), server(JOINING))
    assert names(steps) == ["expect", "remove", "remove"]
    assert steps.effects == ()


def test_a_server_of_etcd_starts_with_its_data_or_by_its_entrance() -> None:
    unit = "/etc/systemd/system/k3s.service"
    asserted = [line for line in texts_of(server())[unit].splitlines() if "Assert" in line]
    assert asserted == [
        "AssertPathExists=|/var/lib/rancher/k3s/server/db/etcd",
        f"AssertPathExists=|{ENTRANCE}",
    ]
    assert "Assert" not in texts_of(server(datastore="sqlite"))[unit]


def test_tokens_and_config_are_for_root_only_and_in_no_repr() -> None:
    for state in (server(), agent()):
        modes = {file.path: file.mode for file in state.files}
        assert {modes[path] for path in modes if path.startswith("/etc/rancher/")} == {"0600"}
        assert "secret" not in repr(state)
    assert "secret" not in repr(FIRST)
    assert secret_paths() == {TOKEN, AGENT_TOKEN}


def test_a_token_stands_in_no_file_but_its_own() -> None:
    for file in (*server(JOINING).files, *agent().files):
        if file.path not in secret_paths():
            assert b"secret" not in file.read()


def test_a_token_that_a_preview_can_not_know_is_left_out() -> None:
    unknown = server(Membership(None, None, None))
    assert {file.path for file in unknown.files} & secret_paths() == set()


def test_the_record_says_that_the_service_is_a_kubelet() -> None:
    assert ("unit", "k3s.service", "kubelet") in server().manifest()
    assert ("unit", "k3s-agent.service", "kubelet") in agent().manifest()


def test_what_k3s_makes_goes_with_it() -> None:
    assert {data.path for data in server().data} == {
        "/var/lib/rancher/k3s", "/etc/rancher", "/var/lib/kubelet", "/var/lib/cni", "/run/k3s"
    }  # fmt: skip
    assert agent().data == server().data


def test_the_program_is_a_link_into_the_store() -> None:
    for state in (server(), agent()):
        assert {link.path: link.target for link in state.links} == {
            BINARY: "/var/lib/shimyard/store/k3s-1.36.3+k3s1/k3s"
        }


def test_a_server_is_asked_by_its_own_kubeconfig_and_an_agent_by_its_kubelets() -> None:
    for state, unit, kubeconfig in (
        (server(), "k3s.service", "/etc/rancher/k3s/k3s.yaml"),
        (agent(), "k3s-agent.service", "/var/lib/rancher/k3s/agent/kubelet.kubeconfig"),
    ):
        (waits,) = [op for op in plan(state, Facts()).operations if isinstance(op, AwaitNode)]
        assert waits == AwaitNode("edge-1", unit, kubeconfig, 240)


# --- changes --------------------------------------------------------------------------------------


def test_a_machine_gets_k3s_and_is_ready_before_the_change_is_committed() -> None:
    steps = plan(server(), Facts())
    assert names(steps)[-4:] == ["enable", "reload", "restart", "await-node"]
    assert [op.path for op in steps.operations if isinstance(op, DeclareData)] == [
        data.path for data in server().data
    ]
    assert steps.effects[0].startswith("starts k3s.service: ")
    assert restart(steps).words() == ("restart", "k3s.service", "", "240")


def test_the_same_again_is_nothing_to_do() -> None:
    for state in (server(), agent()):
        assert from_to(state, state).operations == ()


@pytest.mark.parametrize(
    ("was", "wanted", "because"),
    [
        (server(), server(disable=[]), CONFIG),
        (server(), server(replace(FIRST, token="another")), TOKEN),
        (server(), server(replace(FIRST, agent_token="another")), AGENT_TOKEN),
        (agent(), agent(replace(AGENT, joins="10.0.0.2")), CONFIG),
        (agent(), agent(kubeletArgs={"max-pods": "250"}), CONFIG),
        (server(), server(version="1.36.4+k3s1"), BINARY),
    ],
    ids=["config", "token", "agent's token", "another server", "kubelet", "version"],
)
def test_what_k3s_reads_restarts_it_and_it_must_be_ready_again(
    was: DesiredState, wanted: DesiredState, because: str
) -> None:
    steps = from_to(was, wanted)
    assert restart(steps).because == (because,)
    assert not restart(steps).starts
    assert names(steps)[-2:] == ["restart", "await-node"]
    *_, effect = steps.effects
    # Pods outlive it, those of Wasm too: it is not containerd.
    assert effect.endswith(f": {because}")


def test_a_server_is_the_same_whoever_is_the_first() -> None:
    elsewhere = Membership("10.0.0.2", "K10cd::server:server-secret", "agent-secret")
    for membership in (JOINING, elsewhere):
        assert server(membership).files == server().files


def test_the_time_that_a_start_may_take_is_no_change() -> None:
    slower = replace(server(), unit=None, registration=None)
    unit, registration = server().unit, server().registration
    assert unit is not None
    assert registration is not None
    slower = replace(
        server(),
        unit=replace(unit, seconds=999),
        registration=replace(registration, seconds=999),
    )
    assert from_to(server(), slower).operations == ()


def test_a_k3s_that_has_ended_is_started_and_must_be_ready() -> None:
    facts = Facts.converged(agent())
    ended = ServiceFacts({"k3s-agent.service": Service("loaded", "failed", "enabled")})
    steps = plan(agent(), replace(facts, services=ended))
    assert names(steps) == ["expect", "restart", "await-node"]
    assert restart(steps).starts


# --- another token --------------------------------------------------------------------------------

ANOTHER = replace(FIRST, token="another", agent_token="agents' other")


def rotations(steps: Plan) -> list[RotateToken]:
    return [each for each in steps.operations if isinstance(each, RotateToken)]


def test_the_cluster_takes_another_token_when_its_file_is_there_and_before_k3s_restarts() -> None:
    steps = from_to(server(), server(ANOTHER))
    assert names(steps) == ["expect", "file", "file", "rotate-token", "restart", "await-node"]
    assert rotations(steps) == [RotateToken(TOKEN, asks=True)]
    assert steps.effects == (
        "gives the cluster another server token",
        f"restarts k3s.service: {TOKEN}, {AGENT_TOKEN}",
    )


def test_a_server_that_has_joined_follows_the_first_one() -> None:
    other = replace(JOINING, token="K10ab::server:another")
    steps = from_to(server(JOINING), server(other))
    assert rotations(steps) == [RotateToken(TOKEN, asks=False)]
    assert len(steps.effects) == 1


def test_an_agents_token_is_no_secret_of_the_cluster() -> None:
    assert rotations(from_to(agent(), agent(replace(AGENT, token="K10ab::node:other")))) == []
    assert rotations(from_to(server(), server(replace(FIRST, agent_token="other")))) == []


def test_a_machine_that_gets_k3s_rotates_nothing() -> None:
    assert rotations(plan(server(), Facts())) == []


def test_k3s_restarts_with_a_token_that_was_kept_when_its_change_was_taken_back() -> None:
    facts, wanted = Facts.converged(server()), server(ANOTHER)
    seen = {**facts.managed.seen, TOKEN: Facts.converged(wanted).managed.seen[TOKEN]}
    kept = replace(facts, managed=replace(facts.managed, seen=seen))
    steps = plan(wanted, kept)
    assert rotations(steps) == [RotateToken(TOKEN, asks=False)]
    assert TOKEN in restart(steps).because
    assert [op.path for op in steps.operations if isinstance(op, PlaceFile)] == [AGENT_TOKEN]


# --- snapshots ------------------------------------------------------------------------------------


def snapshots(was: DesiredState, wanted: DesiredState) -> list[SaveSnapshot]:
    steps = from_to(was, wanted)
    assert steps.operations
    return [each for each in steps.operations if isinstance(each, SaveSnapshot)]


def test_etcd_is_saved_before_another_version_and_named_after_it() -> None:
    upgrade = from_to(server(), server(version="1.37.0+k3s1"))
    (saves,) = [each for each in upgrade.operations if isinstance(each, SaveSnapshot)]
    assert saves == SaveSnapshot(BINARY, "before-1.37.0-k3s1")
    assert names(upgrade)[:2] == ["expect", "snapshot"]


@pytest.mark.parametrize(
    ("was", "wanted"),
    [
        (server(), server(disable=[])),
        (agent(), agent(version="1.37.0+k3s1")),
        (server(datastore="sqlite"), server(datastore="sqlite", version="1.37.0+k3s1")),
        (
            server(snapshotBeforeUpgrade=False),
            server(snapshotBeforeUpgrade=False, version="1.37.0+k3s1"),
        ),
    ],
    ids=["the same version", "an agent", "sqlite", "not wanted"],
)
def test_nothing_is_saved_where_nothing_can_be_or_need_be(
    was: DesiredState, wanted: DesiredState
) -> None:
    assert snapshots(was, wanted) == []


def test_there_is_nothing_to_save_on_a_machine_that_has_no_k3s_yet() -> None:
    assert "snapshot" not in names(plan(server(), Facts()))


# --- removal --------------------------------------------------------------------------------------


def test_a_removal_ends_the_pods_after_the_kubelet_that_would_start_them_again() -> None:
    facts = Facts.converged(server())
    made = tuple(("data", data.path) for data in server().data)
    facts = replace(facts, managed=replace(facts.managed, made=made))
    steps = removal("k3s-server", facts)
    assert names(steps)[:4] == ["expect", "stop", "leave", "disable"]
    assert LeavePods("k3s.service") in steps.operations
    assert "empty" not in names(steps), "that is how containerd ends"
    assert [op.path for op in steps.operations if isinstance(op, RemoveData)] == [
        data.path for data in server().data
    ]
    assert steps.effects[:2] == ("stops k3s.service", "ends all pods of the node")


def test_a_removal_keeps_what_stood_there_before_k3s() -> None:
    steps = removal("k3s-agent", Facts.converged(agent()))
    assert not any(isinstance(each, RemoveData) for each in steps.operations)
