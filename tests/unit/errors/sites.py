"""Where Shimyard raises its errors: the classes, and every call that makes one."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from unittest.mock import patch

import lab
import shimyard
import toolchain
from lab.errors import LabError
from shimyard.errors import ShimyardError
from toolchain.errors import ToolchainError

ROOTS = (ShimyardError, ToolchainError, LabError)


@dataclass(frozen=True)
class Site:
    """A call that makes an error: in ``file``, lines ``first`` to ``last``, of ``error``."""

    file: str
    first: int
    last: int
    error: str

    def __str__(self) -> str:
        return f"{self.file}:{self.first}: {self.error}"


@cache
def modules() -> tuple[ModuleType, ...]:
    """All modules of the product, the toolchain and the lab; a `__main__` would run at once."""
    found = []
    for package in (shimyard, toolchain, lab):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not each.name.endswith(".__main__"):
                found.append(importlib.import_module(each.name))
    return tuple(found)


def error_classes() -> set[type[Exception]]:
    """Every error that is raised on purpose, without the roots."""
    modules()

    def below(error: type[Exception]) -> set[type[Exception]]:
        return {error}.union(*(below(each) for each in error.__subclasses__()))

    found: set[type[Exception]] = set().union(*(below(root) for root in ROOTS))
    return {each for each in found - set(ROOTS) if not each.__module__.startswith("tests.")}


def sites(package: str) -> list[Site]:
    """Every call in ``package`` that makes an error of one of the three families."""
    return [
        site
        for module in modules()
        if module.__name__.split(".")[0] == package
        for site in _in(module)
    ]


def _in(module: ModuleType) -> Iterator[Site]:
    file = str(module.__file__)
    for call in ast.walk(ast.parse(Path(file).read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            made = getattr(module, call.func.id, None)
            if isinstance(made, type) and issubclass(made, ROOTS):
                yield Site(file, call.lineno, call.end_lineno or call.lineno, made.__name__)


@contextmanager
def made_at() -> Iterator[list[tuple[str, int]]]:
    """(file, line) of each call that makes an error of the product meanwhile."""
    places: list[tuple[str, int]] = []
    real = ShimyardError.__init__

    def noted(self: ShimyardError, problem: str, *, mend: str) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_locals.get("self") is self:
            frame = frame.f_back
        if frame is not None:
            places.append((frame.f_code.co_filename, frame.f_lineno))
        real(self, problem, mend=mend)

    with patch.object(ShimyardError, "__init__", noted):
        yield places
