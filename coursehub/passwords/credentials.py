"""Which password counts for somebody: two files on the volume, each with one writer.

``one-time.json`` is root's, and the hub may read it: the last one-time password of each account. ``passwords.json`` is
the hub's: what people chose. A chosen password counts as long as it answers the one-time password that stands there,
by its ``id``: a new one is a reset, whatever the clocks say. A one-time password counts for one e-mail address: an
account that comes to somebody else brings no password along.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from coursehub.applier import write_atomically
from coursehub.passwords import one_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coursehub.roster import Person

ONE_TIME = Path("/srv/course/sign-in/one-time.json")
CHOSEN = Path("/srv/course/hub/passwords.json")
LARGEST = 1024 * 1024  # bytes; an account takes about 250

Entry = TypeVar("Entry")


class Unreadable(Exception):
    """A file that is not what it should be. Nothing is written then: what it holds may be everybody's password."""


@dataclass(frozen=True)
class Issued:
    """A one-time password as it is kept; ``issued`` in seconds since 1970, ``id`` tells it from all others."""

    email: str
    hash: str
    issued: int
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def until(self) -> int:
        """When it ends, in seconds since 1970, unless another password was chosen before."""
        return self.issued + one_time.SECONDS


@dataclass(frozen=True)
class Chosen:
    """A password somebody chose; ``after`` is the id of the one-time password it answers."""

    hash: str
    chosen: int
    after: str


@dataclass(frozen=True)
class Standing:
    """What opens the door for ``person``: the ``hash`` of the password they chose, or of the one-time one."""

    person: Person
    hash: str
    one_time: Issued
    chosen: bool


def standing(person: Person | None, issued: Mapping[str, Issued], chosen: Mapping[str, Chosen]) -> Standing | None:
    """Which password counts for ``person``; for nobody, and for who was issued none, there is none."""
    one = issued.get(person.user) if person else None
    if person is None or one is None or one.email != person.email:
        return None
    own = chosen.get(person.user)
    if own and own.after == one.id:
        return Standing(person, own.hash, one, chosen=True)
    return Standing(person, one.hash, one, chosen=False)


class Credentials:
    """Both files, read again at every question: a reset counts at once, and the hub is not restarted for it."""

    def __init__(self, one_time: Path = ONE_TIME, chosen: Path = CHOSEN) -> None:
        self._one_time = one_time
        self._chosen = chosen

    def of(self, person: Person | None) -> Standing | None:
        """Which password counts for ``person``; raise ``Unreadable`` where it cannot be told."""
        return standing(person, issued(self._one_time), chosen(self._chosen))

    def choose(self, user: str, kept: str, after: Issued) -> None:
        """Keep what ``user`` chose in answer to a one-time password."""
        entries = {**chosen(self._chosen), user: Chosen(kept, round(time.time()), after.id)}
        write_atomically(self._chosen, document(entries).encode(), 0o600)


def issued(path: Path = ONE_TIME) -> dict[str, Issued]:
    """The one-time passwords by account; none before the first was issued."""
    return _read(path, lambda entry: Issued(**entry))


def chosen(path: Path = CHOSEN) -> dict[str, Chosen]:
    """The chosen passwords by account; none before the first was chosen."""
    return _read(path, lambda entry: Chosen(**entry))


def document(entries: Mapping[str, Any]) -> str:
    """The text of either file."""
    return json.dumps({user: asdict(entry) for user, entry in sorted(entries.items())}, indent=1) + "\n"


def _read(path: Path, entry: Callable[[dict[str, Any]], Entry]) -> dict[str, Entry]:
    """A file's entries. Root reads the hub's file too: no link is followed, and nothing is waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable(f"{path} is no file")
        try:
            return {user: entry(found) for user, found in json.loads(stream.read(LARGEST)).items()}
        except (AttributeError, TypeError, ValueError) as error:
            raise Unreadable(f"{path} does not hold passwords: {type(error).__name__}") from error
