"""What both resources share: the diff, and the way through a transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar

from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState
from shimyard.node.errors import ConnectionFailedError, NodeError
from shimyard.node.facts import Facts
from shimyard.node.operations import RestartUnit
from shimyard.node.plan import Plan
from shimyard.node.planning import plan
from shimyard.node.progress import Report
from shimyard.node.transaction import converge, remove
from shimyard.node.transcript import Transcript
from shimyard.provider.control import Control
from shimyard.provider.engine_log import EngineLog
from shimyard.provider.inputs import InputError, address_known, node_settings, root
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PartialStateError,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.nodes import CancelledRunError, Nodes
from shimyard.provider.retirement import not_cleaned
from shimyard.provider.service import Service, membership, serves
from shimyard.provider.values import (
    UNKNOWN,
    Properties,
    differences,
    has_unknown,
    revealed,
    secrets_in,
)

if TYPE_CHECKING:
    from shimyard.node.transport import Session

EFFECTS = "effects"
DRIFT = "drift"


class Resource(ABC):
    """A kind of resource on a machine.

    ``quiet``: inputs whose change alone is no change of the machine: how to reach it, where to
    download from. The engine records them without asking the node. ``identity``: inputs whose
    change makes it another thing on the machine. ``steady``: outputs that no update changes, so
    that a preview knows them, and what depends on them. ``serves_pods``: whether pods of the
    machine can notice a change at all.
    """

    quiet: ClassVar[frozenset[str]] = frozenset({"node", "sources", "membership", EFFECTS})
    identity: ClassVar[frozenset[str]] = frozenset()
    steady: ClassVar[frozenset[str]] = frozenset({"machineId"})
    serves_pods: ClassVar[bool] = True

    def __init__(self, nodes: Nodes, log: EngineLog) -> None:
        self.nodes = nodes
        self.log = log
        self._named: set[tuple[str, str]] = set()

    @abstractmethod
    def computed(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs that a preview shows beside the given ones: rendered files, digests.

        Raises ``InputError`` or another ``ShimyardError``.
        """

    @abstractmethod
    def desired(self, inputs: Mapping[str, Any], *, recorded: bool) -> DesiredState:
        """The desired state that checked inputs stand for.

        ``recorded``: they come from the Pulumi state; sources on the controller may have changed
        since, so digests are taken from the record.
        """

    @abstractmethod
    def outputs(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        """The state's properties; ``facts`` is None in a preview, and what they tell UNKNOWN."""

    @abstractmethod
    def name_on_node(self, inputs: Mapping[str, Any], /) -> str:
        """The resource's name in the node's own records."""

    def disrupts(self, steps: Plan, _was: Properties, _inputs: Mapping[str, Any]) -> bool:
        """Whether pods of the machine notice ``steps``, so that it must be drained before.

        ``_was``: the state of the resource before.
        """
        return any(
            isinstance(step, RestartUnit) and step.runs_containers and not step.starts
            for step in steps.operations
        )

    def foreseen(self, inputs: Mapping[str, Any], /) -> Mapping[str, Any]:
        """``inputs`` with what stands for values whose effects are known before they are."""
        return inputs

    def admit(  # noqa: B027  most kinds need nobody's leave
        self, _control: Control, _inputs: Mapping[str, Any], _report: Report, /
    ) -> None:
        """Before a machine that is in no cluster yet is changed. Raises ``NodeError``."""

    def learned(self, _session: Session) -> dict[str, Any]:
        """More outputs, which only the converged machine can tell."""
        return {}

    # --- the provider's operations -------------------------------------------------------------

    def check(self, request: CheckRequest) -> CheckResponse:
        """Validate, and add what the preview shows. Contacts no machine."""
        inputs = revealed(request.news)
        self._learn(request.news)
        self._learn(request.olds)
        try:
            self._claim(request.urn, inputs)
            checked = {**request.news, **self.computed(inputs)}
            checked[EFFECTS] = self._effects(revealed(request.olds), revealed(checked))
        except InputError as error:
            return CheckResponse(request.news, error.failures)
        except ShimyardError as error:
            return CheckResponse(request.news, (("", str(error)),))
        return CheckResponse(checked)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """What changes. A change of how to reach the machine is none."""
        old, new = revealed(request.old_inputs), revealed(request.news)
        found = list(differences(old, new))
        details = [
            (path, "replace" if root(path) in self.identity else kind)
            for path, kind in found
            if root(path) not in self.quiet and root(path) not in request.ignore_changes
        ]
        drift = request.state.get(DRIFT) or []
        if details:
            details += [(path, kind) for path, kind in found if root(path) == EFFECTS]
            effects = new.get(EFFECTS)
            self._tell(request.urn, new, effects if isinstance(effects, list) else [])
        if drift:
            details.append((DRIFT, "update"))
            self._tell_drift(request.urn, new, drift)
        return DiffResponse(tuple(details))

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Create or update. Raises ``NodeError``, or ``PartialStateError`` if it is unfinished."""
        inputs = revealed(request.inputs)
        if request.preview:
            known = {key: request.state[key] for key in self.steady if key in request.state}
            return ApplyResponse(request.id, self._state(inputs, None) | known)
        node = node_settings(inputs)
        name = self.name_on_node(inputs)
        connected = False
        try:
            with (
                self.log.progress(request.urn, node.name) as report,
                self.nodes.session(
                    node, report, self._transcript(request.urn, request.inputs)
                ) as session,
            ):
                connected = True
                desired = self.desired(inputs, recorded=False)
                facts = self.converged(session, desired, request, report)
                learned = self.learned(session)
        except NodeError as error:
            told = self._told(error, node.name)
            # A node that was left in the middle may end its transaction, or take it back.
            lost = connected and isinstance(error, ConnectionFailedError)
            if error.restored and not lost:
                raise told from None
            raise PartialStateError(
                str(told),
                id=request.id or f"{node.name}/{name}",
                inputs=request.inputs,
                state=request.state or self._state(inputs, Facts()),
            ) from error
        self.nodes.claims.created(node, name)
        state = self._state(inputs, facts) | learned
        self.log.status(request.urn, f"{node.name}: generation {state['generation']}")
        return ApplyResponse(request.id or f"{node.name}/{name}", state)

    def read(self, request: ReadRequest) -> ReadResponse:
        """Compare the machine with what was applied; differences show as drift."""
        if not request.inputs:
            raise ShimyardError(
                f"{request.id} can't be imported",
                mend="declare it and run `pulumi up`: what is on the machine is adopted",
            )
        inputs = revealed(request.inputs)
        node = node_settings(inputs)
        try:
            facts = self.nodes.facts(node, self._transcript(request.urn, request.inputs))
        except NodeError as error:
            raise self._told(error, node.name) from None
        if self.name_on_node(inputs) not in facts.managed.manifests:
            return ReadResponse("")
        found = plan(self.desired(inputs, recorded=True), facts)
        drift = [*found.reasons, *(f"the next `pulumi up` {effect}" for effect in found.effects)]
        self._tell_drift(request.urn, inputs, drift)
        state = {**self._state(inputs, facts), DRIFT: drift}
        return ReadResponse(request.id, request.inputs, state)

    def delete(self, request: DeleteRequest) -> None:
        """Leave the machine as it was before. Raises ``NodeError``."""
        inputs = revealed(request.inputs)
        node = node_settings(inputs)
        name = self.name_on_node(inputs)
        if self.stays(request):
            self._tell(request.urn, inputs, ["stays: it goes by another name in this stack now"])
            return
        try:
            with (
                self.log.progress(request.urn, node.name) as report,
                self.nodes.session(
                    node, report, self._transcript(request.urn, request.inputs)
                ) as session,
            ):
                remove(session, name, report)
        except ConnectionFailedError as error:
            if self.nodes.cancelled:
                raise CancelledRunError(node.name) from None
            if self._has_left(request.urn, inputs):
                self._tell(request.urn, inputs, [not_cleaned(error.cause)])
                return
            forget = f"pulumi state delete '{request.urn}'"
            mend = f"{error.mend}; if it is gone for good, forget it: {forget}"
            raise ConnectionFailedError(
                error.node, error.step, error.cause, mend=mend, log=error.log
            ) from None
        except NodeError as error:
            raise self._told(error, node.name) from None

    # -------------------------------------------------------------------------------------------

    def stays(self, request: DeleteRequest) -> bool:
        """Whether another resource of the program has taken over what is to be deleted."""
        inputs = revealed(request.inputs)
        node, name = node_settings(inputs), self.name_on_node(inputs)
        return self.nodes.claims.lives_on(node, name, request.urn)

    def converged(
        self, session: Session, desired: DesiredState, request: ApplyRequest, report: Report
    ) -> Facts:
        """Converge; the node of a cluster leaves its service meanwhile if it must."""
        inputs = revealed(request.inputs)
        control = self.control(request.urn, inputs) if self.serves_pods else None
        if control is None:
            return converge(session, desired, report).facts
        service = Service(self.nodes.rollouts.of(control.membership.cluster), control, report)

        def around(steps: Plan, facts: Facts) -> AbstractContextManager[None]:
            if not serves(facts):
                self.admit(control, inputs, report)
            disrupts = self.disrupts(steps, revealed(request.state), inputs)
            return service.around(steps, facts, disrupts=disrupts)

        try:
            facts = converge(session, desired, report, around).facts
            service.settle(facts)
        finally:
            control.close()
        return facts

    def _has_left(self, urn: str, inputs: Mapping[str, Any]) -> bool:
        """Whether the machine's cluster says that it is not a node of it any more."""
        control = self.control(urn, inputs)
        if control is None:
            return False
        try:
            with control.server(others_only=True) as cluster:
                return cluster.member(control.node) is None
        except NodeError:
            return False
        finally:
            control.close()

    def control(self, urn: str, inputs: Mapping[str, Any]) -> Control | None:
        """The way to the servers of the machine's cluster, if it is for one."""
        cluster = membership(inputs)
        if cluster is None:
            return None
        return Control(self.nodes, cluster, inputs["node"]["name"], self._transcript(urn, inputs))

    def _state(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        return {DRIFT: [], **self.outputs(inputs, facts)}

    def _effects(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        """What running services notice of the last change; stays as it was if nothing changes."""
        news = self.foreseen(news)
        relevant = {key: value for key, value in news.items() if key not in self.quiet}
        if has_unknown(relevant):
            return UNKNOWN
        before = {key: value for key, value in olds.items() if key not in self.quiet}
        if before == relevant:
            return olds.get(EFFECTS, [])
        facts = Facts()
        same = all(olds.get(key) == news.get(key) for key in self.identity)
        if before and same and not has_unknown(before):
            try:
                facts = Facts.converged(self.desired(olds, recorded=True))
            except InputError:
                return ["not known: the last inputs are from another version of Shimyard"]
        steps = plan(self.desired(news, recorded=True), facts)
        effects = [*steps.effects] or ["nothing restarts"]
        if before and news.get("membership") is not None and self.disrupts(steps, olds, news):
            effects.insert(0, f"drains {news['node']['name']}")
        return effects

    def _claim(self, urn: str, inputs: Mapping[str, Any]) -> None:
        """Raises ``InputError`` if another resource of the program is the same on the machine."""
        node = node_settings(inputs)
        name = self.name_on_node(inputs)
        owner = self.nodes.claims.claim(node, name, urn) if address_known(inputs) else None
        if owner is not None:
            reason = f"{node.address} has {name} already, from {owner}; keep one"
            raise InputError([("node", reason)])

    def _transcript(self, urn: str, inputs: Properties) -> Transcript:
        """What runs on the machine, for those who run the engine with --debug."""
        self._learn(inputs)
        node = revealed(inputs)["node"]["name"]
        return Transcript(lambda text: self.log.debug(urn, f"{node}: {text}"), self.nodes.redacted)

    def _learn(self, inputs: Properties) -> None:
        # The modes and owners beside the digests of secret files are no secrets.
        secrets = {key: value for key, value in inputs.items() if key != "digests"}
        self.nodes.redacted.learn(secrets_in(secrets))

    def _tell(self, urn: str, inputs: Mapping[str, Any], sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self.log.info(urn, f"{inputs['node']['name']}: {sentence}")

    def _tell_drift(self, urn: str, inputs: Mapping[str, Any], drift: Sequence[str]) -> None:
        """Once a run: a refresh reads, and then asks for the difference."""
        fresh = [sentence for sentence in drift if (urn, sentence) not in self._named]
        self._named.update((urn, sentence) for sentence in fresh)
        self._tell(urn, inputs, [f"drift: {sentence}" for sentence in fresh])

    def _told(self, error: NodeError, node: str) -> NodeError:
        """A connection that we have cut ourselves is no fault of the network."""
        if self.nodes.cancelled and isinstance(error, ConnectionFailedError):
            return CancelledRunError(node)
        return error
