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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

EXAMPLE = "email,name,section,role\nada@college.edu,Ada Lovelace,A,student"
COLUMNS = ("email", "github", "name", "section", "role", "user")

# What others call our columns, best first: a Canvas gradebook has "Student" and "SIS Login ID", Moodle's participants
# "First name", "Last name", "Email address" and "Groups".
ALIASES = {
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "sis login id", "login id"),
    "github": ("github", "github name", "github username", "github user name", "github login", "github account"),
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
LOGINS = ("sis login id", "login id")  # at some colleges an e-mail address, at others a bare name
NO_SECTION = "no groups"  # Moodle's word for none
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
    if "\0" in text:
        raise RosterProblem(f"{path} is not UTF-8 text; save it as 'CSV UTF-8 (comma delimited)'")
    return parse(text, str(path))


def parse(text: str, source: str) -> tuple[Person, ...]:
    """The people in a CSV's ``text``; ``source`` names it in messages."""
    seen = _Seen(source)
    records = _records(text.removeprefix("\ufeff"), seen)
    header = [_column(cell) for cell in next(records, (1, []))[1]]
    place = _places(header, seen)
    lines = [(line, cells) for line, cells in records if any(map(_plain, cells))]  # spreadsheets leave empty ones
    _without_bare_logins(place, header, lines, seen)
    if "email" not in place and "github" not in place:
        raise seen.refusal()
    for line, cells in lines:
        row = {column: _plain(cells[index]) if index < len(cells) else "" for column, index in place.items()}
        beyond = [cell for cell in cells[len(header) :] if cell.strip()]  # empty cells are no values
        if any(row.values()) and _first_name(row).casefold() not in NOBODY:
            seen.add(_person(row), line, beyond)
    return seen.whole()


def _records(text: str, seen: _Seen) -> Iterator[tuple[int, list[str]]]:
    """The cells of each record and the line it begins on; it ends early where quotes do not match up."""
    first = text.partition("\n")[0]
    told = re.fullmatch(r'"?sep=(.)"?\s*', first)  # Excel's own way to name the delimiter
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=told[1] if told else _delimiter(first), strict=True)
    while True:
        line = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            seen.problems.append(
                f"{seen.source} line {line}: its double quotes do not match up; "
                'one inside a value is written twice: "Ada ""Countess"" Lovelace"'
            )
            return
        if line > 1 or not told:
            yield line, cells


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
            raise self.refusal()
        return tuple(self.people)

    def refusal(self) -> RosterProblem:
        return RosterProblem("\n".join(self.problems))


def _delimiter(header: str) -> str:
    """What the header's cells are parted by: a comma, or as some spreadsheets write a semicolon or a tab."""
    header = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=header.count)


def _plain(cell: str) -> str:
    """A cell in one line, without blanks around it, hard ones too; its letters composed as keyboards write them."""
    return unicodedata.normalize("NFC", " ".join(cell.split()))


def _column(cell: str) -> str:
    """A column's name as ``ALIASES`` has it: ``First_Name`` is ``first name``."""
    return _plain(cell.replace("_", " ")).casefold()


def _bare(cell: str) -> str:
    """A name made for computers: small, without the invisible characters that web pages leave in what is copied."""
    return "".join(filter(str.isprintable, cell)).casefold()


def _places(header: list[str], seen: _Seen) -> dict[str, int]:
    """Which cell of a line holds which of our columns; others are none of our business, unless they are misspelt."""
    place = {}
    for column, names in ALIASES.items():
        found = next((name for name in names if name in header), None)
        if found is not None:
            place[column] = header.index(found)
            if header.count(found) > 1:
                seen.problems.append(f"{seen.source}: there are two columns {found!r}; keep one")
    known = {name for names in ALIASES.values() for name in names}
    for name in header:
        if name not in known and (near := difflib.get_close_matches(name, COLUMNS, n=1, cutoff=MISSPELT)):
            seen.problems.append(f"{seen.source}: the column {name!r} is not known; did you mean {near[0]}?")
    if "email" not in place and "github" not in place:
        columns = ", ".join(filter(None, header)) or "nothing"
        seen.problems.append(
            f"{seen.source}: columns are {columns}; wanted is email (or github), for example\n{EXAMPLE}"
        )
    return place


def _without_bare_logins(
    place: dict[str, int], header: list[str], lines: Sequence[tuple[int, list[str]]], seen: _Seen
) -> None:
    """Leave aside a login column that holds names, as at many colleges; the addresses have to come from elsewhere."""
    index = place.get("email", len(header))
    values = [cells[index].strip() for _, cells in lines if index < len(cells) and cells[index].strip()]
    if not values or header[index] not in LOGINS or any("@" in value for value in values):
        return
    del place["email"]
    if "github" not in place:
        seen.problems.append(
            f"{seen.source}: the column {header[index]!r} holds names such as {values[0]!r}, no e-mail addresses; "
            "add a column email, or github"
        )


def _first_name(row: Mapping[str, str]) -> str:
    return row.get("name", "") or row.get("first", "")


def _person(row: Mapping[str, str]) -> Person:
    email = _bare(row.get("email", "")).removeprefix("mailto:")
    github = _bare(row.get("github", "")).removeprefix("https://github.com/").removeprefix("@").rstrip("/")
    role = row.get("role", "").casefold()
    name = row.get("name") or f"{row.get('first', '')} {row.get('last', '')}".strip()
    section = row.get("section", "")
    family, comma, given = name.partition(", ")
    return Person(
        email=email,
        name=f"{given} {family}" if comma and "," not in given else name,
        section="" if section.casefold() == NO_SECTION else section,
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
