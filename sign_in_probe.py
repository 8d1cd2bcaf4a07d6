"""Ask the sign-in service, with the course's own secret, whether it would let anybody in; before anything is changed.

The service is given a code that cannot be right. What it complains about tells what else is wrong: with the code alone
(``invalid_grant``, RFC 6749 5.2) all is well; with the client (``invalid_client``) the id or the secret is not the one
it knows. An address to return to that it was not told of is refused on its sign-in page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

if TYPE_CHECKING:
    from pydantic import SecretStr

SECONDS = 15
# Where a student's browser goes, and where the hub trades the code; the hub's library has the same.
ADDRESSES = {
    "google": ("https://accounts.google.com/o/oauth2/v2/auth", "https://www.googleapis.com/oauth2/v4/token"),
    "github": ("https://github.com/login/oauth/authorize", "https://github.com/login/oauth/access_token"),
}
WRONG_CLIENT = (
    "invalid_client",
    "unauthorized_client",
    "incorrect_client_credentials",
    "Not Found",
)  # the last two: GitHub
# How an unknown address to return to is spoken of: Google's and GitHub's word, Microsoft's number, the words of others.
MISMATCH = "redirect_uri_mismatch"
MICROSOFTS = "AADSTS50011"
WRONG_ADDRESS = ("redirect_uri", "redirect uri")
SKIP = "if it can be reached from the droplet alone, or you cannot wait: pulumi config set sign-in-probe false"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A sign-in service as the course's settings have it; ``redirect_uri`` is where it sends people back to."""

    authorize_url: str
    exchange_url: str
    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    scope: str


@dataclass(frozen=True)
class _Answer:
    status: int
    text: str
    location: str


class _Unreachable(Exception):
    """Why there is no answer, in words."""


def problems(service: Service) -> list[str]:
    """What would keep everybody out, a sentence each with what to do; empty if a sign-in would go through."""
    told = (_asked(ask, service) for ask in (_client_problem, _address_problem))
    return list(dict.fromkeys(filter(None, told)))  # one service that is not there is one problem


def _asked(ask: Any, service: Service) -> str | None:
    try:
        problem: str | None = ask(service)
    except _Unreachable as error:
        return f"{error}; {SKIP}"
    return problem


def _client_problem(service: Service) -> str | None:
    verifier = secrets.token_urlsafe(48)
    form = {
        "grant_type": "authorization_code",
        "code": "a-code-that-cannot-be-right",
        "redirect_uri": service.redirect_uri,
        "client_id": service.client_id,
        "client_secret": service.client_secret.get_secret_value(),
        "code_verifier": verifier,
    }
    answer = _send(service.exchange_url, urlencode(form).encode())
    error = _error(answer.text)
    if error == MISMATCH:
        return _unknown_address(service)
    if error in WRONG_CLIENT or answer.status == HTTPStatus.UNAUTHORIZED:
        return (
            f"client-secret: the sign-in service does not accept it for the client {service.client_id!r}; copy "
            "both from the service once more, then: pulumi config set --secret client-secret"
        )
    if not error and answer.status != HTTPStatus.OK:
        return (
            f"oidc-exchange-url: {service.exchange_url!r} answers with HTTP status {answer.status}, not as a sign-in "
            "service does; its token address is in its documentation, or below /.well-known/openid-configuration"
        )
    return None


def _address_problem(service: Service) -> str | None:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(secrets.token_bytes()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": service.client_id,
        "redirect_uri": service.redirect_uri,
        "scope": service.scope,
        "state": secrets.token_urlsafe(),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(service.authorize_url).query else "?"
    answer = _send(f"{service.authorize_url}{joint}{urlencode(query)}")
    next_page = _in_words(answer.location)
    refused = answer.status >= HTTPStatus.BAD_REQUEST
    # A sign-in page may hold the address in a form; only a refusal, or a name of this one error, says that it is wrong.
    told = refused and any(word in f"{next_page} {answer.text}".casefold() for word in WRONG_ADDRESS)
    if told or MISMATCH in next_page or MICROSOFTS in f"{next_page} {answer.text}":
        return _unknown_address(service)
    if refused:
        return (
            f"oidc-authorize-url: {service.authorize_url!r} answers with HTTP status {answer.status}; students would "
            "see an error in place of the sign-in page"
        )
    return None


def _unknown_address(service: Service) -> str:
    return (
        "the sign-in service does not know the address to return to; register this redirect address there, "
        f"to the letter: {service.redirect_uri}"
    )


def _in_words(location: str) -> str:
    """What the address of a next page says; Google's error page has its message in base64 (authError=)."""
    query = urlsplit(location).query
    coded = dict(parse_qsl(query)).get("authError", "")
    try:
        return f"{query} {base64.urlsafe_b64decode(coded + '=' * (-len(coded) % 4)).decode(errors='replace')}"
    except ValueError:
        return query


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing: where the service would send a student is what is asked for."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """No further request."""
        return


def _send(url: str, form: bytes | None = None) -> _Answer:
    request = urllib.request.Request(url, data=form, headers={"Accept": "application/json, text/html"})  # noqa: S310  settings take https alone
    host = urlsplit(url).hostname
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=SECONDS) as answer:
            return _Answer(answer.status, answer.read().decode(errors="replace"), answer.headers.get("Location", ""))
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode(errors="replace")
        if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Unreachable(f"the sign-in service {host} is in trouble itself (HTTP status {error.code})") from error
        return _Answer(error.code, text, error.headers.get("Location", ""))
    except urllib.error.URLError as error:
        raise _Unreachable(f"the sign-in service {_why(str(host), error.reason)}") from error
    except TimeoutError as error:
        raise _Unreachable(f"the sign-in service {host} did not answer within {SECONDS} s") from error
    except OSError as error:
        raise _Unreachable(f"the sign-in service {_why(str(host), error)}") from error


def _why(host: str, reason: object) -> str:
    if isinstance(reason, socket.gaierror):
        return f"{host} is not known in the DNS; is the address right?"
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"{host} has a certificate that is not trusted ({reason.verify_message})"
    if isinstance(reason, TimeoutError):
        return f"{host} did not answer within {SECONDS} s"
    return f"{host} cannot be reached from here ({reason})"


def _error(text: str) -> str:
    """The OAuth error code in an answer, or an empty string."""
    try:
        return str(json.loads(text).get("error", ""))
    except (ValueError, AttributeError):
        return ""
