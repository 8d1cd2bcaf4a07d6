"""Google's sign-in, as far as a hub sees it: the pages, the token and the userinfo endpoints, and how they refuse.

Endpoints, parameters and claims are those of Google's OpenID Connect reference
(developers.google.com/identity/openid-connect/reference) and, for errors on its pages, of "Using OAuth 2.0 for Web
Server Applications", section authorization errors (developers.google.com/identity/protocols/oauth2/web-server).
Google does not publish all its error bodies; those of the endpoints are as their users report them, which is said
beside each. It is not the same: no consent is asked for, no refresh token handed out, and of PKCE only S256 is there.
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from rehearsal.identity.grants import Grant, Grants
from rehearsal.identity.id_token import Signer
from rehearsal.identity.page import Page
from rehearsal.identity.provider import Provider, redirect

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from rehearsal.identity.accounts import Accounts
    from rehearsal.identity.registration import Client
    from rehearsal.people import Person

ISSUER = "https://accounts.google.com"
_CODE_SECONDS = 600
_TOKEN_SECONDS = 3599  # what Google says of its own
# What may be asked for in a word, and the name it is granted under.
_SCOPES = {
    "openid": "openid",
    "email": "https://www.googleapis.com/auth/userinfo.email",
    "profile": "https://www.googleapis.com/auth/userinfo.profile",
}


class Google(Provider):
    """Google, with one client.

    While ``testers`` is not None the client's consent screen is "in testing": only the accounts in it can sign in.
    """

    def __init__(self, accounts: Accounts, client: Client) -> None:
        super().__init__("google", Page("Google"), accounts, client, Grants(_CODE_SECONDS, _TOKEN_SECONDS))
        self.testers: Collection[str] | None = None
        self.signer = Signer()
        self._refusals: dict[str, tuple[int, str]] = {}

    def sites(self) -> dict[str, web.Application]:
        """Return what answers under each of Google's names."""
        token = web.post("/token", self._token)
        return {
            "accounts.google.com": self.application(
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/o/oauth2/v2/auth", self._authorize),
                web.post("/o/oauth2/v2/auth", self._authorize),
                web.get("/signin/oauth/error", self._error_page),
                web.get("/Logout", self.sign_out),
            ),
            "oauth2.googleapis.com": self.application(token),
            "openidconnect.googleapis.com": self.application(web.get("/v1/userinfo", self._openid_userinfo)),
            "www.googleapis.com": self.application(
                web.post("/oauth2/v4/token", self._token),
                web.get("/oauth2/v1/userinfo", self._userinfo),
                web.get("/oauth2/v2/userinfo", self._userinfo),
                web.get("/oauth2/v3/userinfo", self._openid_userinfo),
                web.get("/oauth2/v3/certs", self._certificates),
            ),
        }

    async def _authorize(self, request: web.Request) -> web.Response:
        """Show the sign-in page, or send whoever is signed in back to the hub with a code."""
        asked = request.query
        if error := self._request_error(asked):
            return self._refusal(*error)
        scopes = tuple(asked["scope"].split())

        def proceed(person: Person) -> web.Response:
            if self.testers is not None and person.login not in self.testers:
                return self._refusal(
                    403, "access_denied", f"The app is being tested, and {person.login} is not one of its test users."
                )
            grant = Grant(
                login=person.login, redirect_uri=self.client.redirect_uri, scopes=scopes,
                challenge=asked.get("code_challenge", ""), nonce=asked.get("nonce", ""),
            )  # fmt: skip
            back = {"state": asked.get("state", ""), "code": self.grants.code(grant, "4/0A"), "scope": _granted(scopes)}
            workspace = {"hd": person.hd} if person.hd else {}
            return redirect(
                self.client.redirect_uri, (back | {"authuser": "0"} | workspace | {"prompt": "none"}).items()
            )

        # A hint for the chooser alone: who changes the address sees everybody, so only the claim of that name counts
        # (the reference, "Authentication URI parameters", hd).
        domain = asked.get("hd", "")
        return await self.admit(
            request,
            proceed,
            ask_again="select_account" in asked.get("prompt", "").split(),
            shown=lambda person: domain in ("", person.hd) or (domain == "*" and bool(person.hd)),
        )

    def _request_error(self, asked: Mapping[str, str]) -> tuple[int, str, str] | None:
        """Return what keeps the sign-in page from being shown: status, error and words. None of it goes to the hub."""
        if asked.get("client_id") != self.client.id:
            return 401, "invalid_client", "The OAuth client was not found."
        if asked.get("redirect_uri") != self.client.redirect_uri:  # to the letter, in case and slashes too
            given = asked.get("redirect_uri", "")
            return (
                400,
                "redirect_uri_mismatch",
                f"Register the redirect URI first. Request details: redirect_uri={given}",
            )
        if missing := [name for name in ("response_type", "scope") if not asked.get(name)]:
            return 400, "invalid_request", f"Missing required parameter: {missing[0]}"
        if asked["response_type"] != "code":
            return 400, "unsupported_response_type", f"Invalid response_type: {asked['response_type']}"
        if unknown := set(asked["scope"].split()) - {*_SCOPES, *_SCOPES.values()}:
            return 400, "invalid_scope", f"Some requested scopes were invalid: {', '.join(sorted(unknown))}"
        return None

    def _refusal(self, status: int, error: str, words: str) -> web.Response:
        """Send the browser to Google's page of errors; ``authError`` has it all (onyx-dot-app/onyx issue 7854)."""
        coded = auth_error(status, error, words)
        self._refusals[coded] = (status, f"Error {status}: {error}. {words}")
        query = {"authError": coded, "client_id": self.client.id, "flowName": "GeneralOAuthFlow"}
        return redirect(f"{ISSUER}/signin/oauth/error", query.items())

    async def _error_page(self, request: web.Request) -> web.Response:
        """Say what was wrong; "Error 400: redirect_uri_mismatch" is how Google puts it."""
        status, words = self._refusals.get(request.query.get("authError", ""), (400, "Error 400: invalid_request."))
        return self.page.notice("Access blocked", words, status=status)

    async def _token(self, request: web.Request) -> web.Response:
        """Exchange a code for an access token and an ID token."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        if error := self._client_error(form):
            return _error(*error)
        grant = self.grants.redeem(form.get("code", ""))
        person = self.accounts.get(grant.login) if grant else None
        if grant is None or person is None or self.is_disabled(person):
            # googleworkspace/go-samples issue 85; "Bad Request" for a used one: atinux/nuxt-auth-utils issue 440
            words = "Bad Request" if form.get("code", "").startswith("4/0A") else "Malformed auth code."
            return _error(400, "invalid_grant", words)
        if grant.redirect_uri != form.get("redirect_uri"):
            return _error(400, "redirect_uri_mismatch", "Bad Request")
        verifier = form.get("code_verifier", "")
        if grant.challenge and not grant.verified_by(verifier):
            return _error(400, "invalid_grant", "Invalid code verifier." if verifier else "Missing code verifier.")
        access_token = self.grants.token(grant, "ya29.")
        answer = {
            "access_token": access_token,
            "expires_in": _TOKEN_SECONDS,
            "scope": _granted(grant.scopes),
            "token_type": "Bearer",
        }
        if "openid" in grant.scopes:
            answer["id_token"] = self.signer.sign(self._id_claims(grant, person, access_token))
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    def _client_error(self, form: Mapping[str, str]) -> tuple[int, str, str] | None:
        if not form.get("client_id"):
            return 400, "invalid_request", "Could not determine client ID from request."
        if form["client_id"] != self.client.id:
            return 401, "invalid_client", "The OAuth client was not found."
        if not form.get("client_secret"):
            return 400, "invalid_request", "client_secret is missing."  # diegosouzapw/OmniRoute issue 117
        if not self.client.has_secret(form["client_secret"]):
            return 401, "invalid_client", "The provided client secret is invalid."
        if form.get("grant_type") != "authorization_code":
            return 400, "unsupported_grant_type", f"Invalid grant_type: {form.get('grant_type', '')}"
        return None

    def _id_claims(self, grant: Grant, person: Person, access_token: str) -> dict[str, Any]:
        now = int(time.time())
        half = hashlib.sha256(access_token.encode()).digest()[:16]
        own = {"iss": ISSUER, "azp": self.client.id, "aud": self.client.id, "iat": now, "exp": now + _TOKEN_SECONDS}
        own["at_hash"] = base64.urlsafe_b64encode(half).rstrip(b"=").decode()  # OpenID Connect Core 3.1.3.6
        return own | ({"nonce": grant.nonce} if grant.nonce else {}) | _claims(person, grant.scopes)

    async def _userinfo(self, request: web.Request) -> web.Response:
        """Tell who the bearer is, in the form from before OpenID Connect: ``id`` and ``verified_email``."""
        bearer = self._bearer(request)
        if bearer is None:
            error = {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}
            return web.json_response({"error": error}, status=401)
        older = {"sub": "id", "email_verified": "verified_email"}
        return web.json_response({older.get(name, name): value for name, value in _claims(*bearer).items()})

    async def _openid_userinfo(self, request: web.Request) -> web.Response:
        """Tell who the bearer is, in the form of OpenID Connect."""
        bearer = self._bearer(request)
        if bearer is None:  # pimplesushant/laravelsocialiteapi issue 1
            return _error(401, "invalid_request", "Invalid Credentials")
        return web.json_response(_claims(*bearer))

    def _bearer(self, request: web.Request) -> tuple[Person, tuple[str, ...]] | None:
        bearer = self.bearer(request, "bearer")
        return None if bearer is None or self.is_disabled(bearer[0]) else bearer

    async def _discovery(self, _: web.Request) -> web.Response:
        """Describe this provider, as far as it is there."""
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": f"{ISSUER}/o/oauth2/v2/auth",
                "token_endpoint": "https://oauth2.googleapis.com/token",
                "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
                "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile"],
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def _certificates(self, _: web.Request) -> web.Response:
        """Publish the key that signs ID tokens."""
        return web.json_response(self.signer.jwks())


def auth_error(status: int, error: str, words: str) -> str:
    """Return an error as Google writes it into an address: base64 of a protocol buffer with the fields 1, 2 and 4."""
    texts = ((1, error.encode()), (2, words.encode()))
    fields = [bytes([number << 3 | 2]) + _varint(len(text)) + text for number, text in texts]
    return base64.urlsafe_b64encode(b"".join(fields) + bytes([4 << 3]) + _varint(status)).decode()


def _varint(number: int) -> bytes:
    """Return a number in sevens of bits, the lowest first; all bytes but the last have the eighth bit set."""
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _varint(rest) if rest else bytes([low])


def _granted(scopes: tuple[str, ...]) -> str:
    return " ".join(_SCOPES.get(scope, scope) for scope in scopes)


def _claims(person: Person, scopes: tuple[str, ...]) -> dict[str, Any]:
    """What Google tells the hub: ``hd`` of Workspace accounts alone, e-mail and name if they were asked for."""
    granted = _granted(scopes)
    claims: dict[str, Any] = {"sub": f"1{int(person.sub, 16) % 10**20:020}"}
    if _SCOPES["email"] in granted:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    if _SCOPES["profile"] in granted:
        given, _, family = person.name.partition(" ")
        claims |= {"name": person.name, "given_name": given, "family_name": family}
    return claims | ({"hd": person.hd} if person.hd else {})


def _error(status: int, error: str, words: str) -> web.Response:
    return web.json_response(
        {"error": error, "error_description": words}, status=status, headers={"Cache-Control": "no-store"}
    )
