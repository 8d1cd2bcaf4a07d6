"""The course's droplet, and whoever tries to get further than they may: its accounts, and code in students' kernels."""

from __future__ import annotations

import asyncio
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from account import Droplet, ask

from rehearsal import places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager

    from coursehub.kernel import Kernel
    from coursehub.session import Answer
    from coursehub.student import Student

_T = TypeVar("_T")
_NAME = "jupyter-hub"
_IN_A_KERNEL = """
import subprocess
tried = subprocess.run(["bash", "-c", {command!r}], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=20)
print(tried.returncode, tried.stdout)
"""


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: its exit status and all it said."""

    status: int
    said: str

    def assert_refused(self, *reasons: str) -> None:
        """An attempt that failed for another reason than one of these has shown nothing."""
        assert self.status != 0, f"it was not refused: {self.said}"
        assert any(reason in self.said for reason in reasons), f"it failed, but nobody refused it: {self.said}"


def the_droplet() -> Droplet:
    """Return the course's droplet, at the address students use."""
    number = ask("GET", f"/droplets?name={_NAME}")["droplets"][0]["id"]
    return Droplet(number, visitor.addresses()[visitor.COURSE], places.ours().ssh_key)


def attempt(droplet: Droplet, account: str, command: str) -> Outcome:
    """Run a shell command as an account of the droplet, outside the sandbox of any unit: the worst case."""
    result = droplet.shell(f"exec runuser -u {account} -- bash -c {shlex.quote(command)} </dev/null 2>&1")
    return Outcome(result.returncode, result.stdout)


@dataclass(frozen=True)
class Seat:
    """A student of the class with a running server, from wherever they sit; ``name`` is also their account."""

    student: Student
    _runner: asyncio.Runner

    @property
    def name(self) -> str:
        return self.student.name

    @property
    def unit(self) -> str:
        return f"jupyterhub-user@{self.name}.service"

    def browses(self, path: str, method: str = "GET") -> Answer:
        """Ask for a file of the home, as JupyterLab's file browser does."""
        return self._runner.run(self.student.session.request(method, self.student.contents(path)))

    @contextmanager
    def kernel(self) -> Iterator[Cells]:
        """Start a kernel, and shut it down at the end."""
        with _held(self._runner, self.student.kernel()) as kernel:
            yield Cells(kernel, self._runner)


@dataclass(frozen=True)
class Cells:
    """An open kernel."""

    _kernel: Kernel
    _runner: asyncio.Runner

    def prints(self, code: str) -> str:
        """Return what a cell prints; raise HubError if it fails."""
        return self._runner.run(self._kernel.run(code)).strip()

    def attempt(self, command: str) -> Outcome:
        """Run a shell command from a cell."""
        status, _, said = self.prints(_IN_A_KERNEL.format(command=command)).partition(" ")
        return Outcome(int(status), said)


@contextmanager
def seated(login: str) -> Iterator[Seat]:
    """Sign a person in through the real pages and open their JupyterLab; put it away at the end."""
    way = visitor.signed_in(login, **visitor.way(places.ours()))
    with asyncio.Runner() as runner, _held(runner, way) as student:
        if runner.run(student.has_server()):
            runner.run(student.stop_server())
        runner.run(student.start_server())
        try:
            runner.run(student.open_lab())
            yield Seat(student, runner)
        finally:
            runner.run(student.stop_server())


@contextmanager
def _held(runner: asyncio.Runner, manager: AbstractAsyncContextManager[_T]) -> Iterator[_T]:
    """Keep what an asynchronous block holds for the length of a synchronous one."""

    async def enter() -> _T:
        return await manager.__aenter__()

    async def leave() -> None:
        await manager.__aexit__(None, None, None)

    held = runner.run(enter())
    try:
        yield held
    finally:
        runner.run(leave())
