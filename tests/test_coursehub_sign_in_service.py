"""A sign-in service in trouble is said to be so, in words, to whoever signs in."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.web import HTTPError

from coursehub.sign_in.github import GitHubSignIn
from coursehub.sign_in.openid import OpenIDSignIn

TOKEN = "https://login.college.example/token"
USER = "https://login.college.example/userinfo"


class Answering:
    """An HTTP client that answers with one thing, whatever is asked."""

    def __init__(self, answer: Exception | str) -> None:
        self.answer = answer

    async def fetch(self, request: HTTPRequest, **_: Any) -> HTTPResponse:
        if isinstance(self.answer, Exception):
            raise self.answer
        return HTTPResponse(request, 200, buffer=io.BytesIO(self.answer.encode()))


def said(answer: Exception | str, url: str = TOKEN, way: type[Any] = OpenIDSignIn) -> str:
    door = way(roster_path="/nowhere", token_url=TOKEN, http_client=Answering(answer))
    with pytest.raises((HTTPError, HTTPClientError)) as refusal:
        asyncio.run(door.httpfetch(url, method="GET"))
    return str(getattr(refusal.value, "log_message", refusal.value))


@pytest.mark.parametrize(
    "silence", [HTTPClientError(599), HTTPClientError(503), ConnectionRefusedError("refused"), TimeoutError("late")]
)
def test_a_service_that_does_not_answer(silence: Exception) -> None:
    assert "does not answer just now. Whoever is signed in already can go on" in said(silence)


def test_a_secret_that_is_not_accepted_any_more() -> None:
    assert "does not accept the secret of this course" in said(HTTPClientError(401))
    assert "does not accept the secret of this course" in said(
        '{"error": "incorrect_client_credentials", "error_description": "wrong"}', way=GitHubSignIn
    ), "GitHub says so with status 200"


def test_what_else_a_service_refuses_stays_what_it_is() -> None:
    assert "HTTP 401" in said(HTTPClientError(401), url=USER), "of a person's token, not of the course's secret"
    assert "HTTP 400" in said(HTTPClientError(400))
