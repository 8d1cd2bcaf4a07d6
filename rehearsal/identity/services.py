"""The sign-in services of one rehearsal: the college's, Google and GitHub, over the same people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.identity import organisations, registration
from rehearsal.identity.accounts import Accounts
from rehearsal.identity.college import College
from rehearsal.identity.github import GitHub
from rehearsal.identity.google import Google
from rehearsal.people import read

if TYPE_CHECKING:
    from rehearsal.identity.provider import Provider


class Services:
    """All three; ``issuer`` is the address of the college's."""

    def __init__(self, issuer: str) -> None:
        people = read()
        numbers = {person.github.casefold(): person.github_id for person in people if person.github}
        self.accounts = Accounts(people)
        self.college = College(issuer, self.accounts, registration.COLLEGE)
        self.google = Google(self.accounts, registration.GOOGLE)
        self.github = GitHub(
            self.accounts, registration.GITHUB, organisations.Organisations(organisations.read(numbers))
        )

    @property
    def all(self) -> dict[str, Provider]:
        """The services by name."""
        return {provider.name: provider for provider in (self.college, self.google, self.github)}

    def reset(self) -> None:
        """Make everything ``control`` can change what it was at first; who is signed in stays so."""
        self.accounts.reset()
        self.google.testers = None
        self.github.api.restricted.clear()
        for provider in self.all.values():
            provider.down = False

    def played(self) -> web.Application:
        """Return what answers on port 443 under the names of Google and GitHub, by the name a request is for."""
        app = web.Application()
        for name, site in {**self.google.sites(), **self.github.sites()}.items():
            app.add_domain(name, site)
        return app
