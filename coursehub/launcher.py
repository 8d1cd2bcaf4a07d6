"""Start one student's server, as that student: the boundary between the hub and the students' accounts.

systemd runs this as the student, from the root-owned unit jupyterhub-user@.service. The hub has handed over a file of
settings; whatever stands in it, the shared data are linked (shared.py), the course's notebooks delivered (content.py),
and only this student's JupyterLab is started, by a fixed command in an environment made here. So a hub in wrong hands
cannot choose the program, its arguments, LD_PRELOAD, PATH or another account.

Standard library only: it runs on the system's Python.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import re
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.content import deliver
from coursehub.names import GROUP, UIDS, is_student
from coursehub.shared import link

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

HUB_ACCOUNT = "jupyterhub"
HANDED_OVER = Path("/run/jupyterhub/spawn")
LARGEST = 64 * 1024  # bytes; the hub's settings are about 3 kB

# -I: neither the home folder nor PYTHON* variables nor the student's own packages reach the server, so that a
# notebook folder holding a `random.py` or a broken `pip install --user` cannot lock a student out.
COMMAND = ("/opt/jupyterhub/current/bin/python", "-I", "-m", "jupyterhub.singleuser")

# JUPYTERHUB_SINGLEUSER_* are left out: they choose the program.
HUB_SETTING = re.compile(r"(?!JUPYTERHUB_SINGLEUSER_)(JUPYTERHUB|JPY)_[A-Z0-9_]+")

ANACONDA = Path("/opt/anaconda3")
COURSE = Path("/opt/course/envs/current")
# Where Jupyter and IPython keep their own files, below the home; without such a folder they do not start.
STATE = {
    "JUPYTER_CONFIG_DIR": ".jupyter",
    "JUPYTER_DATA_DIR": ".local/share/jupyter",
    "IPYTHONDIR": ".ipython",
}


class Refused(Exception):
    """Why no server is started."""


def check_account(name: str, uid: int, groups: Collection[str]) -> None:
    """Refuse every account but a student's; ``groups`` are the names of the groups it is in."""
    if uid not in UIDS:
        raise Refused(f"uid {uid} is not a student's ({UIDS.start} to {UIDS.stop - 1})")
    if not is_student(name):
        raise Refused(f"{name!r} is not a student's name, such as 'jh-ada'")
    if GROUP not in groups:
        raise Refused(f"{name} is not in the group {GROUP}")


def read_settings(path: Path, owner: int) -> str:
    """The text the hub left at ``path``; refuse a link, and a file of anybody but ``owner`` (a uid)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != owner or status.st_size > LARGEST:
            raise Refused(f"{path} is not a file the hub wrote")
        return stream.read(LARGEST)


def hub_settings(text: str, name: str) -> dict[str, str]:
    """What a server needs to know of its hub, out of the JSON object ``text``; refuse settings for somebody else."""
    try:
        handed = json.loads(text)
    except ValueError as error:
        raise Refused("the hub's settings are not JSON") from error
    if not isinstance(handed, dict):
        raise Refused("the hub's settings are not an object")
    settings = {key: value for key, value in handed.items() if HUB_SETTING.fullmatch(key) and isinstance(value, str)}
    if settings.get("JUPYTERHUB_USER") != name:
        raise Refused(f"the hub's settings are not for {name}")
    return settings


def environment(name: str, home: str, settings: Mapping[str, str], runtime: str, threads: str) -> dict[str, str]:
    """The whole environment of the server, and through it of kernels and terminals; ``runtime`` is a private folder.

    ``threads`` is for each numeric library: as many as the student has processors. Pools as wide as the machine would
    wait for each other, and count against the task limit.
    """
    return {
        **settings,
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTERHUB_ROOT_DIR": home,
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "PATH": f"{COURSE}/bin:{ANACONDA}/bin:/usr/local/bin:/usr/bin:/bin",
        "JUPYTER_PATH": "/opt/course/share/jupyter",  # before the hub environment's own, whose kernel has no Anaconda
        "JUPYTER_RUNTIME_DIR": runtime,  # short: sockets of kernels lie here, and their paths end at 107 bytes
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "NUMBA_NUM_THREADS": threads,
    }


def state_elsewhere(home: Path, runtime: Path) -> dict[str, str]:
    """Variables for the folders that cannot be made in a home that is full: they lie in ``runtime`` for this once.

    A folder that is there stays in use: what is in it can be read.
    """
    variables = {}
    for variable, folder in STATE.items():
        try:
            (home / folder).mkdir(parents=True, exist_ok=True)
        except OSError:
            variables[variable] = str(runtime / folder)
    return variables


def _say(line: str) -> None:
    """Tell the journal."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Become the server of whoever runs this."""
    try:
        account = pwd.getpwuid(os.getuid())
        name, home = account.pw_name, account.pw_dir
        check_account(name, account.pw_uid, [grp.getgrgid(gid).gr_name for gid in {os.getgid(), *os.getgroups()}])
        settings = hub_settings(read_settings(HANDED_OVER / name, pwd.getpwnam(HUB_ACCOUNT).pw_uid), name)
        runtime = os.environ["RUNTIME_DIRECTORY"]
        variables = environment(name, home, settings, runtime, os.environ["COURSE_THREADS"])
    except (Refused, KeyError) as problem:
        sys.exit(f"No server: {problem}")
    variables |= state_elsewhere(Path(home), Path(runtime))
    os.chdir(home)
    link(Path(home), _say)
    deliver(Path(home), _say)
    os.execve(COMMAND[0], COMMAND, variables)  # noqa: S606  # the point of this program


if __name__ == "__main__":
    main()
