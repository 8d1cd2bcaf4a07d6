"""A browser for the rehearsal: ``python -m rehearsal.browse`` opens it, or prints how to.

It resolves the course's name and trusts the rehearsal's authorities, in a profile of its own that is thrown away with
the rehearsal; nothing is ignored that a student's browser would check.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from coursehub.session import HubError
from rehearsal.commands import run
from rehearsal.places import ours
from rehearsal.visitor import COURSE, addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from rehearsal.places import Places

CHROMIUM = "chromium"


def flags(known: Mapping[str, str]) -> list[str]:
    """Return Chromium's flags: find ``known`` names where they are, and be quiet otherwise."""
    rules = ",".join(f"MAP {name} {address}" for name, address in known.items())
    return [
        f"--host-resolver-rules={rules}",
        "--no-sandbox",  # it runs as root here, where the sandbox does not
        "--no-first-run",
        "--disable-gpu",
        "--disable-quic",
        "--disable-sync",
        "--disable-component-update",
        "--disable-background-networking",
    ]


def authorities(places: Places) -> list[Path]:
    """Return the certificates a browser must trust: the rehearsal's, and every root its ACME server has had."""
    return [places.authority / "authority.pem", *sorted(places.pebble.glob("root-*.pem"))]


def trust(home: Path, certificates: Iterable[Path]) -> None:
    """Make ``home`` a home whose NSS database, which is where Chromium looks, trusts ``certificates``."""
    database = home / ".pki" / "nssdb"
    shutil.rmtree(database, ignore_errors=True)
    database.mkdir(parents=True)
    run("certutil", "-d", f"sql:{database}", "-N", "--empty-password")
    for certificate in certificates:
        run("certutil", "-d", f"sql:{database}", "-A", "-t", "C,,", "-n", certificate.stem, "-i", certificate)


def main() -> int:
    """Open the course in Chromium if there is a display, else print the command; return the exit code."""
    places = ours()
    home = places.home / "browser"
    try:
        known = addresses()
    except (HubError, OSError) as error:
        print(f"No course to visit: {error}. Is the rehearsal up? Try: make rehearse", file=sys.stderr)
        return 1
    trust(home, authorities(places))
    command = [CHROMIUM, f"--user-data-dir={home / 'profile'}", *flags(known), f"https://{COURSE}"]
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return subprocess.run(command, env={**os.environ, "HOME": str(home)}, check=False).returncode
    print("There is no display here. Where there is one:")
    print(f"HOME={shlex.quote(str(home))} {shlex.join(command)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
