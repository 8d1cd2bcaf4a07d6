"""The class roster: a CSV the teacher keeps, the only door to the course server.

Columns ``email, name, section, role, user`` (the first is needed); any order, any case, with or without a byte-order
mark. Names on the server follow from the e-mail address alone, so they are the same every time and for ever; the
column ``user`` overrides that where two people would get the same one.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import patterns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("email", "name", "section", "role", "user")
ROLES = ("student", "ta", "instructor")
EXAMPLE = "email,name,section,role\nada@college.edu,Ada Lovelace,A,student"

PREFIX = "jh-"  # keeps students' accounts apart from root, www-data and the instructor's own
USER = re.compile(r"jh-[a-z0-9][a-z0-9-]{0,27}")  # the droplet's own units accept no other
PROBES = ("jh-probe-1", "jh-probe-2")  # accounts of the student check
LONGEST = 31  # characters: Linux takes 32 at most, counting none to spare
HASH = 6  # hex digits of SHA-256, appended where the name alone could stand for two people


class RosterProblem(ValueError):
    """Everything that is wrong with a roster, a line each."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One line of the roster; ``user`` is the account on the server."""

    email: str
    name: str
    section: str
    role: str
    user: str


def user_name(email: str) -> str:
    """The Unix and hub name for an e-mail address: ``jh-`` and the local part, with a hash where that was altered.

    The rule is The Littlest JupyterHub's (a prefix, cut names get a hash), with the hash also where a character had
    to be replaced, so that ``a.b@`` and ``a-b@`` are two people.
    """
    local = email.casefold().partition("@")[0]
    ascii_local = unicodedata.normalize("NFKD", local).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^a-z0-9]+", "-", ascii_local).strip("-")
    if plain == local and len(PREFIX + plain) <= LONGEST and PREFIX + plain not in PROBES:
        return PREFIX + plain
    digest = hashlib.sha256(email.casefold().encode()).hexdigest()[:HASH]
    room = LONGEST - len(PREFIX) - HASH - 1
    return f"{PREFIX}{plain[:room].strip('-') or 'student'}-{digest}"


def read(path: Path) -> tuple[Person, ...]:
    """The people in the CSV at ``path``, in its order; raise ``RosterProblem`` with all that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RosterProblem(f"{path} cannot be read ({error.strerror}); a good one begins:\n{EXAMPLE}") from error
    except UnicodeDecodeError as error:
        raise RosterProblem(f"{path} is not UTF-8 text; save it as CSV UTF-8") from error
    return parse(text, str(path))


def parse(text: str, source: str) -> tuple[Person, ...]:
    """The people in a CSV's ``text``; ``source`` names it in messages."""
    rows = csv.DictReader(io.StringIO(text), restkey="beyond")
    header = [(column or "").strip().casefold() for column in rows.fieldnames or ()]
    unknown = [column for column in header if column not in COLUMNS]
    if "email" not in header or unknown:
        found = ", ".join(header) or "nothing"
        raise RosterProblem(f"{source}: columns are {found}; wanted are {', '.join(COLUMNS)}, for example\n{EXAMPLE}")
    rows.fieldnames = header
    people: dict[str, Person] = {}
    problems: list[str] = []
    lines: dict[str, int] = {}
    owners: dict[str, str] = {}
    for row in rows:
        line = rows.line_num
        row["beyond"] = ", ".join(filter(None, row.get("beyond") or ()))  # empty cells are no values
        if not any(row.values()):
            continue  # an empty line, as spreadsheets leave them at the end
        person = _person(row)
        problems += [f"{source} line {line}: {problem}" for problem in _problems(row, person)]
        first = lines.setdefault(person.email, line)
        if first != line and person.email:
            problems.append(f"{source} line {line}: {person.email} stands on line {first} already")
        owner = owners.setdefault(person.user, person.email)
        if owner != person.email:
            problems.append(
                f"{source} line {line}: {person.email} and {owner} would share the account {person.user}; "
                f"give this one another in a column user, for example {person.user[:28]}-2"
            )
        people[person.email] = person
    if not people:
        problems.append(f"{source} names nobody; a good one begins:\n{EXAMPLE}")
    if problems:
        raise RosterProblem("\n".join(problems))
    return tuple(people.values())


def _person(row: dict[str, str]) -> Person:
    value = {column: (row.get(column) or "").strip() for column in COLUMNS}
    email = value["email"].casefold()
    return Person(
        email=email,
        name=value["name"],
        section=value["section"],
        role=value["role"].casefold() or "student",
        user=value["user"] or user_name(email),
    )


def _problems(row: dict[str, str], person: Person) -> Iterator[str]:
    if row["beyond"]:
        yield f"has more values than columns ({row['beyond']}); put a value with a comma in double quotes"
    if not person.email:
        yield "has no e-mail address; for example ada@college.edu"
    elif not patterns.EMAIL.fullmatch(person.email):
        yield f"{person.email!r} is not an e-mail address; for example ada@college.edu"
    if person.email and (not USER.fullmatch(person.user) or person.user in PROBES):
        yield f"user {person.user!r} cannot be an account; a good one is jh-ada: small letters, digits, hyphens"
    if person.role not in ROLES:
        yield f"role {person.role!r} is none of {', '.join(ROLES)}"


def document(people: tuple[Person, ...]) -> str:
    """What the droplet keeps as /etc/jupyterhub/roster.json; a line a person, so that a change reads well."""
    lines = ",\n".join("  " + json.dumps(asdict(person), ensure_ascii=False) for person in people)
    return f'{{"students": [\n{lines}\n]}}\n'
