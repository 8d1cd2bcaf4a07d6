"""Google, as the rehearsal plays it: the hub's own class signs people in there, and every refusal has Google's form."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from oauthenticator.google import GoogleOAuthenticator
from played import Stage, callback, login_redirect, on_stage
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError

from rehearsal.identity import GOOGLE, REDIRECT_URI
from rehearsal.identity.google import auth_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ADA, PERSONAL, FOREIGN, UNVERIFIED, DISABLED = (
    "ada@college.example",
    "ada.lovelace@gmail.example",
    "niklaus@polytechnic.example",
    "mallory@elsewhere.example",
    "george@college.example",
)
AUTHORIZE = "https://accounts.google.com/o/oauth2/v2/auth"
ASKED = {
    "response_type": "code",
    "client_id": GOOGLE.id,
    "redirect_uri": REDIRECT_URI,
    "scope": "openid email profile",
    "state": "a-state",
}
FORM = {
    "grant_type": "authorization_code",
    "client_id": GOOGLE.id,
    "client_secret": GOOGLE.secret,
    "redirect_uri": REDIRECT_URI,
}


def signed_in(folder: Path, login: str, **settings: Any) -> dict[str, Any] | None:
    """What the hub knows of somebody who signed in, with these settings of the class."""
    known: list[dict[str, Any] | None] = []

    async def visit(stage: Stage) -> None:
        known.append(await stage.sign_in(stage.authenticator(GoogleOAuthenticator, **settings), login))

    on_stage(folder, visit)
    return known[0]


async def code_for(stage: Stage, login: str = ADA, **changed: str) -> str:
    """A code for somebody who signs in, or is signed in already."""
    page = await stage.browser.get(AUTHORIZE, params=ASKED | changed, allow_redirects=False)
    there = await (stage.typed(page, login) if page.status == 200 else stage.followed(page))
    return there.query["code"]


def test_the_hubs_own_class_signs_in_and_learns_who_it_is(authority: Path) -> None:
    model = signed_in(authority, ADA, scope=["openid", "email", "profile"])
    assert model
    user = model["auth_state"]["google_user"]
    assert (user["email"], user["verified_email"], user["hd"]) == (ADA, True, "college.example")
    assert (user["name"], user["given_name"]) == ("Ada Lovelace", "Ada")
    assert "sub" not in user, "the address the class asks has the names from before OpenID Connect"


def test_what_is_not_asked_for_is_not_told(authority: Path) -> None:
    model = signed_in(authority, ADA)
    assert model
    assert "name" not in model["auth_state"]["google_user"], "the class asks for openid and email alone"


def test_the_domain_is_told_of_workspace_accounts_alone(authority: Path) -> None:
    model = signed_in(authority, PERSONAL)
    assert model
    assert "hd" not in model["auth_state"]["google_user"]


@pytest.mark.parametrize(("login", "name"), [(ADA, "ada"), (PERSONAL, None), (FOREIGN, None)])
def test_a_hub_for_one_domain_lets_nobody_else_in(authority: Path, login: str, name: str | None) -> None:
    model = signed_in(authority, login, hosted_domain=["college.example"])
    assert (model and model["name"]) == name


def test_an_address_google_has_not_verified_is_refused_by_the_class(authority: Path) -> None:
    with pytest.raises(HTTPError, match=r"Login with unverified email ada@college\.example"):
        signed_in(authority, UNVERIFIED, allow_all=False, allowed_users={ADA})


def test_a_hub_that_allows_all_does_not_ask_whether_the_address_is_verified(authority: Path) -> None:
    model = signed_in(authority, UNVERIFIED, allow_all=True)
    assert model, "JupyterHub does not call the class's check_allowed then; whoever relies on it has to ask themselves"
    assert (model["name"], model["auth_state"]["google_user"]["verified_email"]) == (ADA, False)


def test_the_number_of_an_account_has_21_digits_and_is_the_same_in_all_answers(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        form = {**FORM, "code": await code_for(stage)}
        token = await (await stage.browser.post("https://oauth2.googleapis.com/token", data=form)).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        told = [
            await (await stage.browser.get(address, headers=headers)).json()
            for address in (
                "https://www.googleapis.com/oauth2/v1/userinfo",
                "https://www.googleapis.com/oauth2/v2/userinfo",
                "https://www.googleapis.com/oauth2/v3/userinfo",
                "https://openidconnect.googleapis.com/v1/userinfo",
            )
        ]
        keys = await (await stage.browser.get("https://www.googleapis.com/oauth2/v3/certs")).json()
        signed = jwt.decode(
            token["id_token"], jwt.PyJWK(keys["keys"][0]), audience=GOOGLE.id, issuer="https://accounts.google.com"
        )
        numbers = {told[0]["id"], told[1]["id"], told[2]["sub"], told[3]["sub"], signed["sub"]}
        assert len(numbers) == 1
        assert len(numbers.pop()) == 21
        assert told[3]["email_verified"] is True

    on_stage(authority, visit)


def test_the_domain_asked_for_is_a_hint_and_keeps_nobody_out(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        authenticator = stage.authenticator(GoogleOAuthenticator)
        address, cookie = login_redirect(authenticator, hd="college.example")
        page = await stage.browser.get(address)
        shown = await page.text()
        assert ADA in shown
        assert PERSONAL not in shown, "the chooser shows the domain's accounts"
        model = await callback(authenticator, await stage.typed(page, PERSONAL), cookie)
        assert model, "who types another address gets through: only the claim hd tells"

    on_stage(authority, visit)


def test_who_is_signed_in_chooses_again_if_the_hub_wants_so(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        await code_for(stage)
        again = await stage.browser.get(AUTHORIZE, params=ASKED, allow_redirects=False)
        assert again.status == 303, "the session signs in"
        choosing = await stage.browser.get(AUTHORIZE, params=ASKED | {"prompt": "select_account"})
        assert choosing.status == 200
        await stage.browser.get("https://accounts.google.com/Logout")
        after = await stage.browser.get(AUTHORIZE, params=ASKED)
        assert after.status == 200, "after signing out the page is shown again"

    on_stage(authority, visit)


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_id": "another"}, 401, "invalid_client"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": f"{REDIRECT_URI}/"}, 400, "redirect_uri_mismatch"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"scope": "openid read:org"}, 400, "invalid_scope"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
    ],
)
def test_a_request_that_is_not_right_ends_on_a_page_at_google(
    authority: Path, changed: dict[str, str], status: int, error: str
) -> None:
    async def visit(stage: Stage) -> None:
        page = await stage.browser.get(AUTHORIZE, params=ASKED | changed)
        assert (page.url.host, page.url.path) == ("accounts.google.com", "/signin/oauth/error")
        assert (page.status, f"Error {status}: {error}" in await page.text()) == (status, True)
        assert error.encode() in base64.urlsafe_b64decode(page.url.query["authError"]), (
            "who follows nothing reads it too"
        )

    on_stage(authority, visit)


@pytest.mark.parametrize(
    ("changed", "status", "error", "words"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client", "The provided client secret is invalid."),
        ({"client_secret": ""}, 400, "invalid_request", "client_secret is missing."),
        ({"client_id": "another"}, 401, "invalid_client", "The OAuth client was not found."),
        ({"client_id": ""}, 400, "invalid_request", "Could not determine client ID from request."),
        ({"code": "made-up"}, 400, "invalid_grant", "Malformed auth code."),
        ({"code": "4/0Aunknown"}, 400, "invalid_grant", "Bad Request"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch", "Bad Request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", "Invalid grant_type: password"),
    ],
)
def test_an_exchange_that_is_not_right_is_refused_in_googles_words(
    authority: Path, changed: dict[str, str], status: int, error: str, words: str
) -> None:
    async def visit(stage: Stage) -> None:
        for address in ("https://oauth2.googleapis.com/token", "https://www.googleapis.com/oauth2/v4/token"):
            answer = await stage.browser.post(address, data={**FORM, "code": await code_for(stage), **changed})
            assert (answer.status, await answer.json()) == (status, {"error": error, "error_description": words})

    on_stage(authority, visit)


def test_a_code_works_once_and_not_without_its_verifier(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        address = "https://oauth2.googleapis.com/token"
        form = {**FORM, "code": await code_for(stage)}
        statuses = [(await stage.browser.post(address, data=form)).status for _ in range(2)]
        assert statuses == [200, 400]
        for given, words in (({}, "Missing code verifier."), ({"code_verifier": "no"}, "Invalid code verifier.")):
            pkce = {"code_challenge": "another", "code_challenge_method": "S256"}
            form = {**FORM, "code": await code_for(stage, **pkce), **given}
            answer = await (await stage.browser.post(address, data=form)).json()
            assert answer == {"error": "invalid_grant", "error_description": words}

    on_stage(authority, visit)


def test_a_wrong_secret_fails_the_class_with_the_status_it_has(authority: Path) -> None:
    with pytest.raises(HTTPClientError) as failed:
        signed_in(authority, ADA, client_secret="wrong")
    assert failed.value.code == 401


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("https://openidconnect.googleapis.com/v1/userinfo", "invalid_request"),
        ("https://www.googleapis.com/oauth2/v1/userinfo", {"code": 401}),
    ],
)
def test_userinfo_is_for_bearers_of_a_token_only(authority: Path, address: str, error: Any) -> None:
    async def visit(stage: Stage) -> None:
        answer = await stage.browser.get(address, headers={"Authorization": "Bearer made-up"})
        told = (await answer.json())["error"]
        assert answer.status == 401
        assert told == error or told.items() >= error.items()

    on_stage(authority, visit)


def refusal(folder: Path, login: str, prepare: Callable[[Stage], Awaitable[None] | None]) -> tuple[int, str]:
    """Status and text of the page somebody ends on."""
    seen: list[tuple[int, str]] = []

    async def visit(stage: Stage) -> None:
        prepare(stage)
        form = {"email": login, "password": "rehearsal"}
        answer = await stage.browser.post(AUTHORIZE, params=ASKED, data=form, allow_redirects=False)
        if "authError" in answer.headers.get("Location", ""):
            answer = await stage.browser.get(answer.headers["Location"])
        seen.append((answer.status, await answer.text()))

    on_stage(folder, visit)
    return seen[0]


def test_while_the_app_is_tested_only_its_test_users_get_in(authority: Path) -> None:
    def testing(stage: Stage) -> None:
        stage.services.google.testers = [ADA]

    assert refusal(authority, ADA, testing)[0] == 303
    status, text = refusal(authority, FOREIGN, testing)
    assert status == 403
    assert "Error 403: access_denied" in text


def test_a_disabled_account_is_told_so_and_its_token_is_worth_nothing(authority: Path) -> None:
    status, text = refusal(authority, DISABLED, lambda _: None)
    assert status == 403
    assert f"{DISABLED} has been disabled" in text

    async def visit(stage: Stage) -> None:
        form = {**FORM, "code": await code_for(stage)}
        token = await (await stage.browser.post("https://oauth2.googleapis.com/token", data=form)).json()
        stage.services.accounts.disable(ADA)
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        answer = await stage.browser.get("https://openidconnect.googleapis.com/v1/userinfo", headers=headers)
        assert answer.status == 401
        session = await stage.browser.get(AUTHORIZE, params=ASKED)
        assert session.status == 403, "the browser that was signed in cannot go on either"

    on_stage(authority, visit)


def test_an_error_is_coded_as_google_codes_it() -> None:
    coded = "Cg5pbnZhbGlkX2NsaWVudBIfVGhlIE9BdXRoIGNsaWVudCB3YXMgbm90IGZvdW5kLiCRAw=="  # of a page people cite
    assert auth_error(401, "invalid_client", "The OAuth client was not found.") == coded


def test_a_wrong_password_gets_the_page_again(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        answer = await stage.browser.post(AUTHORIZE, params=ASKED, data={"email": ADA, "password": "guess"})
        assert answer.status == 401
        assert "do not match" in await answer.text()

    on_stage(authority, visit)


def test_discovery_names_addresses_that_are_played(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        found = await (await stage.browser.get("https://accounts.google.com/.well-known/openid-configuration")).json()
        for key, address in found.items():
            if key.endswith(("_endpoint", "_uri")):
                answer = await stage.browser.get(address)
                assert answer.status != 404, f"{key} leads nowhere"

    on_stage(authority, visit)


def test_the_id_token_belongs_to_the_access_token(authority: Path) -> None:
    model = signed_in(authority, ADA)
    assert model
    state = model["auth_state"]
    payload = state["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    algorithm = jwt.get_algorithm_by_name("RS256")
    half = algorithm.compute_hash_digest(state["access_token"].encode())[:16]
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
