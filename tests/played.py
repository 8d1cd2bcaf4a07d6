"""Google and GitHub as the rehearsal plays them, on loopback, and the hub's own classes that sign people in there.

The classes are oauthenticator's, unmodified and with their default addresses: only where a name is found, and whom to
trust, is told to the client below them, as DNS and a machine's certificates would.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from tornado.httpclient import AsyncHTTPClient
from tornado.httputil import HTTPServerRequest, RequestStartLine
from tornado.web import Application
from yarl import URL

from rehearsal import certificates
from rehearsal.identity import REDIRECT_URI, Services, registration
from rehearsal.people import PASSWORD
from rehearsal.places import PLAYED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

CLIENTS = {"GoogleOAuthenticator": registration.GOOGLE, "GitHubOAuthenticator": registration.GITHUB}


class _Loopback(AbstractResolver):
    """Finds the played names, and no others, at one port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, _port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        assert host in PLAYED, f"{host} is not played, so the real one would be asked"
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@dataclass(frozen=True)
class Stage:
    """The services, a browser and a hub that both find them."""

    services: Services
    browser: aiohttp.ClientSession
    port: int
    authority: Path

    def authenticator(self, kind: type, **settings: Any) -> Any:
        """A hub's authenticator with the settings a teacher makes."""
        client = CLIENTS[kind.__name__]
        known = {(name, 443): ("127.0.0.1", self.port) for name in PLAYED}
        defaults = {
            "client_id": client.id,
            "client_secret": client.secret,
            "oauth_callback_url": REDIRECT_URI,
            "allow_all": True,
            "http_client": AsyncHTTPClient(force_instance=True, hostname_mapping=known),
            "http_request_kwargs": {"ca_certs": str(self.authority)},
        }
        return kind(**{**defaults, **settings})

    async def sign_in(self, authenticator: Any, login: str) -> dict[str, Any] | None:
        """Go the whole way of a student; what the hub then knows of them, or None if it does not let them in."""
        address, cookie = login_redirect(authenticator)
        page = await self.browser.get(address)
        back = URL(str(page.url)) if page.status != 200 else await self.typed(page, login)
        return await callback(authenticator, back, cookie)

    async def typed(self, page: aiohttp.ClientResponse, login: str, password: str = PASSWORD) -> URL:
        """Fill in the sign-in page; where the browser is then sent, followed up to the hub."""
        there = URL(str(page.url))  # as who reads it off the address bar
        answer = await self.browser.post(there, data={"email": login, "password": password}, allow_redirects=False)
        return await self.followed(answer)

    async def followed(self, answer: aiohttp.ClientResponse) -> URL:
        """Follow the services' redirects up to one that leads to the hub."""
        while answer.status in (302, 303):
            there = answer.url.join(URL(answer.headers["Location"], encoded=True))
            if there.host not in PLAYED:
                return there
            answer = await self.browser.get(there, allow_redirects=False)
        raise AssertionError(f"nobody was sent to the hub: {answer.status} {await answer.text()}")


def _request(authenticator: Any, address: str) -> tuple[Application, HTTPServerRequest]:
    hub = SimpleNamespace(base_url="/hub/")
    application = Application(authenticator=authenticator, hub=hub, log=Mock(), cookie_secret="secret")
    return application, HTTPServerRequest(start_line=RequestStartLine("GET", address, "HTTP/1.0"), connection=Mock())


def login_redirect(authenticator: Any, **extra: str) -> tuple[str, str]:
    """Where the class's own login handler sends a browser, and the state cookie it sets."""
    authenticator.extra_authorize_params = extra
    handler = authenticator.login_handler(*_request(authenticator, "/hub/oauth_login"))
    sent, cookies = [], {}
    handler.redirect = lambda address, **_: sent.append(address)
    handler._set_cookie = lambda name, value, **_: cookies.update({name: value})
    handler.get()
    return sent[0], cookies["oauthenticator-state"]


async def callback(authenticator: Any, back: URL, cookie: str) -> dict[str, Any] | None:
    """Let the class's own callback handler check what a browser comes back with, and sign them in."""
    assert str(back.with_query(None)) == REDIRECT_URI
    handler = authenticator.callback_handler(*_request(authenticator, str(back.relative())))
    handler._state_cookie = cookie
    handler.check_arguments()
    model: dict[str, Any] | None = await authenticator.get_authenticated_user(handler, None)
    return model


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[Stage]:
    services = Services("https://login.college.example:9443")
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(*certificates.server(folder, PLAYED[0], "127.0.0.1", *PLAYED[1:]))
    authority = certificates.authority(folder)
    runner = web.AppRunner(services.played())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secure)
    await site.start()
    port = runner.addresses[0][1]
    trust = ssl.create_default_context(cafile=authority)
    connector = aiohttp.TCPConnector(resolver=_Loopback(port), ssl=trust)
    try:
        async with aiohttp.ClientSession(connector=connector) as browser:
            yield Stage(services, browser, port, authority)
    finally:
        await runner.cleanup()


def on_stage(folder: Path, visit: Callable[[Stage], Awaitable[None]]) -> None:
    """Run ``visit`` while the services are there; their certificates lie in ``folder``."""

    async def session() -> None:
        async with _opened(folder) as stage:
            await visit(stage)

    asyncio.run(session())
