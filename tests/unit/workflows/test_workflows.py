"""The workflows of GitHub: well formed, and with no more rights than they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[3]
FILES = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
JOB_KEYS = {
    *("name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "outputs", "strategy"),
    *("environment", "concurrency", "env", "steps"),
}
STEP_KEYS = {"id", "name", "if", "uses", "with", "run", "env"}


def workflow(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CHECKOUT / ".github/workflows" / name).read_text())
    return found


def jobs(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = document["jobs"]
    return found


def steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in jobs(document).values() for step in job["steps"]]


def test_there_is_one_for_pull_requests_and_one_for_merges() -> None:
    assert [path.name for path in FILES] == ["preview.yml", "up.yml"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_is_put_together_as_github_wants_it(path: Path) -> None:
    document = workflow(path.name)
    # YAML 1.1 reads the key `on` as true.
    assert set(document) - {"concurrency"} == {"name", True, "permissions", "jobs"}
    for name, job in jobs(document).items():
        assert set(job) <= JOB_KEYS, name
        assert job["timeout-minutes"] > 0
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(document["jobs"])
        for step in job["steps"]:
            assert set(step) <= STEP_KEYS
            assert ("uses" in step) != ("run" in step)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_actions_are_pinned_by_digest_with_their_version_beside(path: Path) -> None:
    used = [step["uses"] for step in steps(workflow(path.name)) if "uses" in step]
    assert used
    for action in used:
        assert PINNED.fullmatch(action), action
        assert re.search(rf"uses: {re.escape(action)} # v\d+\.\d+\.\d+\n", path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_text_of_somebody_else_gets_into_a_script(path: Path) -> None:
    for step in steps(workflow(path.name)):
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_checkout_leaves_no_token_behind(path: Path) -> None:
    for step in steps(workflow(path.name)):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_job_has_rights_that_it_does_not_name(path: Path) -> None:
    document = workflow(path.name)
    assert document["permissions"] == {}
    assert all("permissions" in job for job in jobs(document).values())


def test_only_the_comment_may_write_and_it_runs_nothing_of_the_pull_request() -> None:
    document = workflow("preview.yml")
    assert "pull_request" in document[True]  # type: ignore[index]
    assert "pull_request_target" not in (CHECKOUT / ".github/workflows/preview.yml").read_text()
    writing = {
        name: job["permissions"]
        for name, job in jobs(document).items()
        if "write" in job["permissions"].values()
    }
    assert writing == {"comment": {"contents": "read", "pull-requests": "write"}}
    comment = jobs(document)["comment"]
    (checkout,) = [step for step in comment["steps"] if "checkout" in step.get("uses", "")]
    assert checkout["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "secrets." not in yaml.safe_dump(comment)
    assert "head.repo.full_name == github.repository" in comment["if"]


def test_a_pull_request_from_a_fork_is_previewed_without_a_state() -> None:
    preview = jobs(workflow("preview.yml"))["preview"]
    assert "head.repo.full_name == github.repository" in preview["env"]["HAS_STATE"]
    (script,) = [step["run"] for step in preview["steps"] if step.get("name") == "preview"]
    assert "state=none" in script
    assert 'make preview STACK="$STACK" FORMAT=markdown' in script


def test_an_up_waits_for_its_environment_and_for_the_one_before_it() -> None:
    up = jobs(workflow("up.yml"))["up"]
    assert up["environment"] == "${{ matrix.stack }}"
    assert up["concurrency"] == {"group": "up-${{ matrix.stack }}", "cancel-in-progress": False}
    assert up["permissions"] == {"contents": "read"}
    assert set(workflow("up.yml")[True]) == {"push", "workflow_dispatch"}  # type: ignore[index]


def test_secrets_are_only_where_the_engine_runs() -> None:
    for path in FILES:
        for name, job in jobs(workflow(path.name)).items():
            assert ("secrets." in yaml.safe_dump(job)) == (name in {"preview", "up"})
