"""A student of the course, with all a kernel lets them do, gets no further than their own work."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from intruder import Cells, Outcome, Seat, attempt, seated, the_droplet

from coursehub.session import HubError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from account import Droplet

pytestmark = pytest.mark.rehearsal

VICTIM = "margaret@college.example"
INTRUDER = "sofia@college.example"
METADATA = "curl --silent --show-error --max-time 5 http://169.254.169.254/metadata/v1/id"
TOO_MUCH = 2 << 30  # bytes; the rehearsal's class has 1 GiB each

# The unit shows a student the machine read-only, and of other students nothing. {victim} is another student's account.
REFUSED_IN_A_KERNEL = {
    "another student's home": ("ls /home/{victim}", "No such file or directory"),
    "the homes as they lie on the volume": ("ls /srv/course/home", "Permission denied"),
    "the folder of another student's kernel sockets": ("ls /run/jh/{victim}", "Permission denied"),
    "what the hub told another student's server": ("cat /run/jupyterhub/spawn/{victim}", "Permission denied"),
    "whose servers the hub has started": ("ls /run/jupyterhub/spawn", "Permission denied"),
    "the hub's secrets": ("ls /etc/jupyterhub/secrets", "Permission denied"),
    "the roster": ("cat /etc/jupyterhub/roster.json", "Permission denied"),
    "the machine's passwords": ("cat /etc/shadow", "Permission denied"),
    "the hub's environment": ("touch /opt/jupyterhub/current/lib/planted.py", "Read-only file system"),
    "Anaconda": ("touch /opt/anaconda3/planted", "Read-only file system"),
    "the course's packages": ("touch /opt/course/envs/current/planted", "Read-only file system"),
    "the course's notebooks": ("touch /opt/course/content/planted.ipynb", "Read-only file system"),
    "root by sudo": ("sudo -n id", "no new privileges"),
    "root by a user namespace": ("unshare --map-root-user id", "Operation not permitted"),
    "stopping another student's server": (
        "systemctl --no-ask-password stop jupyterhub-user@{victim}",
        "Interactive authentication required",
    ),
    "a unit of one's own": ("systemd-run --no-ask-password id", "Interactive authentication required"),
    "the metadata address": (METADATA, "Failed to connect"),
}

# The same account with no unit around it, as if the sandbox had a hole: ownership alone has to hold.
REFUSED_OUTSIDE_THE_UNIT = {
    "another student's home": "ls /home/{victim}",
    "another student's sockets": "ls /run/jh/{victim}",
    "what the hub told another student's server": "cat /run/jupyterhub/spawn/{victim}",
    "the hub's database": "ls /srv/course/hub",
    "the hub's environment": "touch /opt/jupyterhub/current/lib/planted.py",
    "Anaconda": "touch /opt/anaconda3/planted",
    "the course's packages": "touch /opt/course/envs/current/planted",
    "the course's notebooks": "touch /opt/course/content/planted.ipynb",
}


@pytest.fixture(scope="module")
def droplet() -> Droplet:
    return the_droplet()


@pytest.fixture(scope="module")
def intruder() -> Iterator[Seat]:
    with seated(INTRUDER) as seat:
        yield seat


@pytest.fixture(scope="module")
def cells(intruder: Seat) -> Iterator[Cells]:
    """A kernel of the intruder."""
    with intruder.kernel() as cells:
        yield cells


@dataclass(frozen=True)
class Victim:
    """Another student at work: their account, the process id of their kernel, its sockets, and their server's port."""

    name: str
    kernel: int
    sockets: list[str]
    port: int


@pytest.fixture(scope="module")
def victim(droplet: Droplet) -> Iterator[Victim]:
    with seated(VICTIM) as seat, seat.kernel() as cells:
        kernel = int(cells.prints("import os; print(os.getpid())"))
        sockets = droplet.says(f"ls /run/jh/{seat.name}/kernel-*-ipc-*").split()
        server = droplet.says(f"systemctl show --property MainPID --value {seat.unit}")
        listening = droplet.says(f"ss -Hltnp | grep 'pid={server},'").split()[3]
        yield Victim(seat.name, kernel, sockets, int(listening.rpartition(":")[2]))


@pytest.mark.parametrize("what", REFUSED_IN_A_KERNEL)
def test_a_cell_is_refused(what: str, cells: Cells, victim: Victim) -> None:
    command, reason = REFUSED_IN_A_KERNEL[what]
    cells.attempt(command.format(victim=victim.name)).assert_refused(reason)


@pytest.mark.parametrize("what", REFUSED_OUTSIDE_THE_UNIT)
def test_a_students_account_alone_is_refused(what: str, droplet: Droplet, intruder: Seat, victim: Victim) -> None:
    command = REFUSED_OUTSIDE_THE_UNIT[what].format(victim=victim.name)
    attempt(droplet, intruder.name, command).assert_refused("Permission denied")


def test_a_student_sees_their_own_home_and_no_other(cells: Cells, intruder: Seat) -> None:
    assert cells.attempt("ls /home; pwd") == Outcome(0, f"{intruder.name}\n/home/{intruder.name}")


def test_a_student_sees_their_own_processes_and_no_others(cells: Cells, intruder: Seat, victim: Victim) -> None:
    owners = cells.attempt("stat --format %U /proc/[0-9]* | sort --unique")
    assert owners.said == intruder.name, "other people's processes are on the list"
    cells.attempt(f"cat /proc/{victim.kernel}/cmdline").assert_refused("No such file or directory")
    cells.attempt(f"kill -0 {victim.kernel}").assert_refused("Operation not permitted")


def connecting(socket: str) -> str:
    return f"python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"{socket}\")'"


def test_another_students_kernel_cannot_be_listened_to(droplet: Droplet, cells: Cells, victim: Victim) -> None:
    assert len(victim.sockets) == 5, "shell, iopub, stdin, control and heartbeat are files, not ports of the machine"
    for socket in victim.sockets:
        assert attempt(droplet, victim.name, connecting(socket)).status == 0, "there is something to connect to"
        cells.attempt(connecting(socket)).assert_refused("PermissionError")


def test_another_students_server_wants_to_know_who_asks(cells: Cells, victim: Victim) -> None:
    files = f"http://127.0.0.1:{victim.port}/user/{victim.name}/api/contents"
    answer = json.loads(cells.attempt(f"curl --silent {files}").said)
    assert answer["message"] == "Forbidden", "behind nginx and the proxy, on its own port, the server guards itself"


def test_the_proxys_own_door_is_closed_to_students(cells: Cells) -> None:
    status = cells.attempt("curl --silent --output /dev/null --write-out %{http_code} http://127.0.0.1:8001/api/routes")
    assert status == Outcome(0, "403"), "whoever may add a route to the proxy gets everybody's cookies"


def test_a_kernel_has_no_privilege_and_cannot_get_any(cells: Cells) -> None:
    held = dict(
        line.split()
        for line in cells.prints("print(open('/proc/self/status').read())").splitlines()
        if line.startswith(("NoNewPrivs", "Cap"))
    )
    assert held.pop("NoNewPrivs:") == "1"
    assert {int(value, 16) for value in held.values()} == {0}


@pytest.mark.parametrize("account", ["nobody", "teacher", "www-data", "jupyterhub"])
def test_no_account_but_root_reaches_the_metadata_address(droplet: Droplet, account: str) -> None:
    assert droplet.says(METADATA) == str(droplet.id), "root may, so the address does answer"
    attempt(droplet, account, METADATA).assert_refused("Failed to connect")


def test_a_student_outside_the_unit_does_not_reach_the_metadata_address(droplet: Droplet, intruder: Seat) -> None:
    attempt(droplet, intruder.name, METADATA).assert_refused("Failed to connect")


def test_a_cell_that_asks_for_too_much_memory_loses_its_kernel_and_nothing_else(
    droplet: Droplet, intruder: Seat
) -> None:
    def server() -> str:
        return droplet.says(f"systemctl show --property ActiveState,MainPID {intruder.unit}")

    def killed() -> int:
        group = droplet.says(f"systemctl show --property ControlGroup --value {intruder.unit}")
        counters = f"/sys/fs/cgroup{group}/memory.events /sys/fs/cgroup/memory{group}/memory.oom_control"
        return int(droplet.says(f"cat {counters} 2>/dev/null | grep '^oom_kill ' || true").split()[1])

    before, killed_before = server(), killed()
    assert "ActiveState=active" in before
    with intruder.kernel() as cells, pytest.raises(HubError, match="kernel died"):
        cells.prints(f"hog = bytearray({TOO_MUCH}); hog[::4096] = b'1' * len(hog[::4096])")
    assert killed() == killed_before + 1, "one process went, and it was the memory limit that took it"
    assert server() == before, "the server runs on, and so does the open notebook"
    with intruder.kernel() as cells:
        assert cells.prints("print('again')") == "again"


def test_a_student_uses_no_more_processors_than_they_are_given(droplet: Droplet, intruder: Seat) -> None:
    assert droplet.says(f"systemctl show --property CPUQuotaPerSecUSec --value {intruder.unit}") == "2s"
    with intruder.kernel() as cells:
        threads = cells.prints("import os; print(os.environ['OMP_NUM_THREADS'])")
    assert threads == "2", "numeric libraries start no more threads than there are processors for"
    period = "/sys/fs/cgroup/cpu$group/cpu.cfs_period_us /sys/fs/cgroup$group/cpu.max"
    quota = "/sys/fs/cgroup/cpu$group/cpu.cfs_quota_us"
    group = f"group=$(systemctl show --property ControlGroup --value {intruder.unit})"
    numbers = droplet.says(f"{group}; cat {quota} {period} 2>/dev/null || true").split()
    assert int(numbers[0]) == 2 * int(numbers[1]), "the kernel's own numbers, of either version: quota and period"
