"""A machine in the service of a cluster: what a change of it owes to the pods that run there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from shimyard.node.facts import Facts
from shimyard.node.k3s import RESOURCES, UNITS
from shimyard.node.operations import RestartUnit
from shimyard.node.plan import Plan
from shimyard.node.progress import Report
from shimyard.provider.control import Control
from shimyard.provider.inputs import settings
from shimyard.provider.rollout import Rollout, settle
from shimyard.settings.membership import MembershipSettings


def membership(inputs: Mapping[str, Any]) -> MembershipSettings | None:
    """The machine's cluster, or None. Raises ``InputError``."""
    given = inputs.get("membership")
    return None if given is None else settings(MembershipSettings, given, "membership")


def serves(facts: Facts) -> bool:
    """Whether K3s of ours is on the machine; before that, no pod can be there."""
    return any(name in facts.managed.manifests for name in RESOURCES.values())


def restarts_k3s(plan: Plan) -> bool:
    """Whether a K3s that runs is restarted."""
    return any(
        isinstance(step, RestartUnit) and not step.starts and step.unit in UNITS.values()
        for step in plan.operations
    )


class Turn(Protocol):
    """How a node waits for its turn, and what else happens around its change."""

    def __call__(
        self, control: Control, report: Report, *, server: bool
    ) -> AbstractContextManager[None]: ...


class Service:
    """The change of one machine, as its cluster sees it."""

    def __init__(self, rollout: Rollout, control: Control, report: Report) -> None:
        self._rollout = rollout
        self._control = control
        self._report = report
        self._settled = False

    @contextmanager
    def around(self, plan: Plan, facts: Facts, *, disrupts: bool) -> Iterator[None]:
        """Wait for the node's turn, drain it before a change that disrupts, take it back in after.

        What has ended is started again at once: others may wait for just that server.
        """
        mends = any(isinstance(step, RestartUnit) and step.starts for step in plan.operations)
        if not plan.operations or not serves(facts) or (mends and not disrupts):
            yield
            return
        server = RESOURCES["server"] in facts.managed.manifests
        with self._turn(plan, disrupts=disrupts)(self._control, self._report, server=server):
            yield
        self._settled = disrupts or restarts_k3s(plan)

    def _turn(self, plan: Plan, *, disrupts: bool) -> Turn:
        if disrupts:
            return self._rollout.disruption
        return self._rollout.restart if restarts_k3s(plan) else self._rollout.turn

    def settle(self, facts: Facts) -> None:
        """Take back a cordon that a run has left that was cut off."""
        if serves(facts) and not self._settled:
            settle(self._control, self._report)
