"""Codes and tokens: what a service hands out, and to whom they belong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What somebody let the course have; ``challenge`` is PKCE's, none if the course sent none."""

    login: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str = ""
    nonce: str = ""

    def verified_by(self, verifier: str) -> bool:
        """Whether a PKCE verifier belongs to the challenge (S256: RFC 7636, 4.6)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=")
        return hmac.compare_digest(challenge, self.challenge.encode())


class Grants:
    """The codes and tokens of one service, all of it in memory.

    Both lifetimes are in seconds; a code works once, and a token for ever if ``token_seconds`` is None.
    """

    def __init__(self, code_seconds: float, token_seconds: float | None) -> None:
        self._code_seconds = code_seconds
        self._token_seconds = float("inf") if token_seconds is None else token_seconds
        self._codes: dict[str, tuple[Grant, float]] = {}
        self._tokens: dict[str, tuple[Grant, float]] = {}

    def code(self, grant: Grant, prefix: str = "") -> str:
        """Hand out a code."""
        code = prefix + secrets.token_urlsafe()
        self._codes[code] = (grant, time.monotonic() + self._code_seconds)
        return code

    def redeem(self, code: str) -> Grant | None:
        """Take a code back and return what it stood for, if it was one that still worked."""
        grant, expires = self._codes.pop(code, (None, 0.0))
        return grant if time.monotonic() < expires else None

    def token(self, grant: Grant, prefix: str = "") -> str:
        """Hand out an access token."""
        token = prefix + secrets.token_urlsafe()
        self._tokens[token] = (grant, time.monotonic() + self._token_seconds)
        return token

    def bearer(self, request: web.Request, *schemes: str) -> Grant | None:
        """Return the grant whose token a request carries under one of ``schemes`` (bearer, token)."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant, expires = self._tokens.get(token, (None, 0.0))
        return grant if scheme.casefold() in schemes and time.monotonic() < expires else None
