"""Start students' servers as systemd units, without root: the hub may start and stop ``jupyterhub-user@``, no more.

systemd, the launcher (launcher.py) and a polkit rule decide what that means; this only asks. Servers are units of
their own, so they outlive a restart of the hub.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import pwd
import struct
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterhub.spawner import Spawner, SpawnException
from jupyterhub.utils import random_port
from traitlets import Integer

from coursehub.names import is_student
from coursehub.roster import Roster

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HANDED_OVER = Path("/run/jupyterhub/spawn")
SOCKETS = Path("/proc/net/tcp")
LISTENING = "0A"  # in its state column
LOOK_AGAIN = 0.2  # seconds
_ROSTER = Roster()


async def systemctl(*arguments: str) -> tuple[int, str]:
    """Run ``systemctl`` and give its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *("systemctl", "--no-ask-password", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode(errors="replace").strip()


def readable_by(uid: int) -> bytes:
    """The value of ``system.posix_acl_access`` for: owner read and write, ``uid`` read, nobody else.

    Layout as in Linux's include/uapi/linux/posix_acl_xattr.h: version 2, then tag, permission and id of each entry.
    """
    nobody = 0xFFFFFFFF
    entries = ((0x01, 6, nobody), (0x02, 4, uid), (0x04, 0, nobody), (0x10, 4, nobody), (0x20, 0, nobody))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def hand_over(path: Path, settings: dict[str, str], uid: int) -> None:
    """Leave a server's ``settings`` (with its token) where the student ``uid`` alone can read them.

    The student opens the file, not systemd: were PID 1 to read it, the hub could have it read any file of root's.
    """
    draft = path.with_name(f".{path.name}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump(settings, stream)
        os.setxattr(descriptor, "system.posix_acl_access", readable_by(uid))
    draft.replace(path)


def listener(table: str, port: int) -> int | None:
    """The uid that listens on ``port``, out of the text of /proc/net/tcp; None if nobody does."""
    for line in table.splitlines()[1:]:
        columns = line.split()
        if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
            return int(columns[7])
    return None


def port_for(uid: int) -> int:
    """The port of the student ``uid``: the number of the uid, or any other if somebody else sits on it.

    That is below the ports the kernel hands out by chance (32768 and up). One of those would be free when it is chosen
    and may be a classmate's kernel's or a connection's when, seconds later, the server is ready to listen.
    """
    return uid if listener(SOCKETS.read_text(), uid) in (None, uid) else random_port()


def disclosure(roster: Roster, user: str) -> str:
    """Who may see and open the server of ``user``, in a sentence; the roster's names, TAs first."""
    people = [f"{one.called} (TA of section {one.section})" for one in roster.assistants_of(user)]
    people += [f"{one.called} (instructor)" for one in roster.people() if one.role == "instructor" and one.user != user]
    if not people:
        return ""
    *others, last = people
    return f"{' and '.join(filter(None, [', '.join(others), last]))} can see and open your server."


class Line:
    """Students waiting for their server: ``at_once`` are being started, the others know their place.

    Starts are bound by the processors. All at once, everybody waits for the last; a few at a time, the first are
    in after seconds and the last no later.
    """

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._waiting: list[str] = []

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Wait for a turn, and keep it while the block runs."""
        self._waiting.append(name)
        try:
            await self._turns.acquire()
        finally:
            self._waiting.remove(name)
        try:
            yield
        finally:
            self._turns.release()

    def place(self, name: str) -> int:
        """How many turns away ``name`` is, 0 if it is not waiting."""
        return self._waiting.index(name) + 1 if name in self._waiting else 0


@functools.cache
def the_line(at_once: int) -> Line:
    """The one line of this hub."""
    return Line(at_once)


class UnitSpawner(Spawner):  # type: ignore[misc]  # jupyterhub publishes no types
    """One server of one student: ``jupyterhub-user@jh-ada.service``."""

    starts_at_once = Integer(4, help="How many servers may be starting at the same time; others wait in line.").tag(
        config=True
    )

    @property
    def unit(self) -> str:
        """The student's unit."""
        return f"jupyterhub-user@{self.user.name}.service"

    def get_env(self) -> dict[str, str]:
        """What the hub tells the server, and in it the sentence on who may open it (shown in JupyterLab)."""
        environment: dict[str, str] = super().get_env()
        environment["JUPYTERHUB_COURSE_DISCLOSURE"] = disclosure(_ROSTER, self.user.name)
        return environment

    async def start(self) -> tuple[str, int]:
        """Make the account if need be, start the unit, and wait until the student's own server listens."""
        if not is_student(self.user.name):
            raise SpawnException(f"{self.user.name} is no student's account.", reason="name")
        async with the_line(self.starts_at_once).turn(self.user.name):
            await self._do("start", f"jupyterhub-account@{self.user.name}.service", "Your account could not be made.")
            await self._do("stop", self.unit, "Your earlier server could not be stopped.")
            uid = pwd.getpwnam(self.user.name).pw_uid
            self.ip, self.port = "127.0.0.1", port_for(uid)
            hand_over(HANDED_OVER / self.user.name, self.get_env(), uid)
            await self._do("start", self.unit, "Your server could not be started.")
            await self._listens(uid)
        return self.ip, self.port

    async def poll(self) -> int | None:
        """None while the server runs, else its exit status."""
        _, said = await systemctl("show", "--property=ActiveState,ExecMainStatus", self.unit)
        state = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
        if state.get("ActiveState") in ("active", "activating", "deactivating", "reloading"):
            return None
        return int(state.get("ExecMainStatus", 1))

    async def stop(self, now: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # the hub's signature
        """Stop the server and its kernels, and take back what was handed over."""
        await self._do("stop", self.unit, "Your server could not be stopped.")
        (HANDED_OVER / self.user.name).unlink(missing_ok=True)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """What the student reads while waiting."""
        told = None
        while (place := the_line(self.starts_at_once).place(self.user.name)) > 0:
            if place != told:
                yield {"progress": 10, "message": f"Many are starting just now. Your place in line: {place}"}
            told = place
            await asyncio.sleep(1)
        yield {"progress": 50, "message": "Your server is starting"}

    async def _do(self, verb: str, unit: str, failure: str) -> None:
        status, said = await systemctl(verb, unit)
        if status:
            self.log.error("systemctl %s %s: %s", verb, unit, said)
            raise self._failure(failure)

    async def _listens(self, uid: int) -> None:
        """Wait until ``uid`` listens on the port; the hub's start_timeout ends the wait.

        Any student could listen on a port of this machine, and be sent the browser of another.
        """
        while (owner := listener(SOCKETS.read_text(), self.port)) is None:  # noqa: ASYNC240  # the kernel answers at once
            if await self.poll() is not None:
                raise self._failure("Your server stopped while it was starting.")
            await asyncio.sleep(LOOK_AGAIN)
        if owner != uid:
            self.log.error("Port %d, meant for %s, belongs to uid %d", self.port, self.user.name, owner)
            await self.stop()
            raise self._failure("Your server's port was taken.")

    def _failure(self, what: str) -> SpawnException:
        return SpawnException(
            f"{what} Your saved work is safe.",  # the page it stands on says what to do
            reason="unit",
            log_message=f"{what} See: journalctl --unit {self.unit}",
            status_code=500,
        )
