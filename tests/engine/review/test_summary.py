"""The summary of a preview, out of the real engine's event log."""

from __future__ import annotations

from pathlib import Path

from tests.engine.program.project import STACK, Project
from tests.engine.review.conftest import CANARY, summarized
from tests.unit.preview.reading import read_page


def test_a_secret_is_in_no_event_and_in_no_summary(team: Project) -> None:
    log = team.folder / "events.jsonl"
    team.environment["PULUMI_DEBUG_COMMANDS"] = "true"
    shown = team.pulumi("preview", "--diff", "--event-log", str(log))
    assert CANARY not in log.read_text()
    assert CANARY not in shown.output
    for form in ("markdown", "json"):
        summary = summarized(team, "--format", form)
        assert summary.code == 0, summary.errors
        assert "/etc/edge/uplink.key" in summary.text
        assert CANARY not in summary.text + summary.errors


def test_a_person_reads_which_machine_gets_what(team: Project) -> None:
    text = summarized(team).text
    page = read_page(text)
    assert page.strange == []
    assert f"## Preview of stack `{STACK}`" in text
    assert "#### `edge-1`" in text
    assert "`containerd` `2.2.1`" in text
    assert "starts containerd.service" in text
    assert "<summary><code>+ /etc/containerd/config.toml</code>" in text
    assert "- `+` `/etc/edge/uplink.key`: `a secret: not shown`" in text
    assert "- `+` `Deployment` `gate`" in text


def test_without_a_state_neither_backend_nor_passphrase_is_needed(team: Project) -> None:
    backend = team.environment.pop("PULUMI_BACKEND_URL")
    passphrase = team.environment.pop("PULUMI_CONFIG_PASSPHRASE")
    before = team.stack_file.read_text()
    try:
        summary = summarized(team, "--state", "none")
    finally:
        team.environment |= {
            "PULUMI_BACKEND_URL": backend,
            "PULUMI_CONFIG_PASSPHRASE": passphrase,
        }
    assert summary.code == 0, summary.text + summary.errors
    assert "Compared with nothing" in summary.text
    assert "`/etc/edge/uplink.key`: `a secret: not shown`" in summary.text
    assert team.stack_file.read_text() == before
    assert not list(Path("/tmp").glob("shimyard-stateless-*"))


def test_a_stack_that_has_no_state_yet_is_compared_with_nothing_if_that_will_do(
    team: Project,
) -> None:
    fresh = team.folder / "stacks/Pulumi.fresh.yaml"
    fresh.write_text("config:\n  team:canary: hush\n  team:breaks: false\n")
    refused = summarized(team, stack="fresh")
    assert refused.code == 1
    assert "no stack named" in refused.errors
    assert "--state none" in refused.errors
    summary = summarized(team, "--state", "auto", stack="fresh")
    assert summary.code == 0, summary.errors
    assert "Compared with nothing" in summary.text
    assert "Compared with nothing" not in summarized(team, "--state", "auto").text


def test_a_program_that_fails_is_told_with_its_error(team: Project) -> None:
    program = team.folder / "__main__.py"
    text = program.read_text()
    program.write_text(f"{text}\nraise pulumi.RunError('edge-7 has no address: set it')\n")
    try:
        summary = summarized(team)
    finally:
        program.write_text(text)
    assert summary.code == 1
    assert "**❌ the preview failed**" in summary.text
    assert "edge-7 has no address: set it" in summary.text
    assert "Traceback" not in summary.text
