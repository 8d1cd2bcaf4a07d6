"""The instructor's machine finds the rehearsal's names through a proxy, and everything else as before."""

from __future__ import annotations

import asyncio

from rehearsal.places import GATEWAY, PLAYED, SIGN_IN
from rehearsal.proxy import Proxy


def test_the_rehearsals_names_are_where_its_dns_says() -> None:
    proxy = Proxy(list)

    assert proxy.address(SIGN_IN) == GATEWAY
    assert {proxy.address(name) for name in PLAYED} == {GATEWAY}, "the real Google and GitHub are out of reach"
    assert proxy.address("www.college.example") == "www.college.example", "others are the system's to look up"


def through(request: str) -> str:
    """What a client reads that sends ``request`` and then a line; ``{port}`` is that of a server which answers it."""

    async def visit() -> str:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"heard " + await reader.readline())
            writer.close()

        far = await asyncio.start_server(echo, "127.0.0.1", 0)
        proxy = await Proxy(list).serve("127.0.0.1", 0)
        async with far, proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.sockets[0].getsockname()[1])
            writer.write(request.format(port=far.sockets[0].getsockname()[1]).encode() + b"hello\n")
            answer = (await reader.read()).decode()
            writer.close()
            return answer

    return asyncio.run(visit())


def test_a_connection_is_passed_on_both_ways() -> None:
    answer = through("CONNECT 127.0.0.1:{port} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    assert answer == "HTTP/1.1 200 Connection established\r\n\r\nheard hello\n"


def test_what_cannot_be_reached_is_a_bad_gateway() -> None:
    assert through("CONNECT 127.0.0.1:9 HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 502 ")


def test_it_reads_nobodys_requests() -> None:
    assert through("GET http://127.0.0.1:{port}/ HTTP/1.1\r\n\r\n").startswith("HTTP/1.1 405 ")
