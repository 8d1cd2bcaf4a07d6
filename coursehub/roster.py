"""The roster on the droplet: who may come in, as which account, and what they are in the class.

It fails closed: a roster that is missing or broken admits nobody, and nobody has a role.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

from coursehub.names import PROBES, is_student

ROSTER = Path("/etc/jupyterhub/roster.json")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Person:
    """One line of the roster; ``user`` is the name of the hub's user and of the Unix account."""

    email: str
    name: str
    user: str
    role: str
    section: str
    github: str = ""

    @property
    def called(self) -> str:
        """What others know the person by."""
        return self.name or self.email or self.github


def parse(text: str) -> tuple[Person, ...]:
    """The people in the JSON ``text``, e-mail addresses casefolded; raise ``ValueError`` if any line is not one."""
    try:
        people = [Person(**{**entry, "email": entry["email"].casefold()}) for entry in json.loads(text)["students"]]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"not a roster: {error!r}") from error
    for person in people:
        if not is_student(person.user) or person.user in PROBES:
            raise ValueError(f"{person.user!r} is no account a person can have")
    for field in ("email", "github", "user"):
        values = [value for person in people if (value := getattr(person, field))]
        if len(set(values)) < len(values):
            raise ValueError(f"somebody's {field} is there twice")
    return tuple(people)


class Roster:
    """The roster at a path, read again when the file changes: a change needs no restart of the hub."""

    def __init__(self, path: Path = ROSTER) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._people: tuple[Person, ...] = ()

    def by_email(self, email: str) -> Person | None:
        """Who has this address, in whatever case it is written."""
        return next((person for person in self.people() if person.email and person.email == email.casefold()), None)

    def by_github(self, login: str) -> Person | None:
        """Who has this GitHub name, in whatever case it is written."""
        wanted = login.casefold()
        return next((person for person in self.people() if person.github and person.github.casefold() == wanted), None)

    def by_user(self, user: str) -> Person | None:
        """Whose account this is."""
        return next((person for person in self.people() if person.user == user), None)

    def has_user(self, user: str) -> bool:
        """Whether an account belongs to somebody on the roster."""
        return self.by_user(user) is not None

    def role_of(self, user: str) -> str:
        """``student``, ``ta``, ``instructor``, or nothing for who is none of them."""
        person = self.by_user(user)
        return person.role if person else ""

    def assistants_of(self, student: str) -> tuple[Person, ...]:
        """The TAs of the section an account's student is in."""
        people = self.people()
        sections = {person.section for person in people if person.user == student and person.role == "student"} - {""}
        return tuple(person for person in people if person.role == "ta" and person.section in sections)

    @property
    def readable(self) -> bool:
        """Whether the file says who is in the class; if not, nobody can be said to have left either."""
        self.people()
        return self._stamp is not None

    def people(self) -> tuple[Person, ...]:
        """Everybody on it."""
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
            if stamp != self._stamp:
                self._people, self._stamp = (), None
                self._people = parse(self._path.read_text(encoding="utf-8"))
                self._stamp = stamp
        except (OSError, ValueError) as error:
            log.error("Nobody can sign in: the roster %s cannot be used: %s", self._path, error)  # noqa: TRY400  # the sentence says it
            self._people, self._stamp = (), None
        return self._people
