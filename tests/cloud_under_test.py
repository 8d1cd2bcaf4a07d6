"""The rehearsal's cloud for tests: served on loopback from a thread, with machines that only take notes."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from azure.core.pipeline.policies import HeadersPolicy, SansIOHTTPPolicy
from azure.core.rest import HttpRequest
from pydo import Client

from rehearsal.cloud import STATE, Zone, make_app, zones

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rehearsal.cloud.machines import DropletSpec, FirewallRule

TOKEN = "a-token-for-tests"
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f teacher@college.example"


class NoMachines:
    """Machines that keep notes of what was asked of them, in order, and stumble over what is in ``broken``."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.specs: dict[int, DropletSpec] = {}
        self.inbound: dict[int, tuple[FirewallRule, ...]] = {}
        self.outbound: dict[int, tuple[FirewallRule, ...]] = {}
        self.broken: set[str] = set()
        self.pause = threading.Event()
        self.pause.set()

    def _note(self, *what: Any) -> None:
        self.pause.wait(timeout=10)
        if what[0] in self.broken:
            raise RuntimeError(f"{what[0]} was told to break")
        self.done.append(what)

    def create_volume(self, name: str, size_gib: int, filesystem_type: str, filesystem_label: str) -> None:
        self._note("create_volume", name, size_gib, filesystem_type, filesystem_label)

    def resize_volume(self, name: str, size_gib: int) -> None:
        self._note("resize_volume", name, size_gib)

    def delete_volume(self, name: str) -> None:
        self._note("delete_volume", name)

    def create_droplet(self, spec: DropletSpec) -> None:
        self._note("create_droplet", spec.id)
        self.specs[spec.id] = spec

    def destroy_droplet(self, droplet_id: int) -> None:
        self._note("destroy_droplet", droplet_id)

    def power_on(self, droplet_id: int) -> None:
        self._note("power_on", droplet_id)

    def power_off(self, droplet_id: int, graceful: bool) -> None:  # noqa: FBT001 - as the contract has it
        self._note("power_off", droplet_id, graceful)

    def resize_droplet(self, droplet_id: int, memory_mib: int, vcpus: int) -> None:
        self._note("resize_droplet", droplet_id, memory_mib, vcpus)

    def attach_volume(self, name: str, droplet_id: int) -> None:
        self._note("attach_volume", name, droplet_id)

    def detach_volume(self, name: str, droplet_id: int) -> None:
        self._note("detach_volume", name, droplet_id)

    def assign_address(self, address: str, droplet_id: int) -> None:
        self._note("assign_address", address, droplet_id)

    def unassign_address(self, address: str, droplet_id: int) -> None:
        self._note("unassign_address", address, droplet_id)

    def apply_firewall(
        self, droplet_id: int, inbound: Sequence[FirewallRule], outbound: Sequence[FirewallRule]
    ) -> None:
        self._note("apply_firewall", droplet_id)
        self.inbound[droplet_id], self.outbound[droplet_id] = tuple(inbound), tuple(outbound)


class Transcript(SansIOHTTPPolicy[Any, Any]):
    """Every exchange as it went over the wire: method, path, status, body."""

    def __init__(self) -> None:
        super().__init__()
        self.exchanges: list[tuple[str, str, int, Any]] = []

    def on_response(self, request: Any, response: Any) -> None:
        answer = response.http_response
        path = request.http_request.url.split("://", 1)[1].partition("/")[2].partition("?")[0]
        body = answer.json() if answer.status_code != web.HTTPNoContent.status_code else None
        self.exchanges.append((request.http_request.method, f"/{path}", answer.status_code, body))


class Cloud:
    """A running cloud, its machines, and DigitalOcean's own client speaking to it."""

    def __init__(self, url: str, app: web.Application, machines: NoMachines) -> None:
        self.url, self.app, self.machines = url, app, machines
        self.transcript = Transcript()
        self.client = self.client_with(TOKEN)

    def client_with(self, token: str) -> Any:
        """Return a client that uses this token, over plain HTTP, and does not try again by itself."""
        return Client(
            token,
            endpoint=self.url,
            authentication_policy=HeadersPolicy({"Authorization": f"Bearer {token}"}),
            http_logging_policy=self.transcript,
            retry_total=0,
        )

    def ask(self, method: str, path: str, body: Any = None, client: Any = None) -> Any:
        """Send a request and return the response, whatever its status."""
        request = (
            HttpRequest(method, self.url + path, json=body)
            if body is not None
            else HttpRequest(method, self.url + path)
        )
        return (client or self.client).send_request(request)

    def refusal(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Send a request that must be refused and return the status and the message."""
        answer = self.ask(method, path, body)
        assert answer.status_code >= 400, f"{method} {path} went through: {answer.text()}"
        said = answer.json()
        assert set(said) == {"id", "message", "request_id"}, "every refusal has DigitalOcean's shape"
        return answer.status_code, said["message"]

    def fault(self, **fault: Any) -> None:
        """Order a fault."""
        assert self.ask("POST", "/_rehearsal/faults", fault).status_code == 204

    def settled(self) -> Cloud:
        """Wait until no action is in progress."""
        until(lambda: all(a["status"] != "in-progress" for a in self.client.actions.list(per_page=200)["actions"]))
        return self

    def zones(self) -> list[Zone]:
        return zones(self.app[STATE])

    def droplet(self, **changes: Any) -> Any:
        """Order a droplet and return the answer's."""
        wanted = {"name": "hub", "region": "nyc3", "size": "s-2vcpu-4gb", "image": "debian-13-x64", **changes}
        return self.client.droplets.create(wanted)["droplet"]

    def volume(self, **changes: Any) -> Any:
        return self.client.volumes.create({"name": "work", "region": "nyc3", "size_gigabytes": 10, **changes})["volume"]


def until(true: Any, seconds: float = 5.0) -> None:
    """Wait until ``true()``; an error after so many seconds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.005)


@contextmanager
def running_cloud(folder: Path, machines: NoMachines | None = None, delay: float = 0.0) -> Iterator[Cloud]:
    """Serve a cloud with its state in ``folder`` on a free port of loopback."""
    loop = asyncio.new_event_loop()
    used = machines or NoMachines()
    app = make_app(folder / "cloud.json", used, token=TOKEN, delay=delay)
    runner = web.AppRunner(app)

    async def serve() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        return port

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(serve(), loop).result(10)
        yield Cloud(f"http://127.0.0.1:{port}", app, used)
    finally:
        used.pause.set()
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
