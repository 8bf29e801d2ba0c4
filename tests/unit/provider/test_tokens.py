"""The tokens of a cluster: made once, secret from birth, and never made anew."""

from __future__ import annotations

import pytest

from shimyard.node.transcript import Redaction
from shimyard.provider.messages import (
    ApplyRequest,
    CheckRequest,
    DeleteRequest,
    DiffRequest,
    ReadRequest,
)
from shimyard.provider.tokens import TokensResource
from shimyard.provider.values import UNKNOWN, Properties, Secret
from tests.unit.provider.engine import wired

URN = "urn:pulumi:dev::shimyard::shimyard-edge:cluster:Tokens::lab"


@pytest.fixture
def redacted() -> Redaction:
    return Redaction()


@pytest.fixture
def tokens(redacted: Redaction) -> TokensResource:
    return TokensResource(redacted.learn)


def made(tokens: TokensResource) -> Properties:
    answer = tokens.apply(ApplyRequest(URN, "", {}, preview=False))
    assert answer.id == "tokens"
    return answer.state


def text(state: Properties, name: str) -> str:
    assert isinstance(state[name], Secret)
    value: str = state[name].value
    return value


def test_two_tokens_are_made_that_nobody_can_guess(tokens: TokensResource) -> None:
    found = {text(state, name) for state in (made(tokens), made(tokens)) for name in state}
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
    request = DiffRequest(URN, "tokens", {}, wired(state), {})
    assert TokensResource(redacted.learn).diff(request).details == ()
    assert secret not in redacted(secret)


def test_a_preview_makes_none(tokens: TokensResource) -> None:
    state = tokens.apply(ApplyRequest(URN, "", {}, preview=True)).state
    assert (state["server"], state["agent"]) == (Secret(UNKNOWN), Secret(UNKNOWN))


def test_a_refresh_leaves_them_as_they_are(tokens: TokensResource) -> None:
    state = wired(made(tokens))
    answer = tokens.read(ReadRequest(URN, "tokens", {}, state))
    assert (answer.id, answer.state) == ("tokens", state)
    tokens.delete(DeleteRequest(URN, "tokens", {}))
    assert tokens.check(CheckRequest(URN, {}, {})).failures == ()
