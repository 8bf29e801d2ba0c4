"""How many nodes are out at a time, in which order it happens, and where a rollout stops."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.progress import silent
from shimyard.provider import rollout as module
from shimyard.provider.control import NoServerError
from shimyard.provider.rollout import Rollout, RolloutError, Rollouts, keep_quorum, settle
from tests.unit.provider.clusters import Clock, StandInCluster, StandInControl, agent, server

PATIENCE = 5.0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def cluster(*names: str) -> StandInCluster:
    return StandInCluster(server("server-1"), *(agent(name) for name in names or ("a", "b", "c")))


def change(
    rollout: Rollout, control: StandInControl, error: Exception | None = None, **how: bool
) -> None:
    """A change of the control's node, which fails with ``error``."""
    with rollout.disruption(control, silent, server=how.get("server", False)):
        control.cluster.asked.append(f"change {control.node}")
        if error is not None:
            raise error


def failure(*, restored: bool = True) -> NodeError:
    return NodeError("a", "switch", "it does not start", mend="mend it", restored=restored)


# --- one node -------------------------------------------------------------------------------------


def test_a_node_is_cordoned_drained_changed_and_taken_back_in() -> None:
    told: list[tuple[str, str]] = []
    control = StandInControl(cluster(), "a")
    with Rollout().disruption(control, lambda *words: told.append(words), server=False):
        control.cluster.asked.append("change a")
    assert control.cluster.asked == ["cordon a", "drain a", "change a", "uncordon a"]
    assert told == [
        ("drain", "a takes no new pods"),
        ("drain", "pods leave a"),
        ("drain", "pod/greeter-a evicted"),
        ("ready", "waiting until a is Ready in the cluster"),
        ("ready", "a takes pods again"),
    ]


def test_a_node_takes_pods_again_only_when_it_is_ready(clock: Clock) -> None:
    control = StandInControl(cluster(), "a")
    clock.then[3] = lambda: control.cluster.becomes("a", ready=True)
    with Rollout().disruption(control, silent, server=False):
        control.cluster.becomes("a", ready=False)
    assert clock.sleeps == 3
    assert control.cluster.asked[-1] == "uncordon a"


def test_a_cordon_of_somebody_else_stays() -> None:
    control = StandInControl(StandInCluster(agent("a", cordoned=True)), "a")
    change(Rollout(), control)
    assert control.cluster.asked == ["cordon a", "drain a", "change a"]
    assert control.cluster.nodes["a"].cordoned


def test_a_machine_that_the_cluster_does_not_know_is_just_changed() -> None:
    control = StandInControl(cluster("b"), "a")
    change(Rollout(), control)
    assert control.cluster.asked == ["change a"]


def test_a_node_that_is_not_ready_is_cordoned_and_not_drained() -> None:
    control = StandInControl(StandInCluster(agent("a", ready=False), agent("b")), "a")
    with Rollout().disruption(control, silent, server=False):
        control.cluster.becomes("a", ready=True)
    assert control.cluster.asked == ["cordon a", "uncordon a"]


def test_a_node_that_does_not_come_back_is_an_error_and_stays_cordoned(clock: Clock) -> None:
    control = StandInControl(cluster(), "a", readyTimeout=60)
    with (
        pytest.raises(RolloutError, match="a is not Ready 60 s after its change"),
        Rollout().disruption(control, silent, server=False),
    ):
        control.cluster.becomes("a", ready=False)
    assert control.cluster.nodes["a"].ours
    assert 60 <= clock.now < 62


# --- failures -------------------------------------------------------------------------------------


def test_pods_that_stay_leave_the_node_as_it_was() -> None:
    control = StandInControl(cluster(), "a")
    control.cluster.refuses["drain"] = "a disruption budget allows none"
    with pytest.raises(NodeError, match="a disruption budget allows none"):
        change(Rollout(), control)
    assert control.cluster.asked == ["cordon a", "drain a", "uncordon a"]


def test_the_reason_of_a_failed_drain_is_told_also_if_the_cordon_can_not_be_taken_back() -> None:
    control = StandInControl(cluster(), "a")
    control.cluster.refuses = {"drain": "a budget allows none", "uncordon": "the API is away"}
    with pytest.raises(NodeError, match="a budget allows none"):
        change(Rollout(), control)


def test_a_change_that_is_taken_back_takes_the_node_back_in_and_stops_the_rollout() -> None:
    rollout, both = Rollout(), cluster()
    with pytest.raises(NodeError, match="it does not start"):
        change(rollout, StandInControl(both, "a"), failure())
    assert both.asked == ["cordon a", "drain a", "change a", "uncordon a"]
    with pytest.raises(RolloutError, match="the rollout stopped at a; b was left alone"):
        change(rollout, StandInControl(both, "b"))
    assert both.asked[4:] == []


def test_a_node_that_is_not_what_it_was_stays_cordoned() -> None:
    control = StandInControl(cluster(), "a")
    with pytest.raises(NodeError, match="NOT yet back"):
        change(Rollout(), control, failure(restored=False))
    assert control.cluster.asked == ["cordon a", "drain a", "change a"]


def test_a_node_that_is_not_ready_after_a_failure_does_not_hide_the_failure() -> None:
    control = StandInControl(cluster(), "a", readyTimeout=30)

    def fails() -> None:
        with Rollout().disruption(control, silent, server=False):
            control.cluster.becomes("a", ready=False)
            raise failure()

    with pytest.raises(NodeError, match="it does not start"):
        fails()
    assert control.cluster.nodes["a"].ours


@pytest.mark.parametrize(
    "error",
    [
        ConnectionFailedError("a", "switch", "the line is cut", mend="x", restored=False),
        KeyboardInterrupt(),
        RuntimeError(),
    ],
)
def test_whatever_stops_a_change_stops_the_rollout(error: BaseException) -> None:
    rollout, both = Rollout(), cluster()

    def fails() -> None:
        with rollout.disruption(StandInControl(both, "a"), silent, server=False):
            raise error

    with pytest.raises(type(error)):
        fails()
    with pytest.raises(RolloutError, match="stopped at a"):
        change(rollout, StandInControl(both, "b"))


def test_the_first_failure_is_the_one_that_is_named() -> None:
    rollout, both = Rollout(), cluster()
    with pytest.raises(NodeError):
        change(rollout, StandInControl(both, "a"), failure())
    for name in ("b", "c"):
        with pytest.raises(RolloutError, match="stopped at a"):
            change(rollout, StandInControl(both, name))


def test_a_cluster_that_does_not_answer_stops_the_rollout_before_anything_is_changed() -> None:
    rollout, control = Rollout(), StandInControl(cluster(), "a")
    control.away = True
    with pytest.raises(NoServerError):
        change(rollout, control)
    assert control.cluster.asked == []
    with pytest.raises(RolloutError, match="stopped at a"):
        change(rollout, StandInControl(control.cluster, "b"))


def test_another_cluster_is_another_rollout() -> None:
    rollouts = Rollouts()
    with pytest.raises(NodeError):
        change(rollouts.of("one"), StandInControl(cluster(), "a"), failure())
    change(rollouts.of("other"), StandInControl(cluster(), "a"))
    assert rollouts.of("one") is rollouts.of("one")


# --- nodes that are down anyway -------------------------------------------------------------------


def down(*names: str) -> StandInCluster:
    return StandInCluster(
        server("server-1"), agent("a"), *(agent(name, ready=False) for name in names)
    )


def test_nodes_that_are_down_anyway_count_as_out() -> None:
    control = StandInControl(down("x"), "a")
    with pytest.raises(RolloutError, match="x is not Ready, and 1 may be out at a time"):
        change(Rollout(), control)
    assert control.cluster.asked == []
    with pytest.raises(RolloutError, match="x, y are not Ready, and 2 may be out at a time"):
        change(Rollout(), StandInControl(down("x", "y"), "a", maxUnavailable=2))


def test_as_many_may_be_down_as_the_stack_allows() -> None:
    control = StandInControl(down("x"), "a", maxUnavailable=2)
    change(Rollout(), control)
    assert "change a" in control.cluster.asked


def test_the_node_that_is_down_itself_can_be_mended() -> None:
    control = StandInControl(StandInCluster(agent("a", ready=False), agent("b")), "a")
    with Rollout().disruption(control, silent, server=False):
        control.cluster.becomes("a", ready=True)
    assert not control.cluster.nodes["a"].cordoned


# --- several at a time ----------------------------------------------------------------------------


class Change:
    """A change in a thread: it goes on when it is told to."""

    def __init__(
        self,
        rollout: Rollout,
        control: StandInControl,
        *,
        server: bool = False,
        restarts: bool = False,
    ) -> None:
        self.waits = threading.Event()
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.ended: queue.Queue[BaseException | None] = queue.Queue()
        self.fails: NodeError | None = None
        self.told: list[str] = []
        turn = rollout.restart if restarts else rollout.disruption
        self._turn = turn(control, self._report, server=server)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _report(self, step: str, text: str) -> None:
        self.told.append(text)
        if step == "wait":
            self.waits.set()

    def _run(self) -> None:
        try:
            with self._turn:
                self._change()
        except BaseException as error:
            self.ended.put(error)
        else:
            self.ended.put(None)

    def _change(self) -> None:
        self.began.set()
        assert self.go_on.wait(PATIENCE)
        if self.fails is not None:
            raise self.fails

    def end(self, fails: NodeError | None = None) -> BaseException | None:
        self.fails = fails
        self.go_on.set()
        return self.outcome()

    def outcome(self) -> BaseException | None:
        return self.ended.get(timeout=PATIENCE)


Start = Callable[..., Change]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts changes in one rollout, and lets none of them wait for ever."""
    rollout, started = Rollout(), list[Change]()

    def begin(control: StandInControl, **how: bool) -> Change:
        started.append(Change(rollout, control, **how))
        return started[-1]

    with ended(started):
        yield begin


@contextmanager
def ended(started: list[Change]) -> Iterator[None]:
    try:
        yield
    finally:
        for each in started:
            each.go_on.set()


def test_no_more_nodes_are_out_than_the_stack_allows(start: Start) -> None:
    all_nodes = cluster("a", "b", "c")

    def control(name: str) -> StandInControl:
        return StandInControl(all_nodes, name, maxUnavailable=2)

    first, second = start(control("a")), start(control("b"))
    assert first.began.wait(PATIENCE)
    assert second.began.wait(PATIENCE)
    third = start(control("c"))
    assert third.waits.wait(PATIENCE)
    assert sorted(third.told[0].removeprefix("waiting for ").split(", ")) == ["a", "b"]
    assert not third.began.is_set()
    assert "cordon c" not in all_nodes.asked
    assert first.end() is None
    assert third.began.wait(PATIENCE)
    assert not second.ended.qsize(), "the second one is still out"
    assert (second.end(), third.end()) == (None, None)


def test_our_own_nodes_that_are_out_do_not_count_twice(start: Start) -> None:
    all_nodes = cluster("a", "b")
    first = start(StandInControl(all_nodes, "a", maxUnavailable=2))
    assert first.began.wait(PATIENCE)
    all_nodes.becomes("a", ready=False)
    second = start(StandInControl(all_nodes, "b", maxUnavailable=2))
    assert second.began.wait(PATIENCE)
    assert second.end() is None
    all_nodes.becomes("a", ready=True)
    assert first.end() is None


@pytest.mark.parametrize(("one", "other"), [("s1", "s2"), ("s1", "a"), ("a", "s1")])
def test_a_server_is_out_alone(start: Start, one: str, other: str) -> None:
    all_nodes = StandInCluster(server("s1"), server("s2"), server("s3"), agent("a"))

    def begin(name: str) -> Change:
        control = StandInControl(all_nodes, name, maxUnavailable=5)
        return start(control, server=name.startswith("s"))

    first = begin(one)
    assert first.began.wait(PATIENCE)
    second = begin(other)
    assert second.waits.wait(PATIENCE)
    assert not second.began.is_set()
    assert first.end() is None
    assert second.began.wait(PATIENCE)
    assert second.end() is None


def test_who_waits_while_a_change_fails_is_left_alone(start: Start) -> None:
    all_nodes = cluster("a", "b")
    first = start(StandInControl(all_nodes, "a"))
    assert first.began.wait(PATIENCE)
    second = start(StandInControl(all_nodes, "b"))
    assert second.waits.wait(PATIENCE)
    assert isinstance(first.end(failure()), NodeError)
    refused = second.outcome()
    assert isinstance(refused, RolloutError)
    assert "stopped at a" in str(refused)
    assert not second.began.is_set()
    assert "cordon b" not in all_nodes.asked


# --- taking a node back in ------------------------------------------------------------------------


def test_a_cordon_of_a_run_that_was_cut_off_is_taken_back() -> None:
    control = StandInControl(StandInCluster(agent("a", cordoned=True, ours=True)), "a")
    settle(control, silent)
    assert not control.cluster.nodes["a"].cordoned


def test_a_node_that_nobody_has_cordoned_is_left_alone() -> None:
    control = StandInControl(cluster(), "a")
    settle(control, silent)
    assert control.cluster.asked == []


def test_a_server_that_restarts_is_asked_again(clock: Clock) -> None:
    control = StandInControl(cluster(), "a", readyTimeout=30)
    control.away = True
    clock.then[4] = lambda: setattr(control, "away", False)
    settle(control, silent)
    assert clock.sleeps == 4


def test_servers_that_stay_away_are_an_error_in_time(clock: Clock) -> None:
    control = StandInControl(cluster(), "a", readyTimeout=30)
    control.away = True
    with pytest.raises(NoServerError):
        settle(control, silent)
    assert 30 <= clock.now < 32


# --- the majority of etcd -------------------------------------------------------------------------


def servers(ready: int, away: int = 0) -> dict[str, object]:
    found = [server(f"s{index}") for index in range(ready)]
    found += [server(f"down{index}", ready=False) for index in range(away)]
    return {each.name: each for each in [*found, agent("a"), agent("b", ready=False)]}


@pytest.mark.parametrize(
    ("ready", "away", "disrupted", "leaves"),
    [
        (1, 0, True, True),
        (2, 0, False, True),
        (3, 0, True, True),
        (5, 0, True, True),
        (1, 1, False, False),
        (2, 1, False, False),
        (4, 1, True, True),
        (3, 2, False, False),
        (6, 1, True, True),
        (4, 3, False, False),
    ],
)
@pytest.mark.parametrize("for_good", [False, True])
def test_a_server_goes_only_if_a_majority_stays(
    *, ready: int, away: int, disrupted: bool, leaves: bool, for_good: bool
) -> None:
    members = servers(ready, away)
    allowed = leaves if for_good else disrupted
    if allowed:
        keep_quorum(members, server("s0"), leaves=for_good)  # type: ignore[arg-type]
        return
    with pytest.raises(RolloutError, match="which is no quorum") as caught:
        keep_quorum(members, server("s0"), leaves=for_good)  # type: ignore[arg-type]
    down_names = ", ".join(f"down{index}" for index in range(away)) or "none"
    assert f"not Ready: {down_names}" in caught.value.cause


@pytest.mark.parametrize("for_good", [False, True])
def test_a_server_that_is_down_can_be_mended_or_leave_while_the_others_are_a_majority(
    *, for_good: bool
) -> None:
    members = servers(2, 1)
    keep_quorum(members, server("down0", ready=False), leaves=for_good)  # type: ignore[arg-type]


def test_an_agent_takes_no_part_in_the_quorum() -> None:
    keep_quorum(servers(1, 2), agent("a"))  # type: ignore[arg-type]


def test_a_server_without_a_majority_is_not_even_cordoned() -> None:
    two = StandInCluster(server("s0"), server("s1", ready=False), server("s2"))
    control = StandInControl(two, "s0", maxUnavailable=2)
    with pytest.raises(RolloutError, match="1 of 3 servers would be left"):
        change(Rollout(), control, server=True)
    assert two.asked == []


# --- a restart of K3s, under running pods ---------------------------------------------------------


def restart(rollout: Rollout, control: StandInControl, *, server: bool = False) -> None:
    with rollout.restart(control, silent, server=server):
        control.cluster.asked.append(f"restart {control.node}")


def test_a_restart_drains_nothing_and_ends_when_the_node_is_ready(clock: Clock) -> None:
    control = StandInControl(cluster(), "a")
    clock.then[3] = lambda: control.cluster.becomes("a", ready=True)
    with Rollout().restart(control, silent, server=False):
        control.cluster.becomes("a", ready=False)
    assert clock.sleeps == 3
    assert control.cluster.asked == []


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_restarts_and_drains_have_their_turns_together(
    start: Start, *, first: bool, second: bool
) -> None:
    all_nodes = cluster("a", "b")
    one = start(StandInControl(all_nodes, "a"), restarts=first)
    assert one.began.wait(PATIENCE)
    other = start(StandInControl(all_nodes, "b"), restarts=second)
    assert other.waits.wait(PATIENCE)
    assert not other.began.is_set()
    assert one.end() is None
    assert other.began.wait(PATIENCE)
    assert other.end() is None


def test_after_a_restart_that_fails_no_other_node_is_touched() -> None:
    rollout, all_nodes = Rollout(), cluster("a", "b")
    with (
        pytest.raises(NodeError, match="it does not start"),
        rollout.restart(StandInControl(all_nodes, "a"), silent, server=False),
    ):
        raise failure()
    with pytest.raises(RolloutError, match="stopped at a"):
        restart(rollout, StandInControl(all_nodes, "b"))
    with pytest.raises(RolloutError, match="stopped at a"):
        change(rollout, StandInControl(all_nodes, "b"))
    assert all_nodes.asked == []


def test_a_restart_that_does_not_come_back_ends_the_rollout(clock: Clock) -> None:
    control = StandInControl(cluster(), "a", readyTimeout=60)
    with (
        pytest.raises(RolloutError, match="a is not Ready 60 s after its change"),
        Rollout().restart(control, silent, server=False),
    ):
        control.cluster.becomes("a", ready=False)


def test_nodes_that_are_down_anyway_are_not_in_the_way_of_a_restart() -> None:
    all_nodes = StandInCluster(server("server-1"), agent("a"), agent("b", ready=False))
    restart(Rollout(), StandInControl(all_nodes, "a"))
    assert all_nodes.asked == ["restart a"]


def test_a_server_does_not_restart_where_the_others_are_no_majority() -> None:
    three = StandInCluster(server("s1"), server("s2"), server("s3", ready=False))
    with pytest.raises(RolloutError, match="1 of 3 servers would be left"):
        restart(Rollout(), StandInControl(three, "s1", "s1", "s2", "s3"), server=True)
    assert three.asked == []


def test_the_only_server_restarts_without_asking_itself(clock: Clock) -> None:
    control = StandInControl(StandInCluster(server("s1")), "s1", "s1")
    control.away = True
    clock.then[2] = lambda: setattr(control, "away", False)
    restart(Rollout(), control, server=True)
    assert control.cluster.asked == ["restart s1"]
