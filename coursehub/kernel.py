"""A kernel, spoken to as a browser does: Jupyter's messages over a websocket."""

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import Any

import aiohttp

from coursehub.session import HubError

_VERSION = "5.3"  # of Jupyter's message protocol; every kernel since 2017 speaks it


class Kernel:
    """One running kernel behind an open websocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, session_id: str) -> None:
        self._websocket = websocket
        self._session_id = session_id

    async def run(self, code: str, *, limit: float = 60) -> str:
        """Run one cell and return what it printed. ``limit`` is in seconds."""
        try:
            async with asyncio.timeout(limit):
                return await self._run(code)
        except TimeoutError as error:
            raise HubError(f"The cell `{_first_line(code)}` did not finish within {limit:.0f} s.") from error

    async def _run(self, code: str) -> str:
        request = str(uuid.uuid4())
        await self._websocket.send_json(self._execute_request(request, code))
        printed: list[str] = []
        async for packet in self._websocket:
            if packet.type is not aiohttp.WSMsgType.TEXT:
                break  # the connection broke
            message: dict[str, Any] = json.loads(packet.data)
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] in {"restarting", "dead"}:
                raise HubError(f"The kernel died while it ran `{_first_line(code)}`: out of memory?")
            if message["parent_header"].get("msg_id") != request:
                continue
            if kind == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            elif kind == "error":
                raise HubError(f"The cell `{_first_line(code)}` failed with {content['ename']}: {content['evalue']}.")
            elif kind == "status" and content["execution_state"] == "idle":
                return "".join(printed)  # the kernel says so after the last output of a cell
        raise HubError(f"The kernel's websocket was closed (code {self._websocket.close_code}) before the cell ended.")

    def _execute_request(self, message_id: str, code: str) -> dict[str, Any]:
        return {
            "channel": "shell",
            "header": {
                "msg_id": message_id,
                "msg_type": "execute_request",
                "session": self._session_id,
                "username": "",
                "date": datetime.now(UTC).isoformat(),
                "version": _VERSION,
            },
            "parent_header": {},
            "metadata": {},
            "content": {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
                "stop_on_error": True,
            },
        }


def _first_line(code: str) -> str:
    return code.strip().partition("\n")[0]
