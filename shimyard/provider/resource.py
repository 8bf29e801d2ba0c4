"""What both resources share: settings out of inputs, the diff, the way through a transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ValidationError

from shimyard.errors import ShimyardError
from shimyard.node.desired import DesiredState
from shimyard.node.errors import NodeError
from shimyard.node.facts import Facts
from shimyard.node.plan import plan
from shimyard.node.transaction import converge, remove
from shimyard.provider.engine_log import EngineLog
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
from shimyard.provider.nodes import Nodes
from shimyard.provider.values import (
    UNKNOWN,
    differences,
    has_unknown,
    revealed,
)
from shimyard.settings import NodeSettings
from shimyard.settings.explain import explain

M = TypeVar("M", bound=BaseModel)

EFFECTS = "effects"
DRIFT = "drift"


class InputError(ShimyardError):
    """Inputs that don't fit. Attribute ``failures``: (property path, reason)."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(f"{path}: {reason}" for path, reason in failures), mend="correct the inputs"
        )
        self.failures = tuple(failures)


class Resource(ABC):
    """A kind of resource on a machine.

    ``quiet``: inputs whose change alone is no change of the machine: how to reach it, where to
    download from. The engine records them without asking the node.
    """

    quiet: ClassVar[frozenset[str]] = frozenset({"node", "sources", EFFECTS})

    def __init__(self, nodes: Nodes, log: EngineLog) -> None:
        self.nodes = nodes
        self.log = log

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

    # --- the provider's operations -------------------------------------------------------------

    def check(self, request: CheckRequest) -> CheckResponse:
        """Validate, and add what the preview shows. Contacts no machine."""
        inputs = revealed(request.news)
        try:
            added = self.computed(inputs)
            checked = {**request.news, **added}
            checked[EFFECTS] = self._effects(revealed(request.olds), revealed(checked))
        except InputError as error:
            return CheckResponse(request.news, error.failures)
        return CheckResponse(checked)

    def diff(self, request: DiffRequest) -> DiffResponse:
        """What changes; nothing replaces a machine."""
        old, new = revealed(request.old_inputs), revealed(request.news)
        details = [
            (path, kind)
            for path, kind in differences(old, new)
            if _root(path) not in self.quiet and _root(path) not in request.ignore_changes
        ]
        if request.state.get(DRIFT):
            details.append((DRIFT, "update"))
        if details:
            details += [
                (path, kind) for path, kind in differences(old, new) if _root(path) == EFFECTS
            ]
            for sentence in new[EFFECTS] if isinstance(new.get(EFFECTS), list) else []:
                self.log.info(request.urn, f"{new['node']['name']}: {sentence}")
        return DiffResponse(tuple(details))

    def apply(self, request: ApplyRequest) -> ApplyResponse:
        """Create or update. Raises ``NodeError``, or ``PartialStateError`` if it is unfinished."""
        inputs = revealed(request.inputs)
        if request.preview:
            return ApplyResponse(request.id, self._state(inputs, None))
        node = _node(inputs)
        identity = request.id or f"{node.name}/{self.name_on_node(inputs)}"
        try:
            with self.nodes.session(node) as session:
                desired = self.desired(inputs, recorded=False)
                report = self.log.reporter(request.urn, node.name)
                result = converge(session, desired, report)
        except NodeError as error:
            if error.restored:
                raise
            raise PartialStateError(
                str(error),
                id=identity,
                inputs=request.inputs,
                state=self._state(inputs, Facts()),
            ) from error
        return ApplyResponse(identity, self._state(inputs, result.facts))

    def read(self, request: ReadRequest) -> ReadResponse:
        """Compare the machine with what was applied; differences show as drift."""
        inputs = revealed(request.inputs)
        node = _node(inputs)
        facts = self.nodes.facts(node)
        if self.name_on_node(inputs) not in facts.managed.manifests:
            return ReadResponse("")
        drift = plan(self.desired(inputs, recorded=True), facts).reasons
        for sentence in drift:
            self.log.info(request.urn, f"{node.name}: {sentence}")
        state = {**self._state(inputs, facts), DRIFT: list(drift)}
        return ReadResponse(request.id, request.inputs, state)

    def delete(self, request: DeleteRequest) -> None:
        """Leave the machine as it was before. Raises ``NodeError``."""
        inputs = revealed(request.inputs)
        node = _node(inputs)
        with self.nodes.session(node) as session:
            report = self.log.reporter(request.urn, node.name)
            remove(session, self.name_on_node(inputs), report)

    # -------------------------------------------------------------------------------------------

    def _state(self, inputs: Mapping[str, Any], facts: Facts | None) -> dict[str, Any]:
        return {DRIFT: [], **self.outputs(inputs, facts)}

    def _effects(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> Any:
        """What running services notice of the last change; stays as it was if nothing changes."""
        relevant = {key: value for key, value in news.items() if key not in self.quiet}
        if has_unknown(relevant):
            return UNKNOWN
        before = {key: value for key, value in olds.items() if key not in self.quiet}
        if before == relevant:
            return olds.get(EFFECTS, [])
        facts = Facts()
        if before and not has_unknown(before):
            facts = Facts.converged(self.desired(olds, recorded=True))
        steps = plan(self.desired(news, recorded=False), facts)
        return [*steps.effects] or ["nothing restarts"]


def settings(model: type[M], value: Any, path: str) -> M:
    """``value`` as a settings model. Raises ``InputError`` with property paths below ``path``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = explain(error, model)
        raise InputError([(f"{path}.{field}", reason) for field, reason in problems]) from None


def _node(inputs: Mapping[str, Any]) -> NodeSettings:
    return settings(NodeSettings, inputs.get("node"), "node")


def _root(path: str) -> str:
    return path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
