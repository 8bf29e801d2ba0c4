"""An app as its capability profile has it."""

from __future__ import annotations

import pulumi

from components.manifests.profiles import confined
from shimyard.settings import ShimName, WasmAppSettings
from shimyard.settings.base import FieldError
from shimyard.settings.security import CapabilityProfileSettings


def held_to(
    profile: CapabilityProfileSettings | None,
    app: WasmAppSettings,
    shim: ShimName | None,
    what: str,
) -> WasmAppSettings:
    """``app``, confined by ``profile`` if it names one.

    ``what``: it is in an error, such as "WasmApp 'greeter'". Raises ``pulumi.RunError``: the
    profile is not the one that the app names, or the app wants more than that grants.
    """
    given = None if profile is None else profile.name
    if app.profile != given:
        raise pulumi.RunError(
            f"{what}: profile: is {app.profile or 'none'}, and the one that is given is "
            f"{given or 'none'}; give the profile of that name"
        )
    if profile is None:
        return app
    try:
        profile.check(app, shim)
    except FieldError as error:
        raise pulumi.RunError(f"{what}: {error}") from None
    return confined(app, profile)
