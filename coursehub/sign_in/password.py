"""Sign in with a password of the course's own, for a class without a sign-in service. There are no Unix passwords."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tornado.web import HTTPError
from traitlets import Unicode

from coursehub.names import PROBES
from coursehub.passwords import hashing, one_time, rules
from coursehub.passwords.credentials import CHOSEN, ONE_TIME, Credentials, Standing
from coursehub.passwords.throttle import ACCOUNT, ADDRESS, Throttle
from coursehub.sign_in.door import RosterAuthenticator
from coursehub.sign_in.password_pages import ChangePassword, ChoosePassword, MustChoose, SignIn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coursehub.passwords.throttle import Limit
    from coursehub.roster import Person

    Answer = TypeVar("Answer")

# never which of them
WRONG = "E-mail address and password do not match, or the address is not on the class roster. Try again."
AT_ONCE = 2  # passwords hashed, of 32 MiB each; the others wait their turn for some tenths of a second


class PasswordSignIn(RosterAuthenticator):
    """Whoever the roster lists and has the password of the address, by ``coursehub.passwords``."""

    one_time_path = Unicode(str(ONE_TIME), help="One-time passwords, root's.").tag(config=True)
    chosen_path = Unicode(str(CHOSEN), help="The passwords people chose, the hub's.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.credentials = Credentials(Path(self.one_time_path), Path(self.chosen_path))
        self.throttle = Throttle()
        self._hashing = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:  # noqa: ARG002  # the hub's signature
        """The pages of password_pages.py, the first in place of the hub's own."""
        return [("/login", SignIn), ("/choose-password", ChoosePassword), ("/change-password", ChangePassword)]

    async def authenticate(self, handler: Any, data: Mapping[str, str]) -> str | None:
        """The account of who has typed their password; ``MustChoose`` where it was a one-time one.

        The hub's API would take passwords too, past the page and its cookies: nobody gets in there.
        """
        if not isinstance(handler, SignIn):
            return None
        email, password = data.get("username", "").strip(), data.get("password", "")
        person = self.roster.by_email(email) if email else None
        standing = await self.check(person, password, limits(handler, email, person))
        if standing.chosen:
            return standing.person.user
        if time.time() > standing.one_time.until:
            raise self.refusal(f"The one-time password of {email} is over. Ask for a new one.")
        raise MustChoose(standing)

    async def check(self, person: Person | None, password: str, tries: Mapping[str, Limit]) -> Standing:
        """What counts for ``person``, if ``password`` is it; else refused, in the same words and time for everybody."""
        wait = self.throttle.start(tries)
        if wait:
            raise HTTPError(429, f"Too many tries. Wait {int(wait) + 1} s, then try again.")
        standing = self.credentials.of(person)
        password = password[: 4 * rules.LONGEST]  # nobody's is longer
        typed = password if standing and standing.chosen else one_time.bare(password)
        right = await self.off_the_loop(hashing.matches, typed, standing.hash if standing else hashing.NOBODY)
        if not right or standing is None:
            self.log.warning(
                "Sign-in refused: wrong password for %s", person.user if person else "nobody on the roster"
            )
            raise HTTPError(403, self.with_contact(WRONG))
        self.throttle.succeeded(tries)
        return standing

    async def off_the_loop(self, work: Callable[..., Answer], *arguments: Any) -> Answer:
        """Do something slow in a thread, while the hub goes on."""
        return await asyncio.get_running_loop().run_in_executor(self._hashing, work, *arguments)

    async def refresh_user(self, user: Any, handler: Any = None, **kwargs: Any) -> bool:
        """Whether ``user`` is still welcome: who was given a new one-time password is signed out until it was used."""
        if not await super().refresh_user(user, handler, **kwargs):
            return False
        standing = self.credentials.of(self.roster.by_user(user.name))
        return user.name in PROBES or bool(standing and standing.chosen)


def limits(handler: Any, email: str, person: Person | None) -> dict[str, Limit]:
    """What a try counts for: the address typed and where it comes from; or the browser, if they were in with it before.

    So a classmate who guesses on purpose keeps nobody out who comes with a browser of their own
    (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies).
    """
    browser = handler.known_browser(person)
    if browser:
        return {f"browser {browser}": ACCOUNT}
    return {f"account {email.casefold()[:100]}": ACCOUNT, f"address {_network(handler.request.remote_ip)}": ADDRESS}


def _network(address: str) -> str:
    """The address, or of version 6 the network that one customer has."""
    try:
        return str(ipaddress.ip_network((address, 64 if ":" in address else 32), strict=False))
    except ValueError:
        return address
