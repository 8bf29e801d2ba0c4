"""Changes that need a new object are announced, and made in an order that works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.engine.kubernetes.programs import Program

MAP = """\
k8s.core.v1.ConfigMap("{name}", metadata={{"namespace": ns, "name": "{name}{suffix}"}},
    data={{"x": "{value}"}}, opts=opts)
"""
SECRET = """\
k8s.core.v1.Secret("secret", metadata={{"namespace": ns, "name": "secret"}},
    string_data={{"x": "{value}"}}, opts=opts)
"""
DEPLOYMENT = """\
k8s.apps.v1.Deployment("web", metadata={{"namespace": ns, "name": "web"}},
    spec={{"replicas": 0, "selector": {{"match_labels": labels("{value}")}}, "template": {{
        "metadata": {{"labels": labels("{value}")}},
        "spec": {{"containers": [{{"name": "app", "image": "registry.example/app:1"}}]}}}}}},
    opts=opts)
"""
JOB = """\
k8s.batch.v1.Job("job", metadata={{"namespace": ns, "name": "job", "annotations": skip}},
    spec={{"template": {{"spec": {{"restart_policy": "Never", "containers": [
        {{"name": "app", "image": "registry.example/app:{value}"}}]}}}}}}, opts=opts)
"""
CLAIM = """\
k8s.core.v1.PersistentVolumeClaim("claim",
    metadata={{"namespace": ns, "name": "claim", "annotations": skip}},
    spec={{"access_modes": ["ReadWriteOnce"],
           "resources": {{"requests": {{"storage": "{value}Gi"}}}}}}, opts=opts)
"""
RUNTIME_CLASS = """\
k8s.node.v1.RuntimeClass("runtime", metadata={{"name": ns}}, handler="h{value}", opts=opts)
"""
SKIP = 'skip = {"pulumi.com/skipAwait": "true"}\n'
# What changes -> the resource's name, and a word of the line that announces it.
CASES = {
    "the name": ("renamed", "name"),
    "the data of a ConfigMap": ("map", "x"),
    "the data of a Secret": ("secret", "(stringData|data)"),
    "the selector of a Deployment": ("web", "app"),
    "the template of a Job": ("job", "image"),
    "the size of a claim": ("claim", "storage"),
    "the handler of a RuntimeClass": ("runtime", "handler"),
}


def everything(value: int) -> str:
    return SKIP + "".join(
        [
            MAP.format(name="renamed", suffix=value, value=0),
            MAP.format(name="map", suffix="", value=value),
            SECRET.format(value=value),
            DEPLOYMENT.format(value=f"v{value}"),
            JOB.format(value=value),
            CLAIM.format(value=value),
            RUNTIME_CLASS.format(value=value),
        ]
    )


@dataclass
class Replaced:
    """One `up` that replaces everything, and what was there before and after it."""

    before: dict[str, str]
    after: dict[str, str]
    preview: str
    again: str


def uids(program: Program) -> dict[str, str]:
    return {
        each["urn"].rpartition("::")[2]: each["outputs"]["metadata"]["uid"]
        for each in program.project.resources()
        if "metadata" in each.get("outputs", {})
    }


@pytest.fixture(scope="module")
def replaced(new_program: Callable[[], Program]) -> Iterator[Replaced]:
    program = new_program()
    program.up(everything(1))
    before = uids(program)
    preview = program.preview(everything(2)).output
    program.up()
    yield Replaced(before, uids(program), preview, program.up().output)
    program.destroy()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_of_this_replaces_the_object_and_the_preview_says_so(
    replaced: Replaced, case: str
) -> None:
    name, word = CASES[case]
    assert set(replaced.before) == set(replaced.after)
    assert replaced.before[name] != replaced.after[name]
    steps = re.split(r"\n    (?=\S)", replaced.preview)
    announced = [each for each in steps if f"::{name}]" in each and "replace" in each]
    assert any(re.search(rf"[~+-] {word}", each) for each in announced), replaced.preview


def test_what_was_replaced_is_unchanged_afterwards(replaced: Replaced) -> None:
    assert "7 to replace" in replaced.preview
    assert "9 unchanged" in replaced.again


def test_a_replaced_object_that_keeps_its_name_goes_first(program: Program) -> None:
    program.up('config_map("a", {"x": "1"}, name="one")')
    log = program.up('config_map("a", {"x": "2"}, name="one")').output
    assert log.index("deleting original") < log.index("creating replacement")
    assert program.get("configmap", "one")["data"] == {"x": "2"}


def test_data_changes_in_place_where_the_provider_allows_it(program: Program) -> None:
    program.settings["enable_config_map_mutable"] = True
    program.up('config_map("a", {"x": "1"}, name="one")')
    assert "1 updated" in program.up('config_map("a", {"x": "2"}, name="one")').output
    assert program.get("configmap", "one")["data"] == {"x": "2"}
