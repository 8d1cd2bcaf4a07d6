"""The probe tells a wrong secret, a wrong address to return to and a service that is not there apart, in words."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

import sign_in_probe
from rehearsal import identity
from sign_in_probe import Service

RIGHT = {
    "client_id": identity.CLIENT_ID,
    "client_secret": identity.CLIENT_SECRET,
    "redirect_uri": identity.REDIRECT_URI,
}


def college() -> web.Application:
    return identity.make_app(issuer="https://login.college.example")


def answering(status: int, text: str = "", **headers: str) -> web.Application:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


def told(app: web.Application, **changed: str) -> list[str]:
    """What the probe says of the service ``app`` with the right settings but for ``changed``."""

    async def ask() -> list[str]:
        async with TestServer(app) as server:
            values = {**RIGHT, **changed}
            service = Service(
                authorize_url=changed.get("authorize_url", str(server.make_url("/authorize"))),
                exchange_url=changed.get("exchange_url", str(server.make_url("/token"))),
                client_id=values["client_id"],
                client_secret=SecretStr(values["client_secret"]),
                redirect_uri=values["redirect_uri"],
                scope="openid email",
            )
            return await asyncio.to_thread(sign_in_probe.problems, service)

    return asyncio.run(ask())


def test_a_service_that_knows_the_course_is_nothing_to_tell() -> None:
    assert told(college()) == []


def test_a_wrong_secret_is_told_with_the_setting_and_never_with_the_secret() -> None:
    (said,) = told(college(), client_secret="not-the-secret")

    assert said.startswith("client-secret: the sign-in service does not accept it for the client 'course-hub'")
    assert "pulumi config set --secret client-secret" in said
    assert "not-the-secret" not in said


def test_a_wrong_address_to_return_to_is_told_with_the_one_to_register() -> None:
    (said,) = told(college(), redirect_uri="https://hub.other.example/hub/oauth_callback")

    assert "register this redirect address there, to the letter: https://hub.other.example/hub/oauth_callback" in said


def test_microsofts_number_for_a_wrong_address_is_known() -> None:
    page = answering(200, "<title>Sign in</title> AADSTS50011: The reply URL does not match")

    assert any("register this redirect address" in said for said in told(page))


GOOGLES = "https://accounts.google.com/signin/oauth/error?authError="
ADDRESS_IN_BASE64 = "ChVyZWRpcmVjdF91cmlfbWlzbWF0Y2gSFlRoZSByZWRpcmVjdCBVUkkgaW4gdGhl"


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (answering(302, Location=f"{GOOGLES}{ADDRESS_IN_BASE64}&client_id=x"), "Google's error page says it in base64"),
        (answering(302, Location="https://hub.old.example/?error=redirect_uri_mismatch&state=x"), "GitHub's redirect"),
        (answering(200, '{"error": "redirect_uri_mismatch"}'), "GitHub, when the code is traded"),
    ],
)
def test_googles_and_githubs_words_for_a_wrong_address_are_known(page: web.Application, why: str) -> None:
    assert any("register this redirect address" in said for said in told(page)), why


def test_an_error_page_of_googles_about_something_else_is_not_taken_for_it() -> None:
    assert not any("redirect address" in said for said in told(answering(302, Location=f"{GOOGLES}A")))


@pytest.mark.parametrize("error", ["incorrect_client_credentials", "Not Found"])
def test_githubs_words_for_a_wrong_secret_are_known(error: str) -> None:
    said = told(answering(200 if error != "Not Found" else 404, f'{{"error": "{error}"}}'))

    assert said[0].startswith("client-secret: the sign-in service does not accept it"), "GitHub answers with status 200"


def test_an_address_that_is_no_sign_in_service_is_told_by_its_setting() -> None:
    said = told(answering(404, "<h1>Not found</h1>"))

    assert said[0].startswith("oidc-exchange-url: ")
    assert said[1].startswith("oidc-authorize-url: ")
    assert "HTTP status 404" in said[0]


def test_a_sign_in_page_elsewhere_is_not_followed() -> None:
    assert told(answering(302, '{"error": "invalid_grant"}', Location="https://elsewhere.example/")) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"exchange_url": "https://no-such-name.invalid/token"}, "no-such-name.invalid is not known in the DNS"),
        ({"exchange_url": "https://127.0.0.1:9/token"}, "127.0.0.1 cannot be reached from here"),
    ],
)
def test_a_service_that_is_not_there_is_told_as_such(changed: dict[str, str], why: str) -> None:
    (said,) = told(college(), **changed)

    assert why in said
    assert "pulumi config set sign-in-probe false" in said, "a class must not wait for somebody else's repair"


def test_a_service_in_trouble_is_told_as_such() -> None:
    assert all("is in trouble itself (HTTP status 503)" in said for said in told(answering(503)))


def test_a_service_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in_probe, "SECONDS", 0.2)

    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(1)
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", silent)

    assert all("did not answer within" in said for said in told(app))


@pytest.fixture(autouse=True)
def _no_way_around(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is asked directly, whatever proxy this machine has."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
