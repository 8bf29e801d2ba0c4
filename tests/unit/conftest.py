"""Properties are tried with the same cases in every run; `make fuzz` is where chance has its place.

Without a limit of time for one case: other work on a machine is no failure.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", deadline=None, derandomize=True, database=None)
settings.load_profile("unit")
