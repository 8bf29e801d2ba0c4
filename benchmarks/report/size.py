"""The results of the size pipeline as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from benchmarks.report.tables import table

SIZES: Final = "sizes"
_INTRODUCTION: Final = """\
Written by `python -m benchmarks.size`; nothing in here is by hand.

Each step keeps those before it; the last before wasm-opt is how the lab builds its components.
The step wasm-opt is what `python -m shimyard.packaging` does with that. Gzipped is what a layer
takes in a registry if it is compressed, which layers of OCI Wasm artifacts are not.
"""


def document(content: Mapping[str, Any]) -> str:
    """The whole report."""
    lines = [f"# The size of Wasm programs, {content['date']}", "", _INTRODUCTION]
    versions = ", ".join(f"{name} {what}" for name, what in content["versions"].items())
    lines += [f"{versions}.", ""]
    for name, steps in content["parts"][SIZES]["sizes"].items():
        first = next(iter(steps.values()))
        rows = [
            (
                step,
                f"{size['bytes']:,}",
                f"{size['bytes'] / first['bytes'] * 100:.1f} %",
                f"{size['gzipped']:,}",
                f"{size['gzipped'] / first['gzipped'] * 100:.1f} %",
            )
            for step, size in steps.items()
        ]
        lines += [f"## {name}", "", *table(("", "bytes", "", "gzipped", ""), rows), ""]
    return "\n".join(lines)
