"""The rehearsal's git server on this machine's loopback."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from rehearsal import git

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[int]:
    """Serve ``folder`` over SSH, at the port that is given; gone, with every connection, at the end."""
    server = await git.serve_ssh(folder, "127.0.0.1", 0)
    try:
        yield server.get_port()
    finally:
        server.close()
        await server.wait_closed()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
