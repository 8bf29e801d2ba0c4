"""The tokens of a cluster: made once, secret from birth, and made anew for another word only."""

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


@pytest.mark.parametrize(
    ("was", "wanted", "others"),
    [
        (None, None, False),
        (None, "2026-11", True),
        ("2026-11", "2026-11", False),
        ("2026-11", "2026-12", True),
        ("2026-11", None, False),
    ],
)
def test_only_another_word_makes_other_tokens(
    tokens: TokensResource, was: str | None, wanted: str | None, *, others: bool
) -> None:
    old, new = ({} if word is None else {"generation": word} for word in (was, wanted))
    first = tokens.apply(ApplyRequest(URN, "", old, preview=False)).state
    state = wired(first)
    details = tokens.diff(DiffRequest(URN, "tokens", old, state, new)).details
    assert details == ((("generation", "update"),) if others else ())
    answer = tokens.apply(ApplyRequest(URN, "tokens", new, preview=False, state=state))
    assert answer.id == "tokens"
    assert answer.state.get("generation") == wanted
    assert text(answer.state, "server") != text(first, "server")


def test_a_word_that_was_dropped_and_comes_back_is_the_same_word(tokens: TokensResource) -> None:
    state = wired(tokens.apply(ApplyRequest(URN, "", {"generation": "a"}, preview=False)).state)
    # Where nothing changes, the engine keeps the outputs, and takes the new inputs.
    request = DiffRequest(URN, "tokens", {}, state, {"generation": "a"})
    assert tokens.diff(request).details == ()


def test_a_refresh_leaves_them_as_they_are(tokens: TokensResource) -> None:
    state = wired(made(tokens))
    answer = tokens.read(ReadRequest(URN, "tokens", {}, state))
    assert (answer.id, answer.state) == ("tokens", state)
    tokens.delete(DeleteRequest(URN, "tokens", {}))
    assert tokens.check(CheckRequest(URN, {}, {})).failures == ()
