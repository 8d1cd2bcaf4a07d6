"""The pages of a password: sign in, choose one at the first time, change it later."""

from __future__ import annotations

import json
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.handlers.login import LoginHandler
from tornado.httputil import url_concat
from tornado.web import HTTPError, authenticated

from coursehub.passwords import hashing, one_time, rules
from coursehub.passwords.throttle import ACCOUNT

if TYPE_CHECKING:
    from coursehub.passwords.credentials import Standing
    from coursehub.roster import Person

CHOOSING = "course-choosing"  # cookie: who has shown their one-time password, and which it was
MINUTES = 15  # for choosing another
BROWSER = "course-browser"  # cookie: who was in with this browser before
DAYS = 180  # a term, and what comes after it


class MustChoose(Exception):
    """The one-time password was right: now another has to be chosen."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(standing.person.user)
        self.standing = standing


class _Passwords(BaseHandler):  # type: ignore[misc]  # jupyterhub publishes no types
    """What the pages have in common: the two cookies, and a new password's way to where it is kept."""

    @property
    def choose_url(self) -> str:
        """Where a password is chosen."""
        return f"{self.hub.base_url}choose-password"

    def known_browser(self, person: Person | None) -> str:
        """The mark of this browser, if ``person`` was in with it before."""
        user, _, mark = (self.get_secure_cookie(BROWSER, max_age_days=DAYS) or b"").decode().partition(":")
        return mark if person and user == person.user else ""

    def set_login_cookie(self, user: Any) -> None:
        """Sign ``user`` in, and know the browser from now on."""
        super().set_login_cookie(user)
        mark = f"{user.name}:{secrets.token_hex(8)}"
        self._set_cookie(BROWSER, mark, path=self.hub.base_url, expires_days=DAYS, samesite="Strict")

    async def keep(self, standing: Standing, password: str) -> None:
        """Make ``password`` the one that counts, in the place of what did; end every session there was.

        Raises:
            HTTPError: a new one-time password was issued in the meantime.

        """
        user, one_time = standing.person.user, standing.one_time
        kept = await self.authenticator.off_the_loop(hashing.kept, password)
        now = self.authenticator.credentials.of(standing.person)
        if now is None or now.one_time != one_time:
            raise HTTPError(
                HTTPStatus.CONFLICT, "In the meantime you were given a new one-time password. Use that one."
            )
        self.authenticator.credentials.choose(user, kept, one_time)
        self.log.info("%s has chosen a password", user)
        if known := self.find_user(user):
            self._end_sessions(known)

    def _end_sessions(self, user: Any) -> None:
        """Void the cookie and every token of ``user``, but those their running servers speak to the hub with."""
        servers = [
            orm.APIToken.find(self.db, spawner.api_token) for spawner in user.spawners.values() if spawner.api_token
        ]
        keep = {token.id for token in servers if token}
        for token in self.db.query(orm.APIToken).filter_by(user_id=user.id):
            if token.id not in keep:
                self.db.delete(token)
        user.orm_user.cookie_id = orm.new_token()
        self.db.commit()

    async def show(
        self, person: Person, problem: str = "", *, change: bool = False, status: int = HTTPStatus.OK
    ) -> None:
        """The page with the form; ``problem`` is why it has come back."""
        self.set_status(status)
        self.set_header("Cache-Control", "no-store")
        page = await self.render_template(
            "choose_password.html",
            email=person.email,
            problem=problem,
            change=change,
            shortest=rules.SHORTEST,
            action=self.request.uri,
            xsrf=self.xsrf_token.decode("ascii"),
        )
        self.finish(page)

    def new_password(self) -> tuple[str, str]:
        """The new password as it was typed, twice."""
        return self.get_body_argument("new", "", strip=False), self.get_body_argument("again", "", strip=False)


class SignIn(_Passwords, LoginHandler):  # type: ignore[misc]  # jupyterhub publishes no types
    """``/hub/login``: the hub's own form; a one-time password leads on to choosing another."""

    async def post(self) -> None:
        """Sign in."""
        try:
            await super().post()
        except MustChoose as due:
            ticket = json.dumps([due.standing.person.user, due.standing.one_time.id])
            place = self.choose_url
            self._set_cookie(CHOOSING, ticket, path=place, max_age=60 * MINUTES, expires_days=None, samesite="Strict")
            self.redirect(url_concat(place, {"next": self.get_argument("next", "")}))


class ChoosePassword(_Passwords):
    """``/hub/choose-password``: after a right one-time password, whose ticket is a signed cookie for some minutes."""

    def _ticket(self) -> Standing | None:
        """What stands for who has shown their one-time password, as long as that is still what counts."""
        text = self.get_secure_cookie(CHOOSING, max_age_days=MINUTES / (24 * 60))
        user, number = json.loads(text) if text else ("", "")
        standing: Standing | None = self.authenticator.credentials.of(self.authenticator.roster.by_user(user))
        if standing is None or standing.chosen or standing.one_time.id != number:
            return None
        return standing

    def _back(self) -> None:
        self.redirect(url_concat(self.settings["login_url"], {"next": self.get_argument("next", "")}))

    async def get(self) -> None:
        """Ask for a new password; without a ticket, to sign in."""
        ticket = self._ticket()
        if ticket is None:
            self._back()
            return
        await self.show(ticket.person)

    async def post(self) -> None:
        """Keep the new password, and go on to where the student wanted to go."""
        ticket = self._ticket()
        if ticket is None:
            self._back()
            return
        new, again = self.new_password()
        problem = rules.problem(new, again, ticket.person)
        if not problem and await self.authenticator.off_the_loop(hashing.matches, one_time.bare(new), ticket.hash):
            problem = "That is your one-time password. Choose another one."
        if problem:
            await self.show(ticket.person, problem, status=HTTPStatus.BAD_REQUEST)
            return
        await self.keep(ticket, new)
        self.clear_cookie(CHOOSING, path=self.choose_url)
        user = await self.auth_to_user({"name": ticket.person.user})
        self.set_login_cookie(user)
        self.redirect(self.get_next_url(user))


class ChangePassword(_Passwords):
    """``/hub/change-password``: for who is signed in, and knows the one that counts now."""

    def _person(self) -> Person:
        person = self.authenticator.roster.by_user(self.current_user.name)
        if person is None:
            raise HTTPError(HTTPStatus.FORBIDDEN, "You are not on the class roster.")
        return person  # type: ignore[no-any-return]  # jupyterhub publishes no types

    @authenticated
    async def get(self) -> None:
        """Ask for the old and a new password."""
        await self.show(self._person(), change=True)

    @authenticated
    async def post(self) -> None:
        """Keep the new password; this browser stays signed in, all others are not."""
        person = self._person()
        new, again = self.new_password()
        problem, status = rules.problem(new, again, person), 400
        if not problem:
            try:
                current = self.get_body_argument("current", "", strip=False)
                standing = await self.authenticator.check(person, current, {f"change {person.user}": ACCOUNT})
            except HTTPError as refused:
                wrong = refused.status_code == HTTPStatus.FORBIDDEN
                problem, status = str(refused.log_message), refused.status_code
                problem = "That is not your current password." if wrong else problem
        if problem:
            await self.show(person, problem, change=True, status=status)
            return
        await self.keep(standing, new)
        self.set_login_cookie(self.current_user)
        self.redirect(self.get_next_url(self.current_user, default=f"{self.hub.base_url}home"))
