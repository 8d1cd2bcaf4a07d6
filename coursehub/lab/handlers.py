"""What the page asks the server: figures every few seconds, the largest files, the home, whether a websocket opens.

None of it counts as use of the server, so that an idle one is still stopped.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketHandler

from coursehub.lab import disk
from coursehub.lab.archive import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

RESOURCE = "contents"
DISCLOSURE = "JUPYTERHUB_COURSE_DISCLOSURE"  # set by the hub's spawner: who may open this server
BATCH = 1 << 20  # bytes sent at once


class Course(JupyterHandler):  # type: ignore[misc]  # jupyter_server's types are not strict
    """Answers in JSON, to whom the server belongs and whom they or the hub let in."""

    auth_resource = RESOURCE

    @property
    def home(self) -> Path:
        """The folder the file browser shows: the student's home."""
        return Path(self.settings["server_root_dir"]).expanduser()


class Figures(Course):
    """Memory, room, deaths of kernels, and who may open the server."""

    def _log(self) -> None:
        """Only what fails is worth a line in the log: each page asks twelve times a minute."""
        if self.get_status() >= HTTPStatus.BAD_REQUEST:
            super()._log()

    @web.authenticated
    @authorized  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """All of them at once: the page asks often."""
        group = self.settings["course_memory"]
        self.finish(
            {
                "memory": asdict(group.usage()) if group else None,
                "disk": asdict(disk.room(self.home)),
                "deaths": self.settings["course_deaths"].told(),
                "disclosure": os.environ.get(DISCLOSURE, ""),
            }
        )


class LargestFiles(Course):
    """What takes most of the room."""

    @web.authenticated
    @authorized  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """The five largest files."""
        found = await asyncio.to_thread(disk.largest, self.home)
        self.finish({"files": [{"path": path, "size": size} for path, size in found.files], "complete": found.complete})


class Everything(Course):
    """The whole home as a zip."""

    @web.authenticated
    @authorized  # type: ignore[untyped-decorator]  # as above
    async def get(self) -> None:
        """Read and pressed together in a thread, sent as fast as it is taken: the server goes on with its kernels."""
        self.set_header("Content-Type", "application/zip")
        name = f"{os.environ.get('JUPYTERHUB_USER', 'home')}-{date.today()}.zip"  # noqa: DTZ011  # the class's own day
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        pieces = zipped(self.home)
        try:
            while piece := await asyncio.to_thread(_batch, pieces):
                self.write(piece)
                await self.flush()
        except StreamClosedError:  # whoever wanted it has gone
            return
        self.finish()


def _batch(pieces: Iterator[bytes]) -> bytes:
    """The next pieces together, or nothing at the end."""
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= BATCH:
            break
    return bytes(held)


class Knock(WebSocketMixin, WebSocketHandler, JupyterHandler):  # type: ignore[misc]  # jupyter_server's types are not strict
    """A websocket that opens and closes: kernels are spoken to over one, and some networks let none through."""

    auth_resource = RESOURCE

    @ws_authenticated  # type: ignore[untyped-decorator]  # as above
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """As all of Jupyter's websockets."""
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """It did open, which is all there is to know."""
        super().open(*args, **kwargs)
        self.close()

    def on_message(self, message: str | bytes) -> None:
        """Nothing is said here."""


def handlers(base: str) -> list[tuple[str, type[web.RequestHandler]]]:
    """The handlers below ``base``, the server's base URL."""
    return [
        (url_path_join(base, "course", path), handler)
        for path, handler in (
            ("figures", Figures),
            ("largest", LargestFiles),
            ("home.zip", Everything),
            ("knock", Knock),
        )
    ]
