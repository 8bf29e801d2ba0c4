"""Rules between SpinKube, its applications, cert-manager and the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shimyard.settings.base import FieldError
from shimyard.settings.platform.spin import SpinKubeSettings
from shimyard.settings.workloads.rules import spin_apps_of

if TYPE_CHECKING:
    from shimyard.settings.stack import StackSettings


def check_spin(stack: StackSettings) -> None:
    """Raise ``FieldError`` if SpinKube, or one of its applications, lacks what it needs."""
    spin = stack.platform.spin_kube
    if spin is None:
        for field, app in spin_apps_of(stack):
            raise FieldError(
                field, f"'{app.name}' needs SpinKube's operator to run it; add platform.spinKube"
            )
        return
    if spin.cert_manager == "stack" and stack.platform.cert_manager is None:
        raise FieldError(
            "platform.spinKube",
            "needs cert-manager, which makes the certificate of its webhooks; add "
            "platform.certManager, or set spinKube.certManager: external if somebody else has put "
            "it there",
        )
    _executors_have_their_shim(spin, stack)
    known = [executor.name for executor in spin.executors]
    for field, app in spin_apps_of(stack):
        if spin.executor_of(app) not in known:
            raise FieldError(
                f"{field}.executor",
                f"there is no executor '{app.executor}'; platform.spinKube has: {', '.join(known)}",
            )


def _executors_have_their_shim(spin: SpinKubeSettings, stack: StackSettings) -> None:
    able = [shim.handler for shim in stack.runtime.shims if shim.name == "spin"]
    for index, executor in enumerate(spin.executors):
        if executor.handler not in able:
            mend = f"write {' or '.join(able)}" if able else "add one to runtime.shims"
            raise FieldError(
                f"platform.spinKube.executors[{index}].handler",
                f"'{executor.handler}' is the handler of no spin shim; {mend}",
            )
