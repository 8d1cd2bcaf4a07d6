"""The door all ways to sign in lead through: the roster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterhub.auth import Authenticator
from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError
from traitlets import Unicode

from coursehub.names import PROBES
from coursehub.roster import ROSTER, Roster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coursehub.roster import Person

# JupyterHub 6.1.1 asks for it before it is set, when it signs somebody out: signed out they are, with a traceback
BaseHandler._token_authenticated = False  # noqa: SLF001


class RosterAuthenticator(Authenticator):  # type: ignore[misc]  # jupyterhub publishes no types
    """Only the roster's people; the name on the hub and the Unix account are the same."""

    roster_path = Unicode(str(ROSTER), help="The roster, as JSON; read again when it changes.").tag(config=True)
    support_email = Unicode(help="Whom a refused student writes to.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.roster = Roster(Path(self.roster_path))

    async def check_allowed(self, username: str, auth_model: Mapping[str, Any] | None) -> bool:
        """Only the roster's people, administrators too; ``auth_model`` is None for names out of the hub's settings."""
        return auth_model is None or self.roster.has_user(username)

    async def refresh_user(self, user: Any, handler: Any = None, **_kwargs: Any) -> bool:  # noqa: ARG002  # the hub's signature
        """Whether ``user`` is still welcome: who has left the roster is signed out.

        The sign-in service is not asked again. When it is down in the middle of a class, nobody who is in notices.
        """
        return user.name in PROBES or self.roster.has_user(user.name)

    def by_email(self, email: str) -> Person:
        """Who has this address; refuse whoever has not."""
        person = self.roster.by_email(email)
        if person is None:
            raise self.refusal(
                f"You signed in as {email}, which is not on the class roster. Is it the account you use for this class?"
            )
        return person

    def refusal(self, why: str) -> HTTPError:
        """A refusal in words, for whoever may be a student with the wrong account; ``why`` names the account used."""
        self.log.warning("Sign-in refused: %s", why)
        return HTTPError(403, self.with_contact(why))

    def with_contact(self, why: str) -> str:
        """The sentence, and whom to write to."""
        return f"{why} Otherwise write to {self.support_email}." if self.support_email else why
