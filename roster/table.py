"""The roster as a CSV file: the teacher's own, or as a learning-management system or a spreadsheet writes it."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
import unicodedata
from typing import TYPE_CHECKING

import patterns
from roster.person import PROBES, ROLES, USER, Person, github_user_name, user_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

EXAMPLE = "email,name,section,role\nada@college.edu,Ada Lovelace,A,student"
COLUMNS = ("email", "github", "name", "section", "role", "user")

# What others call our columns, best first: a Canvas gradebook has "Student" and "SIS Login ID", Moodle's participants
# "First name", "Last name", "Email address" and "Groups".
ALIASES = {
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "sis login id", "login id"),
    "github": ("github", "github name", "github username", "github login", "github account", "github id"),
    "name": ("name", "full name", "display name", "student name", "student"),
    "first": ("first name", "first", "given name"),
    "last": ("last name", "last", "surname", "family name"),
    "section": ("section", "sections", "group", "groups"),
    "role": ("role", "roles"),
    "user": ("user",),
}
ROLE_NAMES = {
    "": "student",
    "learner": "student",
    "teaching assistant": "ta",
    "assistant": "ta",
    "tutor": "ta",
    "non-editing teacher": "ta",
    "teacher": "instructor",
    "editing teacher": "instructor",
    "lecturer": "instructor",
    "professor": "instructor",
}
NOBODY = ("points possible", "student, test", "test student")  # lines of a Canvas gradebook that are no person
GITHUB = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,38}")  # GitHub's own rule for names
MISSPELT = 0.75  # of 1: so alike, a column is one of ours with a slip of the pen


class RosterProblem(ValueError):
    """Everything that is wrong with a roster, a line each."""


def read(path: Path) -> tuple[Person, ...]:
    """The people in the CSV at ``path``, in its order; raise ``RosterProblem`` with all that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RosterProblem(f"{path} cannot be read ({error.strerror}); a good one begins:\n{EXAMPLE}") from error
    if content.startswith(b"PK"):
        raise RosterProblem(f"{path} is a workbook, not a CSV; save it as 'CSV UTF-8 (comma delimited)'")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # Excel's "Unicode text"
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise RosterProblem(
            f"{path} line {line} is not UTF-8 text; save it as 'CSV UTF-8 (comma delimited)'"
        ) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> tuple[Person, ...]:
    """The people in a CSV's ``text``; ``source`` names it in messages."""
    text = text.removeprefix("\ufeff")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = [_plain(cell).casefold() for cell in next(rows, [])]
    place = _places(header, source)
    seen = _Seen(source)
    for cells in rows:
        row = {column: _plain(cells[index]) if index < len(cells) else "" for column, index in place.items()}
        beyond = [cell for cell in cells[len(header) :] if cell.strip()]  # empty cells are no values
        if not any(row.values()) or _first_name(row).casefold() in NOBODY:
            continue  # an empty line, as spreadsheets leave them at the end, or one of Canvas's own
        seen.add(_person(row), rows.line_num, beyond)
    return seen.whole()


class _Seen:
    """The people read so far, and everything wrong with them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.people: list[Person] = []
        self.problems: list[str] = []
        self.lines: dict[str, int] = {}
        self.owners: dict[str, str] = {}

    def add(self, person: Person, line: int, beyond: list[str]) -> None:
        where = f"{self.source} line {line}"
        self.problems += [f"{where}: {problem}" for problem in _problems(person, beyond)]
        self.people.append(person)
        for identity in filter(None, (person.email, person.github and f"GitHub {person.github}")):
            first = self.lines.setdefault(identity, line)
            if first != line:
                self.problems.append(f"{where}: {identity} stands on line {first} already")
        owner = self.owners.setdefault(person.user, person.address)
        if owner != person.address:
            self.problems.append(
                f"{where}: {person.address} and {owner} would share the account {person.user}; "
                f"give this one another in a column user, for example {person.user[:28]}-2"
            )

    def whole(self) -> tuple[Person, ...]:
        if not self.people:
            self.problems.append(f"{self.source} names nobody; a good one begins:\n{EXAMPLE}")
        if self.problems:
            raise RosterProblem("\n".join(self.problems))
        return tuple(self.people)


def _delimiter(text: str) -> str:
    """What the header's cells are parted by: a comma, or as some spreadsheets write a semicolon or a tab."""
    header = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    return max(",;\t", key=header.count)


def _plain(cell: str) -> str:
    """A cell without blanks around it, hard ones too, its letters composed as keyboards write them."""
    return unicodedata.normalize("NFC", cell.replace("\N{NO-BREAK SPACE}", " ")).strip()


def _places(header: list[str], source: str) -> dict[str, int]:
    """Which cell of a line holds which of our columns; others are none of our business, unless they are misspelt."""
    place = {}
    for column, names in ALIASES.items():
        found = next((name for name in names if name in header), None)
        if found is not None:
            place[column] = header.index(found)
    known = {name for names in ALIASES.values() for name in names}
    problems = [
        f"{source}: the column {name!r} is not known; did you mean {near[0]}?"
        for name in header
        if name not in known and (near := difflib.get_close_matches(name, COLUMNS, n=1, cutoff=MISSPELT))
    ]
    if "email" not in place and "github" not in place:
        found_columns = ", ".join(filter(None, header)) or "nothing"
        problems.append(f"{source}: columns are {found_columns}; wanted is email (or github), for example\n{EXAMPLE}")
    if problems:
        raise RosterProblem("\n".join(problems))
    return place


def _first_name(row: Mapping[str, str]) -> str:
    return row.get("name", "") or row.get("first", "")


def _person(row: Mapping[str, str]) -> Person:
    email = row.get("email", "").casefold()
    github = row.get("github", "").casefold().removeprefix("https://github.com/").removeprefix("@").rstrip("/")
    role = row.get("role", "").casefold()
    name = row.get("name") or f"{row.get('first', '')} {row.get('last', '')}".strip()
    family, comma, given = name.partition(", ")
    return Person(
        email=email,
        name=f"{given} {family}" if comma and "," not in given else name,
        section=row.get("section", ""),
        role=ROLE_NAMES.get(role, role),
        user=row.get("user") or (user_name(email) if email else github_user_name(github)),
        github=github,
    )


def _problems(person: Person, beyond: list[str]) -> Iterator[str]:
    if beyond:
        yield f"has more values than columns ({', '.join(beyond)}); put a value with a comma in double quotes"
    if not person.address:
        yield "has neither an e-mail address nor a GitHub name; for example ada@college.edu"
        return
    if person.email and not patterns.EMAIL.fullmatch(person.email):
        yield f"{person.email!r} is not an e-mail address; for example ada@college.edu"
    if person.github and not GITHUB.fullmatch(person.github):
        yield f"{person.github!r} is not a GitHub name; for example ada-lovelace"
    if not USER.fullmatch(person.user) or person.user in PROBES:
        yield f"user {person.user!r} cannot be an account; a good one is jh-ada: small letters, digits, hyphens"
    if person.role not in ROLES:
        yield f"role {person.role!r} is none of {', '.join(ROLES)}"
