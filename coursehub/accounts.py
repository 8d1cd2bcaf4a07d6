"""Make one student's account: ``python3 -m coursehub.accounts jh-ada``, run by root from jupyterhub-account@.service.

The hub may start that unit for any name; nothing else reaches here. An account once made is never changed. Numeric ids
are kept on the volume, in /srv/course/accounts (``name:uid`` a line), so that on a new machine the same person owns the
same files.

Standard library only: it runs on the system's Python.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.names import GROUP, UIDS, is_student

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LEDGER = Path("/srv/course/accounts")
HOMES = Path("/home")
LOCK = Path("/run/jupyterhub-accounts.lock")
MOST = 500  # accounts; far above a class on one machine, far below what a hub in wrong hands would need to fill it


class Refused(Exception):
    """Why no account is made."""


@dataclass(frozen=True)
class Known:
    """What the machine and the volume know: uids by name, from the ledger, the owners of homes, and /etc/passwd."""

    ledger: Mapping[str, int] = field(default_factory=dict)
    homes: Mapping[str, int] = field(default_factory=dict)
    accounts: Mapping[str, int] = field(default_factory=dict)


def choose_uid(name: str, known: Known) -> int:
    """The uid for ``name``: the one it has or had, else the next free one. Raise ``Refused`` where there is none."""
    if not is_student(name):
        raise Refused(f"{name!r} is not a student's name, such as 'jh-ada'")
    sources = (known.accounts, known.ledger, known.homes)
    own = {source[name] for source in sources if name in source}
    taken = {uid for source in sources for other, uid in source.items() if other != name}
    if not own and len(known.ledger) >= MOST:
        raise Refused(f"there are {len(known.ledger)} accounts, the most this server makes")
    if not own:
        return next(uid for uid in UIDS if uid not in taken)
    if len(own) > 1 or not own.isdisjoint(taken) or not own.issubset(UIDS):
        raise Refused(f"{name} has numeric id {sorted(own)}, which is not one of its own from {UIDS.start} up")
    return own.pop()


def read_ledger(path: Path) -> dict[str, int]:
    """Uids by name, as the volume keeps them."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {name: int(uid) for name, _, uid in (line.partition(":") for line in lines)}


def write_ledger(path: Path, ledger: Mapping[str, int]) -> None:
    """Replace the ledger in one go, on the disk before anything relies on it."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".accounts-", delete=False) as stream:
        stream.writelines(f"{name}:{uid}\n" for name, uid in sorted(ledger.items(), key=lambda entry: entry[1]))
        stream.flush()
        os.fchmod(stream.fileno(), 0o644)
        os.fsync(stream.fileno())
    Path(stream.name).replace(path)


def account_command(name: str, uid: int) -> list[str]:
    """What makes the account and a group of its own, without the home; ``!*`` is a password nobody can give."""
    return [
        *("useradd", "--uid", str(uid), "--user-group", "--groups", GROUP, "--shell", "/bin/bash", "--password", "!*"),
        *("--no-create-home", "--home-dir", str(HOMES / name), name),
    ]


def make_home(home: Path, uid: int, gid: int) -> None:
    """Make an empty ``home``, private to its owner from the first moment; notebooks come with a server."""
    parts = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".new-{home.name}-"))
    os.chown(parts, uid, gid)
    parts.chmod(0o700)
    parts.rename(home)


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until no other account is being made."""
    with lock.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def known_here() -> Known:
    """What this machine and its volume know."""
    return Known(
        ledger=read_ledger(LEDGER),
        homes={home.name: home.stat().st_uid for home in HOMES.iterdir() if is_student(home.name)},
        accounts={account.pw_name: account.pw_uid for account in pwd.getpwall()},
    )


def make(name: str) -> None:
    """Make what is missing of the account ``name``; safe to run again from any half-done point."""
    with alone(LOCK):
        known = known_here()
        uid = choose_uid(name, known)
        if name not in known.ledger:
            write_ledger(LEDGER, {**known.ledger, name: uid})
        if name not in known.accounts:
            subprocess.run(account_command(name, uid), check=True)
        if name not in known.homes:
            make_home(HOMES / name, uid, pwd.getpwnam(name).pw_gid)


def main() -> None:
    """Make the account named on the command line."""
    try:
        make(sys.argv[1])
    except Refused as problem:
        sys.exit(f"No account: {problem}")


if __name__ == "__main__":
    main()
