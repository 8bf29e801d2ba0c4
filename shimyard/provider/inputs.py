"""Settings models out of the plain values of a resource's inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shimyard.errors import ShimyardError
from shimyard.provider.values import UNKNOWN
from shimyard.settings import ArtifactSettings, NodeSettings
from shimyard.settings.explain import explain

M = TypeVar("M", bound=BaseModel)


class InputError(ShimyardError):
    """Inputs that don't fit. Attribute ``failures``: (property path, reason with the mend)."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(f"{path}: {reason}" for path, reason in failures), mend="correct the inputs"
        )
        self.failures = tuple(failures)


def settings(model: type[M], value: Any, path: str) -> M:
    """``value`` as a settings model. Raises ``InputError`` with property paths below ``path``."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = explain(error, model)
        # A rule of the whole model has no field; it goes by the model's name there.
        failures = [
            (path if field == model.__name__ else f"{path}.{field}", reason)
            for field, reason in problems
        ]
        raise InputError(failures) from None


def node_settings(inputs: Mapping[str, Any]) -> NodeSettings:
    """The machine. Its address may be unknown in a preview, and is 'unknown' then."""
    node = inputs.get("node")
    if isinstance(node, Mapping) and node.get("address") is UNKNOWN:
        node = {**node, "address": "unknown"}
    return settings(NodeSettings, node, "node")


def sources(inputs: Mapping[str, Any]) -> ArtifactSettings:
    """Where the artifacts come from. Raises ``InputError``."""
    return settings(ArtifactSettings, inputs.get("sources") or {}, "sources")


def address_known(inputs: Mapping[str, Any]) -> bool:
    """Whether it is known which machine the inputs are about."""
    node = inputs.get("node")
    return isinstance(node, Mapping) and node.get("address") is not UNKNOWN


def root(path: str) -> str:
    """The property in which a property path begins."""
    return path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]
