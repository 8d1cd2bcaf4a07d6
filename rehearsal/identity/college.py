"""The college's sign-in, as a small OpenID provider: authorization code with PKCE, and nothing else.

Rules from RFC 6749 (OAuth 2.0), RFC 7636 (PKCE) and OpenID Connect Core and Discovery 1.0. It is strict where a real
provider is: an address the hub did not register is never redirected to, a code works once, and a wrong client secret
(401 invalid_client) is told apart from a wrong code (400 invalid_grant).
"""

from __future__ import annotations

import base64
import binascii
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from aiohttp import web

from rehearsal.identity.grants import Grant, Grants
from rehearsal.identity.id_token import Signer
from rehearsal.identity.page import Page
from rehearsal.identity.provider import Provider, redirect

if TYPE_CHECKING:
    from rehearsal.identity.accounts import Accounts
    from rehearsal.identity.registration import Client
    from rehearsal.people import Person

_CODE_SECONDS = 60  # a code is used at once or not at all
_TOKEN_SECONDS = 3600
_SCOPE = "openid email profile"


class College(Provider):
    """The provider at ``issuer``."""

    def __init__(self, issuer: str, accounts: Accounts, client: Client) -> None:
        super().__init__("college", Page("college"), accounts, client, Grants(_CODE_SECONDS, _TOKEN_SECONDS))
        self.issuer = issuer
        self.signer = Signer()

    def site(self) -> web.Application:
        """Return what answers at the issuer's address."""
        return self.application(
            web.get("/.well-known/openid-configuration", self._discovery),
            web.get("/authorize", self._authorize),
            web.post("/authorize", self._authorize),
            web.post("/token", self._token),
            web.get("/userinfo", self._userinfo),
            web.get("/jwks", self._jwks),
            web.get("/logout", self.sign_out),
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        """Show the sign-in page, or send whoever is signed in back to the hub with a code."""
        asked = request.query
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client.id or redirect_uri != self.client.redirect_uri:
            problem = (
                f"Client {asked.get('client_id')!r} with the redirect_uri {redirect_uri!r} is not registered here. "
                f"Registered: {self.client.id!r} with {self.client.redirect_uri}."
            )
            return self.page.notice("Sign-in is not set up right", problem, status=400)
        state = asked.get("state", "")
        if error := _request_error(request):
            return redirect(redirect_uri, [("state", state), ("error", error[0]), ("error_description", error[1])])

        def proceed(person: Person) -> web.Response:
            grant = Grant(
                login=person.login, redirect_uri=redirect_uri, scopes=tuple(_SCOPE.split()),
                challenge=asked["code_challenge"], nonce=asked.get("nonce", ""),
            )  # fmt: skip
            return redirect(redirect_uri, [("state", state), ("code", self.grants.code(grant))])

        return await self.admit(request, proceed)

    async def _token(self, request: web.Request) -> web.Response:
        """Exchange a code for an access token and an ID token."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        client_id, client_secret = _client(request, form)
        if client_id != self.client.id or not self.client.has_secret(client_secret):
            return _error("invalid_client", "unknown client or wrong client secret", status=401)
        if form.get("grant_type") != "authorization_code":
            return _error("unsupported_grant_type", "only authorization_code is offered")
        grant = self.grants.redeem(form.get("code", ""))
        person = self.accounts.get(grant.login) if grant else None
        if grant is None or person is None:
            return _error("invalid_grant", "the code is unknown, used or too old")
        if grant.redirect_uri != form.get("redirect_uri"):
            return _error("invalid_grant", "redirect_uri is not the one the code was asked for with")
        if not grant.verified_by(form.get("code_verifier", "")):
            return _error("invalid_grant", "code_verifier does not match code_challenge")

        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client.id, "iat": now, "exp": now + _TOKEN_SECONDS}
        answer = {
            "access_token": self.grants.token(grant),
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "scope": _SCOPE,
            "id_token": self.signer.sign(claims | {"nonce": grant.nonce} | person.claims),
        }
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    async def _userinfo(self, request: web.Request) -> web.Response:
        """Tell who the bearer of an access token is."""
        bearer = self.bearer(request, "bearer")
        if bearer is None or self.is_disabled(bearer[0]):
            return _error("invalid_token", "no such access token", status=401, scheme="Bearer")
        return web.json_response(bearer[0].claims)

    async def _discovery(self, _: web.Request) -> web.Response:
        """Describe this provider (OpenID Connect Discovery 1.0, section 3)."""
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/logout",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": _SCOPE.split(),
                "claims_supported": ["sub", "name", "email", "email_verified"],
            }
        )

    async def _jwks(self, _: web.Request) -> web.Response:
        """Publish the key that signs ID tokens."""
        return web.json_response(self.signer.jwks())


def _request_error(request: web.Request) -> tuple[str, str] | None:
    """Return what is wrong with a registered client's request, as (error, description)."""
    asked = request.query
    if asked.get("response_type") != "code":
        return "unsupported_response_type", "response_type must be code"
    if "openid" not in asked.get("scope", "").split():
        return "invalid_scope", "scope must contain openid"
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return "invalid_request", "PKCE is required: code_challenge with code_challenge_method=S256"
    return None


def _client(request: web.Request, form: dict[str, str]) -> tuple[str, str]:
    """Client id and secret, from the Authorization header or the form (RFC 6749, 2.3.1)."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.casefold() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(client_secret)


def _error(error: str, description: str, *, status: int = 400, scheme: str = "Basic") -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = f'{scheme} realm="college", error="{error}"'
    return web.json_response({"error": error, "error_description": description}, status=status, headers=headers)
