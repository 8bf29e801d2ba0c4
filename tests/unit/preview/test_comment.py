"""Comments on a pull request, before a stand-in for GitHub's API, which nobody here can reach."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shimyard.preview.comment import PullRequest, keep
from shimyard.preview.parts import COMMENT_LIMIT

CHECKOUT = Path(__file__).resolve().parents[3]
BOT = {"login": "github-actions[bot]"}
TOKEN = "token-of-a-test"


class GitHub(ThreadingHTTPServer):
    """Keeps the comments of pull request 7, and which requests were made."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: dict[int, dict[str, Any]] = {}
        self.asked: list[str] = []

    def add(self, body: str, user: dict[str, str] | None = None) -> int:
        number = max(self.comments, default=0) + 1
        self.comments[number] = {"id": number, "body": body, "user": user or BOT}
        return number

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: GitHub

    def _answer(self, status: int, body: Any = None) -> None:
        text = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _body(self) -> dict[str, str]:
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        self.server.asked.append(self.command)
        length = int(self.headers.get("Content-Length") or 0)
        found: dict[str, str] = json.loads(self.rfile.read(length) or b"{}")
        return found

    def _number(self) -> int:
        return int(re.fullmatch(r"/repos/o/r/issues/comments/(\d+)", self.path)[1])  # type: ignore[index]

    def do_GET(self) -> None:
        self._body()
        parts = urlsplit(self.path)
        assert parts.path == "/repos/o/r/issues/7/comments"
        asked = parse_qs(parts.query)
        size, page = int(asked["per_page"][0]), int(asked["page"][0])
        every = list(self.server.comments.values())
        self._answer(200, every[(page - 1) * size : page * size])

    def do_POST(self) -> None:
        body = self._body()
        assert self.path == "/repos/o/r/issues/7/comments"
        self._answer(201, self.server.comments[self.server.add(body["body"])])

    def do_PATCH(self) -> None:
        body = self._body()
        self.server.comments[self._number()]["body"] = body["body"]
        self._answer(200, {})

    def do_DELETE(self) -> None:
        self._body()
        del self.server.comments[self._number()]
        self._answer(204)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def on(github: GitHub) -> PullRequest:
    return PullRequest(github.url, "o/r", 7, TOKEN)


def of(stack: str, text: str = "text") -> str:
    return f"<!-- shimyard-preview: {stack} -->\n## {text}\n"


def bodies(github: GitHub) -> list[str]:
    return [comment["body"] for comment in github.comments.values()]


def test_the_first_run_adds_one_comment_a_stack_and_the_next_ones_update_it(
    github: GitHub,
) -> None:
    keep(on(github), [of("a"), of("b")])
    assert bodies(github) == [of("a"), of("b")]
    keep(on(github), [of("a", "again"), of("b", "again")])
    assert bodies(github) == [of("a", "again"), of("b", "again")]
    assert github.asked.count("POST") == 2


def test_a_stack_that_is_not_changed_any_more_loses_its_comment(github: GitHub) -> None:
    keep(on(github), [of("a"), of("b")])
    keep(on(github), [of("b")])
    assert bodies(github) == [of("b")]


def test_a_stack_whose_preview_failed_says_so_instead_of_what_an_earlier_commit_did(
    github: GitHub,
) -> None:
    keep(on(github), [of("a"), of("b")], ["a", "b"])
    keep(on(github), [of("a")], ["a", "b", "c"])
    first, second, third = bodies(github)
    assert first == of("a")
    for body, stack in ((second, "b"), (third, "c")):
        assert body.startswith(f"<!-- shimyard-preview: {stack} -->\n## Preview of stack `{stack}`")
        assert "no preview of the newest commit" in body
    keep(on(github), [of("a"), of("b", "mended")], ["a", "b"])
    assert bodies(github) == [of("a"), of("b", "mended")]


def test_a_name_that_is_none_is_refused_before_anything_is_written(github: GitHub) -> None:
    with pytest.raises(ValueError, match="is no name of a stack"):
        keep(on(github), [of("a")], ["a", "b -->\n# more"])
    assert github.asked == []


def test_comments_of_people_are_left_alone_also_if_they_quote_one(github: GitHub) -> None:
    github.add(of("a"), {"login": "somebody"})
    github.add("looks good", {"login": "somebody"})
    github.add("from another workflow")
    keep(on(github), [of("a", "new")])
    assert bodies(github) == [of("a"), "looks good", "from another workflow", of("a", "new")]


def test_the_comment_is_found_behind_many_others(github: GitHub) -> None:
    for _ in range(230):
        github.add("talk", {"login": "somebody"})
    mine = github.add(of("a").replace("\n", "\r\n"))
    keep(on(github), [of("a", "new")])
    assert github.comments[mine]["body"] == of("a", "new")
    assert len(github.comments) == 231


@pytest.mark.parametrize("text", ["", "## no marker\n", "<!-- shimyard-preview: a b -->\nx"])
def test_a_text_that_is_no_summary_is_refused_before_anything_is_written(
    github: GitHub, text: str
) -> None:
    with pytest.raises(ValueError, match="does not begin with a marker"):
        keep(on(github), [of("a"), text])
    assert github.asked == []


def test_a_text_that_is_too_long_is_refused(github: GitHub) -> None:
    with pytest.raises(ValueError, match="too long"):
        keep(on(github), [of("a", "x" * COMMENT_LIMIT)])


def command(github: GitHub, folder: Path, token: str) -> subprocess.CompletedProcess[str]:
    options = ["--pull-request=7", '--stacks=["a", "c"]']
    # A Python without any package, as on a runner.
    return subprocess.run(
        [sys.executable, "-S", "-m", "shimyard.preview.comment", str(folder), *options],
        cwd=CHECKOUT,
        env={"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_needs_no_package_and_finds_summaries_at_any_depth(
    github: GitHub, tmp_path: Path
) -> None:
    for stack in ("a", "b"):
        folder = tmp_path / f"summary-{stack}"
        folder.mkdir()
        (folder / f"{stack}.md").write_text(of(stack))
    found = command(github, tmp_path, TOKEN)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
    assert [body.partition("\n")[0] for body in bodies(github)] == [
        f"<!-- shimyard-preview: {stack} -->" for stack in "acb"
    ]


def test_a_summary_that_can_not_be_written_is_said_without_the_token(
    github: GitHub, tmp_path: Path
) -> None:
    (tmp_path / "a.md").write_text("nothing")
    found = command(github, tmp_path, TOKEN)
    assert found.returncode == 1
    assert found.stderr.startswith("the comment can't be written: this is no summary")
    assert TOKEN not in found.stderr
