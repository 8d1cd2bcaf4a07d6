"""The college's git server: repositories in one folder, the public ones over https, all of them over SSH with a key.

Public is a repository with a file ``git-daemon-export-ok`` in it, as git's own servers have it. A key opens what its
line in ``NAME.git/deploy_keys`` stands in, for reading, and is asked about anew at every connection.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
from typing import TYPE_CHECKING, Any

import asyncssh
from aiohttp import web

from rehearsal.commands import run
from rehearsal.places import GATEWAY, GIT_SSH_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READING = "git-upload-pack"
_NAME = re.compile(r"/?([a-z0-9-]+\.git)/?")
_CHUNK = 65536  # bytes
_LARGEST = 2**20  # bytes of a request: a list of commits


def repositories(folder: Path) -> Iterator[Path]:
    """Every repository of the server."""
    return folder.glob("*.git")


def make_app(folder: Path) -> web.Application:
    """Return git's smart HTTP (gitprotocol-http), spoken by git itself."""

    async def answer(request: web.Request) -> web.Response:
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
                "CONTENT_TYPE": request.headers.get("Content-Type", ""),
                "REQUEST_METHOD": request.method,
                "PATH_INFO": request.path,
                "QUERY_STRING": request.query_string,
            },
        )  # fmt: skip
        said, _ = await process.communicate(await request.read())
        head, _, body = said.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        status = int(headers.pop("Status", "200").split()[0])
        return web.Response(status=status, headers=headers, body=body)

    # aiohttp would unpack what git has packed, and http-backend would unpack it again
    app = web.Application(client_max_size=_LARGEST, handler_args={"auto_decompress": False})
    app.router.add_route("*", "/{path:.+}", answer)
    return app


def host_key(folder: Path) -> Path:
    """Return the SSH server's key, made on first use; its public half lies beside it."""
    key = folder / "host_key"
    if not key.exists():
        folder.mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
    return key


async def serve_ssh(folder: Path, host: str = GATEWAY, port: int = GIT_SSH_PORT) -> asyncssh.SSHAcceptor:
    """Start serving git over SSH."""
    return await asyncssh.create_server(
        lambda: _Doorkeeper(folder), host, port, server_host_keys=[host_key(folder)],
        process_factory=lambda process: _serve(process, folder), encoding=None,
    )  # fmt: skip


class _Doorkeeper(asyncssh.SSHServer):
    """Lets in whoever has a key that opens anything here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        if self._connection:
            self._connection.set_extra_info(offered=key.public_data)
        return username == "git" and any(_opens(key.public_data, path) for path in repositories(self._folder))


def _opens(key: bytes, repository: Path) -> bool:
    keys = repository / "deploy_keys"
    lines = keys.read_text().splitlines() if keys.exists() else []
    return key in [asyncssh.import_public_key(line).public_data for line in lines]


async def _serve(process: asyncssh.SSHServerProcess[bytes], folder: Path) -> None:
    """Run git's reading side for the repository that is asked for; nothing else can be asked for."""
    words = shlex.split(process.command or "")
    name = _NAME.fullmatch(words[1]) if len(words) == 2 and words[0] == _READING else None  # noqa: PLR2004 - command, path
    if not name or not _opens(process.get_extra_info("offered"), folder / name[1]):
        process.stderr.write(b"ERROR: Repository not found.\n")
        process.exit(1)
        return
    protocol = {name: value for name, value in process.env.items() if name == "GIT_PROTOCOL"}
    git = await asyncio.create_subprocess_exec(
        _READING, folder / name[1], stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"], **protocol},
    )  # fmt: skip
    ways = (_pass_on(process.stdin, git.stdin), _pass_on(git.stdout, process.stdout))
    await asyncio.gather(*ways, return_exceptions=True)  # whoever hangs up has heard enough
    process.exit(await git.wait())


async def _pass_on(reader: Any, writer: Any) -> None:
    """Pass on until the end, between streams of asyncio's kind, of which asyncssh has its own."""
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()
