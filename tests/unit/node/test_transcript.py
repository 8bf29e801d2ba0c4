"""The transcript of a node tells what ran, and never a secret."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shimyard.node.errors import ConnectionFailedError
from shimyard.node.transcript import HIDDEN, LAST_LINES, MAX_LINES, Redaction, Transcript
from shimyard.node.transport import Completed, OnLine, Session
from shimyard.settings import NodeSettings


class Answering(Session):
    """Stand-in: a machine that answers each command the same."""

    def __init__(self, out: str = "", err: str = "", *, breaks: bool = False) -> None:
        self.node = NodeSettings.model_validate(
            {"name": "edge-1", "address": "192.0.2.1", "ssh": {"user": "edge", "agent": True}}
        )
        self._answer = Completed(3 if err else 0, out, err)
        self._breaks = breaks

    def _execute(
        self, _command: str, stdin: Iterable[bytes], on_line: OnLine | None, _silence: float
    ) -> Completed:
        b"".join(stdin)
        for line in self._answer.out.splitlines():
            if on_line is not None:
                on_line(line)
        if self._breaks:
            raise EOFError
        return self._answer


def told(session: Session, *secrets: str, **how: Any) -> str:
    said: list[str] = []
    session.transcript = Transcript(said.append, Redaction(secrets))
    session.run(["sudo", "-n", "/var/lib/x/node", "receive", "ab12"], **how)
    return "\n".join(said)


def test_a_command_is_told_with_its_words_answers_code_time_and_bytes() -> None:
    text = told(Answering("received\n", "tar: odd\n"), stdin=[b"x" * 700, b"y" * 300])
    first, out, err, last = text.split("\n")
    assert first == "> sudo -n /var/lib/x/node receive ab12"
    assert (out, err) == ("| received", "! tar: odd")
    assert last.startswith("< exit 3 after 0.0")
    assert last.endswith(" s; 1000 bytes sent, 18 received")


def test_standard_input_is_never_shown_whatever_it_is() -> None:
    assert "hush" not in told(Answering("ok\n"), stdin=[b"hush"])


def test_a_connection_that_breaks_off_is_told() -> None:
    said: list[str] = []
    session = Answering("step\t1\tswitch\trestart\tx.service\n", breaks=True)
    session.transcript = Transcript(said.append)
    with pytest.raises(ConnectionFailedError):
        session.run(["node", "launch"])
    assert said[0] == "> node launch"
    assert "| step  1  switch  restart  x.service" in said[1]
    assert "< no exit code: EOFError after" in said[1]


def test_the_program_itself_fills_no_transcript() -> None:
    said: list[str] = []
    session = Answering()
    session.transcript = Transcript(said.append)
    session.run(["/bin/sh", "-c", "for x in 1 2\ndo echo\ndone\n", "shimyard", "facts"])
    assert said[0] == "> /bin/sh -c [script] shimyard facts"


def test_a_machine_with_very_many_facts_does_not_fill_the_screen() -> None:
    text = told(Answering("fact\n" * (MAX_LINES + 100) + "end\n"))
    assert text.count("| fact") == MAX_LINES + LAST_LINES - 1
    assert f"({101 - LAST_LINES} lines are left out)\n| fact" in text
    assert "\n| end\n< exit 0" in text
    assert "left out" not in told(Answering("fact\n" * (MAX_LINES + LAST_LINES)))


HEADER = base64.b64encode(b"puller:hunter2hunter2").decode()


@pytest.mark.parametrize(
    ("secret", "line"),
    [
        ("hunter2", "login puller hunter2 failed"),
        ("x", "a x b"),
        ("-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n", "bad line: MIIEvQIBADANBg"),
        (f'[host]\nauthorization = ["Basic {HEADER}"]\n', f"401 for Basic {HEADER}"),
        ("two words and more", "it said: two words and more!"),
    ],
)
def test_a_known_secret_is_taken_out_also_line_by_line(secret: str, line: str) -> None:
    text = told(Answering(f"{line}\n", f"{line}\n"), secret)
    assert HIDDEN in text
    for part in (*secret.splitlines(), HEADER):
        assert part not in text.replace("> sudo -n /var/lib/x/node receive ab12", "").replace(
            "exit", ""
        )


def test_an_argument_with_a_secret_is_hidden_too() -> None:
    said: list[str] = []
    session = Answering()
    session.transcript = Transcript(said.append, Redaction(["hunter2"]))
    session.run(["node", "--password=hunter2"])
    assert said[0] == f"> node --password={HIDDEN}"


def test_the_digest_of_a_file_is_hidden_since_it_would_confirm_a_guess() -> None:
    digest, artifact = "a" * 64, "b" * 64
    facts = (
        f"digest\t{digest}\t/etc/edge/uplink.key\n"
        f"have\tfiles-site\tfile\t/etc/edge/uplink.key\t0600\troot\troot\t{digest}\n"
        f"have\tcontainer-runtime\tstore\t{artifact}\n"
    )
    text = told(Answering(facts))
    assert digest not in text
    assert artifact in text
    assert "| digest  [digest]  /etc/edge/uplink.key" in text


def test_a_transcript_without_secrets_is_left_as_it_is() -> None:
    assert Redaction([""])("as it is") == "as it is"


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_no_text_around_a_secret_brings_it_back(secret: str, before: str, after: str) -> None:
    shown = Redaction([secret])(f"{before}{secret}{after}")
    assert not [each for each in shown.split(HIDDEN) if secret.strip() in each]


def test_plain_words_of_a_secret_file_do_not_make_the_transcript_unreadable() -> None:
    text = told(
        Answering("restart containerd.service\nhttp://10.0.0.1:5000/v2: refused\n"),
        '# read by containerd\nserver = "http://10.0.0.1:5000"\nkey = "S3cr3tValue"\n',
    )
    assert "| http://10.0.0.1:5000/v2: refused" in text
    assert "| restart containerd.service" in text


def test_a_secret_that_another_resource_brings_is_taken_out_from_then_on() -> None:
    redacted, said = Redaction(["mine"]), list[str]()
    session = Answering("mine and yours\n")
    session.transcript = Transcript(said.append, redacted)
    redacted.learn(["yours"])
    session.run(["node", "facts"])
    assert f"| {HIDDEN} and {HIDDEN}" in said[1]
