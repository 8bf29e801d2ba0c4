"""The resource ClusterNode: labels and taints of one Node object, and what it is proven to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from shimyard.node.cluster import Member
from shimyard.node.errors import NodeError
from shimyard.node.progress import silent
from shimyard.node.transcript import Transcript
from shimyard.provider.control import Control, NoServerError
from shimyard.provider.engine_log import EngineLog
from shimyard.provider.inputs import InputError
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    CheckResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    ReadResponse,
)
from shimyard.provider.nodes import Nodes
from shimyard.provider.rollout import settle
from shimyard.provider.service import membership
from shimyard.provider.values import UNKNOWN, Properties, differences, has_unknown, revealed
from shimyard.settings.base import Model
from shimyard.settings.capabilities import PROVEN, capability_label
from shimyard.settings.explain import explain
from shimyard.settings.nodes import LabelKey, LabelValue, Taints

_SHOWN = ("name", "labels", "taints", "handlers", "registration")


class _Description(Model):
    labels: dict[LabelKey, LabelValue] = Field(default_factory=dict)
    taints: Taints = Field(default_factory=list)


class ClusterNodeResource:
    """Inputs: name, membership, labels, taints, handlers (as ContainerRuntime's output has them).

    A handler becomes a capability label only if its canary has passed on the machine. Outputs:
    set (label -> value, as it was set), held (taints), drift.
    """

    def __init__(self, nodes: Nodes, log: EngineLog) -> None:
        self.nodes = nodes
        self.log = log

    def check(self, request: CheckRequest) -> CheckResponse:
        """Labels and taints are Kubernetes' own kind."""
        inputs = revealed(request.news)
        try:
            membership(inputs)
            known = {key: inputs.get(key) for key in _Description.model_fields}
            _Description.model_validate(
                {key: value for key, value in known.items() if value and not has_unknown(value)}
            )
        except InputError as error:
            return CheckResponse(request.news, error.failures)
        except ValidationError as error:
            return CheckResponse(request.news, tuple(explain(error, _Description)))
        return CheckResponse(request.news)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """Another name is another node; how to reach a server is no change."""
        old, new = revealed(request.old_inputs), revealed(request.news)
        details = []
        for key in _SHOWN:
            before, after = old.get(key), new.get(key)
            if key == "handlers":
                # Milliseconds of a canary change nothing.
                before, after = _proven(before), _proven(after)
            kind = "replace" if key == "name" else None
            details += [(path, kind or each) for path, each in differences(before, after, key)]
        if revealed(request.state).get("drift"):
            details.append(("drift", "update"))
        return DiffResponse(tuple(details))

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Set what is wanted, and take away what was set before. Raises ``NodeError``."""
        inputs = revealed(request.inputs)
        wanted = _wanted(inputs)
        if request.preview or wanted is UNKNOWN:
            state = {"set": wanted, "held": inputs.get("taints") or [], "drift": []}
            return ApplyResponse(request.id, {**_shown(request.inputs), **state})
        taints = list(inputs.get("taints") or [])
        was = revealed(request.state)
        control = self._control(request.urn, inputs)
        try:
            settle(control, silent)
            with control.server() as cluster:
                member = _known(cluster.member(control.node), control.node)
                old_labels, old_taints = was.get("set") or {}, was.get("held") or []
                labels = _label_changes(wanted, old_labels, member)
                cluster.describe(control.node, labels, _taint_changes(taints, old_taints, member))
        finally:
            control.close()
        state = {"set": wanted, "held": taints, "drift": []}
        return ApplyResponse(request.id or control.node, {**_shown(request.inputs), **state})

    def read(self, request: ReadRequest) -> ReadResponse:
        """Compare with what was set; a node that the cluster has lost is gone."""
        inputs, state = revealed(request.inputs), revealed(request.state)
        control = self._control(request.urn, inputs)
        try:
            with control.server() as cluster:
                member = cluster.member(control.node)
        except NoServerError as error:
            # Servers that are down are drift of their own, which the next `up` mends first.
            self.log.info(request.urn, f"{control.node}: its labels can't be read: {error.cause}")
            return ReadResponse(request.id, request.inputs, request.state)
        finally:
            control.close()
        if member is None:
            return ReadResponse("")
        drift = [
            f"label {key} is {member.labels.get(key, 'not set')!r}, should be {value!r}"
            for key, value in (state.get("set") or {}).items()
            if member.labels.get(key) != value
        ]
        drift += [
            f"taint {taint} is not set"
            for taint in state.get("held") or []
            if taint not in member.taints
        ]
        if member.ours:
            drift.append("cordoned by a change that has not come to its end")
        for sentence in drift:
            self.log.info(request.urn, f"{control.node}: drift: {sentence}")
        return ReadResponse(request.id, request.inputs, {**request.state, "drift": drift})

    def delete(self, request: DeleteRequest) -> None:
        """The Node object goes with K3s; labels alone are not worth a machine's end."""

    def _control(self, urn: str, inputs: Mapping[str, Any]) -> Control:
        cluster = membership(inputs)
        if cluster is None:
            raise InputError([("membership", "is missing")])
        name = inputs["name"]
        told = Transcript(lambda text: self.log.debug(urn, f"{name}: {text}"), self.nodes.redacted)
        return Control(self.nodes, cluster, name, told)


def _proven(handlers: Any) -> Any:
    if handlers is None or has_unknown(handlers):
        return handlers
    return sorted(name for name, told in handlers.items() if told.get("canary") == "passed")


def _wanted(inputs: Mapping[str, Any]) -> Any:
    handlers = _proven(inputs.get("handlers") or {})
    labels = inputs.get("labels") or {}
    if has_unknown(handlers) or has_unknown(labels):
        return UNKNOWN
    return {**labels, **{capability_label(name): PROVEN for name in handlers}}


def _known(member: Member | None, node: str) -> Member:
    if member is None:
        raise NodeError(
            node,
            "label",
            "the cluster does not know it",
            mend="see on the machine whether K3s runs and can reach a server",
        )
    return member


def _label_changes(
    wanted: Mapping[str, str], before: Mapping[str, str], member: Member
) -> dict[str, str | None]:
    changes: dict[str, str | None] = {key: None for key in before if key not in wanted}
    # A capability that nothing proves is a trap for pods, whoever has set it.
    prefix = capability_label("")
    changes |= {key: None for key in member.labels if key.startswith(prefix) and key not in wanted}
    return changes | {k: v for k, v in wanted.items() if member.labels.get(k) != v}


def _taint_changes(wanted: list[str], before: list[str], member: Member) -> list[str]:
    gone = [each for each in before if each not in wanted and each in member.taints]
    # kubectl refuses to remove what another word of the same command sets.
    replaced = {_without_value(taint) for taint in wanted}
    removed = dict.fromkeys(_without_value(taint) for taint in gone)
    return [
        *(f"{taint}-" for taint in removed if taint not in replaced),
        *(taint for taint in wanted if taint not in member.taints),
    ]


def _without_value(taint: str) -> str:
    key_and_value, _, effect = taint.rpartition(":")
    return f"{key_and_value.partition('=')[0]}:{effect}"


def _shown(inputs: Properties) -> dict[str, Any]:
    return {key: inputs.get(key) for key in _SHOWN}
