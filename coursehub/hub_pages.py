"""Two pages of the hub: the class, for TAs and instructors, and the server's status, for instructors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from jupyterhub.handlers.base import BaseHandler
from tornado.web import HTTPError, authenticated

from coursehub import status
from coursehub.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coursehub.roster import Person

ROSTER = Roster()


def class_of(person: Person | None, people: Iterable[Person]) -> list[Person]:
    """The students ``person`` looks after: a TA those of the section, an instructor all; nobody else has any."""
    if person is None or person.role not in ("ta", "instructor"):
        return []
    students = (one for one in people if one.role == "student")
    mine = [one for one in students if person.role == "instructor" or (one.section and one.section == person.section)]
    return sorted(mine, key=lambda one: (one.section.casefold(), one.called.casefold()))


def ago(seconds: float) -> str:
    """A length of time, as one says it."""
    minutes = int(seconds // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004  # of an hour


def rows(students: Iterable[Person], on: Sequence[status.Seat], now: float) -> list[dict[str, Any]]:
    """A line for each student: who, whether their server runs and since when."""
    since = {seat.user: ago(now - seat.since) for seat in on}
    return [{"person": person, "since": since.get(person.user)} for person in students]


class _Page(BaseHandler):  # type: ignore[misc]  # jupyterhub publishes no types
    """What both pages begin with: who asks, by the roster of this moment."""

    def person(self, *roles: str) -> Person:
        """Who asks; refused unless in one of the ``roles``."""
        person = ROSTER.by_user(self.current_user.name)
        if person is None or person.role not in roles:
            raise HTTPError(403, f"This page is for {' and '.join(f'{role}s' for role in roles)} of the class.")
        return person

    async def show(self, template: str, **values: Any) -> None:
        """Render one of our templates."""
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template(template, **values))


class ClassPage(_Page):
    """``/hub/class``: who is on, since when, and the way into what runs."""

    @authenticated
    async def get(self) -> None:
        """Show the class."""
        person = self.person("ta", "instructor")
        seen = await status.look()
        lines = rows(class_of(person, ROSTER.people()), seen.on, time.time())
        await self.show("class.html", person=person, rows=lines, on=sum(1 for line in lines if line["since"]))


class StatusPage(_Page):
    """``/hub/status``: what ``course status`` says."""

    @authenticated
    async def get(self) -> None:
        """Show how the server is."""
        self.person("instructor")
        seen = await status.look()
        names = {person.user: person.called for person in ROSTER.people()}
        on = [(names.get(seat.user, seat.user), ago(time.time() - seat.since), seat) for seat in seen.on]
        await self.show("status.html", status=seen, on=on, check=status.check_words(seen.last_check))


HANDLERS = [("/class", ClassPage), ("/status", StatusPage)]
