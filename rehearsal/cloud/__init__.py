"""DigitalOcean's API v2 on this machine, for the resources a course server is made of.

The API's books are here, one file a noun; droplets, disks and packet filters are the business of a
:class:`.machines.Machines`. Statuses, bodies and refusals follow DigitalOcean's published specification and the
official provider's expectations. What it does not have is answered with 404, so nothing is silently pretended.

Where it falls short: no private network, IPv6, snapshots, backups or monitoring behind the fields that name them, a
volume's name is unique in the account, not only in its region, and the rate limit is shown but never reached.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal.cloud import (
    actions,
    addresses,
    catalogue,
    domains,
    droplet_actions,
    droplets,
    firewalls,
    keys,
    projects,
    rehearsal_only,
    tags,
    volumes,
)
from rehearsal.cloud.domains import Record, Zone, zones
from rehearsal.cloud.gate import gate
from rehearsal.cloud.service import SERVICE, STATE, Service
from rehearsal.cloud.state import State

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rehearsal.cloud.machines import Machines

__all__ = ["STATE", "Record", "Zone", "make_app", "zones"]

_NOUNS = (
    actions,
    addresses,
    catalogue,
    domains,
    droplet_actions,
    droplets,
    firewalls,
    keys,
    projects,
    rehearsal_only,
    tags,
    volumes,
)


def make_app(state_file: Path, machines: Machines, *, token: str, delay: float) -> web.Application:
    """Return the API of one account as an application to be served.

    ``state_file`` holds the account across restarts (an interrupted action is taken up again), ``token`` is the one
    that is let in, ``delay`` is how many seconds an action stays in progress at least. ``zones(app[STATE])`` is what
    DNS should serve.
    """
    app = web.Application(middlewares=[gate])
    state = State.load(state_file)
    work = droplet_actions.WORK | volumes.WORK | addresses.WORK
    app[STATE] = state
    app[SERVICE] = Service(state, machines, token, delay, work)
    for noun in _NOUNS:
        app.add_routes(noun.ROUTES)
    app.cleanup_ctx.append(_at_work)
    return app


async def _at_work(app: web.Application) -> AsyncIterator[None]:
    service = app[SERVICE]
    service.resume()
    yield
    await service.stop()
    service.state.save()
