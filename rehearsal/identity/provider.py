"""What all sign-in services have in common: accounts, a page, sessions, codes and tokens, and that they can be down."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp.typedefs import Handler

    from rehearsal.identity.accounts import Accounts
    from rehearsal.identity.grants import Grants
    from rehearsal.identity.page import Page
    from rehearsal.identity.registration import Client
    from rehearsal.people import Person


class Provider:
    """A service with one client, the course; everything it remembers is in memory.

    ``name`` is the service's in ``accounts``; while it is ``down`` it answers everything with 503.
    """

    def __init__(self, name: str, page: Page, accounts: Accounts, client: Client, grants: Grants) -> None:
        self.name = name
        self.page = page
        self.accounts = accounts
        self.client = client
        self.grants = grants
        self.down = False
        self._sessions: dict[str, str] = {}

    def application(self, *routes: web.RouteDef) -> web.Application:
        """Return what answers under one of the service's names."""

        @web.middleware
        async def unless_down(request: web.Request, handler: Handler) -> web.StreamResponse:
            if self.down:
                return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text=f"{self.page.service} is down.\n")
            return await handler(request)

        app = web.Application(middlewares=[unless_down])
        app.add_routes(routes)
        return app

    def visitor(self, request: web.Request) -> Person | None:
        """Return who is signed in at this browser."""
        return self.accounts.get(self._sessions.get(request.cookies.get(self._cookie, ""), ""))

    async def admit(
        self,
        request: web.Request,
        proceed: Callable[[Person], web.Response],
        *,
        ask_again: bool = False,
        shown: Callable[[Person], bool] = lambda _: True,
    ) -> web.Response:
        """Let whoever is signed in, or signs in with this request, ``proceed``; others see the page.

        ``ask_again`` shows the page to who is signed in too; ``shown`` are the people it lists, though all can sign in.
        """
        session, person = request.cookies.get(self._cookie, ""), self.visitor(request)
        people = [one for one in self.accounts.everybody(self.name) if shown(one)]
        if request.method == "POST":
            form = {key: str(value) for key, value in (await request.post()).items()}
            person = self.accounts.entered(self.name, form.get("email", ""), form.get("password", ""))
            if person is None:
                return self.page.form(people, problem="This account and password do not match.")
            session = secrets.token_urlsafe()
        elif person is None or ask_again:
            return self.page.form(people)
        if self.is_disabled(person):
            return self.page.notice(
                "Account disabled", f"The {self.page.service} account {person.login} has been disabled.", status=403
            )
        self._sessions[session] = person.login
        response = proceed(person)
        response.set_cookie(self._cookie, session, secure=request.secure, httponly=True, samesite="Lax")
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """Forget who is signed in, so that the next person at this browser can sign in."""
        self._sessions.pop(request.cookies.get(self._cookie, ""), None)
        response = self.page.notice("You are signed out")
        response.del_cookie(self._cookie)
        return response

    def bearer(self, request: web.Request, *schemes: str) -> tuple[Person, tuple[str, ...]] | None:
        """Return whose token a request carries, and its scopes; a disabled account's is still found."""
        grant = self.grants.bearer(request, *schemes)
        person = self.accounts.get(grant.login) if grant else None
        return (person, grant.scopes) if person and grant else None

    def is_disabled(self, person: Person) -> bool:
        """Whether somebody may no longer use their account here."""
        return self.name in person.disabled

    @property
    def _cookie(self) -> str:
        return f"{self.name}-session"


def redirect(address: str, query: Iterable[tuple[str, str]]) -> web.Response:
    """Send the browser to ``address`` with ``query`` added."""
    return web.Response(status=303, headers={"Location": str(URL(address).update_query(dict(query)))})
