"""The student check: what a student does in the first five minutes, and what no student may do.

One story for three tellers: the last step of every ``pulumi up`` and ``course check`` (two probe accounts, with tokens
minted for the occasion), and the rehearsal (two people of the class, signed in through the real pages).
"""

import contextlib
import io
import time
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any

from coursehub.names import PROBES
from coursehub.session import HubError, Session
from coursehub.student import Student

IMPORTS = ("pint", "serial", "numpy")  # what every lab of the course begins with

_TOKEN_SECONDS = 900  # a probe's token outlives the longest check and no more


@dataclass(frozen=True)
class Part:
    """A part of the check that passed, and the seconds it took."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Failure:
    """The part that failed, why, and the command that shows more."""

    part: str
    why: str
    look: str

    def __str__(self) -> str:
        return f"The student check failed at: {self.part}. {self.why}" + (f" Look at: {self.look}" if self.look else "")


@dataclass
class Report:
    """How a check went. ``first_cell_seconds`` is from asking for a server to the output of ``import this``."""

    say: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)
    failure: Failure | None = None
    first_cell_seconds: float | None = None

    @contextmanager
    def part(self, name: str, look: str = "") -> Iterator[None]:
        """Time a part of the story; if it fails, note which and why."""
        started = time.monotonic()
        try:
            yield
        except HubError as error:
            self.failure = Failure(name, str(error), look)
            raise
        self.parts.append(Part(name, round(time.monotonic() - started, 1)))
        self.say(f"student check: {name} ({self.parts[-1].seconds} s)")

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "passed": self.failure is None,
            "first_cell_seconds": self.first_cell_seconds,
            "parts": [asdict(part) for part in self.parts],
            "failure": asdict(self.failure) if self.failure else None,
        }


def zen() -> str:
    """Return what ``import this`` prints, decoded from the module itself."""
    with contextlib.redirect_stdout(io.StringIO()):
        import this
    return "".join(this.d.get(letter, letter) for letter in this.s) + "\n"


async def check(first: Student, second: Student, report: Report, *, imports: Collection[str] = IMPORTS) -> None:
    """Tell the whole story with two students; the first thing that fails raises HubError and is in the report."""
    name = f"student-check-{uuid.uuid4().hex[:8]}.ipynb"
    logs = {student: f"sudo journalctl -n 30 -u jupyterhub-user@{student.name}" for student in (first, second)}
    try:
        with report.part("put away what an earlier check left"):
            for student in (first, second):
                await _put_away(student)
        started = time.monotonic()
        with report.part("start a server", logs[first]):
            await first.start_server()
        with report.part("open JupyterLab", logs[first]):
            await first.open_lab()
        with report.part("run `import this`", logs[first]):
            async with first.kernel() as kernel:
                _same_text(await kernel.run("import this"))
                report.first_cell_seconds = round(time.monotonic() - started, 1)
        with report.part(f"import {', '.join(imports)}", "/var/log/course/anaconda.log"):
            async with first.kernel() as kernel:
                for module in imports:
                    await kernel.run(f"import {module}")
        with report.part("save a notebook", "df -h /home"):
            await first.save(name, _notebook())
        with report.part("stop the server and start it again", logs[first]):
            await first.stop_server()
            await first.start_server()
            await first.open_lab()
        with report.part("find the notebook again", "findmnt /home"):
            await _same_notebook(first, name)
        with report.part("start a second student's server", logs[second]):
            await second.start_server()
            await second.open_lab()
        with report.part("keep the second student out of the first one's notebook", "ls -ld /home/*"):
            await _keeps_out(second, first, name)
    finally:
        await _clean_up(first, second, name, report)


def _same_text(printed: str) -> None:
    if printed != zen():
        raise HubError(f"`import this` printed something else than the Zen of Python: {printed[:60]!r}.")


def _notebook() -> dict[str, Any]:
    """Return a notebook with one cell that was run (nbformat 4.5)."""
    output = {"output_type": "stream", "name": "stdout", "text": zen()}
    cell = {"cell_type": "code", "id": "zen", "metadata": {}, "source": "import this", "execution_count": 1}
    return {"cells": [cell | {"outputs": [output]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


async def _same_notebook(student: Student, name: str) -> None:
    cells = (await student.read(name))["cells"]
    if [(cell["source"], cell["outputs"][0]["text"]) for cell in cells] != [("import this", zen())]:
        raise HubError(f"{name} is there, but what was saved in it is not.")


async def _keeps_out(intruder: Student, owner: Student, name: str) -> None:
    """Try to read the owner's notebook as the intruder: through the hub, and as a file on the server."""
    for path in (owner.lab, owner.contents(name)):
        answer = await intruder.session.get(path)
        if answer.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            raise HubError(f"Another student can reach {path} through the hub (HTTP status {answer.status}).")
    async with owner.kernel() as kernel:  # without this, a wrong path would pass for a closed door
        path = (await kernel.run(f"import os; print(os.path.realpath({name!r})); open({name!r}).close()")).strip()
    async with intruder.kernel() as kernel:
        outcome = await kernel.run(f"try:\n    print(open({path!r}).read())\nexcept OSError:\n    print('closed')")
    if outcome.strip() != "closed":
        raise HubError(f"Another student can read the file {path}.")


async def _clean_up(first: Student, second: Student, name: str, report: Report) -> None:
    """Leave nothing behind, as far as that goes: after a failure, why the check failed is what matters."""
    with contextlib.suppress(HubError) if report.failure else report.part("clean up"):
        async with AsyncExitStack() as stack:  # each is done whatever becomes of the others, the last first
            stack.push_async_callback(_put_away, second)
            stack.push_async_callback(_put_away, first)
            stack.push_async_callback(first.delete, name)


async def _put_away(student: Student) -> None:
    if await student.has_server():
        await student.stop_server()


@asynccontextmanager
async def probes(hub: str, token: str, *, address: str = "") -> AsyncIterator[tuple[Student, Student]]:
    """Yield the two probe accounts as students, each with a token of their own that is taken back at the end.

    ``token`` is the student-check service's: it may make tokens for the two probes and nothing else, so that all that
    follows is done with a student's rights.
    """
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(Session(hub, token=token, address=address))
        students = []
        for name in PROBES:
            tokens = f"/hub/api/users/{name}/tokens"
            answer = await service.request("POST", tokens, {"note": "student check", "expires_in": _TOKEN_SECONDS})
            if answer.status != HTTPStatus.CREATED:
                raise HubError(f"The hub gives no token for the probe account {name}: {answer.reason}")
            minted = answer.json()
            stack.push_async_callback(service.request, "DELETE", f"{tokens}/{minted['id']}")
            session = await stack.enter_async_context(Session(hub, token=minted["token"], address=address))
            students.append(Student(session, name))
        yield students[0], students[1]


async def check_with_probes(
    hub: str, token: str, report: Report, *, address: str = "", imports: Collection[str] = IMPORTS
) -> None:
    """Run the check with the probe accounts; what fails is in the report."""
    try:
        async with AsyncExitStack() as stack:
            with report.part("reach the hub", "sudo systemctl status nginx jupyterhub jupyterhub-proxy"):
                first, second = await stack.enter_async_context(probes(hub, token, address=address))
            await check(first, second, report, imports=imports)
    except HubError as error:
        report.failure = report.failure or Failure("take the probes' tokens back", str(error), "")
