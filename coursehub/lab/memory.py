"""How much memory a student has in use, and who was killed for lack of it: read from the server's control group.

The group is the unit's, jupyterhub-user@jh-ada.service: server, kernels and terminals together, under the limit that
kills. Both versions are read, as in the kernel's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OWN = Path("/proc/self/cgroup")
MOUNTED = Path("/sys/fs/cgroup")
UNLIMITED = 1 << 60  # bytes; version 1 says "no limit" with a number near 2^63


@dataclass(frozen=True)
class Usage:
    """Bytes in use, and the most there may be; None without a limit."""

    used: int
    limit: int | None


@dataclass(frozen=True)
class Kills:
    """How often, since the group was made: processes killed for lack of memory, and the group's own limit in the way.

    A kill without the second was for a limit further up: all students together had used up the machine.
    """

    killed: int
    limited: int


class Group:
    """A memory control group, version 2."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def usage(self) -> Usage:
        """What is in use now.

        File cache that was not touched lately (inactive_file) is taken off: the kernel gives it back before it kills.
        """
        used = self._number("memory.current") - self._table("memory.stat").get("inactive_file", 0)
        return Usage(max(used, 0), self.limit())

    def limit(self) -> int | None:
        """The limit, in bytes."""
        text = self._text("memory.max")
        return None if text == "max" else int(text)

    def peak(self) -> int:
        """The most that was ever in use, in bytes; 0 where the kernel does not say (before 5.19)."""
        try:
            return self._number("memory.peak")
        except OSError:
            return 0

    def kills(self) -> Kills:
        """The counters of memory.events, which are hierarchical: a parent's ``oom`` does not count here."""
        events = self._table("memory.events")
        return Kills(events.get("oom_kill", 0), events.get("oom", 0))

    def _text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="ascii").strip()

    def _number(self, name: str) -> int:
        return int(self._text(name))

    def _table(self, name: str) -> dict[str, int]:
        return {key: int(value) for key, value in (line.split() for line in self._text(name).splitlines())}


class GroupV1(Group):
    """A memory control group, version 1: other names for the same things."""

    def usage(self) -> Usage:
        """As in version 2."""
        used = self._number("memory.usage_in_bytes") - self._table("memory.stat").get("total_inactive_file", 0)
        return Usage(max(used, 0), self.limit())

    def limit(self) -> int | None:
        """As in version 2."""
        limit = self._number("memory.limit_in_bytes")
        return None if limit >= UNLIMITED else limit

    def peak(self) -> int:
        """As in version 2."""
        return self._number("memory.max_usage_in_bytes")

    def kills(self) -> Kills:
        """As in version 2, but for the second: ``failcnt`` also counts what could be helped by dropping file cache."""
        return Kills(self._table("memory.oom_control").get("oom_kill", 0), self._number("memory.failcnt"))


def own_group(own: Path = OWN, mounted: Path = MOUNTED) -> Group | None:
    """This process's group; None where there is none to read. Where both versions are used, memory is version 1's."""
    try:
        lines = [line.split(":", 2) for line in own.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return None
    for _, controllers, path in lines:
        if "memory" in controllers.split(","):
            return _readable(GroupV1(mounted / "memory" / path.lstrip("/")))
    for number, controllers, path in lines:
        if number == "0" and not controllers:
            return _readable(Group(mounted / path.lstrip("/")))
    return None


def _readable(group: Group) -> Group | None:
    try:
        group.usage()
        group.kills()
    except (OSError, ValueError):
        return None
    return group
