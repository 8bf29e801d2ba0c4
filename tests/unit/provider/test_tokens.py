"""The tokens of a cluster: made once, secret from birth, new only when somebody asks for it."""

from __future__ import annotations

import pytest

from shimyard.node.transcript import Redaction
from shimyard.provider.messages import (
    ApplyRequest,
    ApplyResponse,
    CheckRequest,
    DeleteRequest,
    DiffRequest,
    ReadRequest,
)
from shimyard.provider.tokens import TokensResource
from shimyard.provider.values import UNKNOWN, Properties, Secret
from tests.unit.provider.engine import wired

URN = "urn:pulumi:dev::shimyard::shimyard:cluster:Tokens::lab"


@pytest.fixture
def redacted() -> Redaction:
    return Redaction()


@pytest.fixture
def tokens(redacted: Redaction) -> TokensResource:
    return TokensResource(redacted.learn)


def made(tokens: TokensResource, rotation: int = 1, state: Properties | None = None) -> Properties:
    return applied(tokens, rotation, state).state


def applied(
    tokens: TokensResource, rotation: int = 1, state: Properties | None = None
) -> ApplyResponse:
    known = "" if state is None else "tokens"
    inputs = {"rotation": rotation}
    return tokens.apply(ApplyRequest(URN, known, inputs, preview=False, state=wired(state or {})))


def diff(tokens: TokensResource, old: int, new: int, state: Properties | None = None) -> list[str]:
    request = DiffRequest(URN, "tokens", {"rotation": old}, wired(state or {}), {"rotation": new})
    return [path for path, _ in tokens.diff(request).details]


def text(state: Properties, name: str) -> str:
    assert isinstance(state[name], Secret)
    value: str = state[name].value
    return value


def test_two_tokens_are_made_that_nobody_can_guess(tokens: TokensResource) -> None:
    answer = applied(tokens)
    assert answer.id == "tokens"
    found = {text(answer.state, "server"), text(answer.state, "agent")}
    found |= {text(made(tokens), "server"), text(made(tokens), "agent")}
    assert len(found) == 4
    assert {len(each) for each in found} == {64}


def test_a_token_is_shown_in_no_repr_and_in_no_transcript(
    tokens: TokensResource, redacted: Redaction
) -> None:
    state = made(tokens)
    secret = text(state, "agent")
    assert secret not in repr(state)
    assert secret not in redacted(f"level=info token=K10ab::node:{secret}")


def test_tokens_of_an_earlier_run_are_known_as_secrets_too(redacted: Redaction) -> None:
    state = made(TokensResource(lambda _: None))
    secret = text(state, "server")
    assert secret in redacted(secret)
    diff(TokensResource(redacted.learn), 1, 1, state)
    assert secret not in redacted(secret)


def test_a_preview_makes_none(tokens: TokensResource) -> None:
    state = tokens.apply(ApplyRequest(URN, "", {"rotation": 1}, preview=True)).state
    assert (state["server"], state["agent"]) == (Secret(UNKNOWN), Secret(UNKNOWN))


def test_only_another_number_asks_for_new_ones(tokens: TokensResource) -> None:
    assert diff(tokens, 1, 1) == []
    assert diff(tokens, 1, 2) == ["rotation"]
    assert diff(tokens, 2, 1) == ["rotation"]


def test_a_refresh_leaves_them_as_they_are(tokens: TokensResource) -> None:
    state = wired(made(tokens))
    answer = tokens.read(ReadRequest(URN, "tokens", {"rotation": 1}, state))
    assert (answer.id, answer.state) == ("tokens", state)
    tokens.delete(DeleteRequest(URN, "tokens", {"rotation": 1}))


def test_a_rotation_keeps_the_token_that_the_datastore_is_encrypted_with(
    tokens: TokensResource,
) -> None:
    """K3s refuses to start with another one: it could not read its own bootstrap data."""
    before = made(tokens)
    after = made(tokens, 2, before)
    assert text(after, "server") == text(before, "server")
    assert text(after, "agent") != text(before, "agent")
    assert after["rotation"] == 2
    asked = ApplyRequest(URN, "tokens", {"rotation": 2}, preview=True, state=wired(before))
    shown = tokens.apply(asked).state
    assert (shown["server"], shown["agent"]) == (before["server"], Secret(UNKNOWN))


@pytest.mark.parametrize("rotation", ["1", 1.5, True, None, Secret("x"), UNKNOWN])
def test_a_rotation_that_is_no_number_is_refused(tokens: TokensResource, rotation: object) -> None:
    answer = tokens.check(CheckRequest(URN, {}, {"rotation": rotation}))
    assert answer.failures == (("rotation", "is no whole number; write 1"),)
    assert tokens.check(CheckRequest(URN, {}, {"rotation": 3})).failures == ()
