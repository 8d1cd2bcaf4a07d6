"""``course roster``: who is in the class, with which account, when last seen, and how large the home is."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.commands import Problem
from coursehub.roster import ROSTER, Person, Roster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

SUMMARY = "who is in the class: role, section, account, last seen, size of home"
HOMES = Path("/home")
DATABASE = Path("/srv/course/hub/jupyterhub.sqlite")
_MIB = 2**20


@dataclass(frozen=True)
class Line:
    """One person; ``last_seen`` in UTC, empty for who never was here, ``home_mib`` None before the first sign-in."""

    name: str
    email: str
    role: str
    section: str
    user: str
    last_seen: str
    home_mib: int | None


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing more to say."""


def run(options: argparse.Namespace) -> int:
    """Print the class."""
    people = everybody(Roster())
    found = lines(people, last_seen(DATABASE), home_sizes(HOMES, [person.user for person in people]))
    print(json.dumps([asdict(line) for line in found], indent=2, ensure_ascii=False) if options.json else table(found))
    return 0


def everybody(roster: Roster) -> tuple[Person, ...]:
    """The roster's people; a roster that cannot be read is a problem here, not an empty class."""
    if not roster.readable:
        raise Problem(f"{ROSTER} cannot be used, so nobody can sign in. Try: pulumi up")
    return roster.people()


def lines(people: Sequence[Person], seen: Mapping[str, str], homes: Mapping[str, int]) -> list[Line]:
    """A line for each of the ``people``, in the roster's order; ``homes`` are sizes in MiB by account."""
    return [
        Line(
            name=person.called,
            email=person.email or person.github,
            role=person.role,
            section=person.section,
            user=person.user,
            last_seen=seen.get(person.user, ""),
            home_mib=homes.get(person.user),
        )
        for person in people
    ]


def table(found: Sequence[Line]) -> str:
    """The lines under their headings, columns aligned."""
    rows = [("NAME", "ROLE", "SECTION", "ACCOUNT", "LAST SEEN (UTC)", "HOME"), *_cells(found)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cells(found: Sequence[Line]) -> Iterator[tuple[str, ...]]:
    for line in found:
        home = "-" if line.home_mib is None else f"{line.home_mib} MiB"
        yield line.name, line.role, line.section or "-", line.user, line.last_seen or "never", home


def last_seen(database: Path) -> dict[str, str]:
    """When the hub last heard of each account, to the minute in UTC; of nobody while there is no hub yet."""
    if not database.exists():
        return {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute("SELECT name, last_activity FROM users WHERE last_activity IS NOT NULL")
        return {name: str(at)[:16] for name, at in rows}


def home_sizes(homes: Path, users: Sequence[str]) -> dict[str, int]:
    """What each account's home takes of the disk, in MiB rounded up."""
    present = [str(homes / user) for user in users if (homes / user).is_dir()]
    if not present:
        return {}
    # a file may go while du looks, which it reports and counts as a failure
    counted = subprocess.run(["du", "-s", "-B", str(_MIB), *present], stdout=subprocess.PIPE, text=True, check=False)
    sizes = (line.split("\t") for line in counted.stdout.splitlines())
    return {Path(home).name: int(size) for size, home in sizes}
