"""What the processes on a droplet weigh, read from outside: the droplet's processes are this machine's as well."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rehearsal.commands import run

_TICKS = os.sysconf("SC_CLK_TCK")  # of processor time, a second
_PARTS = {  # by the program's name
    "jupyterhub.singleuser": "server",
    "jupyterhub-singleuser": "server",
    "ipykernel_launcher": "kernel",
    "configurable-http-proxy": "proxy",
    "jupyterhub": "hub",
    "coursehub.hub": "hub",
}


@dataclass(frozen=True)
class Process:
    """One process: the systemd ``unit`` it belongs to, its part in a hub, its memory, its processor time so far.

    ``pss_mib`` is the proportional set size: a page shared by n processes counts 1/n for each (proc_pid_smaps(5)).
    """

    unit: str
    part: str
    pss_mib: float
    cpu_seconds: float


def processes(container: str) -> list[Process]:
    """Return the processes of the container with this name."""
    known_as = run("podman", "container", "inspect", "--format", "{{.Id}}", container).strip()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            groups = (folder / "cgroup").read_text()
            if known_as not in groups:
                continue
            command = (folder / "cmdline").read_text(errors="replace").split("\0")
            memory, clock = pss_mib((folder / "smaps_rollup").read_text()), cpu_seconds((folder / "stat").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        found.append(Process(unit(groups), part(command), memory, clock))
    return found


def unit(groups: str) -> str:
    """Return the service in the text of /proc/<pid>/cgroup, or nothing."""
    names = [name for line in groups.splitlines() for name in line.split("/") if name.endswith(".service")]
    return names[-1] if names else ""


def part(command: list[str]) -> str:
    """Return which part of a hub a process is, by its command line."""
    names = (word.rpartition("/")[2] for word in command)
    return next((_PARTS[name] for name in names if name in _PARTS), "other")


def pss_mib(rollup: str) -> float:
    """Return the proportional set size in the text of /proc/<pid>/smaps_rollup; 0 for a process without memory."""
    kib = [line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(kib[0]) / 1024 if kib else 0.0


def cpu_seconds(stat: str) -> float:
    """Return user and system time in the text of /proc/<pid>/stat (proc_pid_stat(5), fields 14 and 15)."""
    fields = stat.rpartition(")")[2].split()  # a process's name may hold spaces; what follows starts with field 3
    return (int(fields[11]) + int(fields[12])) / _TICKS
