"""One person of the class, the account they get, and how the droplet keeps the list."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass

ROLES = ("student", "ta", "instructor")

PREFIX = "jh-"  # keeps students' accounts apart from root, www-data and the instructor's own
USER = re.compile(r"jh-[a-z0-9][a-z0-9-]{0,27}")  # the droplet's own units accept no other
PROBES = ("jh-probe-1", "jh-probe-2")  # accounts of the student check
LONGEST = 31  # characters: Linux takes 32 at most, counting none to spare
HASH = 6  # hex digits of SHA-256, appended where the name alone could stand for two people


@dataclass(frozen=True, kw_only=True)
class Person:
    """One line of the roster; ``user`` is the account on the server. Of ``email`` and ``github`` one may be empty."""

    email: str
    name: str
    section: str
    role: str
    user: str
    github: str = ""

    @property
    def address(self) -> str:
        """What tells the person from all others: the e-mail address, or the GitHub name."""
        return self.email or self.github


def user_name(email: str) -> str:
    """The Unix and hub name for an e-mail address: ``jh-`` and the local part, with a hash where that was altered.

    The rule is The Littlest JupyterHub's (a prefix, cut names get a hash), with the hash also where a character had
    to be replaced, so that ``a.b@`` and ``a-b@`` are two people.
    """
    return _account(email.casefold().partition("@")[0], email.casefold())


def github_user_name(login: str) -> str:
    """The Unix and hub name for a GitHub name, by the same rule."""
    return _account(login.casefold(), f"github:{login.casefold()}")


def _account(local: str, identity: str) -> str:
    ascii_local = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_local).strip("-")
    if plain == local and len(PREFIX + plain) <= LONGEST and PREFIX + plain not in PROBES:
        return PREFIX + plain
    digest = hashlib.sha256(identity.encode()).hexdigest()[:HASH]
    room = LONGEST - len(PREFIX) - HASH - 1
    return f"{PREFIX}{plain[:room].strip('-') or 'student'}-{digest}"


def document(people: tuple[Person, ...]) -> str:
    """What the droplet keeps as /etc/jupyterhub/roster.json; a line a person, so that a change reads well."""
    lines = ",\n".join("  " + json.dumps(_entry(person), ensure_ascii=False) for person in people)
    return f'{{"students": [\n{lines}\n]}}\n'


def _entry(person: Person) -> dict[str, str]:
    return {key: value for key, value in asdict(person).items() if value or key != "github"}


def from_document(text: str) -> tuple[Person, ...]:
    """The people ``document`` wrote, also by an earlier version; raise ``ValueError`` if it is none."""
    try:
        return tuple(Person(**entry) for entry in json.loads(text)["students"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a roster: {error!r}") from error
