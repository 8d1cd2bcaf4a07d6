"""The sign-in of the rehearsal does what a strict OpenID provider does."""

import asyncio
import base64
import csv
import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from yarl import URL

import roster
from rehearsal import identity, people

VERIFIER = "a-verifier-of-at-least-forty-three-characters-for-pkce"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ROSTER = Path(people.__file__).with_name("roster.csv")
ISSUER = "https://login.college.example:9443"
ASKED = {
    "response_type": "code",
    "client_id": identity.CLIENT_ID,
    "redirect_uri": identity.REDIRECT_URI,
    "scope": "openid email profile",
    "state": "a-state",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ADA = {"email": "ada@college.example", "password": people.PASSWORD}
Client = TestClient[Any, Any]


def at_the_provider(visit: Callable[[Client], Awaitable[None]]) -> None:
    async def session() -> None:
        app = identity.make_app(issuer=ISSUER)
        async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
            await visit(client)

    asyncio.run(session())


async def sign_in(client: Client, form: dict[str, str] = ADA, /, **changed: str) -> ClientResponse:
    return await client.post("/authorize", params=ASKED | changed, data=form, allow_redirects=False)


async def code_for(client: Client, form: dict[str, str] = ADA) -> str:
    response = await sign_in(client, form)
    assert response.status == 303, await response.text()
    return _location(response)["code"]


async def exchange(client: Client, code: str, **changed: str) -> ClientResponse:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": identity.REDIRECT_URI,
        "code_verifier": VERIFIER,
        "client_id": identity.CLIENT_ID,
        "client_secret": identity.CLIENT_SECRET,
    }
    return await client.post("/token", data=form | changed)


def _location(response: ClientResponse) -> dict[str, str]:
    location = URL(response.headers["Location"])
    assert str(location.with_query(None)) == identity.REDIRECT_URI, "nobody is ever sent to an unregistered address"
    return dict(location.query)


def test_a_student_signs_in_and_the_hub_learns_who_it_is() -> None:
    async def visit(client: Client) -> None:
        page = await client.get("/authorize", params=ASKED)
        assert "Password" in await page.text(), "a stranger sees the sign-in page"
        answer = _location(await sign_in(client))
        assert answer["state"] == "a-state", "the hub recognises its own request by the state"
        token = await (await exchange(client, answer["code"])).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        claims = await (await client.get("/userinfo", headers=headers)).json()
        assert claims["email"] == "ada@college.example"
        assert claims["email_verified"] is True
        assert claims["name"] == "Ada Lovelace"

    at_the_provider(visit)


def test_the_subject_of_a_person_is_always_the_same_and_nobody_elses() -> None:
    everybody = people.read()
    assert [person.sub for person in everybody] == [person.sub for person in people.read()]
    assert len({person.sub for person in everybody}) == len(everybody)


def test_the_id_token_is_signed_with_the_published_key() -> None:
    async def visit(client: Client) -> None:
        token = await (await exchange(client, await code_for(client))).json()
        signed, _, signature = token["id_token"].rpartition(".")
        key = (await (await client.get("/jwks")).json())["keys"][0]
        public = rsa.RSAPublicNumbers(_number(key["e"]), _number(key["n"])).public_key()
        public.verify(_bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        claims = json.loads(_bytes(signed.partition(".")[2]))
        assert (claims["iss"], claims["aud"]) == (ISSUER, identity.CLIENT_ID)

    at_the_provider(visit)


def test_the_second_sign_in_of_a_browser_needs_no_password_until_it_signs_out() -> None:
    async def visit(client: Client) -> None:
        await sign_in(client)
        again = await client.get("/authorize", params=ASKED, allow_redirects=False)
        assert "code" in _location(again), "the session cookie signs in"
        await client.get("/logout")
        after = await client.get("/authorize", params=ASKED, allow_redirects=False)
        assert after.status == 200, "after signing out the sign-in page is shown again"

    at_the_provider(visit)


def test_an_email_is_accepted_in_any_case() -> None:
    at_the_provider(lambda client: _expect_code(client, "Ada@College.EXAMPLE "))


async def _expect_code(client: Client, email: str) -> None:
    assert await code_for(client, ADA | {"email": email})


@pytest.mark.parametrize("form", [ADA | {"password": "guess"}, ADA | {"email": "nobody@college.example"}, {}])
def test_a_wrong_password_or_person_gets_the_page_again_and_no_code(form: dict[str, str]) -> None:
    async def visit(client: Client) -> None:
        response = await sign_in(client, form)
        assert response.status == 401
        assert "do not match" in await response.text()

    at_the_provider(visit)


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://evil.example/hub/oauth_callback"},
        {"redirect_uri": identity.REDIRECT_URI + "/"},
        {"client_id": "another-hub"},
    ],
)
def test_an_unregistered_client_or_address_is_told_so_here_and_redirected_nowhere(changed: dict[str, str]) -> None:
    async def visit(client: Client) -> None:
        response = await sign_in(client, **changed)
        assert response.status == 400
        assert next(iter(changed.values())) in await response.text(), "the page names what is not registered"

    at_the_provider(visit)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ],
)
def test_a_wrong_request_of_the_hub_goes_back_to_it_with_the_error(changed: dict[str, str], error: str) -> None:
    async def visit(client: Client) -> None:
        answer = _location(await sign_in(client, **changed))
        assert answer["error"] == error
        assert answer["state"] == "a-state"

    at_the_provider(visit)


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "another-hub"}, 401, "invalid_client"),
        ({"code": "made-up"}, 400, "invalid_grant"),
        ({"code_verifier": "another verifier"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_exchange_is_refused_with_its_own_error(changed: dict[str, str], status: int, error: str) -> None:
    async def visit(client: Client) -> None:
        code = await code_for(client)
        response = await exchange(client, **({"code": code} | changed))
        assert (response.status, (await response.json())["error"]) == (status, error)

    at_the_provider(visit)


def test_a_code_works_once() -> None:
    async def visit(client: Client) -> None:
        code = await code_for(client)
        assert (await exchange(client, code)).status == 200
        assert (await exchange(client, code)).status == 400

    at_the_provider(visit)


def test_the_client_secret_is_also_accepted_in_the_authorization_header() -> None:
    async def visit(client: Client) -> None:
        form = {"grant_type": "authorization_code", "code": "made-up"}
        for secret, error in ((identity.CLIENT_SECRET, "invalid_grant"), ("wrong", "invalid_client")):
            basic = base64.b64encode(f"{identity.CLIENT_ID}:{secret}".encode()).decode()
            response = await client.post("/token", data=form, headers={"Authorization": f"Basic {basic}"})
            assert (await response.json())["error"] == error

    at_the_provider(visit)


def test_userinfo_is_for_bearers_of_a_token_only() -> None:
    async def visit(client: Client) -> None:
        for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic made-up"}):
            assert (await client.get("/userinfo", headers=headers)).status == 401

    at_the_provider(visit)


def test_discovery_names_addresses_that_exist() -> None:
    async def visit(client: Client) -> None:
        found = await (await client.get("/.well-known/openid-configuration")).json()
        assert found["issuer"] == ISSUER
        for key, address in found.items():
            if key.endswith(("_endpoint", "_uri")):
                response = await client.get(address.removeprefix(ISSUER))
                assert response.status != 404, f"{key} leads nowhere"

    at_the_provider(visit)


def test_the_class_is_twelve_students_two_tas_an_instructor_a_stranger_and_an_impostor() -> None:
    with ROSTER.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    roles = {row["email"]: row["role"] for row in rows}
    assert Counter(roles.values()) == {"student": 12, "ta": 2, "instructor": 1}
    everybody = [person for person in people.read() if "college" in person.accounts - person.disabled]
    verified = {person.email.casefold() for person in everybody if person.email_verified}
    assert set(roles) < verified, "everybody on the roster can sign in"
    assert len(verified - set(roles)) == 1, "one person can sign in at the college and is not on the roster"
    (impostor,) = (person for person in everybody if not person.email_verified)
    assert impostor.email in roles, "the impostor would get in if nobody asked whether the e-mail is verified"


def test_everybody_on_the_roster_has_accounts_at_google_and_github_too() -> None:
    with ROSTER.open(encoding="utf-8") as file:
        names = {row["email"]: row["github"] for row in csv.DictReader(file)}
    everybody = {person.email.casefold(): person for person in people.read() if person.email_verified}
    for email, github in names.items():
        assert everybody[email].accounts == {"college", "google", "github"}
        assert everybody[email].github.casefold() == github, "the roster names the account GitHub tells the hub"


def test_the_rosters_github_names_change_nobodys_account_on_the_server() -> None:
    told = {person.email: person.user for person in roster.read(ROSTER)}
    assert told == {email: roster.user_name(email) for email in told}, "accounts follow from the e-mail address"


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")
