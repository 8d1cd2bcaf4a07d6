"""The college's sign-in, as a small OpenID provider: authorization code with PKCE, and nothing else.

Rules from RFC 6749 (OAuth 2.0), RFC 7636 (PKCE) and OpenID Connect Core and Discovery 1.0. It is strict where a real
provider is: an address the hub did not register is never redirected to, a code works once, and a wrong client secret
(401 invalid_client) is told apart from a wrong code (400 invalid_grant).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_plus

import jinja2
from aiohttp import web
from multidict import MultiDictProxy
from yarl import URL

from rehearsal.id_token import Signer
from rehearsal.people import PASSWORD, Person, read

CLIENT_ID = "course-hub"
CLIENT_SECRET = "rehearsal-client-secret"  # noqa: S105  opens nothing but the rehearsal's own sign-in
REDIRECT_URI = "https://hub.course.example/hub/oauth_callback"

_CODE_SECONDS = 60  # a code is used at once or not at all
_TOKEN_SECONDS = 3600
_COOKIE = "college-session"
_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    Path(__file__).with_name("sign_in.html.j2").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class _Grant:
    """A code that was handed out, and what it may be exchanged for."""

    person: Person
    redirect_uri: str
    challenge: str
    nonce: str
    expires: float


@dataclass
class Provider:
    """The provider's settings and everything it remembers, all of it in memory."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uris: Collection[str]
    people: Collection[Person]
    signer: Signer = field(default_factory=Signer)
    sessions: dict[str, Person] = field(default_factory=dict)
    grants: dict[str, _Grant] = field(default_factory=dict)
    tokens: dict[str, tuple[Person, float]] = field(default_factory=dict)

    def _page(self, title: str, *, problem: str = "", status: int = 200, form: bool = False) -> web.Response:
        people = self.people if form else ()
        text = _PAGE.render(title=title, problem=problem, people=people, password=PASSWORD)
        return web.Response(text=text, content_type="text/html", status=status, headers={"Cache-Control": "no-store"})

    async def authorize(self, request: web.Request) -> web.Response:
        """Show the sign-in page, or send whoever is signed in back to the hub with a code."""
        asked = request.query
        redirect_uri = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.client_id or redirect_uri not in self.redirect_uris:
            problem = (
                f"Client {asked.get('client_id')!r} with the redirect_uri {redirect_uri!r} is not registered here. "
                f"Registered: {self.client_id!r} with {', '.join(self.redirect_uris)}."
            )
            return self._page("Sign-in is not set up right", problem=problem, status=400)
        if error := _request_error(request):
            return _redirect(redirect_uri, state=asked.get("state", ""), error=error[0], error_description=error[1])

        session = request.cookies.get(_COOKIE, "")
        person = self.sessions.get(session)
        if request.method == "POST":
            session, person = secrets.token_urlsafe(), self._check_password(await request.post())
            if person is None:
                return self._page("Sign in", problem="This e-mail and password do not match.", status=401, form=True)
            self.sessions[session] = person
        if person is None:
            return self._page("Sign in", form=True)

        code = secrets.token_urlsafe()
        self.grants[code] = _Grant(
            person, redirect_uri, asked["code_challenge"], asked.get("nonce", ""), time.monotonic() + _CODE_SECONDS
        )
        response = _redirect(redirect_uri, state=asked.get("state", ""), code=code)
        response.set_cookie(_COOKIE, session, secure=request.secure, httponly=True, samesite="Lax")
        return response

    def _check_password(self, form: MultiDictProxy[str | bytes | bytearray | web.FileField]) -> Person | None:
        login = str(form.get("email", "")).strip().casefold()
        right = hmac.compare_digest(str(form.get("password", "")).encode(), PASSWORD.encode())
        return next((person for person in self.people if right and person.login == login), None)

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code for an access token and an ID token."""
        form = {key: str(value) for key, value in (await request.post()).items()}
        client_id, client_secret = _client(request, form)
        if client_id != self.client_id or not hmac.compare_digest(client_secret.encode(), self.client_secret.encode()):
            return _error("invalid_client", "unknown client or wrong client secret", status=401)
        if form.get("grant_type") != "authorization_code":
            return _error("unsupported_grant_type", "only authorization_code is offered")
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or grant.expires < time.monotonic():
            return _error("invalid_grant", "the code is unknown, used or too old")
        if grant.redirect_uri != form.get("redirect_uri"):
            return _error("invalid_grant", "redirect_uri is not the one the code was asked for with")
        if not hmac.compare_digest(_challenge(form.get("code_verifier", "")), grant.challenge):
            return _error("invalid_grant", "code_verifier does not match code_challenge")

        access_token, now = secrets.token_urlsafe(), int(time.time())
        self.tokens[access_token] = (grant.person, time.monotonic() + _TOKEN_SECONDS)
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + _TOKEN_SECONDS}
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "scope": "openid email profile",
            "id_token": self.signer.sign(claims | {"nonce": grant.nonce} | grant.person.claims),
        }
        return web.json_response(answer, headers={"Cache-Control": "no-store"})

    async def userinfo(self, request: web.Request) -> web.Response:
        """Tell who the bearer of an access token is."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        person, expires = self.tokens.get(token, (None, 0.0))
        if scheme.casefold() != "bearer" or person is None or expires < time.monotonic():
            return _error("invalid_token", "no such access token", status=401, scheme="Bearer")
        return web.json_response(person.claims)

    async def sign_out(self, request: web.Request) -> web.Response:
        """Forget who is signed in, so that the next person at this browser can sign in."""
        self.sessions.pop(request.cookies.get(_COOKIE, ""), None)
        response = self._page("You are signed out")
        response.del_cookie(_COOKIE)
        return response

    async def discovery(self, _: web.Request) -> web.Response:
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
                "scopes_supported": ["openid", "email", "profile"],
                "claims_supported": ["sub", "name", "email", "email_verified"],
            }
        )

    async def jwks(self, _: web.Request) -> web.Response:
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


def _challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


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


def _redirect(redirect_uri: str, **query: str) -> web.Response:
    return web.Response(status=303, headers={"Location": str(URL(redirect_uri).update_query(query))})


def _error(error: str, description: str, *, status: int = 400, scheme: str = "Basic") -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = f'{scheme} realm="college", error="{error}"'
    return web.json_response({"error": error, "error_description": description}, status=status, headers=headers)


def make_app(
    *,
    issuer: str,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    redirect_uris: Collection[str] = (REDIRECT_URI,),
    people: Collection[Person] | None = None,
) -> web.Application:
    """Return the provider, to be served at ``issuer`` (``https://login.college.example:9443``)."""
    provider = Provider(issuer, client_id, client_secret, redirect_uris, read() if people is None else people)
    app = web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.discovery),
            web.get("/authorize", provider.authorize),
            web.post("/authorize", provider.authorize),
            web.post("/token", provider.token),
            web.get("/userinfo", provider.userinfo),
            web.get("/jwks", provider.jwks),
            web.get("/logout", provider.sign_out),
        ]
    )
    return app
