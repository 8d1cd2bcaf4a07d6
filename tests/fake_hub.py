"""A hub that answers as JupyterHub does, for the student check; each of its faults is one a real server can have."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from coursehub.student_check import zen

SERVICE_TOKEN = "the-service-s-token"


@dataclass
class Faults:
    """What is wrong with this hub; nothing, unless a test says so."""

    token_status: int = 201
    start_refused: str = ""
    start_failed: str = ""
    start_seconds: float = 0
    stop_status: int = 204
    lab: str = '<script id="jupyter-config-data">'
    printed: str = field(default_factory=zen)
    missing: str = ""
    kernel_dies: bool = False
    socket_status: int = 101
    save_status: int = 201
    forgets: bool = False
    garbles: bool = False
    open_to_all: bool = False
    homes_open: bool = False
    delete_status: int = 204


class FakeHub:
    """State of the hub: its tokens, the servers that run, and the students' files."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.tokens: dict[str, str] = {}
        self.running: set[str] = set()
        self.files: dict[str, Any] = {}
        self.starts = 0

    def app(self) -> web.Application:
        app = web.Application()
        hub, user = "/hub/api/users/{user}", "/user/{user}"
        app.add_routes(
            [
                web.post(f"{hub}/tokens", self.make_token),
                web.delete(f"{hub}/tokens/{{id}}", self.take_token),
                web.get(hub, self.own(self.model)),
                web.post(f"{hub}/server", self.own(self.start)),
                web.get(f"{hub}/server/progress", self.own(self.progress)),
                web.delete(f"{hub}/server", self.own(self.stop)),
                web.get(f"{user}/lab", self.own(self.lab)),
                web.post(f"{user}/api/kernels", self.own(self.kernel)),
                web.delete(f"{user}/api/kernels/{{id}}", self.own(self.gone)),
                web.get(f"{user}/api/kernels/{{id}}/channels", self.own(self.channels)),
                web.put(f"{user}/api/contents/{{name}}", self.own(self.save)),
                web.get(f"{user}/api/contents/{{name}}", self.own(self.read)),
                web.delete(f"{user}/api/contents/{{name}}", self.own(self.delete)),
            ]
        )
        return app

    def own(self, handler: Callable[[web.Request], Any]) -> Callable[[web.Request], Any]:
        """Let a student reach their own, and nobody else's."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            user = self.tokens.get(request.headers.get("Authorization", "").removeprefix("token "))
            if user != request.match_info["user"] and not self.faults.open_to_all:
                raise web.HTTPForbidden(text=json.dumps({"message": "Forbidden"}))
            response: web.StreamResponse = await handler(request)
            return response

        return guarded

    async def make_token(self, request: web.Request) -> web.Response:
        if request.headers["Authorization"] != f"token {SERVICE_TOKEN}" or self.faults.token_status != 201:
            return web.json_response({"message": "Missing or invalid credentials."}, status=403)
        user = request.match_info["user"]
        self.tokens[f"token-of-{user}"] = user
        return web.json_response({"id": user, "token": f"token-of-{user}"}, status=201)

    async def take_token(self, request: web.Request) -> web.Response:
        del self.tokens[f"token-of-{request.match_info['id']}"]
        return web.Response(status=204)

    async def model(self, request: web.Request) -> web.Response:
        user = request.match_info["user"]
        return web.json_response({"name": user, "servers": {"": {}} if user in self.running else {}})

    async def start(self, request: web.Request) -> web.Response:
        if self.faults.start_refused:
            return web.json_response({"message": self.faults.start_refused}, status=500)
        self.starts += 1
        self.running.add(request.match_info["user"])
        return web.Response(status=202)

    async def progress(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"progress": 0, "message": "Server requested"}\n\n')
        await asyncio.sleep(self.faults.start_seconds)
        last = {"ready": True, "message": "Server ready"}
        if self.faults.start_failed:
            last = {"failed": True, "message": self.faults.start_failed}
        await response.write(f"data: {json.dumps(last)}\n\n".encode())
        return response

    async def stop(self, request: web.Request) -> web.Response:
        if self.faults.stop_status != 204:
            return web.Response(status=self.faults.stop_status)
        self.running.discard(request.match_info["user"])
        if self.faults.forgets:
            self.files.clear()
        return web.Response(status=204)

    async def lab(self, _: web.Request) -> web.Response:
        return web.Response(text=self.faults.lab)

    async def kernel(self, _: web.Request) -> web.Response:
        return web.json_response({"id": "a-kernel"}, status=201)

    async def gone(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def channels(self, request: web.Request) -> web.StreamResponse:
        if self.faults.socket_status != 101:
            return web.Response(status=self.faults.socket_status)
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for packet in websocket:
            asked = json.loads(packet.data)
            for kind, content in self.run(asked["content"]["code"]):
                header = {"msg_type": kind}
                await websocket.send_json({"header": header, "parent_header": asked["header"], "content": content})
        return websocket

    def run(self, code: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the messages a kernel sends while it runs ``code``."""
        if self.faults.kernel_dies:
            return [("status", {"execution_state": "restarting"})]
        if self.faults.missing and code == f"import {self.faults.missing}":
            return [("error", {"ename": "ModuleNotFoundError", "evalue": f"No module named '{self.faults.missing}'"})]
        printed = ""
        if code == "import this":
            printed = self.faults.printed
        elif "realpath" in code:
            printed = "/home/jh-probe-1/a.ipynb\n"
        elif "open(" in code:
            printed = "{}\n" if self.faults.homes_open else "closed\n"
        return [("stream", {"name": "stdout", "text": printed}), ("status", {"execution_state": "idle"})]

    async def save(self, request: web.Request) -> web.Response:
        if self.faults.save_status != 201:
            return web.json_response({"message": "No space left on device"}, status=self.faults.save_status)
        self.files[request.match_info["name"]] = (await request.json())["content"]
        return web.json_response({}, status=201)

    async def read(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self.files:
            return web.json_response({"message": f"No such file: {name}"}, status=404)
        content = self.files[name]
        if self.faults.garbles:
            content["cells"][0]["source"] = "import that"
        return web.json_response({"content": content})

    async def delete(self, request: web.Request) -> web.Response:
        self.files.pop(request.match_info["name"], None)
        return web.Response(status=self.faults.delete_status)
