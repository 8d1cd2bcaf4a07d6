"""``course logs STUDENT``: what happened to somebody's server, and what the hub said about them, by time."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from coursehub.commands import Problem
from coursehub.commands.roster import everybody
from coursehub.roster import Person, Roster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

SUMMARY = "what happened to a student's server, and what the hub said about them"
HUB = "jupyterhub.service"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose, and how much of it."""
    parser.add_argument("student", help="e-mail address, account, or a part of the name")
    parser.add_argument("--lines", type=int, default=50, help="how many, the latest (default: 50)")


def run(options: argparse.Namespace) -> int:
    """Print the latest lines."""
    person = the_one(options.student, everybody(Roster()))
    own = [f"jupyterhub-{kind}@{person.user}.service" for kind in ("user", "account")]
    entries = [*_journal(own, options.lines), *_journal([HUB], options.lines, f"{person.user}(?![a-z0-9-])")]
    latest = sorted(entries, key=lambda entry: entry["at"])[-options.lines :]
    if options.json:
        print(json.dumps(latest, indent=2, ensure_ascii=False))
        return 0
    for entry in latest:
        print(f"{entry['at'][:19].replace('T', ' ')} {entry['from']}: {entry['message']}")
    if not latest:
        print(f"nothing about {person.called} ({person.user}) in the journal")
    return 0


def the_one(wanted: str, people: Sequence[Person]) -> Person:
    """Whom ``wanted`` means: an address or account in full, or a part that only one has. Else a problem."""
    word = wanted.casefold()
    exact = [one for one in people if word in (one.email, one.github, one.user, one.user.removeprefix("jh-"))]
    found = exact or [one for one in people if word in f"{one.name} {one.email} {one.user}".casefold()]
    if len(found) == 1:
        return found[0]
    if not found:
        raise Problem(f"nobody on the roster is {wanted!r}. Try: course roster")
    who = ", ".join(f"{one.called} ({one.user})" for one in found)
    raise Problem(f"{wanted!r} may be {who}. Say the account, for example {found[0].user}")


def entries(journal: Iterable[str]) -> list[dict[str, Any]]:
    """Lines of ``journalctl --output=json`` as when (UTC), from which unit, what."""
    found = []
    for line in journal:
        entry = json.loads(line)
        at = datetime.fromtimestamp(int(entry["__REALTIME_TIMESTAMP"]) / 1e6, UTC)
        message = entry.get("MESSAGE") or ""
        if isinstance(message, list):  # bytes that are no text, as systemd has it
            message = bytes(message).decode(errors="replace")
        unit = entry.get("UNIT") or entry.get("_SYSTEMD_UNIT", "")
        found.append({"at": at.isoformat(timespec="microseconds")[:26], "from": unit, "message": message})
    return found


def _journal(units: Sequence[str], lines: int, pattern: str = "") -> list[dict[str, Any]]:
    names = [f"--unit={unit}" for unit in units]
    grep = [f"--grep={pattern}", "--case-sensitive=true"] if pattern else []
    command = ["journalctl", *names, *grep, f"--lines={lines}", "--output=json", "--no-pager", "--quiet"]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout  # no match is a failure to it
    return entries(said.splitlines())
