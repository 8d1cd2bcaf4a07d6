"""The hub's people follow the roster, every few seconds and without a restart.

Who joins is a user of the hub, who leaves is none: signed out, every token void, the server stopped, the files kept.
Rights go by the roster alone, so what an instructor changes by hand on the hub's admin page is set right again.

A roster that cannot be read gives no rights to anybody, but stops no server: it does not say who has left.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyterhub import orm, roles
from jupyterhub.utils import maybe_future

from coursehub.names import PROBES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coursehub.roster import Person, Roster

SECONDS = 10  # between two looks
SECTION = "section-"  # groups of ours begin so
# What a TA may do with the students of a section: tell who they are and whether they are on, and open what runs.
ASSISTANT = ("list:users", "read:users:name", "read:users:activity", "read:servers", "access:servers")

log = logging.getLogger(__name__)


def group_of(section: str) -> str:
    """The hub's group for a ``section``, whatever letters its name has."""
    plain = re.sub(r"[^a-z0-9]+", "-", section.casefold()).strip("-")[:20]
    return f"{SECTION}{plain}-{hashlib.sha256(section.encode()).hexdigest()[:8]}"


def assistants_role(group: str) -> str:
    """The hub's role of a group's TAs."""
    return f"ta-{group}"


@dataclass
class Rights:
    """What the hub has to know: who is in, who is an instructor, who is in which group and has which role."""

    users: set[str] = field(default_factory=set)
    instructors: set[str] = field(default_factory=set)
    groups: dict[str, set[str]] = field(default_factory=dict)
    assistants: dict[str, set[str]] = field(default_factory=dict)


def rights(people: Iterable[Person]) -> Rights:
    """What the roster's ``people`` may do. A section's group holds its students alone: TAs open no TA's server."""
    found = Rights()
    for person in people:
        found.users.add(person.user)
        if person.role == "instructor":
            found.instructors.add(person.user)
        elif person.section and person.role == "student":
            found.groups.setdefault(group_of(person.section), set()).add(person.user)
        elif person.section and person.role == "ta":
            found.groups.setdefault(group_of(person.section), set())
            found.assistants.setdefault(group_of(person.section), set()).add(person.user)
    return found


class Enrolment:
    """Keeps the users of ``app``, a running hub, as the roster has them."""

    def __init__(self, app: Any, roster: Roster) -> None:
        self.app = app
        self.roster = roster

    async def follow(self) -> None:
        """Look again and again, for as long as the hub runs."""
        while True:
            try:
                await self.look()
            except Exception:  # one look that fails must not be the last
                log.exception("The hub's people could not be brought in line with the roster")
                self.app.db.rollback()
            await asyncio.sleep(SECONDS)

    async def look(self) -> None:
        """Bring rights in line first, which takes no time, then stop the servers of who has left."""
        self.set_right()
        if self.roster.readable:
            keep = {person.user for person in self.roster.people()} | set(PROBES)
            gone = [user.name for user in self.app.db.query(orm.User) if user.name not in keep]
            await asyncio.gather(*(self._see_off(name) for name in gone))

    def set_right(self) -> None:
        """Write into the hub's database what the roster says; a session or token has its owner's rights of now."""
        wanted = rights(self.roster.people())
        db = self.app.db
        users = {user.name: user for user in db.query(orm.User)}
        for name in sorted(wanted.users - set(users)):
            users[name] = orm.User(name=name)
            db.add(users[name])
        db.flush()
        self._set_groups(wanted, users)
        assistants = self._set_assistants(wanted)
        for name, user in users.items():
            user.admin = name in wanted.instructors
            granted = {role.name for role in assistants if name in wanted.assistants[_group(role)]}
            granted |= {"admin"} if user.admin else set()
            granted |= {"user"} if name in wanted.users or name in PROBES else set()
            had = {role.name for role in user.roles}
            if granted != had:
                user.roles = [orm.Role.find(db, role) for role in sorted(granted)]
                log.info("%s: rights are now %s, were %s", name, sorted(granted), sorted(had))
        db.commit()

    def _set_groups(self, wanted: Rights, users: dict[str, Any]) -> None:
        db = self.app.db
        groups = {group.name: group for group in db.query(orm.Group) if group.name.startswith(SECTION)}
        for name in set(groups) - set(wanted.groups):
            db.delete(groups[name])
        for name, members in wanted.groups.items():
            if name not in groups:
                groups[name] = orm.Group(name=name)
                db.add(groups[name])
            if {user.name for user in groups[name].users} != members:
                groups[name].users = [users[member] for member in sorted(members)]
        db.flush()

    def _set_assistants(self, wanted: Rights) -> list[Any]:
        """Make the TAs' roles, drop those no longer wanted. Marked as managed, so that a restart leaves them alone."""
        db = self.app.db
        names = {assistants_role(group) for group in wanted.assistants}
        for role in db.query(orm.Role).filter(orm.Role.managed_by_auth):
            if role.name not in names:
                db.delete(role)
        made = []
        for group in wanted.assistants:
            scopes = [f"{scope}!group={group}" for scope in ASSISTANT]
            entry = {"name": assistants_role(group), "description": "TA", "scopes": scopes, "managed_by_auth": True}
            made.append(roles.create_role(db, entry, commit=False))
        db.flush()
        return made

    async def _see_off(self, name: str) -> None:
        """Sign somebody out who has left, and stop the server; whatever is on its way is seen off at the next look."""
        user = self.app.users[name]
        for server, spawner in list(user.spawners.items()):
            if spawner.pending:
                return
            if spawner.active:
                spawner._stop_pending = True  # noqa: SLF001  # as the hub's own handler does, against a race with a start
                try:
                    await self.app.proxy.delete_user(user, server)
                    await user.stop(server)
                except Exception:
                    spawner._stop_pending = False  # noqa: SLF001
                    log.exception("The server of %s, who left, did not stop; tried again in %s s", name, SECONDS)
                    return
        await maybe_future(self.app.authenticator.delete_user(user))
        await user.delete_spawners()
        self.app.users.delete(user)
        log.info("%s is not on the roster: signed out, server stopped; the files stay", name)


def _group(role: Any) -> str:
    return str(role.name).removeprefix("ta-")
