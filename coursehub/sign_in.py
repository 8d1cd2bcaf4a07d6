"""Sign in with the account students already have (OpenID Connect); the roster is the only door."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauthenticator.generic import GenericOAuthenticator
from tornado.web import HTTPError
from traitlets import Bool, Unicode

from coursehub.names import PROBES
from coursehub.roster import ROSTER, Roster

if TYPE_CHECKING:
    from collections.abc import Mapping


class RosterAuthenticator(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator publishes no types
    """Whoever the provider vouches for and the roster lists, by e-mail address; hub name and Unix name are the same."""

    roster_path = Unicode(str(ROSTER), help="The roster, as JSON; read again when it changes.").tag(config=True)
    require_verified_email = Bool(
        default_value=True, help="Whether the provider must say that it has verified the address."
    ).tag(config=True)
    support_email = Unicode(help="Whom a refused student writes to.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roster = Roster(Path(self.roster_path))

    def user_info_to_username(self, user_info: Mapping[str, Any]) -> str:
        """The account of the person the provider described; refuse with a sentence that names the account used."""
        email = user_info.get("email")
        if not isinstance(email, str) or not email:
            raise self._refusal(
                "Your sign-in provider did not tell your e-mail address, which the class roster goes by."
            )
        verified = user_info.get("email_verified")
        if self.require_verified_email and verified is not True and verified != "true":  # some send it as a text
            raise self._refusal(f"You signed in as {email}, an address your sign-in provider has not verified.")
        person = self.roster.by_email(email)
        if person is None:
            raise self._refusal(
                f"You signed in as {email}, which is not on the class roster. Is it the account you use for this class?"
            )
        return person.user

    async def check_allowed(self, username: str, auth_model: Mapping[str, Any] | None) -> bool:
        """Only the roster's people, administrators too; ``auth_model`` is None for names out of the hub's settings."""
        return auth_model is None or self.roster.has_user(username)

    async def refresh_user(self, user: Any, handler: Any = None, **_kwargs: Any) -> bool:  # noqa: ARG002  # the hub's signature
        """Whether ``user`` is still welcome: who has left the roster is signed out."""
        return user.name in PROBES or self.roster.has_user(user.name)

    def _refusal(self, why: str) -> HTTPError:
        contact = f" Otherwise write to {self.support_email}." if self.support_email else ""
        self.log.warning("Sign-in refused: %s", why)
        return HTTPError(403, why + contact)
