"""``course passwords``: one-time passwords for who has not chosen one yet, in a file for the teacher.

They stand in the clear in that file alone. What is printed says how many there are, and never one of them.
"""

from __future__ import annotations

import csv
import fcntl
import grp
import io
import json
import pwd
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursehub.applier import write_atomically
from coursehub.commands import Problem
from coursehub.commands.logs import the_one
from coursehub.commands.roster import everybody
from coursehub.passwords import credentials, hashing, one_time
from coursehub.passwords.credentials import Issued, Unreadable, standing
from coursehub.roster import Roster
from coursehub.status import CLASS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from coursehub.passwords.credentials import Chosen
    from coursehub.roster import Person

SUMMARY = "one-time passwords for who has not chosen one yet, in a file for you"
LOCK = Path("/run/course-passwords.lock")
LIST = "one-time-passwords.csv"  # in the teacher's home
COLUMNS = ("name", "email", "password", "valid until")
READERS = "root:jupyterhub"  # of the hashes: the hub compares, root writes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--reset STUDENT...``."""
    parser.add_argument(
        "--reset",
        nargs="+",
        default=[],
        metavar="STUDENT",
        help="a new one-time password, which makes the chosen one void: e-mail address, account, or a part of the name",
    )


def run(options: argparse.Namespace) -> int:
    """Issue what is missing or was asked for, write the file, and say what was done."""
    try:
        settings = json.loads(CLASS.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Problem(f"{CLASS} is not there: this server is not set up to the end. Try: pulumi up") from error
    if settings["sign_in"] != "password":
        raise Problem(f"people sign in with {settings['sign_in']} here; passwords are for sign-in: password")
    people = [person for person in everybody(Roster()) if person.email]
    reset = {the_one(wanted, people).user for wanted in options.reset}
    teacher = pwd.getpwnam(settings["admin_user"])
    place = Path(teacher.pw_dir) / LIST
    with alone(LOCK):
        try:
            outcome = issue(people, credentials.issued(), credentials.chosen(), listed(place), reset=reset)
        except Unreadable as error:
            raise Problem(f"{error}. Nothing was changed") from error
        group = grp.getgrgid(teacher.pw_gid).gr_name
        keep(outcome, credentials.ONE_TIME, READERS, place, f"{teacher.pw_name}:{group}")
    where = f"ssh {teacher.pw_name}@{settings['domain']} cat {LIST}"
    print(json.dumps(outcome.as_json(place), indent=2, ensure_ascii=False) if options.json else outcome.words(where))
    return 0


def keep(outcome: Outcome, hashes: Path, readers: str, place: Path, owner: str) -> None:
    """Write both files; ``readers`` and ``owner`` are ``user:group``.

    First what opens the door, then the list: cut short in between, a line of the list is found wrong next time.
    """
    hashes.parent.mkdir(exist_ok=True)
    hashes.parent.chmod(0o750)
    shutil.chown(hashes.parent, *readers.split(":"))  # each time: on a new droplet, the hub's group has another number
    write_atomically(hashes, credentials.document(outcome.issued).encode(), 0o640, readers)
    write_atomically(place, table(outcome).encode(), 0o600, owner)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until nobody else issues passwords."""
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@dataclass
class Outcome:
    """What is so now: ``issued`` by account, ``plain`` passwords by account, and of whom each was said."""

    issued: dict[str, Issued] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)
    waiting: list[Person] = field(default_factory=list)  # have not chosen
    new: list[Person] = field(default_factory=list)
    lost: list[Person] = field(default_factory=list)  # theirs is good, but stands nowhere any more
    chosen: int = 0

    def words(self, where: str) -> str:
        """What a teacher reads, in short lines; ``where`` is the command that shows the list."""
        lines = [
            f"passwords: {len(self.new)} one-time ones issued; {self.chosen} people have chosen their own",
        ]
        if self.plain:
            lines.append(f"{len(self.plain)} are waiting in a file, for you alone: {where}")
        if self.lost:
            accounts = " ".join(person.user for person in self.lost)
            lines += [f"{len(self.lost)} are no longer in it. They still open the door; for new ones, on the server:",
                      f"course passwords --reset {accounts}"]  # fmt: skip
        return "\n".join(lines)

    def as_json(self, place: Path) -> dict[str, Any]:
        """The same as plain data, without a password."""
        waiting = [
            {
                "name": person.name,
                "email": person.email,
                "user": person.user,
                "valid_until": until(self.issued[person.user]),
                "in_file": person.user in self.plain,
            }
            for person in self.waiting
        ]
        return {"file": str(place), "issued": len(self.new), "chosen": self.chosen, "not_chosen": waiting}


def issue(
    people: Iterable[Person],
    issued: Mapping[str, Issued],
    chosen: Mapping[str, Chosen],
    listed: Mapping[str, str],
    *,
    reset: Collection[str] = (),
    now: float | None = None,
) -> Outcome:
    """Give everybody of ``people`` a one-time password who has none, whose is over, or who is in ``reset``.

    ``listed`` are passwords in the clear by e-mail address, as an earlier list has them. Of who is not in the class any
    more, a one-time password is taken back; that it was answered by a chosen one is kept, for who comes back.
    """
    now = time.time() if now is None else now
    people = list(people)

    def seen_to(person: Person) -> tuple[Issued, str]:
        """What the account has from now on, and the password in the clear where it is known and still needed."""
        counts = standing(person, issued, chosen)
        if counts is None or person.user in reset or (not counts.chosen and now > counts.one_time.until):
            password = one_time.new()
            return Issued(person.email, hashing.kept(one_time.bare(password)), round(now)), password
        known = "" if counts.chosen else listed.get(person.email, "")
        good = known and hashing.matches(one_time.bare(known), counts.one_time.hash)
        return counts.one_time, known if good else ""

    with ThreadPoolExecutor() as threads:  # as many at once as there are processors
        found = dict(zip((person.user for person in people), threads.map(seen_to, people), strict=True))
    answered = {user: one for user, one in issued.items() if user in chosen and chosen[user].after == one.id}
    outcome = Outcome(issued=answered | {user: one for user, (one, _) in found.items()})
    for person in people:
        one, password = found[person.user]
        counts = standing(person, outcome.issued, chosen)
        if counts and counts.chosen:
            outcome.chosen += 1
            continue
        outcome.waiting.append(person)
        if one != issued.get(person.user):
            outcome.new.append(person)
        if password:
            outcome.plain[person.user] = password
        else:
            outcome.lost.append(person)
    return outcome


def until(one: Issued) -> str:
    """The last day of a one-time password, in UTC."""
    return datetime.fromtimestamp(one.until, UTC).strftime("%Y-%m-%d")


def table(outcome: Outcome) -> str:
    """The list as CSV, with the mark by which a spreadsheet knows UTF-8; no name is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for person in outcome.waiting:
        if person.user in outcome.plain:
            name = f"'{person.name}" if person.name.startswith(("=", "+", "-", "@", "\t")) else person.name
            writer.writerow((name, person.email, outcome.plain[person.user], until(outcome.issued[person.user])))
    return f"\ufeff{text.getvalue()}"


def listed(place: Path) -> dict[str, str]:
    """The passwords of an earlier list by e-mail address; none where it is gone or was made into something else."""
    try:
        with place.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        return {}
    return {str(row.get("email")).casefold(): str(row.get("password") or "") for row in rows}
