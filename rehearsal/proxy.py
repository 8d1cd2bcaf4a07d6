"""The way from the instructor's machine to the rehearsal's names: a proxy for HTTPS (CONNECT, RFC 9110 9.3.6).

On the droplets the rehearsal's DNS is everybody's; this machine keeps its own. What the program asks of the college's
sign-in service goes through here, and the rest goes where it would have gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import dnslib

from rehearsal import names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rehearsal.cloud import Zone

_SECONDS = 10  # to connect
_CHUNK = 65536  # bytes


class Proxy:
    """Connects whoever asks to a name, as the rehearsal's DNS has it at that moment."""

    def __init__(self, zones: Callable[[], Sequence[Zone]]) -> None:
        self._zones = zones

    def address(self, host: str) -> str:
        """Return where ``host`` is found: one of the rehearsal's own, or the name itself for the system to look up."""
        reply = names.answer(dnslib.DNSRecord.question(host), self._zones())
        found = [str(record.rdata) for record in reply.rr if record.rtype == dnslib.QTYPE.A] if reply else []
        return found[-1] if found else host

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Start serving."""
        return await asyncio.start_server(self._connect, host, port)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(OSError, EOFError, ValueError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, target, _ = head.split(" ", 2)
            host, _, port = target.rpartition(":")
            if method != "CONNECT":
                writer.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: CONNECT\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            try:
                connecting = asyncio.open_connection(self.address(host), int(port))
                far_reader, far_writer = await asyncio.wait_for(connecting, _SECONDS)
            except (OSError, TimeoutError):
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            with contextlib.closing(far_writer):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                ways = (_pass_on(reader, far_writer), _pass_on(far_reader, writer))
                await asyncio.gather(*ways, return_exceptions=True)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
