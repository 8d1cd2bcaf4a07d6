"""GitHub, as the rehearsal plays it: the hub's own class signs people in there, and every refusal has GitHub's form."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from aiohttp.hdrs import USER_AGENT
from oauthenticator.github import GitHubOAuthenticator
from played import Stage, on_stage
from tornado.httpclient import HTTPClientError
from tornado.web import HTTPError
from yarl import URL

from rehearsal.identity import GITHUB, REDIRECT_URI

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ADA, ALAN, GRACE, EMMY, OCTOCAT, UNVERIFIED, DISABLED = (
    "ada@college.example",
    "alan@college.example",
    "grace.hopper@college.example",
    "emmy.noether@college.example",
    "octocat",
    "mallory@elsewhere.example",
    "george@college.example",
)
AUTHORIZE = "https://github.com/login/oauth/authorize"
EXCHANGE = "https://github.com/login/oauth/access_token"
API = "https://api.github.com"
ASKED = {"client_id": GITHUB.id, "redirect_uri": REDIRECT_URI, "scope": "read:org", "state": "a-state"}
FORM = {"client_id": GITHUB.id, "client_secret": GITHUB.secret}
JSON = {"Accept": "application/json"}


def signed_in(
    folder: Path, login: str, prepare: Callable[[Stage], None] = lambda _: None, **settings: Any
) -> dict[str, Any] | None:
    """What the hub knows of somebody who signed in, with these settings of the class."""
    known: list[dict[str, Any] | None] = []

    async def visit(stage: Stage) -> None:
        prepare(stage)
        known.append(await stage.sign_in(stage.authenticator(GitHubOAuthenticator, **settings), login))

    on_stage(folder, visit)
    return known[0]


async def back(stage: Stage, login: str = ADA, **changed: str) -> URL:
    """Where the hub's visitor comes back with a code, or with an error."""
    page = await stage.browser.get(AUTHORIZE, params=ASKED | changed)
    return await stage.typed(page, login)


async def token_for(stage: Stage, login: str = ADA, **changed: str) -> str:
    form = {**FORM, "code": (await back(stage, login, **changed)).query["code"]}
    answer = await (await stage.browser.post(EXCHANGE, data=form, headers=JSON)).json()
    token: str = answer["access_token"]
    return token


async def asked(stage: Stage, path: str, token: str = "", **headers: str) -> tuple[int, Any]:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await stage.browser.get(f"{API}{path}", headers={**bearer, **headers})
    return answer.status, await answer.json() if answer.status != 204 else None


def visited(folder: Path, visit: Callable[[Stage], Awaitable[Any]]) -> Any:
    told: list[Any] = []

    async def session(stage: Stage) -> None:
        told.append(await visit(stage))

    on_stage(folder, session)
    return told[0]


@pytest.mark.parametrize(
    ("login", "name", "number", "email"),
    [(ADA, "rehearsal-ada", 9100001, None), (GRACE, "Rehearsal-Grace", 9100007, "Grace.Hopper@College.Example")],
)
def test_the_hubs_own_class_signs_in_and_learns_who_it_is(
    authority: Path, login: str, name: str, number: int, email: str | None
) -> None:
    model = signed_in(authority, login)
    assert model
    user = model["auth_state"]["github_user"]
    assert (user["login"], user["id"], user["email"]) == (name, number, email), "most keep their address to themselves"
    assert model["name"] == name.casefold()


def test_a_user_name_is_typed_as_well_as_an_address(authority: Path) -> None:
    model = signed_in(authority, "REHEARSAL-ada")
    assert model
    assert model["name"] == "rehearsal-ada"


def test_the_address_is_told_to_who_may_ask_for_it(authority: Path) -> None:
    model = signed_in(authority, ADA, scope=["user:email"])
    assert model
    assert model["auth_state"]["github_user"]["email"] == ADA


def test_scopes_come_back_with_commas_so_the_class_does_not_find_one_among_several(authority: Path) -> None:
    model = signed_in(authority, ADA, scope=["read:org", "user:email"])
    assert model
    assert model["auth_state"]["token_response"]["scope"] == "read:org,user:email"
    assert model["auth_state"]["github_user"]["email"] is None


def test_a_scope_that_is_part_of_another_is_not_granted_twice(authority: Path) -> None:
    model = signed_in(authority, ADA, scope=["user:email", "user"])
    assert model
    assert model["auth_state"]["scope"] == ["user"]


@pytest.mark.parametrize(
    ("login", "scope", "allowed", "welcome"),
    [
        (ADA, ["read:org"], "rehearsal-college", True),
        (ADA, [], "rehearsal-college", False),
        (ALAN, [], "rehearsal-college", True),
        (OCTOCAT, ["read:org"], "rehearsal-college", False),
        (OCTOCAT, [], "Rehearsal-Robotics", True),
        (ADA, ["read:org"], "rehearsal-college:lab-a", True),
        (ADA, ["read:org"], "rehearsal-college:staff", False),
        (EMMY, ["read:org"], "rehearsal-college:staff", True),
        (ADA, [], "rehearsal-college:lab-a", False),
        (ADA, ["read:org"], "no-such-organisation", False),
    ],
)
def test_a_hub_for_members_lets_nobody_else_in_and_sees_private_ones_with_the_scope(
    authority: Path, login: str, scope: list[str], allowed: str, *, welcome: bool
) -> None:
    model = signed_in(authority, login, scope=scope, allow_all=False, allowed_organizations={allowed})
    assert (model is not None) == welcome


def test_an_organisation_that_has_not_approved_the_app_tells_it_nothing(authority: Path) -> None:
    def restrict(stage: Stage) -> None:
        stage.services.github.api.restricted.add("rehearsal-college")

    settings: dict[str, Any] = {"scope": ["read:org"], "allow_all": False}
    assert signed_in(authority, ADA, restrict, allowed_organizations={"rehearsal-college"}, **settings) is None

    async def visit(stage: Stage) -> tuple[int, Any]:
        restrict(stage)
        return await asked(stage, "/orgs/rehearsal-college/members/rehearsal-ada", await token_for(stage))

    status, told = visited(authority, visit)
    assert status == 403
    assert "OAuth App access restrictions" in told["message"]


def test_the_class_collects_teams_over_all_pages(authority: Path) -> None:
    model = signed_in(authority, EMMY, scope=["read:org"], populate_teams_in_auth_state=True)
    assert model
    assert [team["slug"] for team in model["auth_state"]["teams"]] == ["staff", "lab-a"]

    async def visit(stage: Stage) -> list[str]:
        headers = {"Authorization": f"Bearer {await token_for(stage, EMMY)}"}
        first = await stage.browser.get(f"{API}/user/teams?per_page=1", headers=headers)
        assert [team["slug"] for team in await first.json()] == ["staff"]
        second = await stage.browser.get(first.links["next"]["url"], headers=headers)
        assert "next" not in second.links
        assert second.links["prev"]
        return [team["slug"] for team in await second.json()]

    assert visited(authority, visit) == ["lab-a"]


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        ("/user/memberships/orgs/rehearsal-college", "read:org", 200),
        ("/user/memberships/orgs/rehearsal-robotics", "read:org", 404),
        ("/user/memberships/orgs/rehearsal-college", "", 403),
        ("/user/teams", "", 403),
        ("/user/emails", "read:org", 404),
        ("/user/emails", "user", 200),
        ("/orgs/rehearsal-college/members/rehearsal-alan", "read:org", 204),
        ("/orgs/rehearsal-college/members/octocat", "read:org", 404),
        ("/orgs/rehearsal-college/members/nobody-at-all", "read:org", 404),
        ("/orgs/rehearsal-college/teams/staff/members/rehearsal-mary", "read:org", 204),
        ("/users/octocat", "", 200),
        ("/users/nobody-at-all", "", 404),
        ("/user/9100018", "", 200),
    ],
)
def test_the_api_answers_as_the_scope_allows(authority: Path, path: str, scope: str, status: int) -> None:
    async def visit(stage: Stage) -> int:
        return (await asked(stage, path, await token_for(stage, scope=scope)))[0]

    assert visited(authority, visit) == status


def test_a_stranger_is_sent_to_the_public_members(authority: Path) -> None:
    async def visit(stage: Stage) -> tuple[int, str]:
        headers = {"Authorization": f"token {await token_for(stage, OCTOCAT)}"}
        path = "/orgs/rehearsal-college/members/rehearsal-ada"
        answer = await stage.browser.get(f"{API}{path}", headers=headers, allow_redirects=False)
        return answer.status, answer.headers["Location"]

    assert visited(authority, visit) == (302, f"{API}/orgs/rehearsal-college/public_members/rehearsal-ada")


def test_the_api_wants_a_user_agent_and_a_right_token(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        anonymous = await stage.browser.get(f"{API}/users/octocat", skip_auto_headers=[USER_AGENT])
        assert anonymous.status == 403
        assert "User-Agent" in await anonymous.text()
        assert (await asked(stage, "/user"))[1]["message"] == "Requires authentication"
        assert await asked(stage, "/users/octocat", "made-up") == (
            401,
            {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"},
        )

    on_stage(authority, visit)


def test_who_is_not_signed_in_sees_the_page_whatever_else_is_wrong(authority: Path) -> None:
    async def visit(stage: Stage) -> tuple[int, str]:
        wrong = ASKED | {"redirect_uri": "https://evil.example/", "client_id": "another"}
        answer = await stage.browser.get(AUTHORIZE, params=wrong, allow_redirects=False)
        return answer.status, URL(answer.headers["Location"]).path

    assert visited(authority, visit) == (303, "/login"), "so nothing can be found out without an account"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/hub/oauth_callback",
        "https://hub.course.example.evil.example/hub/oauth_callback",
        "http://hub.course.example/hub/oauth_callback",
        "https://hub.course.example/hub",
        "https://hub.course.example/hub/oauth_callback_too",
        "https://hub.course.example:8443/hub/oauth_callback",
    ],
)
def test_a_wrong_redirect_address_goes_to_the_registered_one_with_the_error(authority: Path, address: str) -> None:
    there = visited(authority, lambda stage: back(stage, redirect_uri=address))
    assert str(there.with_query(None)) == REDIRECT_URI
    assert (there.query["error"], there.query["state"]) == ("redirect_uri_mismatch", "a-state")


def test_an_address_below_the_registered_one_will_do(authority: Path) -> None:
    below = f"{REDIRECT_URI}/more"
    there = visited(authority, lambda stage: back(stage, redirect_uri=below))
    assert str(there.with_query(None)) == below


def test_an_app_that_is_not_registered_is_not_found_after_the_sign_in(authority: Path) -> None:
    async def visit(stage: Stage) -> int:
        page = await stage.browser.get(AUTHORIZE, params=ASKED | {"client_id": "another"})
        form = {"email": ADA, "password": "rehearsal"}
        return (await stage.browser.post(page.url, data=form)).status

    assert visited(authority, visit) == 404


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_the_sign_in_page_leads_nowhere_but_back_to_the_app(authority: Path, there: str) -> None:
    async def visit(stage: Stage) -> str:
        form = {"email": ADA, "password": "rehearsal"}
        answer = await stage.browser.post(
            "https://github.com/login", params={"return_to": there}, data=form, allow_redirects=False
        )
        return answer.headers["Location"]

    assert visited(authority, visit) == "/login"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "wrong"}, "incorrect_client_credentials"),
        ({"code": "made-up"}, "bad_verification_code"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
    ],
)
def test_a_wrong_exchange_is_refused_with_status_200(authority: Path, changed: dict[str, str], error: str) -> None:
    async def visit(stage: Stage) -> None:
        form = {**FORM, "code": (await back(stage)).query["code"], **changed}
        answer = await stage.browser.post(EXCHANGE, data=form, headers=JSON)
        told = await answer.json()
        assert (answer.status, told["error"]) == (200, error)
        assert told["error_description"]
        assert told["error_uri"].endswith(f"#{error.replace('_', '-')}")

    on_stage(authority, visit)


def test_an_unknown_client_is_not_found(authority: Path) -> None:
    async def visit(stage: Stage) -> tuple[int, Any]:
        answer = await stage.browser.post(EXCHANGE, data={**FORM, "client_id": "another"}, headers=JSON)
        return answer.status, await answer.json()

    assert visited(authority, visit) == (404, {"error": "Not Found"})


def test_a_code_works_once(authority: Path) -> None:
    async def visit(stage: Stage) -> list[bool]:
        form = {**FORM, "code": (await back(stage)).query["code"]}
        answers = [await stage.browser.post(EXCHANGE, data=form, headers=JSON) for _ in range(2)]
        return ["access_token" in await answer.json() for answer in answers]

    assert visited(authority, visit) == [True, False]


def test_without_a_wish_for_json_the_answer_is_a_form(authority: Path) -> None:
    async def visit(stage: Stage) -> dict[str, list[str]]:
        form = {**FORM, "code": (await back(stage)).query["code"]}
        answer = await stage.browser.post(EXCHANGE, data=form, headers={"Accept": "*/*"})
        return parse_qs(await answer.text())

    assert visited(authority, visit)["token_type"] == ["bearer"]


@pytest.mark.parametrize(
    ("verifier", "error"), [("right", None), ("wrong", "bad_verification_code"), ("", "bad_verification_code")]
)
def test_a_verifier_is_checked_if_there_was_a_challenge(authority: Path, verifier: str, error: str | None) -> None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"right").digest()).rstrip(b"=").decode()

    async def visit(stage: Stage) -> str | None:
        there = await back(stage, code_challenge=challenge, code_challenge_method="S256")
        form = {**FORM, "code": there.query["code"], "code_verifier": verifier}
        told: dict[str, str] = await (await stage.browser.post(EXCHANGE, data=form, headers=JSON)).json()
        return told.get("error")

    assert visited(authority, visit) == error


def test_a_plain_challenge_is_sent_back_as_an_error(authority: Path) -> None:
    there = visited(authority, lambda stage: back(stage, code_challenge="right", code_challenge_method="plain"))
    assert there.query["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("login", "settings", "failure", "words"),
    [
        (ADA, {"client_secret": "wrong"}, HTTPError, "passed are incorrect"),
        (ADA, {"client_id": "another"}, AssertionError, "nobody was sent to the hub: 404"),
        (UNVERIFIED, {}, HTTPError, "must have a verified primary email"),
        (DISABLED, {}, AssertionError, "nobody was sent to the hub: 403"),
    ],
)
def test_the_class_fails_where_github_refuses(
    authority: Path, login: str, settings: dict[str, str], failure: type[Exception], words: str
) -> None:
    with pytest.raises(failure, match=words):
        signed_in(authority, login, lambda _: None, **settings)


def test_a_suspended_accounts_token_is_refused(authority: Path) -> None:
    async def visit(stage: Stage) -> tuple[int, str]:
        token = await token_for(stage)
        stage.services.accounts.disable(ADA, ["github"])
        status, told = await asked(stage, "/user", token)
        return status, told["message"]

    assert visited(authority, visit) == (403, "Sorry. Your account was suspended.")


def test_a_service_that_is_down_fails_the_class(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        authenticator = stage.authenticator(GitHubOAuthenticator)
        there = await back(stage)
        stage.services.github.down = True
        with pytest.raises(HTTPClientError) as failed:
            await authenticator.get_token_info(None, {"code": there.query["code"]})
        assert failed.value.code == 503
        page = await stage.browser.get("https://accounts.google.com/Logout")
        assert page.status == 200, "the others are not"

    on_stage(authority, visit)
