"""A stock JupyterHub on the droplet, for as long as a measurement lasts: a transient unit, run as root."""

from __future__ import annotations

import ctypes
import os
import time
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.session import HubError, Session
from coursehub.student import Student
from rehearsal.commands import attempt, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

STUDENTS = tuple(f"bench{number:02}" for number in range(1, 11))
UNIT = "course-bench.service"
HUB = "http://127.0.0.1:9000"
_STATE = "course-bench"  # under /var/lib
_ENVIRONMENT = "/opt/jupyterhub/current/bin"
_PROXY = "/opt/jupyterhub/proxy/current"
_PATIENCE = 60  # seconds for the hub to answer
_LONGEST = 3600  # seconds until systemd ends a hub whose measurement was killed
_NEW_NETWORK = 0x40000000  # CLONE_NEWNET, linux/sched.h

# Where it is, and with what; nothing about how it works. The kernel is ours, so that both run the same cells.
SETTINGS = (
    f"--JupyterHub.bind_url={HUB}",
    "--JupyterHub.hub_port=9081",
    "--ConfigurableHTTPProxy.api_url=http://127.0.0.1:9001",
    f"--ConfigurableHTTPProxy.command={_PROXY}/node",
    f"--ConfigurableHTTPProxy.command={_PROXY}/node_modules/configurable-http-proxy/bin/configurable-http-proxy",
    "--JupyterHub.authenticator_class=dummy",
    "--Spawner.environment=JUPYTER_PATH=/opt/course/share/jupyter",
)
PROPERTIES = (
    f"StateDirectory={_STATE}",
    f"WorkingDirectory=/var/lib/{_STATE}",
    "TemporaryFileSystem=/etc/jupyter",  # hides our settings of students' servers
    f"Environment=PATH={_ENVIRONMENT}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    f"RuntimeMaxSec={_LONGEST}",
)


@contextmanager
def running(container: str) -> Iterator[None]:
    """Have the stock hub on a droplet, and an account for each of its students; leave nothing behind."""
    _remove(container)  # of a measurement that was killed
    try:
        for name in STUDENTS:
            run("podman", "exec", container, "useradd", "--create-home", "--shell", "/bin/bash", name)
        properties = (f"--property={each}" for each in PROPERTIES)
        command = ("systemd-run", "--quiet", "--collect", f"--unit={UNIT}", *properties)
        run("podman", "exec", container, *command, f"{_ENVIRONMENT}/jupyterhub", *SETTINGS)
        with inside(container):
            _wait()
        yield
    finally:
        _remove(container)


def _remove(container: str) -> None:
    attempt("podman", "exec", container, "systemctl", "stop", UNIT)  # takes its students' servers along
    attempt("podman", "exec", container, "rm", "-rf", f"/var/lib/{_STATE}")
    for name in STUDENTS:
        attempt("podman", "exec", container, "userdel", "--force", "--remove", name)


def _wait() -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            direct.open(f"{HUB}/hub/health", timeout=5).close()
        except OSError as error:
            if time.monotonic() > deadline:
                raise HubError(f"The stock hub does not answer: journalctl --unit {UNIT} on the droplet.") from error
            time.sleep(0.5)
        else:
            return


@contextmanager
def inside(container: str) -> Iterator[None]:
    """Be in a droplet's network for a while: its 127.0.0.1, which no firewall lets anybody reach, is ours."""
    with Path("/proc/self/ns/net").open() as home, Path("/run/netns", container).open() as droplet:
        _enter(droplet.fileno())
        try:
            yield
        finally:
            _enter(home.fileno())


def _enter(network: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(network, _NEW_NETWORK):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@asynccontextmanager
async def signed_in(name: str) -> AsyncIterator[Student]:
    """Sign in with the hub's own form; to be used inside the droplet's network."""
    async with Session(HUB) as session:
        await session.get("/hub/login?next=%2Fhub%2Fhome")
        page = await session.request("POST", "/hub/login?next=%2Fhub%2Fhome", form={"username": name, "password": ""})
        if page.url.path != "/hub/home":
            raise HubError(f"{name} could not sign in at the stock hub (HTTP status {page.status}).")
        yield Student(session, name)
