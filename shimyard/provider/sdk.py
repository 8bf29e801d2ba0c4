"""The part of Pulumi's SDK that a provider needs: the protocol's classes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def import_protocol_only() -> None:
    """Make ``pulumi.runtime.proto`` importable without the rest of the SDK, in this process.

    All of it would take longer to import than a no-op `pulumi up` spends in the provider. Does
    nothing where the SDK is missing or has been imported already.
    """
    found = importlib.util.find_spec("pulumi") if "pulumi" not in sys.modules else None
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        for name in ("pulumi", "pulumi.runtime"):
            package = ModuleType(name)
            package.__path__ = [str(Path(folder).parent.joinpath(*name.split(".")))]
            sys.modules[name] = package
