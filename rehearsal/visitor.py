"""Visitors of the course from this machine: they find it by the rehearsal's DNS and sign in through the real pages."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import dnslib
from aiohttp.abc import AbstractResolver, ResolveResult

from coursehub.session import HubError, Session
from coursehub.student import Student
from coursehub.student_check import zen
from rehearsal.people import PASSWORD
from rehearsal.places import GATEWAY, PLAYED, SIGN_IN, Places

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from coursehub.kernel import Kernel

COURSE = "hub.course.example"
_DNS_SECONDS = 5


def addresses() -> dict[str, str]:
    """Return where the names a browser needs are found, as the rehearsal's DNS has it now."""
    return {name: _address(name) for name in (COURSE, SIGN_IN, *PLAYED)}


def _address(name: str) -> str:
    answer = dnslib.DNSRecord.parse(dnslib.DNSRecord.question(name).send(GATEWAY, timeout=_DNS_SECONDS))
    found = [str(record.rdata) for record in answer.rr if record.rtype == dnslib.QTYPE.A]
    if not found:
        raise HubError(f"The rehearsal's DNS does not know {name}. Try: pulumi up")
    return found[-1]


def trust(places: Places) -> ssl.SSLContext:
    """Return a context that trusts what the rehearsal's droplets trust."""
    return ssl.create_default_context(cafile=places.bundle)


def way(places: Places) -> dict[str, Any]:
    """Return what ``signed_in`` needs to reach the course of the rehearsal in ``places``."""
    return {"known": addresses(), "trusted": trust(places)}


class Names(AbstractResolver):
    """Finds names at the addresses it was told, and no others."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the address of ``host``."""
        if host not in self._known:
            raise OSError(f"{host} is none of {', '.join(self._known)}")
        return [
            ResolveResult(
                hostname=host, host=self._known[host], port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        """Nothing is held."""


class SignInRefused(HubError):
    """The hub or the college did not let someone in; ``status`` and ``text`` are those of the last page they saw."""

    def __init__(self, login: str, status: int, text: str) -> None:
        super().__init__(f"{login} could not sign in (HTTP status {status}).")
        self.status = status
        self.text = text


@asynccontextmanager
async def signed_in(
    login: str,
    *,
    known: Mapping[str, str] | None = None,
    hub: str = f"https://{COURSE}",
    trusted: ssl.SSLContext | None = None,
    password: str = PASSWORD,
) -> AsyncIterator[Student]:
    """Sign a person in with e-mail and password, as a browser without JavaScript would, and yield them as a student."""
    async with Session(hub, resolver=Names(known) if known else None, trust=trusted) as session:
        form = await session.get("/hub/oauth_login?next=%2Fhub%2Fhome")
        page = await session.request("POST", str(form.url), form={"email": login, "password": password})
        if page.status != HTTPStatus.OK or page.url.origin() != session.hub.origin():
            raise SignInRefused(login, page.status, page.text)
        me = await session.get("/hub/api/user")
        yield Student(session, me.json()["name"])


async def put_away(login: str, **way: Any) -> None:
    """Stop a student's server if an earlier visit left it running; ``way`` is that of ``signed_in``."""
    async with signed_in(login, **way) as student:
        if await student.has_server():
            await student.stop_server()


async def first_cell(login: str, **way: Any) -> float:
    """Return the seconds from a click on the link to the output of ``import this``; leave no server behind."""
    async with seated(signed_in(login, **way)) as seat:
        return seat.seconds


@dataclass(frozen=True)
class Seat:
    """A student whose first cell ran, ``seconds`` after the click on the link; ``kernel`` runs the next ones."""

    student: Student
    kernel: Kernel
    seconds: float


@asynccontextmanager
async def seated(entrance: AbstractAsyncContextManager[Student]) -> AsyncIterator[Seat]:
    """Come in by ``entrance``, get a first cell run, and stay; leave no server behind."""
    clicked = time.monotonic()
    async with entrance as student:
        try:
            await student.start_server()
            await student.open_lab()
            async with student.kernel() as kernel:
                printed = await kernel.run("import this")
                seconds = time.monotonic() - clicked
                if printed != zen():
                    raise HubError(f"{student.name} saw something else than the Zen of Python: {printed[:60]!r}.")
                yield Seat(student, kernel, seconds)
        finally:
            await student.stop_server()
