"""How the server is, for the ``course`` command and for the instructor's page: read by whoever asks, with no rights."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509

from coursehub.names import PROBES, is_student

if TYPE_CHECKING:
    from collections.abc import Mapping

CLASS = Path("/etc/course/class.json")
LAST_CHECK = Path("/var/lib/course/last-check.json")
MEMORY = Path("/proc/meminfo")
VOLUME = "/srv/course/hub"  # on the volume, and open to the hub
SERVERS = "jupyterhub-user@"
_SECONDS = 5
_MIB = 2**20
_NEVER = 2**63  # systemd's "no figure" is above


@dataclass(frozen=True)
class Seat:
    """A server that runs: whose, since when (seconds since 1970), and its memory in MiB."""

    user: str
    since: int
    memory_mib: int | None


@dataclass(frozen=True)
class Status:
    """One look. ``None`` is what could not be seen; memory in MiB, disk in GiB."""

    seats: int | None
    on: list[Seat] = field(default_factory=list)
    memory_mib: int = 0
    memory_free_mib: int = 0
    disk_gib: float = 0
    disk_free_gib: float = 0
    certificate_days: int | None = None
    last_check: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return asdict(self)


async def look() -> Status:
    """Look at the server now."""
    known = _json(CLASS) or {}
    memory = meminfo()
    disk = os.statvfs(VOLUME)
    on, days = await asyncio.gather(_seats(), _certificate_days(known.get("domain", "")))
    return Status(
        seats=known.get("seats"),
        on=on,
        memory_mib=memory["MemTotal"] // 1024,
        memory_free_mib=memory["MemAvailable"] // 1024,
        disk_gib=round(disk.f_blocks * disk.f_frsize / 2**30, 1),
        disk_free_gib=round(disk.f_bavail * disk.f_frsize / 2**30, 1),
        certificate_days=days,
        last_check=_json(LAST_CHECK),
    )


def meminfo(path: Path = MEMORY) -> dict[str, int]:
    """What /proc/meminfo says, in KiB."""
    text = path.read_text()
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in text.splitlines())}


def seats(shown: str, *, booted: float) -> list[Seat]:
    """The servers in the output of ``systemctl show``, the student check's left out; ``booted`` in seconds since 1970.

    systemd counts memory for us, under either version of control groups.
    """
    found = []
    for block in shown.split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        user = unit.get("Id", "").removeprefix(SERVERS).removesuffix(".service")
        if is_student(user) and user not in PROBES and unit.get("ActiveState") == "active":
            since = booted + int(unit["ActiveEnterTimestampMonotonic"]) / 1e6
            memory = unit.get("MemoryCurrent", "")
            known = memory.isdigit() and int(memory) < _NEVER
            found.append(Seat(user, round(since), int(memory) // _MIB if known else None))
    return sorted(found, key=lambda seat: seat.user)


async def _seats() -> list[Seat]:
    process = await asyncio.create_subprocess_exec(
        *("systemctl", "show", f"{SERVERS}*", "--property=Id,ActiveState,ActiveEnterTimestampMonotonic,MemoryCurrent"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    shown, _ = await process.communicate()
    return seats(shown.decode(), booted=time.time() - time.clock_gettime(time.CLOCK_MONOTONIC))


async def _certificate_days(domain: str) -> int | None:
    """Days the certificate that nginx serves is still good for, whoever signed it; None if none is served."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only its date is of interest
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", 443, ssl=context, server_hostname=domain)
    except (OSError, TimeoutError, ValueError):
        return None
    served = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return (x509.load_der_x509_certificate(served).not_valid_after_utc - datetime.now(UTC)).days


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def check_words(check: Mapping[str, Any] | None) -> str:
    """How the last student check went, in words."""
    if check is None:
        return "none yet"
    at = datetime.fromtimestamp(check["at"], UTC).strftime("%Y-%m-%d %H:%M UTC")
    if check["passed"]:
        return f"passed, first cell after {check['first_cell_seconds']} s ({at})"
    return f"FAILED at: {check['failure']['part']} ({at})"
