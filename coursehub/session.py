"""One person's way into the hub over HTTPS: the cookies a browser would hold, or an API token."""

import json
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

_SECONDS = 60  # for one answer; nginx gives up on the hub after the same time


class HubError(Exception):
    """Something did not work, said in a sentence that a teacher understands."""


@dataclass(frozen=True)
class Answer:
    """What came back: the HTTP status, the body, and the address it came from after redirects."""

    status: int
    text: str
    url: URL

    def json(self) -> Any:
        """Return the body, read as JSON."""
        try:
            return json.loads(self.text)
        except ValueError as error:
            raise HubError(f"{self.url} sent something that is not JSON: {self.text[:60]!r}.") from error

    @property
    def reason(self) -> str:
        """The message in the hub's JSON error, or the bare status; a sentence's end."""
        try:
            return str(json.loads(self.text)["message"]).rstrip(".") + "."
        except (ValueError, KeyError, TypeError):
            return f"HTTP status {self.status}."


class _Address(AbstractResolver):
    """Finds every name at one address, like ``curl --resolve``."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=self._address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        pass


class Session:
    """An HTTP client that speaks to one hub as one person.

    ``hub`` is the hub's public address (``https://hub.course.example``). With a ``token`` every request carries it;
    without, the session holds cookies and the XSRF tokens that belong to them, as a browser does. ``address`` is
    where to find the hub in place of what DNS says; ``resolver`` does the same for several names.
    """

    def __init__(
        self,
        hub: str,
        *,
        token: str = "",
        address: str = "",
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.hub = URL(hub)
        self._token = token
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=_Address(address) if address else resolver, ssl=trust or True),
            # A plain address is for a hub on this machine; no browser could use the cookies of another one either.
            cookie_jar=aiohttp.CookieJar(unsafe=self.hub.host == "127.0.0.1"),
            timeout=aiohttp.ClientTimeout(total=_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    def _headers(self, url: URL) -> dict[str, str]:
        if url.origin() != self.hub.origin():
            return {}  # neither the token nor the XSRF value is anybody else's business
        if self._token:
            return {"Authorization": f"token {self._token}"}
        xsrf = self.http.cookie_jar.filter_cookies(url).get("_xsrf")
        return {"X-XSRFToken": xsrf.value} if xsrf else {}

    async def request(self, method: str, path: str, body: Any = None, *, form: Any = None) -> Answer:
        """Send one request to ``path`` of the hub (or to a whole address) and read the answer."""
        url = self.hub.join(URL(path))
        async with (
            self._errors(url),
            self.http.request(method, url, json=body, data=form, headers=self._headers(url)) as response,
        ):
            return Answer(response.status, await response.text(), response.url)

    async def get(self, path: str) -> Answer:
        """GET ``path``."""
        return await self.request("GET", path)

    async def events(self, path: str) -> AsyncGenerator[dict[str, Any]]:
        """Yield the server-sent events of ``path``, each read as JSON."""
        url = self.hub.join(URL(path))
        headers = self._headers(url) | {"Accept": "text/event-stream"}
        async with (
            self._errors(url),
            self.http.get(url, headers=headers, timeout=aiohttp.ClientTimeout(total=None)) as response,
        ):
            if response.status != HTTPStatus.OK:
                raise HubError(f"{url} answered with HTTP status {response.status}.")
            async for line in response.content:
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))

    @asynccontextmanager
    async def websocket(self, path: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a websocket to ``path``."""
        url = self.hub.join(URL(path))
        async with (
            self._errors(url),
            self.http.ws_connect(url, headers=self._headers(url), max_msg_size=0) as websocket,
        ):
            yield websocket

    @asynccontextmanager
    async def _errors(self, url: URL) -> AsyncIterator[None]:
        """Say in a sentence what went wrong on the way to ``url``."""
        where = url.with_query(None)
        try:
            yield
        except aiohttp.ClientConnectorCertificateError as error:
            raise HubError(f"The certificate of {url.host} is not trusted: {error.certificate_error}.") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise HubError(f"The name {url.host} is not known in the DNS.") from error
        except aiohttp.ClientConnectorSSLError as error:
            raise HubError(f"{url.origin()} does not speak TLS as it should: {error.strerror}.") from error
        except aiohttp.ClientConnectorError as error:
            raise HubError(f"Nothing answers at {url.origin()}: {error.strerror or error.os_error}.") from error
        except aiohttp.WSServerHandshakeError as error:
            raise HubError(f"The websocket {where} was refused with HTTP status {error.status}.") from error
        except aiohttp.ClientError as error:
            raise HubError(f"The connection to {where} broke: {error}.") from error
        except TimeoutError as error:
            raise HubError(f"{where} did not answer in time.") from error
