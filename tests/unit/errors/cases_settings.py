"""Stack files that can't be used."""

from __future__ import annotations

import json

from shimyard.settings import yamlfile
from shimyard.settings.load import load, parse
from shimyard.settings.stackfile import read_stack_file
from shimyard.settings.yamlfile import MAX_BYTES, read_yaml
from tests.unit.errors.scene import Provocation, Scene
from tests.unit.settings.stacks import VALID


def _yaml(text: str | bytes) -> Provocation:
    return lambda scene: read_yaml(scene.write("Pulumi.dev.yaml", text))


def _stack(text: str) -> Provocation:
    return lambda scene: read_stack_file(scene.write("Pulumi.dev.yaml", text))


def _endless(_scene: Scene) -> object:
    deep = "[" * 900 + "]" * 900
    containerd = f'{{"version": "2.2.1", "options": {{"a": {deep}}}}}'
    options = f'{{"containerd": {containerd}, "runc": {{"version": "1.3.4"}}}}'
    config = {f"shimyard:{name}": json.dumps(value) for name, value in VALID.items()}
    return load({**config, "shimyard:runtime": options}, stack="dev")


def _too_many(scene: Scene) -> object:
    scene.patch.setattr(yamlfile, "MAX_NODES", 100)
    return _yaml("[" + "1," * 101 + "]")(scene)


def _bottomless(scene: Scene) -> object:
    """As if Python itself gave up; pydantic gives up before, as far as is known."""

    class Bottomless:
        @staticmethod
        def model_validate(_: object) -> object:
            raise RecursionError

    scene.patch.setitem(parse.__globals__, "StackSettings", Bottomless)
    return parse({}, where="stacks/Pulumi.dev.yaml")


CASES: dict[str, Provocation] = {
    "a key twice": _yaml("config:\n  a: 1\n  a: 2\n"),
    "no YAML": _yaml("config:\n  a: [1, 2\n  b: 3\n"),
    "a date that is none": _yaml("a: 2026-13-45\n"),
    "a character that is none": _yaml('a: "\\U00110000"\n'),
    "a character that YAML forbids": _yaml("a: \x00\n"),
    "a number of very many digits": _yaml(f"a: {'9' * 70}\n"),
    "an escape that is no character": _yaml('a: "\\U00110000"\n'),
    "a stack file that is nested too deeply": _yaml("a: " + "[" * 200 + "]" * 200),
    "a stack file that contains itself": _yaml("a: &a [*a]\n"),
    "a stack file with too many values": _too_many,
    "a stack file with an alias bomb": _yaml(
        "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7))
    ),
    "a stack file that is too large": _yaml("#" * (MAX_BYTES + 1)),
    "a stack file that is not there": lambda scene: read_yaml(scene.folder / "Pulumi.dev.yaml"),
    "a stack file in another encoding": _yaml(b"\xff\xfe\x00"),
    "a stack file that is a list": _stack("- a\n"),
    "settings outside of config": _stack("nodes: []\nconfig: {}\n"),
    "a stack file without config": _stack("encryptionsalt: v1\n"),
    "fields that are wrong": _stack("config:\n  shimyard:nodes: 3\n"),
    "options that are nested too deeply": _endless,
    "settings that are nested too deeply": _bottomless,
}
