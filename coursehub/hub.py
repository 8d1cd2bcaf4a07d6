"""The hub of a course: JupyterHub, whose people follow the roster, with two pages more."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from jupyterhub.app import JupyterHub

from coursehub import hub_room
from coursehub.enrolment import Enrolment
from coursehub.hub_pages import HANDLERS
from coursehub.roster import Roster


class CourseHub(JupyterHub):  # type: ignore[misc]  # jupyterhub publishes no types
    """``python -m coursehub.hub``: takes the place of ``jupyterhub``, with the same options and configuration."""

    name = "jupyterhub"
    handlers: list[Any]

    def init_db(self) -> None:
        """Keep room for the database; where that is too late, the hub starts without."""
        try:
            hub_room.take(self.db_url)
        except (OSError, sqlite3.Error) as error:
            self.log.warning("No room for the database could be taken: %s", error)
        super().init_db()

    def init_handlers(self) -> None:
        """Add our pages to the hub's own: in its process they cost no memory, and look like the rest."""
        super().init_handlers()
        self.handlers = [*self.add_url_prefix(self.hub_prefix, HANDLERS), *self.handlers]

    async def start(self) -> Any:
        """Have rights in line with the roster before anybody is let in, and keep them so."""
        enrolment = Enrolment(self, Roster())
        enrolment.set_right()
        started = await super().start()
        self._following = asyncio.create_task(enrolment.follow())
        return started


if __name__ == "__main__":
    CourseHub.launch_instance()
