"""What of the API server must stay on for security to be more than a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from shimyard.settings.base import FieldError

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings

_NEEDED: Final = (
    "MutatingAdmissionWebhook",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionWebhook",
)


def keeps_admission(stack: StackSettings, why: str) -> None:
    """Raise ``FieldError`` if the API server is told to leave out what holds pods to ``why``."""
    given = {} if stack.cluster is None else stack.cluster.server_config
    arguments = given.get("kube-apiserver-arg")
    for argument in arguments if isinstance(arguments, list) else [arguments]:
        name, _, value = str(argument).partition("=")
        if name.lstrip("-") != "disable-admission-plugins":
            continue
        for plugin in value.split(","):
            if plugin.strip() in _NEEDED:
                raise FieldError(
                    "cluster.serverConfig.kube-apiserver-arg",
                    f"disables {plugin.strip()}, which holds pods to {why}; remove it there",
                )
