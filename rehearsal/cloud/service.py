"""The cloud at work: the books, the machines, and the actions that take their time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud.errors import PENDING, invalid
from rehearsal.cloud.faults import Faults
from rehearsal.cloud.state import Json, State, now

if TYPE_CHECKING:
    from rehearsal.cloud.machines import Machines

log = logging.getLogger(__name__)


@dataclass
class Service:
    """One account of the cloud, alive.

    ``delay`` is how many seconds an action stays in progress before the machines are touched. ``work`` says for each
    type of action what is to be done; an action is data in the books, so one that was interrupted is taken up again at
    the next start.
    """

    state: State
    machines: Machines
    token: str
    delay: float
    work: Mapping[str, Work]
    faults: Faults = field(default_factory=Faults)
    filtering: asyncio.Lock = field(default_factory=asyncio.Lock)
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    def start(
        self,
        kind: str,
        *,
        resource: tuple[str, int | None],
        region: str,
        droplet_id: int | None = None,
        details: Json | None = None,
    ) -> Json:
        """Begin an action and return it.

        ``resource`` is what the API names (type and number), ``droplet_id`` the droplet that is locked meanwhile and
        must have nothing else pending; ``details`` are what :attr:`work` needs to know.
        """
        if droplet_id is not None and self.state.pending(droplet_id):
            raise invalid(PENDING)
        action = {
            "id": self.state.next_id(),
            "status": "in-progress",
            "type": kind,
            "started_at": now(),
            "completed_at": None,
            "resource_type": resource[0],
            "resource_id": resource[1],
            "region_slug": region,
            "droplet_id": droplet_id,
            "details": details or {},
        }
        self.state.actions[str(action["id"])] = action
        self._run(action)
        return action

    def resume(self) -> None:
        """Take up the actions an earlier life of this cloud left in progress."""
        for action in list(self.state.actions.values()):
            if action["status"] == "in-progress":
                self._run(action)

    async def stop(self) -> None:
        """Leave actions where they are; the books say how far they got."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _run(self, action: Json) -> None:
        task = asyncio.create_task(self._finish(action))
        self._running.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._running.discard)

    async def _finish(self, action: Json) -> None:
        await asyncio.sleep(self.delay)
        status = "errored" if self.faults.action(action["type"]) else "completed"
        if status == "completed":
            try:
                await self.work[action["type"]](self, action)
            except Exception:  # whatever the machines stumble over, the API says "errored" and goes on
                log.exception("%s of %s %s failed", action["type"], action["resource_type"], action["details"])
                status = "errored"
        action.update(status=status, completed_at=now())
        self.state.save()


Work = Callable[[Service, Json], Awaitable[None]]
SERVICE = web.AppKey("SERVICE", Service)
STATE = web.AppKey("STATE", State)


def service_of(request: web.Request) -> Service:
    """Return the cloud a request is for."""
    return request.app[SERVICE]


async def body_of(request: web.Request) -> Json:
    """Return the request's JSON object; no body is an empty one."""
    if not request.can_read_body:
        return {}
    body = await request.json()
    if not isinstance(body, dict):
        raise invalid("The request body must be a JSON object.")
    return body


def page_of(request: web.Request, plural: str, items: list[Json]) -> web.Response:
    """Answer with one page of a list and links to the others; ``per_page`` is 1 to 200, and 20 when not said."""
    try:
        page = max(1, int(request.query.get("page", "1")))
        size = min(200, max(1, int(request.query.get("per_page", "20"))))
    except ValueError:
        raise invalid("page and per_page must be numbers.") from None
    last = max(1, -(-len(items) // size))

    def link(number: int) -> str:
        return str(request.url.update_query(page=number, per_page=size))

    pages: dict[str, str] = {}
    if page > 1:
        pages |= {"first": link(1), "prev": link(page - 1)}
    if page < last:
        pages |= {"next": link(page + 1), "last": link(last)}
    return web.json_response(
        {
            plural: items[(page - 1) * size : page * size],
            "links": {"pages": pages} if pages else {},
            "meta": {"total": len(items)},
        }
    )
