"""A student: starts a server, runs cells, saves notebooks, over HTTPS like anybody's browser."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from typing import Any

from coursehub.kernel import Kernel
from coursehub.session import Answer, HubError, Session

_POLL_SECONDS = 0.5


class Student:
    """The person a session belongs to; ``name`` is their name on the hub (``jh-ada``)."""

    def __init__(self, session: Session, name: str) -> None:
        self.session = session
        self.name = name
        self._server = f"/hub/api/users/{name}/server"
        self._home = f"/user/{name}"
        self.lab = f"{self._home}/lab"

    async def has_server(self) -> bool:
        """Whether the student's server runs, or is on its way up or down."""
        answer = await self.session.get(f"/hub/api/users/{self.name}")
        _expect(answer, HTTPStatus.OK, f"The hub does not say how {self.name} is doing")
        return bool(answer.json().get("servers"))

    async def start_server(self, *, limit: float = 120) -> None:
        """Start the server and wait until it answers. ``limit`` is in seconds."""
        answer = await self.session.request("POST", self._server, {})
        if answer.status == HTTPStatus.CREATED:
            return
        _expect(answer, HTTPStatus.ACCEPTED, "The hub refused to start the server")
        said = "nothing"
        try:
            async with (
                asyncio.timeout(limit),
                aclosing(self.session.events(f"{self._server}/progress")) as events,
            ):
                async for event in events:
                    said = event.get("message", said)
                    if event.get("ready"):
                        return
                    if event.get("failed"):
                        raise HubError(f"The server did not start: {said}")
        except TimeoutError as error:
            raise HubError(f"The server did not start within {limit:.0f} s; the last the hub said: {said}") from error
        raise HubError(f"The hub stopped telling how the server starts; its last words: {said}")

    async def stop_server(self, *, limit: float = 60) -> None:
        """Stop the server and wait until it is gone. ``limit`` is in seconds."""
        answer = await self.session.request("DELETE", self._server)
        _expect(answer, {HTTPStatus.NO_CONTENT, HTTPStatus.ACCEPTED}, "The hub refused to stop the server")
        try:
            async with asyncio.timeout(limit):
                while await self.has_server():  # noqa: ASYNC110  the hub has no event for a stop
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise HubError(f"The server did not stop within {limit:.0f} s.") from error

    async def open_lab(self) -> None:
        """Open JupyterLab, the page a student sees."""
        answer = await self.session.get(self.lab)
        _expect(answer, HTTPStatus.OK, "JupyterLab's page did not open")
        if "jupyter-config-data" not in answer.text:  # the element JupyterLab's program starts from
            raise HubError(f"In place of JupyterLab came another page: {answer.url.with_query(None)}.")

    @asynccontextmanager
    async def kernel(self) -> AsyncIterator[Kernel]:
        """Start a Python kernel, and shut it down at the end."""
        kernels = f"{self._home}/api/kernels"
        answer = await self.session.request("POST", kernels, {"name": "python3"})
        _expect(answer, HTTPStatus.CREATED, "No kernel started")
        kernel, session_id = f"{kernels}/{answer.json()['id']}", uuid.uuid4().hex
        try:
            async with self.session.websocket(f"{kernel}/channels?session_id={session_id}") as websocket:
                yield Kernel(websocket, session_id)
        finally:
            await self.session.request("DELETE", kernel)

    def contents(self, path: str) -> str:
        """Return the address of a file in the student's home."""
        return f"{self._home}/api/contents/{path}"

    async def save(self, path: str, notebook: dict[str, Any]) -> None:
        """Save a notebook as ``path``."""
        body = {"type": "notebook", "format": "json", "content": notebook}
        answer = await self.session.request("PUT", self.contents(path), body)
        _expect(answer, {HTTPStatus.OK, HTTPStatus.CREATED}, f"{path} could not be saved")

    async def read(self, path: str) -> dict[str, Any]:
        """Return the notebook at ``path``."""
        answer = await self.session.get(self.contents(path))
        _expect(answer, HTTPStatus.OK, f"{path} could not be read")
        content: dict[str, Any] = answer.json()["content"]
        return content

    async def delete(self, path: str) -> None:
        """Delete the file at ``path``."""
        answer = await self.session.request("DELETE", self.contents(path))
        _expect(answer, HTTPStatus.NO_CONTENT, f"{path} could not be deleted")


def _expect(answer: Answer, status: HTTPStatus | set[HTTPStatus], otherwise: str) -> None:
    if answer.status not in (status if isinstance(status, set) else {status}):
        raise HubError(f"{otherwise}: {answer.reason}")
