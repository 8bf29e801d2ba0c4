"""Runs `pulumi preview` for one stack, with its state or without any."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shimyard.errors import ShimyardError
from shimyard.preview.events import Diagnostic, Events, plain, read_events
from shimyard.settings.yamlfile import read_yaml

_NO_STACK = "no stack named"
_SECURE = "secure"
_STACKS = "stacks"
_TAIL = 30
_READ_IT = "mend what the last lines say, then preview again"


class PreviewError(ShimyardError):
    """The engine could not even begin. Attributes: ``stack``, ``output`` (its last lines)."""

    def __init__(self, stack: str, output: str, *, mend: str) -> None:
        lines = plain(output).splitlines()[-_TAIL:]
        super().__init__(f"no preview of stack {stack}:\n" + "\n".join(lines), mend=mend)
        self.stack = stack
        self.output = output


class UnknownStackError(ShimyardError):
    """There is no such stack file. Attribute ``file``."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"there is no {file}", mend="name a stack whose file is in stacks/")
        self.file = file


@dataclass(frozen=True)
class Preview:
    """What the engine said. ``compared``: with a state."""

    events: Events
    compared: bool
    output: str = field(repr=False, default="")


@dataclass(frozen=True)
class Engine:
    """`pulumi`, on PATH. ``project``: the folder with Pulumi.yaml.

    ``packs``: folders of policy packs, with the file that configures each, or None.
    """

    project: Path
    packs: Sequence[tuple[Path, Path | None]] = ()

    def preview(self, stack: str, *, state: bool | None = None) -> Preview:
        """Preview a stack. Raises PreviewError, UnknownStackError, YamlError.

        ``state``: True: compare with the state of the backend that Pulumi is logged in to; False:
        with nothing, and no backend, passphrase or login is needed; None: with nothing if the
        backend has no such stack.
        """
        file = self.project / _STACKS / f"Pulumi.{stack}.yaml"
        if not file.is_file():
            raise UnknownStackError(file)
        if state is not False:
            found = self._run(stack, self.project, dict(os.environ))
            if state or _NO_STACK not in found.output:
                return self._checked(stack, found)
        with _stateless(self.project, file, stack) as (project, environment):
            found = self._run(stack, project, environment)
        return self._checked(stack, Preview(found.events, compared=False, output=found.output))

    def _run(self, stack: str, project: Path, environment: dict[str, str]) -> Preview:
        with tempfile.TemporaryDirectory(prefix="shimyard-preview-") as folder:
            log = Path(folder) / "events.jsonl"
            command = ["pulumi", "preview", "--non-interactive", "--color=never"]
            command += ["--stack", stack, "--event-log", str(log)]
            for pack, config in self.packs:
                command += ["--policy-pack", str(pack)]
                # One configuration a pack, in the same order; all of them or none.
                command += ["--policy-pack-config", str(config or _empty(Path(folder)))]
            # The log of events is one of the options that the engine shows to developers only.
            environment = environment | {"PULUMI_DEBUG_COMMANDS": "true"}
            output = _pulumi(stack, command, project, environment)
            lines = log.read_text().splitlines() if log.exists() else []
        return Preview(read_events(lines), compared=True, output=output)

    def _checked(self, stack: str, found: Preview) -> Preview:
        events = found.events
        if events.result or events.diagnostics or events.steps:
            if events.result != "succeeded" and not _has_reason(events):
                # What ends the engine itself is no event.
                events.diagnostics.append(Diagnostic("error", "", _last_words(found.output)))
            return found
        mend = _READ_IT
        if _NO_STACK in found.output:
            mend = (
                f"`pulumi stack init {stack}`, log in to the backend that has it, or compare with "
                "nothing: --state none"
            )
        raise PreviewError(stack, found.output, mend=mend)


def _has_reason(events: Events) -> bool:
    said = any(each.severity == "error" for each in events.diagnostics)
    return said or any(each.level == "mandatory" for each in events.violations)


def _last_words(output: str) -> str:
    """What the command says from its first error on."""
    lines = plain(output).splitlines()
    first = next((n for n, line in enumerate(lines) if line.strip().startswith("error:")), 0)
    return "\n".join(lines[first:][:_TAIL])


def _pulumi(stack: str, command: Sequence[str], project: Path, environment: dict[str, str]) -> str:
    try:
        result = subprocess.run(
            command,
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as cause:
        mend = f"`make preview STACK={stack} FORMAT=markdown` finds or installs it"
        raise PreviewError(stack, f"pulumi can't be run: {cause.strerror}", mend=mend) from None
    return result.stdout


def _empty(folder: Path) -> Path:
    path = folder / "no-config.json"
    path.write_text("{}")
    return path


@contextmanager
def _stateless(project: Path, file: Path, stack: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A copy of the project by links, with a stack and a backend that end with the block.

    What is encrypted in the stack file can't be read without the stack's passphrase or key: each
    such value is another secret here, which says so.
    """
    with tempfile.TemporaryDirectory(prefix="shimyard-stateless-") as name:
        folder = Path(name)
        copy, state = folder / "project", folder / "state"
        for made in (copy, state, copy / _STACKS):
            made.mkdir()
        for entry in project.iterdir():
            if entry.name != _STACKS:
                (copy / entry.name).symlink_to(entry.resolve())
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{state}",
            "PULUMI_CONFIG_PASSPHRASE": secrets.token_hex(),
        }
        environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
        config = _config_of(file, stack)
        target = copy / _STACKS / file.name
        target.write_text(yaml.safe_dump({"config": _without_secrets(config)}))
        init = ["pulumi", "stack", "init", stack, "--non-interactive", "--no-select"]
        output = _pulumi(stack, init, copy, environment)
        for key in _secret_paths(config):
            setting = ["pulumi", "config", "set", "--stack", stack, "--path", "--secret"]
            words = [*setting, key, "a-secret-of-the-stack"]
            output += _pulumi(stack, words, copy, environment)
        if "encryptionsalt" not in target.read_text():
            raise PreviewError(stack, output, mend=_READ_IT)
        yield copy, environment


def _config_of(file: Path, stack: str) -> dict[str, Any]:
    """What stands below `config` in a stack file. Raises PreviewError, YamlError."""
    document = read_yaml(file) or {}
    config = document.get("config") or {} if isinstance(document, dict) else None
    if not isinstance(config, dict):
        raise PreviewError(stack, "it has no table `config`", mend=f"correct {file}")
    return config


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_secrets(v) for k, v in value.items() if not _is_secure(v)}
    if isinstance(value, list):
        # The place in a list is kept: what comes behind it goes by its number.
        return [None if _is_secure(item) else _without_secrets(item) for item in value]
    return value


def _secret_paths(config: dict[str, Any]) -> Iterator[str]:
    """Where secrets stand, as `pulumi config set --path` wants it."""
    for key, value in config.items():
        yield from _paths_below(value, key)


def _paths_below(value: Any, path: str) -> Iterator[str]:
    if _is_secure(value):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            step = f".{key}" if key.isidentifier() else f"[{json.dumps(key)}]"
            yield from _paths_below(item, f"{path}{step}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths_below(item, f"{path}[{index}]")


def _is_secure(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {_SECURE}
