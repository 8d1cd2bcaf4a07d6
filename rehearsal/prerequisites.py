"""What a rehearsal needs from this machine, and how it gets it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from rehearsal.commands import run

if TYPE_CHECKING:
    from collections.abc import Callable

# Debian's package for each program the rehearsal runs.
PROGRAMS = {
    "certutil": "libnss3-tools",
    "chromium": "chromium",
    "git": "git",
    "ip": "iproute2",
    "losetup": "mount",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "openssl": "openssl",
    "pebble": "pebble",
    "podman": "podman",
    "runc": "runc",
    "ssh-keygen": "openssh-client",
}


class Unprepared(RuntimeError):
    """This machine cannot hold a rehearsal; the message says what to do."""


def ensure(say: Callable[[str], None]) -> None:
    """Install the packages that are missing, naming them first; raise Unprepared where that cannot be done."""
    if os.geteuid():
        raise Unprepared(
            "a rehearsal makes networks and mounts disks: run it as root, for example sudo -E make rehearse"
        )
    packages = missing()
    if not packages:
        return
    wanted = " ".join(packages)
    if not shutil.which("apt-get"):
        raise Unprepared(f"these programs' packages are missing, and there is no apt-get to install them: {wanted}")
    say(f"installing with apt-get: {wanted}")
    run("apt-get", "update", "-q")
    run("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)


def missing() -> list[str]:
    """Return the Debian packages of the programs that are not here; root's programs may be off an ordinary PATH."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
    return sorted({package for program, package in PROGRAMS.items() if not shutil.which(program, path=path)})
