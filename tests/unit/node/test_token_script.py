"""How a server's program has K3s take another token: what it shows, asks, notes and keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.node.cluster_program import Server

OLD, NEW = "0ld-secret", "new-secret"
UNAUTHORIZED = "error: You must be logged in to the server (Unauthorized)\n"
KUBECONFIG = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://127.0.0.1:6443
  name: default
users:
- name: default
  user:
    client-key-data: a2V5
"""
ROTATE = """
journal={folder}/journal
generation={folder}/generation
k3s_config={folder}/k3s.yaml
k3s_token={folder}/taken
no_block=
reason=
activity() {{ echo {activity}; }}
"""


class Rotation:
    """A server of which another token is placed already, and the former one lies beside it."""

    def __init__(self, folder: Path) -> None:
        self.server = Server(folder)
        self.path = folder / "token"
        self.former = folder / ".token.shimyard-old"
        self.taken = folder / "taken"
        self.journal = folder / "journal"
        self.path.write_text(f"{NEW}\n")
        self.former.write_text(f"{OLD}\n")
        self.taken.write_text(f"K10ab::server:{OLD}\n")
        self.journal.write_text("")
        (folder / "k3s.yaml").write_text(KUBECONFIG)

    def run(self, script: str, activity: str = "active") -> tuple[int, str]:
        """The exit code and the complaints of ``script``; $1 is the token's path."""
        head = ROTATE.format(folder=self.server.folder, activity=activity)
        done = self.server.call(f"{head}{script}", str(self.path))
        return done.returncode, done.stderr

    @property
    def shown(self) -> list[str]:
        """The passwords that K3s was shown."""
        access = self.server.folder / "access"
        lines = access.read_text().splitlines() if access.exists() else []
        return [lines[at + 1].strip() for at, line in enumerate(lines) if "password: |-" in line]

    @property
    def wanted(self) -> str:
        """The tokens that K3s was asked to take, as JSON."""
        inputs = self.server.folder / "input"
        return inputs.read_text() if inputs.exists() else ""

    @property
    def notes(self) -> list[str]:
        """What the journal says, without paths."""
        return self.journal.read_text().replace(f"\t{self.path}", "").split()


ASK, FOLLOW = 'switch_rotate_token "$1" ask', 'switch_rotate_token "$1" follow'


@pytest.fixture
def rotation(tmp_path: Path) -> Rotation:
    return Rotation(tmp_path)


def test_k3s_is_asked_as_who_knows_the_former_token(rotation: Rotation) -> None:
    assert rotation.run(ASK) == (0, "")
    (call,) = rotation.server.calls
    assert call.endswith("--request-timeout=60s replace --raw /v1-k3s/token -f -")
    assert json.loads(rotation.wanted) == {"newToken": NEW}
    assert rotation.shown == [OLD]
    access = (rotation.server.folder / "access").read_text()
    assert 'server: "https://127.0.0.1:6443"' in access
    assert 'certificate-authority-data: "Y2E="' in access
    assert "username: server" in access
    assert rotation.notes == ["rotating", "rotated"]


def test_no_token_is_an_argument_or_stays_behind(rotation: Rotation) -> None:
    assert rotation.run(ASK) == (0, "")
    assert "secret" not in "".join(rotation.server.calls)
    assert "secret" not in rotation.journal.read_text()
    assert not (rotation.server.folder / "generation/files/access").exists()
    assert (rotation.server.folder / "modes").read_text().startswith("-rw------- ")


def test_a_token_in_its_long_form_is_sent_as_its_password(rotation: Rotation) -> None:
    rotation.path.write_text(f"K10ab::server:{NEW}\n")
    assert rotation.run(ASK)[0] == 0
    assert json.loads(rotation.wanted) == {"newToken": NEW}


def test_one_that_k3s_does_not_answer_to_is_followed_by_the_next(rotation: Rotation) -> None:
    rotation.server.answers("replace", code=1)
    rotation.server.k3s_complains(UNAUTHORIZED)
    code, told = rotation.run(f'{ASK} || printf \'%s\' "$reason" >&2; [ -z "$reason" ]')
    assert code != 0
    assert told == "K3s answers to none of its tokens; restart it there: systemctl restart k3s"
    assert rotation.shown == [OLD, NEW, OLD]
    assert rotation.notes == ["rotating"]


def test_another_error_ends_it_at_once(rotation: Rotation) -> None:
    rotation.server.answers("replace", code=1)
    rotation.server.k3s_complains("Error from server (InternalError): token error ID 7\n")
    code, told = rotation.run(ASK)
    assert (code != 0, told) == (True, "Error from server (InternalError): token error ID 7\n")
    assert len(rotation.server.calls) == 1


def test_what_the_cluster_has_already_it_is_not_asked_for(rotation: Rotation) -> None:
    rotation.taken.write_text(f"K10ab::server:{NEW}\n")
    for activity in ("active", "failed"):
        rotation.journal.write_text("")
        assert rotation.run(ASK, activity) == (0, "")
        assert rotation.notes == ["rotating", "rotated"]
    assert rotation.server.calls == []


def test_a_k3s_that_does_not_run_is_not_asked_and_nothing_is_claimed(rotation: Rotation) -> None:
    assert rotation.run(ASK, "failed") == (0, "")
    assert (rotation.server.calls, rotation.notes) == ([], [])


def test_a_server_that_follows_asks_nothing_and_keeps_the_token(rotation: Rotation) -> None:
    assert rotation.run(FOLLOW) == (0, "")
    assert (rotation.server.calls, rotation.notes) == ([], ["rotated"])


@pytest.mark.parametrize("token", ['a"b', "a b", "a\\b", "a'b", ""])
def test_a_token_that_could_leave_its_quotes_is_not_sent(rotation: Rotation, token: str) -> None:
    rotation.path.write_text(f"{token}\n")
    code, told = rotation.run(ASK)
    assert code != 0
    assert "letters, digits and" in told
    assert rotation.server.calls == []


# --- taking it back -------------------------------------------------------------------------------

UNDO = """
note undo path "$1" had
tac "$journal" | restore_paths
"""


def test_a_token_that_the_cluster_has_taken_stays(rotation: Rotation) -> None:
    rotation.run(f"{ASK}{UNDO}")
    assert rotation.path.read_text() == f"{NEW}\n"
    assert not rotation.former.exists()


def test_a_token_that_the_cluster_has_not_taken_goes(rotation: Rotation) -> None:
    rotation.run(UNDO)
    assert rotation.path.read_text() == f"{OLD}\n"


def test_cut_off_while_it_was_asked_k3s_is_asked_for_the_former_one(rotation: Rotation) -> None:
    rotation.taken.write_text(f"K10ab::server:{NEW}\n")
    rotation.run(f'note rotating "$1"\nsettle_token{UNDO}')
    assert json.loads(rotation.wanted) == {"newToken": OLD}
    assert rotation.path.read_text() == f"{OLD}\n"


@pytest.mark.parametrize(
    ("noted", "activity", "boot"),
    [
        ("", "active", ""),
        ("rotating", "failed", ""),
        ("rotating", "active", "--no-block"),
        ("rotating rotated", "active", ""),
    ],
    ids=["not asked", "not running", "at a boot", "taken"],
)
def test_nothing_is_asked_where_it_is_known_or_nobody_answers(
    rotation: Rotation, noted: str, activity: str, boot: str
) -> None:
    notes = "".join(f'note {word} "$1"\n' for word in noted.split())
    assert rotation.run(f"no_block={boot}\n{notes}settle_token", activity) == (0, "")
    assert rotation.server.calls == []
