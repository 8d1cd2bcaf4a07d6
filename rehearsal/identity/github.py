"""GitHub's sign-in, as far as a hub sees it: the web flow of an OAuth app, and how it refuses.

Rules from GitHub's documentation: "Authorizing OAuth apps" (docs.github.com/apps/oauth-apps/building-oauth-apps),
"Troubleshooting authorization request errors" and "... OAuth app access token request errors" (docs.github.com/apps/
oauth-apps/maintaining-oauth-apps); PKCE from the changelog of 14 July 2025. It is not the same: nobody is asked to
authorize the course the first time, and the refusal of a wrong redirect address is the documented one, where GitHub has
also been seen to show a page that says so (RedPlanetHQ/core issue 231).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web
from yarl import URL

from rehearsal.identity import scopes
from rehearsal.identity.github_api import Api
from rehearsal.identity.grants import Grant, Grants
from rehearsal.identity.page import Page
from rehearsal.identity.provider import Provider, redirect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rehearsal.identity.accounts import Accounts
    from rehearsal.identity.organisations import Organisations
    from rehearsal.identity.registration import Client

_CODE_SECONDS = 600  # "The code will expire after 10 minutes"
_HELP = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-"
_MISMATCH = "The redirect_uri MUST match the registered callback URL for this application."


class GitHub(Provider):
    """GitHub, with one OAuth app."""

    def __init__(self, accounts: Accounts, client: Client, organisations: Organisations) -> None:
        page = Page("GitHub", "Username or e-mail", "text")
        super().__init__("github", page, accounts, client, Grants(_CODE_SECONDS, None))
        self.api = Api(self, organisations)

    def sites(self) -> dict[str, web.Application]:
        """Return what answers under each of GitHub's names."""
        return {
            "github.com": self.application(
                web.get("/login", self._sign_in),
                web.post("/login", self._sign_in),
                web.get("/login/oauth/authorize", self._authorize),
                web.post("/login/oauth/access_token", self._access_token),
                web.get("/logout", self.sign_out),
            ),
            "api.github.com": self.application(*self.api.routes()),
        }

    async def _sign_in(self, request: web.Request) -> web.Response:
        """Show the sign-in page, and go on where the visitor came from."""
        back = request.query.get("return_to", "/login")
        there = back if back.startswith("/login/oauth/authorize?") else "/login"
        if request.method == "GET" and self.visitor(request) and there == "/login":
            return self.page.notice("You are signed in")
        return await self.admit(request, lambda _: redirect(there, []), ask_again=True)

    async def _authorize(self, request: web.Request) -> web.Response:
        """Send whoever is signed in back to the hub with a code.

        Everybody else is sent to the sign-in page before anything in the request is looked at, so what is wrong with
        it shows only after that.
        """
        asked, person = request.query, self.visitor(request)
        if person is None or self.is_disabled(person) or asked.get("prompt") == "select_account":
            back = str(request.rel_url.without_query_params("prompt"))
            return redirect("/login", [("client_id", asked.get("client_id", "")), ("return_to", back)])
        if asked.get("client_id") != self.client.id:
            return self.page.notice("Not Found", "This is not the web page you are looking for.", status=404)
        state = asked.get("state", "")
        redirect_uri = asked.get("redirect_uri") or self.client.redirect_uri
        if not _is_below(redirect_uri, self.client.redirect_uri):
            help_page = f"{_HELP}authorization-request-errors/#redirect-uri-mismatch"
            problem = {"error": "redirect_uri_mismatch", "error_description": _MISMATCH, "error_uri": help_page}
            return redirect(self.client.redirect_uri, (problem | {"state": state}).items())
        challenge = asked.get("code_challenge", "")
        if challenge and asked.get("code_challenge_method") != "S256":
            problem = {"error": "invalid_request", "error_description": "code_challenge_method must be S256"}
            return redirect(redirect_uri, (problem | {"state": state}).items())
        granted = scopes.granted(asked.get("scope", ""))
        grant = Grant(login=person.login, redirect_uri=redirect_uri, scopes=granted, challenge=challenge)
        return redirect(redirect_uri, [("code", self.grants.code(grant)), ("state", state)])

    async def _access_token(self, request: web.Request) -> web.Response:
        """Exchange a code for an access token; refusals too have the status 200.

        The exception is a client GitHub does not know: 404 (octokit/auth-oauth-user.js issue 239).
        """
        form = {key: str(value) for key, value in (await request.post()).items()}
        asked = {**request.query, **form}
        if asked.get("client_id") != self.client.id:
            return web.json_response({"error": "Not Found"}, status=404)
        granted = self._redeemed(asked)
        if isinstance(granted, Grant):
            token = self.grants.token(granted, "gho_")
            return _answer(request, {"access_token": token, "scope": ",".join(granted.scopes), "token_type": "bearer"})
        return _answer(request, granted)

    def _redeemed(self, asked: Mapping[str, str]) -> Grant | dict[str, str]:
        """Return the grant of a code, or why there is none.

        The code comes before the redirect address (lelylan/simple-oauth2 issue 71: neither was right).
        """
        if not self.client.has_secret(asked.get("client_secret", "")):
            words = "The client_id and/or client_secret passed are incorrect."
            return _problem("incorrect_client_credentials", words)
        grant = self.grants.redeem(asked.get("code", ""))
        person = self.accounts.get(grant.login) if grant else None
        # What GitHub says to a wrong verifier is not published; that the code is not good enough is what it comes to.
        if grant is None or person is None or self.is_disabled(person) or not _verified(grant, asked):
            return _problem("bad_verification_code", "The code passed is incorrect or expired.")
        if asked.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
            return _problem("redirect_uri_mismatch", _MISMATCH)
        if not person.email_verified:
            return _problem("unverified_user_email", "The user must have a verified primary email.")
        return grant


def _verified(grant: Grant, asked: Mapping[str, str]) -> bool:
    return not grant.challenge or grant.verified_by(asked.get("code_verifier", ""))


def _is_below(address: str, registered: str) -> bool:
    """Whether an address is the registered one or below it: host and port the same, the path a part of it."""
    given, known = URL(address), URL(registered)
    host, parent = given.host or "", known.host or ""
    return (
        (given.scheme, given.port) == (known.scheme, known.port)
        and (host == parent or host.endswith(f".{parent}"))
        and (given.path == known.path or given.path.startswith(f"{known.path.rstrip('/')}/"))
        and ".." not in given.parts
    )


def _problem(error: str, words: str) -> dict[str, str]:
    page = f"{_HELP}oauth-app-access-token-request-errors/#{error.replace('_', '-')}"
    return {"error": error, "error_description": words, "error_uri": page}


def _answer(request: web.Request, values: dict[str, str]) -> web.Response:
    """Answer in JSON where that is asked for, else as a form (``Accept``: Authorizing OAuth apps, step 2)."""
    headers = {"Cache-Control": "no-store"}
    if "json" in request.headers.get("Accept", ""):
        return web.json_response(values, headers=headers)
    return web.Response(text=urlencode(values), content_type="application/x-www-form-urlencoded", headers=headers)
