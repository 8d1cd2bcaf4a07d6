"""Scopes at GitHub, some of which are part of others ("Scopes for OAuth apps", docs.github.com/apps/oauth-apps)."""

from __future__ import annotations

_PARTS = {
    "user": {"read:user", "user:email", "user:follow"},
    "admin:org": {"write:org", "read:org"},
    "write:org": {"read:org"},
}


def granted(asked: str) -> tuple[str, ...]:
    """Return what is granted of the scopes in ``asked``: those that are part of another one go (normalized scopes)."""
    scopes = dict.fromkeys(asked.replace(",", " ").split())
    implied = {part for scope in scopes for part in _PARTS.get(scope, ())}
    return tuple(scope for scope in scopes if scope not in implied)


def allow(scopes: tuple[str, ...], *needed: str) -> bool:
    """Whether ``scopes`` have one of those that are needed, or one it is a part of."""
    return any(need == scope or need in _PARTS.get(scope, ()) for need in needed for scope in scopes)
