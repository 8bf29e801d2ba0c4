"""`python -m shimyard.preview.comment`: one comment a stack on a pull request, kept up to date.

Runs without any package, from the code that the pull request goes into: it holds a token that may
write. Variables: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from shimyard.preview.markdown import MARKER, without_summary
from shimyard.preview.parts import COMMENT_LIMIT

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MARKER = re.compile(MARKER.format(_NAME.pattern))
_PAGE = 100
_AUTHOR = "github-actions[bot]"
_SECONDS = 30


@dataclass(frozen=True)
class PullRequest:
    """Where comments go. ``api``: root of GitHub's API; ``repository``: 'owner/name'."""

    api: str
    repository: str
    number: int
    token: str

    def comments(self) -> list[Mapping[str, Any]]:
        """Every comment."""
        found: list[Mapping[str, Any]] = []
        while True:
            page = len(found) // _PAGE + 1
            path = f"issues/{self.number}/comments?per_page={_PAGE}&page={page}"
            answer = self._ask("GET", path)
            found += answer
            if len(answer) < _PAGE:
                return found

    def create(self, body: str) -> None:
        """Add a comment."""
        self._ask("POST", f"issues/{self.number}/comments", {"body": body})

    def update(self, comment: int, body: str) -> None:
        """Replace the text of a comment."""
        self._ask("PATCH", f"issues/comments/{comment}", {"body": body})

    def delete(self, comment: int) -> None:
        """Take a comment away."""
        self._ask("DELETE", f"issues/comments/{comment}")

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        url = f"{self.api}/repos/{self.repository}/{path}"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data=data, headers=headers, method=method)  # noqa: S310
        with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310  # set by the workflow
            text = answer.read()
        return json.loads(text) if text else None


def keep(pull_request: PullRequest, summaries: Sequence[str], stacks: Sequence[str] = ()) -> None:
    """Let there be one comment for each summary, and none for stacks that are not changed now.

    ``stacks``: names of those that are; without a summary, the comment says that there is none.
    A summary begins with its marker; one without, or one that is too long, raises ValueError, and
    so does a name that is none.
    """
    for stack in stacks:
        if not _NAME.fullmatch(stack):
            raise ValueError(f"{stack!r} is no name of a stack")
    texts = (*(without_summary(stack) for stack in stacks), *summaries)
    wanted = {_marker(text): text for text in texts}
    for comment in pull_request.comments():
        marker = _own(comment)
        if marker is None:
            continue
        if marker in wanted:
            pull_request.update(comment["id"], wanted.pop(marker))
        else:
            # No change of this stack any more, or a second one of it.
            pull_request.delete(comment["id"])
    for text in wanted.values():
        pull_request.create(text)


def _marker(text: str) -> str:
    first = text.partition("\n")[0]
    if not _MARKER.fullmatch(first):
        raise ValueError("this is no summary: it does not begin with a marker")
    if len(text.encode("utf-16-le")) // 2 > COMMENT_LIMIT:
        raise ValueError(f"the summary {first} is too long for a comment")
    return first


def _own(comment: Mapping[str, Any]) -> str | None:
    """The marker of a comment that this program has written; None for anybody else's."""
    if (comment.get("user") or {}).get("login") != _AUTHOR:
        return None
    first = str(comment.get("body") or "").partition("\n")[0].rstrip("\r")
    return first if _MARKER.fullmatch(first) else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Put the summaries of a folder onto a pull request."""
    parser = argparse.ArgumentParser(prog="python -m shimyard.preview.comment", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds one Markdown file a stack, at any depth")
    parser.add_argument("--pull-request", type=int, required=True, metavar="NUMBER")
    parser.add_argument(
        "--stacks", type=json.loads, default=[], metavar="JSON", help="a list of changed stacks"
    )
    options = parser.parse_args(arguments)
    variables = os.environ
    pull_request = PullRequest(
        variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/"),
        variables["GITHUB_REPOSITORY"],
        options.pull_request,
        variables["GITHUB_TOKEN"],
    )
    files = sorted(options.folder.rglob("*.md"))
    try:
        keep(pull_request, [file.read_text() for file in files], options.stacks)
    except (OSError, ValueError) as error:
        print(f"the comment can't be written: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
